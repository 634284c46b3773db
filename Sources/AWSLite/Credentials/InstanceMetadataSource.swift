import FoundationEssentials
import HTTPTransport
import HTTPTypes

/// The role of an EC2 instance, from its metadata service (IMDSv2, and v1 where that is all there is).
struct InstanceMetadataSource: Sendable {
    static let name = "EC2 instance"

    let context: CredentialContext
    /// Whether somebody has said that this is an instance; else it is one where the machine's maker is Amazon EC2.
    var isInstance = false

    /// The switches, from the environment before the profile.
    private struct Settings {
        var endpoint: AWSEndpoint
        var allowsVersion1: Bool
        var timeout: Duration
        var attempts: Int
    }

    /// A request without an answer that helps.
    private enum Failure: Error {
        case unreachable(HTTPClientError)
        case status(Int)
    }

    /// Asks for the instance's credentials.
    ///
    /// - Throws: ``AWSCredentialError``: not configured where the metadata service is off or knows no role, or where
    ///   none answers and nothing says that this is an instance. On an instance, one that doesn't answer is unavailable.
    func fetch() async throws -> AWSCredentials {
        if context.variables.nonEmpty("AWS_EC2_METADATA_DISABLED")?.lowercased() == "true" {
            throw error(.notConfigured, "AWS_EC2_METADATA_DISABLED is true")
        }
        let settings = try settings()
        do {
            var token = try await token(settings)
            let path = "/latest/meta-data/iam/security-credentials/"
            let role = try await get(path, &token, settings)
            guard let name = role.split(separator: "\n").first.map({ $0.filter { !$0.isWhitespace } }), !name.isEmpty
            else { throw error(.notConfigured, "the instance has no role") }
            let text = try await get(path + PercentEncoding.encode(name), &token, settings)
            let document = try CredentialDocument(Data(text.utf8), provider: Self.name)
            return try document.credentials(provider: Self.name, expires: true)
        } catch Failure.unreachable(let reason) {
            throw error(silence, "no metadata service at \(settings.endpoint.authority): \(reason.code)")
        } catch Failure.status(404) {
            throw error(.notConfigured, "the instance has no role")
        } catch Failure.status(403) {
            throw error(.notConfigured, "the instance's metadata service is turned off")
        } catch Failure.status(let status) {
            throw error(.unavailable, "the metadata service answers with HTTP \(status)")
        }
    }

    /// What no answer means: elsewhere than on an instance that is as it should be.
    private var silence: AWSCredentialError.Code {
        let isInstance =
            isInstance
            || context.vendorFiles.contains {
                FileManager.default.contents(atPath: $0)?.starts(with: "Amazon EC2".utf8) == true
            }
        return isInstance ? .unavailable : .notConfigured
    }

    /// A session token; `nil` where only version 1 is spoken.
    private func token(_ settings: Settings) async throws -> String? {
        do {
            let fields: HTTPFields = [.amz("x-aws-ec2-metadata-token-ttl-seconds"): "21600"]
            let text = try await request(.put, "/latest/api/token", fields, settings)
            guard text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
                throw error(.unavailable, "the metadata service's token isn't one")
            }
            return text
        } catch Failure.status(let status) where [403, 404, 405].contains(status) {
            try requireVersion1(settings, "answers a request for a token with HTTP \(status)", .notConfigured)
            return nil
        } catch Failure.unreachable(let reason) where reason.code == .timedOut {
            // The token's reply may travel fewer hops than a container is away; version 1's isn't limited.
            try requireVersion1(settings, "doesn't answer a request for a token in time", silence)
            return nil
        }
    }

    private func requireVersion1(_ settings: Settings, _ reason: String, _ code: AWSCredentialError.Code) throws {
        guard settings.allowsVersion1 else {
            throw error(code, "the metadata service \(reason), and version 1 is disabled")
        }
    }

    /// Reads a path; with a new token, once, where the old one isn't taken.
    private func get(_ path: String, _ token: inout String?, _ settings: Settings) async throws -> String {
        func fields() -> HTTPFields {
            token.map { [.amz("x-aws-ec2-metadata-token"): $0] } ?? [:]
        }
        do {
            return try await request(.get, path, fields(), settings)
        } catch Failure.status(401) {
            token = try await self.token(settings)
            return try await request(.get, path, fields(), settings)
        }
    }

    private func request(
        _ method: HTTPRequest.Method,
        _ path: String,
        _ fields: HTTPFields,
        _ settings: Settings
    ) async throws -> String {
        let request = HTTPRequest(
            method: method,
            scheme: settings.endpoint.scheme,
            authority: settings.endpoint.authority,
            path: settings.endpoint.basePath + path,
            headerFields: fields
        )
        var attempt = 1
        while true {
            let failure: Failure
            switch await answer(to: request, settings) {
            case .success(let text): return text
            // Saying it again wouldn't change these.
            case .failure(.status(let status)) where (400..<500).contains(status): throw Failure.status(status)
            case .failure(let reason): failure = reason
            }
            try Task.checkCancellation()
            guard attempt < settings.attempts else { throw failure }
            attempt += 1
        }
    }

    private func answer(to request: HTTPRequest, _ settings: Settings) async -> Result<String, Failure> {
        do {
            let call = HTTPCall(request, timeout: settings.timeout, responseLimit: 64 << 10)
            let reply = try await context.directHTTPClient.send(call)
            let text = String(decoding: reply.body, as: UTF8.self)
            guard reply.response.status.code == 200, !text.isEmpty else {
                return .failure(.status(reply.response.status.code))
            }
            return .success(text)
        } catch {
            let lost = HTTPClientError(.other, "\(error)", mayHaveBeenProcessed: true)
            return .failure(.unreachable(error as? HTTPClientError ?? lost))
        }
    }

    private func settings() throws -> Settings {
        let (_, profile) = try context.profile(for: Self.name)
        func setting(_ variable: String, _ name: String) -> String? {
            context.variables.nonEmpty(variable) ?? profile?.text(name)
        }
        let mode = setting("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "ec2_metadata_service_endpoint_mode") ?? "IPv4"
        guard ["ipv4", "ipv6"].contains(mode.lowercased()) else {
            throw error(.invalid, "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE has to be IPv4 or IPv6")
        }
        let standard = mode.lowercased() == "ipv6" ? "http://[fd00:ec2::254]" : "http://169.254.169.254"
        let address = setting("AWS_EC2_METADATA_SERVICE_ENDPOINT", "ec2_metadata_service_endpoint") ?? standard
        let isDisabled = setting("AWS_EC2_METADATA_V1_DISABLED", "ec2_metadata_v1_disabled")
        func number(_ variable: String, _ name: String) throws -> Int {
            guard let text = setting(variable, name) else { return 1 }
            guard let number = Int(text), (1...60).contains(number) else {
                throw error(.invalid, "\(variable) has to be a number from 1 to 60")
            }
            return number
        }
        return Settings(
            endpoint: try context.configuration(for: Self.name) { try AWSEndpoint(custom: address) },
            allowsVersion1: isDisabled?.lowercased() != "true",
            timeout: .seconds(try number("AWS_METADATA_SERVICE_TIMEOUT", "metadata_service_timeout")),
            attempts: try number("AWS_METADATA_SERVICE_NUM_ATTEMPTS", "metadata_service_num_attempts")
        )
    }

    private func error(_ code: AWSCredentialError.Code, _ message: String) -> AWSCredentialError {
        AWSCredentialError(code, provider: Self.name, message)
    }
}
