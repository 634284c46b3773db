import Foundation
import HTTPTransport
import HTTPTypes
import Testing

@testable import AWSLite

/// The sources that ask the host or the container, against scripted servers on real sockets.
@Suite(.timeLimit(.minutes(1))) struct MetadataTests {
    private static let keys =
        #"{"Code":"Success","AccessKeyId":"A","SecretAccessKey":"s","Token":"t","Expiration":"2099-01-01T00:00:00Z"}"#
    private static let root = "/latest/meta-data/iam/security-credentials/"

    private static func context(_ variables: [String: String]) -> CredentialContext {
        let files = ["AWS_CONFIG_FILE": "/nonexistent", "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent"]
        var context = CredentialContext(variables: files.merging(variables) { $1 })
        context.sleep = { _ in }
        // Nor does it matter on which machine the tests run.
        context.vendorFiles = []
        return context
    }

    private func instance(
        _ server: LoopbackServer,
        _ variables: [String: String] = [:]
    ) async throws -> AWSCredentials {
        let endpoint = ["AWS_EC2_METADATA_SERVICE_ENDPOINT": server.url]
        let context = Self.context(endpoint.merging(variables) { $1 })
        return try await InstanceMetadataSource(context: context).fetch()
    }

    /// A metadata service; `token` says how it answers a request for a token.
    private static func service(
        _ token: LoopbackServer.Answer,
        keys: LoopbackServer.Answer = .reply(200, keys)
    ) -> @Sendable (LoopbackServer.Request) -> LoopbackServer.Answer {
        { request in
            switch request.line {
            case "PUT /latest/api/token": token
            case "GET \(root)": .reply(200, "role")
            case "GET \(root)role": keys
            default: .reply(404, "")
            }
        }
    }

    @Test func `A token is asked for, then the role, then its keys`() async throws {
        try await LoopbackServer.with(Self.service(.reply(200, "TOKEN"))) { (server: LoopbackServer) async throws in
            let credentials = try await instance(server)
            #expect(credentials.accessKeyID == "A")
            #expect(credentials.secretAccessKey == Secret("s"))
            #expect(credentials.sessionToken == Secret("t"))
            #expect(credentials.expiration == Date(timeIntervalSince1970: 4_070_908_800))
            #expect(server.lines == ["PUT /latest/api/token", "GET \(Self.root)", "GET \(Self.root)role"])
            #expect(server.requests[0].fields["x-aws-ec2-metadata-token-ttl-seconds"] == "21600")
            #expect(server.requests[1].fields["x-aws-ec2-metadata-token"] == "TOKEN")
            #expect(server.requests[2].fields["x-aws-ec2-metadata-token"] == "TOKEN")
        }
    }

    @Test(arguments: [403, 404, 405])
    func `Version 1 is spoken where there is no token, unless it is disabled`(_ status: Int) async throws {
        try await LoopbackServer.with(Self.service(.reply(status, ""))) { (server: LoopbackServer) async throws in
            #expect(try await instance(server).accessKeyID == "A")
            #expect(server.requests[1].fields["x-aws-ec2-metadata-token"] == nil)
            let error = await #expect(throws: AWSCredentialError.self) {
                try await instance(server, ["AWS_EC2_METADATA_V1_DISABLED": "true"])
            }
            #expect(error?.message.contains("version 1 is disabled") == true)
        }
    }

    @Test func `A token that isn't answered in time means version 1`() async throws {
        try await LoopbackServer.with(Self.service(.silence)) { (server: LoopbackServer) async throws in
            #expect(try await instance(server).accessKeyID == "A")
        }
    }

    @Test func `A refused token request ends it`() async throws {
        try await LoopbackServer.with(Self.service(.reply(400, ""))) { (server: LoopbackServer) async throws in
            let error = await #expect(throws: AWSCredentialError.self) { try await instance(server) }
            #expect(error?.code == .unavailable)
            #expect(server.lines.count == 1)
        }
    }

    @Test func `A token that isn't taken is replaced once`() async throws {
        let tokens = Locked(0)
        let answer: @Sendable (LoopbackServer.Request) -> LoopbackServer.Answer = { request in
            if request.line.hasPrefix("PUT") {
                let number = tokens.withLock { count in
                    count += 1
                    return count
                }
                return .reply(200, "T\(number)")
            }
            if request.fields["x-aws-ec2-metadata-token"] == "T1" { return .reply(401, "") }
            return request.line.hasSuffix("role") ? .reply(200, Self.keys) : .reply(200, "role")
        }
        try await LoopbackServer.with(answer) { (server: LoopbackServer) async throws in
            #expect(try await instance(server).accessKeyID == "A")
            #expect(tokens.withLock { $0 } == 2)
        }
        try await LoopbackServer.with({ $0.line.hasPrefix("PUT") ? .reply(200, "T") : .reply(401, "") }) {
            (server: LoopbackServer) async throws in
            let error = await #expect(throws: AWSCredentialError.self) { try await instance(server) }
            #expect(error?.message.contains("401") == true)
            #expect(server.lines.count == 4)
        }
    }

    @Test func `A server error is tried as often as allowed`() async throws {
        try await LoopbackServer.with(Self.service(.reply(200, "T"), keys: .reply(500, ""))) {
            (server: LoopbackServer) async throws in
            let error = await #expect(throws: AWSCredentialError.self) {
                try await instance(server, ["AWS_METADATA_SERVICE_NUM_ATTEMPTS": "3"])
            }
            #expect(error?.code == .unavailable)
            #expect(server.lines.filter { $0.hasSuffix("role") }.count == 3)
        }
    }

    @Test func `An error in place of keys is told`() async throws {
        let denied = LoopbackServer.Answer.reply(200, #"{"Code":"AssumeRoleUnauthorizedAccess","Message":"no trust"}"#)
        try await LoopbackServer.with(Self.service(.reply(200, "T"), keys: denied)) {
            (server: LoopbackServer) async throws in
            let error = await #expect(throws: AWSCredentialError.self) { try await instance(server) }
            #expect(error?.message.contains("AssumeRoleUnauthorizedAccess: no trust") == true)
        }
    }

    @Test func `Without a role, a service or permission there is nothing`() async throws {
        try await LoopbackServer.with({ $0.line.hasPrefix("PUT") ? .reply(200, "T") : .reply(404, "") }) {
            (server: LoopbackServer) async throws in
            for variables in [[:], ["AWS_EC2_METADATA_DISABLED": "True"]] {
                let error = await #expect(throws: AWSCredentialError.self) { try await instance(server, variables) }
                #expect(error?.code == .notConfigured)
            }
            #expect(server.lines.count == 2)
        }
        let gone = try await LoopbackServer.with({ _ in .silence }) { $0 }
        let error = await #expect(throws: AWSCredentialError.self) { try await instance(gone) }
        #expect(error?.code == .notConfigured)
    }

    @Test func `Keys that have expired stay in use, with one warning`() async throws {
        let old = Self.keys.replacingOccurrences(of: "2099", with: "2001")
        try await LoopbackServer.with(Self.service(.reply(200, "T"), keys: .reply(200, old))) {
            (server: LoopbackServer) async throws in
            let warnings = Locked<[String]>([])
            // Only by AWS's own time is it known that they have expired.
            let clock = AWSClock()
            _ = clock.proved(0, isCorrection: false, date: nil, middle: Date())
            let chain = CredentialProviderChain.default(
                environment: [
                    "AWS_CONFIG_FILE": "/nonexistent", "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent",
                    "AWS_EC2_METADATA_SERVICE_ENDPOINT": server.url,
                ],
                clock: clock,
                warn: { text in warnings.withLock { $0.append(text) } }
            )
            #expect(try await chain.credentials().accessKeyID == "A")
            #expect(try await chain.credentials().accessKeyID == "A")
            #expect(server.lines.count == 3)
            #expect(warnings.withLock { $0.count } == 1)
        }
    }

    @Test(arguments: [(nil, false), ("QEMU\n", false), ("Amazon EC2\n", true)] as [(String?, Bool)])
    func `Silence is no source, but an outage on a machine of Amazon's`(_ vendor: String?, _ isInstance: Bool)
        async throws
    {
        try await withTemporaryFolder { folder in
            let file = folder.appendingPathComponent("vendor")
            try vendor.map { try Data($0.utf8).write(to: file) }
            let gone = try await LoopbackServer.with({ _ in .silence }) { $0 }
            try await LoopbackServer.with({ _ in .silence }) { (silent: LoopbackServer) async throws in
                for (server, variables) in [
                    (gone, [:]), (silent, [:]), (silent, ["AWS_EC2_METADATA_V1_DISABLED": "true"]),
                ] {
                    let endpoint = ["AWS_EC2_METADATA_SERVICE_ENDPOINT": server.url]
                    var context = Self.context(endpoint.merging(variables) { $1 })
                    context.vendorFiles = ["/nonexistent", file.path]
                    let error = await #expect(throws: AWSCredentialError.self) {
                        try await CredentialProviderChain(CredentialProviderChain.sources(context)).credentials()
                    }
                    #expect(error?.isTransient == isInstance)
                }
            }
        }
    }

    @Test func `A service that is turned off is no source, even on a machine of Amazon's`() async throws {
        try await LoopbackServer.with({ _ in .reply(403, "") }) { (server: LoopbackServer) async throws in
            let context = Self.context(["AWS_EC2_METADATA_SERVICE_ENDPOINT": server.url])
            let error = await #expect(throws: AWSCredentialError.self) {
                try await InstanceMetadataSource(context: context, isInstance: true).fetch()
            }
            #expect(error?.code == .notConfigured)
        }
    }

    @Test func `Where a role is to be taken by the instance's, silence is an outage`() async throws {
        try await withTemporaryFolder { folder in
            let config = folder.appendingPathComponent("config")
            try Data("[default]\nrole_arn = r\ncredential_source = Ec2InstanceMetadata".utf8).write(to: config)
            let gone = try await LoopbackServer.with({ _ in .silence }) { $0 }
            let context = Self.context(["AWS_CONFIG_FILE": config.path, "AWS_EC2_METADATA_SERVICE_ENDPOINT": gone.url])
            let error = await #expect(throws: AWSCredentialError.self) {
                try await AssumedRoleSource(context: context).fetch()
            }
            #expect(error?.isTransient == true)
        }
    }

    @Test func `A container's endpoint that is down or fails is an outage`() async throws {
        let gone = try await LoopbackServer.with({ _ in .silence }) { $0 }
        let down = await #expect(throws: AWSCredentialError.self) {
            try await container(["AWS_CONTAINER_CREDENTIALS_FULL_URI": gone.url])
        }
        #expect(down?.isTransient == true)
        try await LoopbackServer.with({ _ in .reply(500, "") }) { (server: LoopbackServer) async throws in
            let failing = await #expect(throws: AWSCredentialError.self) {
                try await container(["AWS_CONTAINER_CREDENTIALS_FULL_URI": server.url])
            }
            #expect(failing?.isTransient == true)
        }
    }

    // Containers.

    private func container(_ variables: [String: String]) async throws -> AWSCredentials {
        try await ContainerSource(context: Self.context(variables)).fetch()
    }

    @Test func `A container's endpoint is asked with the token that its file holds now`() async throws {
        try await withTemporaryFolder { folder in
            let file = folder.appendingPathComponent("token")
            try await LoopbackServer.with({ _ in .reply(200, Self.keys) }) { (server: LoopbackServer) async throws in
                let variables = [
                    "AWS_CONTAINER_CREDENTIALS_FULL_URI": "\(server.url)/v2/credentials/?id=a%20b",
                    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": file.path, "AWS_CONTAINER_AUTHORIZATION_TOKEN": "other",
                ]
                for token in ["one", "two"] {
                    try Data(token.utf8).write(to: file)
                    #expect(try await container(variables).sessionToken == Secret("t"))
                }
                #expect(server.requests.map { $0.fields["authorization"] } == ["one", "two"])
                #expect(server.lines[0] == "GET /v2/credentials/?id=a%20b")
                try Data("evil\r\nX-Other: y".utf8).write(to: file)
                let error = await #expect(throws: AWSCredentialError.self) { try await container(variables) }
                #expect(error?.code == .invalid)
                #expect(error?.description.contains("evil") == false)
                #expect(server.lines.count == 2)
            }
        }
    }

    @Test func `A container's endpoint is tried three times`() async throws {
        try await LoopbackServer.with({ _ in .reply(503, "") }) { (server: LoopbackServer) async throws in
            let error = await #expect(throws: AWSCredentialError.self) {
                try await container(["AWS_CONTAINER_CREDENTIALS_FULL_URI": server.url])
            }
            #expect(error?.code == .unavailable)
            #expect(server.lines == ["GET /", "GET /", "GET /"])
        }
    }

    @Test(arguments: [
        ("http://example.com/x", false), ("https://example.com/x", true), ("http://127.0.0.1/x", true),
        ("http://127.9.9.9:8/x", true), ("http://127.evil.example/x", false), ("http://[::1]:8/x", true),
        ("http://localhost/x", true), ("http://169.254.170.2/x", true), ("http://169.254.170.23/x", true),
        ("http://169.254.170.3/x", false), ("http://[fd00:ec2::23]/x", true), ("http://[fd00:ec2::24]/x", false),
        ("http://10.0.0.1/x", false), ("http://user@127.0.0.1/x", false), ("ftp://127.0.0.1/x", false),
    ])
    func `Plain HTTP goes to the host itself and AWS's link-local addresses alone`(_ url: String, _ isAllowed: Bool)
        async
    {
        let stub = StubHTTPClient([.reply(200, Self.keys)])
        var context = Self.context(["AWS_CONTAINER_CREDENTIALS_FULL_URI": url])
        context.directHTTPClient = stub
        let code: AWSCredentialError.Code?
        do {
            _ = try await ContainerSource(context: context).fetch()
            code = nil
        } catch {
            code = (error as? AWSCredentialError)?.code
        }
        #expect(code == (isAllowed ? nil : .invalid))
        #expect(await stub.calls.count == (isAllowed ? 1 : 0))
    }

    @Test func `A relative address belongs to ECS's endpoint and wins`() async throws {
        let stub = StubHTTPClient([.reply(200, Self.keys)])
        var context = Self.context([
            "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/v2/x", "AWS_CONTAINER_CREDENTIALS_FULL_URI": "https://other",
        ])
        context.directHTTPClient = stub
        _ = try await ContainerSource(context: context).fetch()
        let request = await stub.calls[0].request
        #expect(request.scheme == "http")
        #expect(request.authority == "169.254.170.2")
        #expect(request.path == "/v2/x")
    }
}
