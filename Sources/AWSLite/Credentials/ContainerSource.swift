import FoundationEssentials
import HTTPTransport
import HTTPTypes

/// The role of a container, from the endpoint that ECS or EKS Pod Identity names in the environment.
struct ContainerSource: Sendable {
    static let name = "container"
    private static let timeout = Duration.seconds(2)
    private static let attempts = 3
    private static let pause = Duration.seconds(1)
    /// Hosts that may be asked over plain HTTP, besides loopback addresses.
    private static let hosts: Set<String> = ["169.254.170.2", "169.254.170.23", "[fd00:ec2::23]", "localhost", "[::1]"]

    let context: CredentialContext

    /// Asks for the container's credentials.
    ///
    /// - Throws: ``AWSCredentialError``: not configured where the environment names no endpoint.
    func fetch() async throws -> AWSCredentials {
        let (endpoint, path) = try address()
        var attempt = 1
        while true {
            do {
                return try await ask(endpoint, path)
            } catch let error as AWSCredentialError where error.code == .unavailable && attempt < Self.attempts {
                try await context.sleep(Self.pause)
                attempt += 1
            }
        }
    }

    private func ask(_ endpoint: AWSEndpoint, _ path: String) async throws -> AWSCredentials {
        var fields: HTTPFields = [.accept: "application/json"]
        if let token = try token() { fields[.authorization] = token.reveal() }
        let request = HTTPRequest(
            method: .get,
            scheme: endpoint.scheme,
            authority: endpoint.authority,
            path: path,
            headerFields: fields
        )
        let reply: HTTPReply
        do {
            let call = HTTPCall(request, timeout: Self.timeout, responseLimit: 64 << 10)
            reply = try await context.directHTTPClient.send(call)
        } catch let failure as HTTPClientError {
            throw error(.unavailable, "\(endpoint.authority) can't be asked: \(failure)")
        }
        let status = reply.response.status.code
        guard status == 200 else {
            throw error(.unavailable, "\(endpoint.authority) answers with HTTP \(status)")
        }
        let document = try CredentialDocument(reply.body, provider: Self.name)
        return try document.credentials(provider: Self.name, expires: true)
    }

    /// The endpoint, and the path with its query.
    private func address() throws -> (AWSEndpoint, String) {
        let variables = context.variables
        let relative = variables.nonEmpty("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI")
        if let relative, !relative.hasPrefix("/") {
            throw error(.invalid, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI has to start with a slash")
        }
        let full = variables.nonEmpty("AWS_CONTAINER_CREDENTIALS_FULL_URI")
        guard let address = relative.map({ "http://169.254.170.2" + $0 }) ?? full else {
            throw error(
                .notConfigured,
                "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or AWS_CONTAINER_CREDENTIALS_FULL_URI isn't set"
            )
        }
        let parts = address.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let endpoint = try context.configuration(for: Self.name) { try AWSEndpoint(custom: String(parts[0])) }
        guard endpoint.scheme == "https" || Self.mayBeAskedInPlainText(endpoint) else {
            throw error(
                .invalid,
                "AWS_CONTAINER_CREDENTIALS_FULL_URI has to be an https address, or a loopback or link-local one of AWS"
            )
        }
        // AWSEndpoint drops a slash at the end, which is part of this path.
        let rest = parts[0].dropFirst(endpoint.scheme.count + 3 + endpoint.authority.count)
        let query = parts.count > 1 ? "?" + parts[1] : ""
        guard query.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "#") }) else {
            throw error(.invalid, "the container's address has unencoded characters")
        }
        return (endpoint, (rest.isEmpty ? "/" : rest) + query)
    }

    private static func mayBeAskedInPlainText(_ endpoint: AWSEndpoint) -> Bool {
        let host = endpoint.host.lowercased()
        // A literal address only: "127.evil.example" is a name.
        return hosts.contains(host) || (endpoint.isAddressLiteral && host.hasPrefix("127."))
    }

    /// The token, read anew each time since EKS renews the file.
    private func token() throws -> Secret? {
        let text: String
        if let path = context.variables.nonEmpty("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE") {
            text = try TokenFile.read(path, provider: Self.name)
        } else if let value = context.variables.nonEmpty("AWS_CONTAINER_AUTHORIZATION_TOKEN") {
            text = value
        } else {
            return nil
        }
        // Line breaks would let the file's author add header fields.
        guard text.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }) else {
            throw error(.invalid, "the container's authorization token has a line break or a control character")
        }
        return Secret(text)
    }

    private func error(_ code: AWSCredentialError.Code, _ message: String) -> AWSCredentialError {
        AWSCredentialError(code, provider: Self.name, message)
    }
}

/// A file that holds a token and that somebody else renews.
enum TokenFile {
    private static let limit = 64 << 10

    /// The file's whole text.
    ///
    /// - Throws: ``AWSCredentialError`` naming the path; unavailable, since the file may come.
    static func read(_ path: String, provider: String) throws -> String {
        guard let content = try? FileAccess.content(of: path, limit: limit) else {
            throw AWSCredentialError(.unavailable, provider: provider, "the token file \(path) can't be read")
        }
        return String(decoding: content.bytes, as: UTF8.self)
    }
}
