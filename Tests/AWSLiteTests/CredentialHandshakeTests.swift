import Foundation
import HTTPTransport
import TestSupport
import Testing

@testable import AWSLite

/// Balancers before the sources of credentials end connections after the `ClientHello`, as they do while no server is up.
@Suite(
    "A source of credentials whose handshake breaks off",
    .enabled(if: Programs.isInstalled("python3"), "python3 isn't installed"),
    .timeLimit(.minutes(1))
)
struct CredentialHandshakeTests {
    /// A source that is asked over TLS.
    enum Source: String, CaseIterable, Sendable {
        case container, podIdentity, singleSignOn, webIdentity, role
    }

    private static let config = """
        [profile role]
        role_arn = arn:aws:iam::1:role/a
        source_profile = base
        [profile base]
        aws_access_key_id = BASE
        aws_secret_access_key = b
        [profile person]
        sso_session = work
        sso_account_id = 123
        sso_role_name = r
        [sso-session work]
        sso_region = eu-west-1
        sso_start_url = https://start.example
        """

    private static let script = (0..<3).reduce(URL(fileURLWithPath: #filePath)) { url, _ in
        url.deletingLastPathComponent()
    }.appendingPathComponent("Tests/WorkerTests/Oracle/breaking_balancer.py").path

    private static func reply(to request: LoopbackServer.Request) -> String {
        if request.line == "POST /token" { return #"{"accessToken":"NEW","expiresIn":3600}"# }
        if request.line.hasPrefix("GET /federation/") {
            return """
                {"roleCredentials":
                {"accessKeyId":"A","secretAccessKey":"s","sessionToken":"t","expiration":4070908800000}}
                """
        }
        if request.line.hasPrefix("GET") {
            return """
                {"AccessKeyId":"A","SecretAccessKey":"s","Token":"t","Expiration":"2099-01-01T00:00:00Z"}
                """
        }
        let name = request.body.contains("WithWebIdentity") ? "AssumeRoleWithWebIdentity" : "AssumeRole"
        return RoleTests.reply.replacingOccurrences(of: "NAME", with: name).replacingOccurrences(of: "ASIA", with: "A")
    }

    /// The environment that leads to a source behind a balancer.
    private func variables(_ source: Source, _ url: String, in folder: URL) throws -> [String: String] {
        func file(_ path: String, _ content: String) throws -> String {
            let file = folder.appendingPathComponent(path)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(),
                withIntermediateDirectories: true
            )
            try Data(content.utf8).write(to: file)
            return file.path
        }
        switch source {
        case .container:
            return ["AWS_CONTAINER_CREDENTIALS_FULL_URI": "\(url)/c", "AWS_CONTAINER_AUTHORIZATION_TOKEN": "token"]
        case .podIdentity:
            return [
                "AWS_CONTAINER_CREDENTIALS_FULL_URI": "\(url)/v1/credentials",
                "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": try file("token", "token"),
            ]
        case .singleSignOn:
            // sha1sum of "work"; a token that has to be renewed first.
            _ = try file(
                ".aws/sso/cache/e274eeff768c6396088ec6eb091f4bf4d47ab1e0.json",
                """
                {"accessToken": "OLD", "expiresAt": "2027-01-15T08:00:00Z", "clientId": "id", "clientSecret": "hush",
                "registrationExpiresAt": "2028-01-01T00:00:00Z", "refreshToken": "again"}
                """
            )
            return ["AWS_PROFILE": "person", "AWS_ENDPOINT_URL_SSO": url, "AWS_ENDPOINT_URL_SSO_OIDC": url]
        case .webIdentity:
            return [
                "AWS_WEB_IDENTITY_TOKEN_FILE": try file("token", "token"), "AWS_ROLE_ARN": "arn:aws:iam::1:role/a",
                "AWS_ENDPOINT_URL_STS": url,
            ]
        case .role: return ["AWS_PROFILE": "role", "AWS_ENDPOINT_URL_STS": url]
        }
    }

    @Test("is asked again", arguments: Source.allCases)
    func isAskedAgain(_ source: Source) async throws {
        let files = try await TLSFiles(hostName: "localhost")
        try await LoopbackServer.with({ .reply(200, Self.reply(to: $0)) }) { (server: LoopbackServer) async throws in
            let log = files.folder.appendingPathComponent("log")
            // The first connection of each call, as a source makes no more than two of them.
            let (balancer, port) = try await Programs.server("python3") { port in
                ["-B", Self.script, "\(port)", files.certificate, files.key, "\(server.port)", "0,2", log.path]
            }
            defer { Programs.end(balancer) }
            let (found, waits) = try await withTemporaryFolder { folder in
                let config = folder.appendingPathComponent("config")
                try Data(Self.config.utf8).write(to: config)
                let standard = [
                    "AWS_CONFIG_FILE": config.path, "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent",
                    "AWS_REGION": "eu-west-1", "AWS_EC2_METADATA_DISABLED": "true", "HOME": folder.path,
                    "AWS_CA_BUNDLE": files.certificate,
                ]
                let own = try variables(source, "https://localhost:\(port)", in: folder)
                let waits = Waits()
                var context = CredentialContext(variables: standard.merging(own) { $1 })
                context.sleep = { waits.append($0) }
                context.clock = AWSClock(now: { Date(timeIntervalSince1970: 1_800_000_000 - 60) })
                let chain = CredentialProviderChain(CredentialProviderChain.sources(context))
                return (try await chain.credentials(), waits)
            }
            let calls = source == .singleSignOn ? 2 : 1
            #expect(found.accessKeyID == "A")
            #expect(server.lines.count == calls)
            #expect(try String(contentsOf: log, encoding: .utf8).split(separator: "\n").count == calls)
            #expect(waits.all.count == calls)
        }
    }
}
