import Foundation
import HTTPTransport
import HTTPTypes
import TestSupport
import Testing

@testable import AWSLite

/// Roles from profiles and by web identity: the settings, and what goes to STS.
@Suite(.timeLimit(.minutes(1))) struct RoleTests {
    static let reply = """
        <?xml version="1.0"?>
        <!-- a comment -->
        <NAMEResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><NAMEResult><Credentials>
        <AccessKeyId>ASIA</AccessKeyId><SecretAccessKey>s&amp;s</SecretAccessKey>
        <SessionToken><![CDATA[t<t]]>&#x21;</SessionToken><Expiration>2099-01-01T00:00:00.5Z</Expiration>
        </Credentials></NAMEResult></NAMEResponse>
        """

    static func reply(_ name: String) -> StubHTTPClient.Step {
        .reply(200, reply.replacingOccurrences(of: "NAME", with: name))
    }

    /// A chain over these profiles, with a stub in place of AWS.
    private func find(
        _ config: String,
        _ stub: StubHTTPClient,
        _ variables: [String: String] = [:],
        waits: Waits = Waits()
    ) async throws -> AWSCredentials {
        try await withTemporaryFolder { folder in
            let file = folder.appendingPathComponent("config")
            try Data(config.utf8).write(to: file)
            let standard = [
                "AWS_CONFIG_FILE": file.path, "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent", "AWS_REGION": "eu-west-1",
                "AWS_EC2_METADATA_DISABLED": "true",
            ]
            var context = CredentialContext(
                variables: standard.merging(variables) { $1 },
                httpClient: stub,
                directHTTPClient: stub
            )
            context.sleep = { waits.append($0) }
            context.clock = AWSClock(now: { Date(timeIntervalSince1970: 1_800_000_000) })
            return try await CredentialProviderChain(CredentialProviderChain.sources(context)).credentials()
        }
    }

    private func problem(_ config: String, _ variables: [String: String] = [:]) async -> AWSCredentialError? {
        await #expect(throws: AWSCredentialError.self) {
            try await find(config, StubHTTPClient([.refused]), variables)
        }
    }

    @Test func `A role is taken with all that the profile says, in the region`() async throws {
        let stub = StubHTTPClient([Self.reply("AssumeRole")])
        let config = """
            [default]
            role_arn = arn:aws:iam::1:role/a b
            source_profile = base
            external_id = e&x
            role_session_name = me
            duration_seconds = 900
            [profile base]
            aws_access_key_id = BASE
            aws_secret_access_key = b
            """
        let found = try await find(config, stub)
        #expect(found.accessKeyID == "ASIA")
        #expect(found.secretAccessKey == Secret("s&s"))
        #expect(found.sessionToken == Secret("t<t!"))
        #expect(found.expiration == Date(timeIntervalSince1970: 4_070_908_800.5))
        let call = await stub.calls[0]
        #expect(call.request.authority == "sts.eu-west-1.amazonaws.com")
        #expect(
            String(decoding: call.body?.data ?? Data(), as: UTF8.self)
                == "Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fa%20b"
                + "&RoleSessionName=me&ExternalId=e%26x&DurationSeconds=900"
        )
        #expect(await stub.field("Authorization")?.contains("Credential=BASE/") == true)
        #expect(await stub.field("Authorization")?.contains("/eu-west-1/sts/aws4_request") == true)
    }

    @Test func `A source profile with keys ends the recursion, though it has a role`() async throws {
        let stub = StubHTTPClient([Self.reply("AssumeRole")])
        let config = """
            [default]
            role_arn = r
            source_profile = middle
            [profile middle]
            role_arn = m
            source_profile = default
            aws_access_key_id = MIDDLE
            aws_secret_access_key = b
            """
        _ = try await find(config, stub)
        #expect(await stub.calls.count == 1)
        #expect(await stub.field("Authorization")?.contains("Credential=MIDDLE/") == true)
    }

    @Test func `A profile may name itself for its keys`() async throws {
        let stub = StubHTTPClient([Self.reply("AssumeRole")])
        let keys = "aws_access_key_id = SELF\naws_secret_access_key = b"
        _ = try await find("[default]\nrole_arn = r\nsource_profile = default\n\(keys)", stub)
        #expect(await stub.field("Authorization")?.contains("Credential=SELF/") == true)
    }

    @Test func `A credential source is the environment's or the container's`() async throws {
        let config = "[default]\nrole_arn = r\ncredential_source = EcsContainer"
        let keys = #"{"AccessKeyId":"ECS","SecretAccessKey":"s","Token":"t","Expiration":"2099-01-01T00:00:00Z"}"#
        let stub = StubHTTPClient([.reply(200, keys), Self.reply("AssumeRole")])
        _ = try await find(config, stub, ["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/x"])
        #expect(await stub.field("Authorization", 1)?.contains("Credential=ECS/") == true)
        let error = await problem(config)
        #expect(error?.code == .invalid)
        #expect(error?.message.contains("isn't set") == true)
    }

    @Test(arguments: [
        ("role_arn =\naws_access_key_id = k\naws_secret_access_key = s", "has no role_arn"),
        ("role_arn = r", "lacks source_profile or credential_source"),
        ("role_arn = r\nsource_profile = x\ncredential_source = Environment", "both"),
        ("role_arn = r\ncredential_source = Elsewhere", "has to be Environment"),
        ("role_arn = r\nsource_profile = absent", "\"absent\""),
        ("role_arn = r\nsource_profile = default", "leads back to \"default\""),
        ("role_arn = r\nsource_profile = a\n[profile a]\nrole_arn = a\nsource_profile = default", "leads back"),
        ("role_arn = r\nsource_profile = a\n[profile a]\nregion = x", "no AWS credentials"),
        ("role_arn = r\nsource_profile = a\nmfa_serial = m\n[profile a]\naws_access_key_id = k", "mfa_serial"),
        ("role_arn = r\nweb_identity_token_file = /nonexistent", "/nonexistent"),
        ("web_identity_token_file = /x", "role_arn"),
    ])
    func `What can't work is said`(_ profile: String, _ part: String) async {
        let error = await problem("[default]\n\(profile)")
        #expect(error?.description.contains(part) == true, "\(error?.description ?? "")")
    }

    @Test func `Without a region STS can't be asked`() async {
        let config = "[default]\noutput = json"
        let keys = ["AWS_REGION": "", "AWS_WEB_IDENTITY_TOKEN_FILE": #filePath, "AWS_ROLE_ARN": "r"]
        let error = await problem(config, keys)
        #expect(error?.message.contains("AWS_REGION isn't set") == true)
    }

    @Test func `A web identity's token is read anew, sent unsigned, and an overloaded provider is asked again`()
        async throws
    {
        try await withTemporaryFolder { folder in
            let file = folder.appendingPathComponent("token")
            let busy = "<ErrorResponse><Error><Code>IDPCommunicationError</Code></Error></ErrorResponse>"
            let ok = Self.reply("AssumeRoleWithWebIdentity")
            let stub = StubHTTPClient([.reply(400, busy), ok, ok])
            let variables = [
                "AWS_WEB_IDENTITY_TOKEN_FILE": file.path, "AWS_ROLE_ARN": "r", "AWS_ROLE_SESSION_NAME": "pod",
                "AWS_ENDPOINT_URL_STS": "http://sts.example:8",
            ]
            for token in ["one+", "two"] {
                try Data(token.utf8).write(to: file)
                #expect(try await find("[default]\nregion = r", stub, variables).accessKeyID == "ASIA")
            }
            let calls = await stub.calls
            let bodies = calls.map { String(decoding: $0.body?.data ?? Data(), as: UTF8.self) }
            #expect(bodies[1].hasSuffix("&RoleArn=r&RoleSessionName=pod&WebIdentityToken=one%2B"))
            #expect(bodies[2].hasSuffix("&WebIdentityToken=two"))
            #expect(calls.allSatisfy { $0.request.headerFields[.authorization] == nil })
            #expect(calls[0].request.authority == "sts.example:8")
        }
    }

    @Test func `A refusal is told with STS's code, and an outage isn't taken for one`() async {
        let refusal = "<ErrorResponse><Error><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>"
        let outage = refusal.replacingOccurrences(of: "AccessDenied", with: "IDPCommunicationError")
        let config = "[default]\nrole_arn = r\nsource_profile = default\naws_access_key_id=k\naws_secret_access_key=s"
        for (status, body, code, said) in [
            (403, refusal, AWSCredentialError.Code.invalid, "AccessDenied: no"), (503, "", .unavailable, "HTTP 503"),
            (400, outage, .unavailable, "IDPCommunicationError: no"),
            (501, "", .invalid, "HTTP501"),
            // Pages from in between, which deny nothing and give nothing.
            (403, "<html>Blocked</html>", .unavailable, "the reply isn't AWS"),
            (401, "", .unavailable, "the reply isn't AWS"),
            (200, "<html>Log in</html>", .unavailable, "MalformedReply"), (200, "", .unavailable, "MalformedReply"),
        ] {
            let isPage = ["Blocked", "Log in"].contains { body.contains($0) } || body.isEmpty && status < 500
            let step: StubHTTPClient.Step = isPage ? .page(status, body) : .reply(status, body)
            let stub = StubHTTPClient(Array(repeating: step, count: 3))
            let error = await #expect(throws: AWSCredentialError.self) { try await find(config, stub) }
            #expect(error?.code == code)
            #expect(error?.message.contains(said) == true, "\(error?.message ?? "")")
        }
    }

    @Test(arguments: [
        "", "<a>", "</a>", "<a></b>", "x<a/>", "<a/>x", "<a>&xxe;</a>", "<!DOCTYPE a><a/>", "<a b='>", "<>", "< a/>",
        "<a>&#xD800;</a>", String(repeating: "<a>", count: 100_000),
    ])
    func `XML that isn't plain is refused`(_ text: String) {
        #expect(throws: XMLElement.Malformed.self) { try XMLElement.parse(Data(text.utf8)) }
    }

    @Test func `Any cut or changed byte of a reply leaves the reader alive`() {
        var random = SeededGenerator(usual: 7)
        let original = Array(Self.reply.utf8)
        let rounds = ProcessInfo.processInfo.environment["FUZZ_ITERATIONS"].flatMap { Int($0) } ?? 2_000
        for _ in 0..<rounds {
            var bytes = original
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let index = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<3, using: &random) {
                case 0: bytes[index] = UInt8.random(in: 0...255, using: &random)
                case 1: bytes.remove(at: index)
                default: bytes.insert(contentsOf: Array("<&/>!-".utf8).shuffled(using: &random).prefix(2), at: index)
                }
            }
            _ = try? XMLElement.parse(Data(bytes))
        }
    }
}

/// The same against moto.
@Suite(Oracle.condition, .timeLimit(.minutes(5))) struct RoleMotoTests {
    struct Server: Decodable {
        var endpoint: String
        var keyID: String
        var secret: String
        var first: String
        var second: String
    }

    private func find(_ variables: [String: String], profile: String = "", _ server: Server) async throws
        -> AWSCredentials
    {
        try await withTemporaryFolder { folder in
            let (config, token) = (folder.appendingPathComponent("config"), folder.appendingPathComponent("token"))
            try Data(profile.utf8).write(to: config)
            try Data("a.b.c".utf8).write(to: token)
            let standard = [
                "AWS_CONFIG_FILE": config.path, "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent",
                "AWS_REGION": "eu-west-1", "AWS_ENDPOINT_URL": server.endpoint, "TOKEN": token.path,
            ]
            var all = standard.merging(variables) { $1 }
            if all["AWS_ROLE_ARN"] != nil { all["AWS_WEB_IDENTITY_TOKEN_FILE"] = token.path }
            return try await CredentialProviderChain.default(environment: all).credentials()
        }
    }

    @Test func `A chain of roles is taken by signatures that moto verifies`() async throws {
        try await OracleServer.with("serve_sts.py", ["signed"], as: Server.self) { (server: Server) async throws in
            func profile(_ secret: String) -> String {
                """
                [default]
                role_arn = \(server.second)
                source_profile = middle
                [profile middle]
                role_arn = \(server.first)
                source_profile = base
                [profile base]
                aws_access_key_id = \(server.keyID)
                aws_secret_access_key = \(secret)
                """
            }
            let found = try await find([:], profile: profile(server.secret), server)
            #expect(found.accessKeyID.hasPrefix("ASIA"))
            #expect(found.sessionToken?.isEmpty == false)
            #expect(found.expiration ?? .distantPast > Date())
            let error = await #expect(throws: AWSCredentialError.self) {
                try await find([:], profile: profile("wrong"), server)
            }
            #expect(error?.message.contains("SignatureDoesNotMatch") == true)
        }
    }

    @Test func `A web identity takes a role, and an instance has one`() async throws {
        try await OracleServer.with("serve_sts.py", as: Server.self) { (server: Server) async throws in
            let web = try await find(["AWS_ROLE_ARN": server.first], server)
            #expect(web.accessKeyID.hasPrefix("ASIA"))
            let instance = try await find(["AWS_EC2_METADATA_SERVICE_ENDPOINT": server.endpoint], server)
            #expect(instance.accessKeyID == "test-key")
        }
    }

    @Test func `The owner of credentials is told by what moto verifies`() async throws {
        try await OracleServer.with("serve_sts.py", ["signed"], as: Server.self) { (server: Server) async throws in
            func identity(_ secret: String) async throws -> SecurityTokenService.CallerIdentity {
                let key = AWSCredentials(accessKeyID: server.keyID, secretAccessKey: Secret(secret))
                var transport = CurlHTTPClient.Configuration()
                transport.proxy = .none
                return try await SecurityTokenService(
                    AWSClientConfiguration(
                        region: "eu-west-1",
                        credentials: StaticCredentialProvider(key),
                        httpClient: try CurlHTTPClient(transport),
                        endpoint: server.endpoint
                    )
                ).callerIdentity()
            }
            let found = try await identity(server.secret)
            #expect(found.account == "123456789012")
            #expect(found.arn.hasPrefix("arn:aws:iam::123456789012:user/"))
            #expect(!found.userID.isEmpty)
            let error = await #expect(throws: AWSError.self) { try await identity("wrong") }
            #expect(error?.code == .signatureDoesNotMatch)
        }
    }
}
