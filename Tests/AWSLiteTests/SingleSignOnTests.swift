import Foundation
import HTTPTransport
import Testing

@testable import AWSLite

/// Single sign-on against scripted servers on real sockets, with a cache of the test's own.
@Suite(.timeLimit(.minutes(1))) struct SingleSignOnTests {
    private static let config = """
        [default]
        sso_session = work
        sso_account_id = 123
        sso_role_name = Read Only
        [profile old]
        sso_start_url = https://start.example
        sso_region = eu-west-1
        sso_account_id = 123
        sso_role_name = r
        [profile half]
        sso_session = work
        sso_role_name = r
        [profile lost]
        sso_session = absent
        sso_role_name = r
        [profile other]
        sso_session = work
        sso_region = us-east-1
        sso_account_id = 123
        sso_role_name = r
        [sso-session work]
        sso_region = eu-west-1
        sso_start_url = https://start.example
        """
    private static let role = """
        {"roleCredentials":{"accessKeyId":"A","secretAccessKey":"s","sessionToken":"t","expiration":4070908800000}}
        """
    private struct Cache: Codable, Equatable {
        var accessToken: String
        var expiresAt: String
        var clientId: String?
        var clientSecret: String?
        var registrationExpiresAt: String?
        var refreshToken: String?
    }

    private static let renewable = Cache(
        accessToken: "OLD",
        expiresAt: "2027-01-15T08:00:00Z",
        clientId: "id",
        clientSecret: "hush",
        registrationExpiresAt: "2028-01-01T00:00:00Z",
        refreshToken: "again"
    )

    /// Runs the source at 2027-01-15T08:00:00Z less `early` seconds, and gives back what the cache file holds then.
    private func find(
        _ cache: Cache?,
        profile: String = "default",
        early: TimeInterval = 60,
        _ server: LoopbackServer
    ) async throws -> (AWSCredentials, Cache?, Int?) {
        try await withTemporaryFolder { folder in
            let config = folder.appendingPathComponent("config")
            try Data(Self.config.utf8).write(to: config)
            let files = folder.appendingPathComponent(".aws/sso/cache")
            try FileManager.default.createDirectory(at: files, withIntermediateDirectories: true)
            // sha1sum of "work", and of "https://start.example".
            let name = profile == "old" ? Self.oldName : Self.workName
            let file = files.appendingPathComponent("\(name).json")
            if let cache { try JSONEncoder().encode(cache).write(to: file) }
            var context = CredentialContext(variables: [
                "AWS_CONFIG_FILE": config.path, "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent", "HOME": folder.path,
                "AWS_PROFILE": profile, "AWS_ENDPOINT_URL_SSO": server.url, "AWS_ENDPOINT_URL_SSO_OIDC": server.url,
            ])
            context.sleep = { _ in }
            context.clock = AWSClock(now: { Date(timeIntervalSince1970: 1_800_000_000 - early) })
            let found = try await SingleSignOnSource(context: context).fetch()
            let mode = try FileManager.default.attributesOfItem(atPath: file.path)[.posixPermissions] as? Int
            #expect(try FileManager.default.contentsOfDirectory(atPath: files.path).count == 1)
            return (found, try JSONDecoder().decode(Cache.self, from: Data(contentsOf: file)), mode)
        }
    }

    private static let workName = "e274eeff768c6396088ec6eb091f4bf4d47ab1e0"
    private static let oldName = "1c5a689b7bb92284d0c514c4b1c1e1ce96d9621f"

    private func problem(
        _ cache: Cache?,
        profile: String = "default",
        early: TimeInterval = 60,
        _ server: LoopbackServer
    )
        async -> AWSCredentialError?
    {
        await #expect(throws: AWSCredentialError.self) {
            _ = try await find(cache, profile: profile, early: early, server)
        }
    }

    @Test func `A good token gets the role's credentials and stays as it is`() async throws {
        try await LoopbackServer.with({ _ in .reply(200, Self.role) }) { (server: LoopbackServer) async throws in
            for profile in ["default", "old"] {
                let (found, cache, _) = try await find(Self.renewable, profile: profile, early: 3_600, server)
                #expect(found.accessKeyID == "A")
                #expect(found.expiration == Date(timeIntervalSince1970: 4_070_908_800))
                #expect(cache == Self.renewable)
            }
            #expect(server.lines[0] == "GET /federation/credentials?role_name=Read%20Only&account_id=123")
            #expect(server.requests[0].fields["x-amz-sso_bearer_token"] == "OLD")
            #expect(server.lines.count == 2)
        }
    }

    @Test(arguments: [60, -60]) func `A token at its end is renewed and written back for the owner alone`(
        _ early: TimeInterval
    ) async throws {
        let renewal = #"{"accessToken":"NEW","expiresIn":3600,"refreshToken":"more"}"#
        try await LoopbackServer.with({ .reply(200, $0.line.hasPrefix("POST") ? renewal : Self.role) }) {
            (server: LoopbackServer) async throws in
            let (found, cache, mode) = try await find(Self.renewable, early: early, server)
            #expect(found.accessKeyID == "A")
            var expected = Self.renewable
            expected.accessToken = "NEW"
            expected.refreshToken = "more"
            expected.expiresAt = early > 0 ? "2027-01-15T08:59:00Z" : "2027-01-15T09:01:00Z"
            #expect(cache == expected)
            #expect(mode == 0o600)
            #expect(server.lines[0] == "POST /token")
            for part in [#""grantType":"refresh_token""#, #""clientSecret":"hush""#, #""refreshToken":"again""#] {
                #expect(server.requests[0].body.contains(part))
            }
            #expect(server.requests[1].fields["x-amz-sso_bearer_token"] == "NEW")
        }
    }

    @Test func `A renewal that fails leaves a token that is still good in use`() async throws {
        try await LoopbackServer.with({ $0.line.hasPrefix("POST") ? .reply(500, "") : .reply(200, Self.role) }) {
            (server: LoopbackServer) async throws in
            let (found, cache, _) = try await find(Self.renewable, server)
            #expect(found.accessKeyID == "A")
            #expect(cache == Self.renewable)
            let error = await problem(Self.renewable, early: -60, server)
            #expect(error?.message.contains("expired; run: aws sso login --profile default") == true)
            #expect(error?.description.contains("hush") == false)
        }
    }

    @Test func `Where signing in is needed, the command is told`() async throws {
        try await LoopbackServer.with({ _ in .reply(401, "{}") }) { (server: LoopbackServer) async throws in
            #expect(await problem(nil, server)?.message.contains("aws sso login --profile default") == true)
            let refused = await problem(Self.renewable, early: 3_600, server)
            #expect(refused?.message.contains("isn't taken any more; run: aws sso login") == true)
            // The older form's token can't be renewed.
            #expect(
                await problem(Self.renewable, profile: "old", early: -60, server)?.message.contains("--profile old")
                    == true
            )
            #expect(server.lines.count == 1)
        }
    }

    @Test(arguments: [200, 302, 401, 403, 404])
    func `A page from in between is neither a role's credentials nor a refusal of them`(_ status: Int) async throws {
        try await LoopbackServer.with({ _ in .reply(status, "<html>Blocked</html>") }) {
            (server: LoopbackServer) async throws in
            let error = await problem(Self.renewable, early: 3_600, server)
            #expect(error?.isTransient == true)
            #expect(error?.message.contains("HTTP \(status), and something in between has answered") == true)
            #expect(server.lines.count == 3)
        }
    }

    @Test func `A role that isn't allowed and settings that can't work are told`() async throws {
        try await LoopbackServer.with({ _ in .reply(403, #"{"message":"No access"}"#) }) {
            (server: LoopbackServer) async throws in
            let denied = await problem(Self.renewable, early: 3_600, server)
            #expect(denied?.message.contains("HTTP 403: No access") == true)
            #expect(denied?.isTransient == false)
            #expect(await problem(nil, profile: "half", server)?.message.contains("lacks sso_account_id") == true)
            #expect(await problem(nil, profile: "lost", server)?.message.contains("\"absent\"") == true)
            #expect(await problem(nil, profile: "other", server)?.message.contains("another sso_region") == true)
        }
    }
}
