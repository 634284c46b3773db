import AWSLite
import Foundation
import HTTPTransport
import HTTPTypes
import Testing

@Suite struct S3RedirectTests {
    private static let asked = "https://bucket.s3.eu-west-1.amazonaws.com/k"

    private static func redirect(_ status: Int, to location: String, _ body: String = "") -> StubHTTPClient.Step {
        .reply(status, body, [.location: location])
    }

    private static func put(_ stub: StubHTTPClient, endpoint: String? = nil) async throws {
        let s3 = S3(.test(stub, credentials: StaticCredentialProvider(.temporary), endpoint: endpoint))
        _ = try await s3.putObject(bucket: "bucket", key: "k", body: Data("abc".utf8))
    }

    @Test(arguments: [301, 302, 307, 308])
    func `A redirect is followed once, with the body and a signature of its own`(status: Int) async throws {
        let location = "https://bucket.s3.eu-central-1.amazonaws.com/k?x=1"
        let stub = StubHTTPClient([Self.redirect(status, to: location), .reply(200, "")])
        try await Self.put(stub)
        let calls = await stub.calls
        #expect(calls.count == 2)
        #expect(calls[1].request.method == .put)
        #expect(calls[1].request.authority == "bucket.s3.eu-central-1.amazonaws.com")
        #expect(calls[1].request.path == "/k?x=1")
        #expect(calls[1].body == .data(Data("abc".utf8)))
        let signatures = try await [0, 1].asyncMap { number in
            try #require(SigV4Authorization(await stub.field("Authorization", number) ?? ""))
        }
        #expect(signatures.map(\.scope.region) == ["eu-west-1", "eu-central-1"])
        #expect(signatures[0].signature != signatures[1].signature)
    }

    @Test func `A second redirect is an error that says where it leads`() async throws {
        let stub = StubHTTPClient([
            Self.redirect(307, to: Self.asked), Self.redirect(307, to: Self.asked), .reply(200, ""),
        ])
        let error = await expectError("HTTP307") { try await Self.put(stub) }
        #expect(await stub.calls.count == 2)
        #expect(error?.advice?.contains(Self.asked) == true)
    }

    @Test func `A portal that sends requests elsewhere is waited for, since its word isn't S3's`() async throws {
        let portal = StubHTTPClient([.page(302, "", [.location: "https://portal.example.com/login"])])
        let error = await expectError(.malformedReply) { try await Self.put(portal) }
        #expect(error?.advice?.contains("https://portal.example.com/login") == true)
        #expect(await portal.calls.count == 1)
    }

    @Test func `What goes wrong there is repeated there`() async throws {
        let there = "https://bucket.s3-eu-west-1.amazonaws.com/k"
        let stub = StubHTTPClient([Self.redirect(307, to: there), .lost, .reply(503, ""), .reply(200, "")])
        try await Self.put(stub)
        #expect(await stub.calls.dropFirst().allSatisfy { $0.request.authority == "bucket.s3-eu-west-1.amazonaws.com" })
        #expect(await stub.calls.count == 4)
    }

    @Test func `A file's upload and download follow, too`() async throws {
        try await withTemporaryFolder { folder in
            let path = folder.appendingPathComponent("a").path
            try Data("abc".utf8).write(to: URL(fileURLWithPath: path))
            let stub = StubHTTPClient([Self.redirect(307, to: Self.asked), .reply(200, "")])
            _ = try await S3(.test(stub)).uploadObject(from: path, bucket: "bucket", key: "k")
            #expect(await stub.calls.count == 2)
            #expect(await stub.calls[1].body == stub.calls[0].body)
        }
        let stub = StubHTTPClient([Self.redirect(307, to: Self.asked), .reply(200, "abc")])
        #expect(try await S3(.test(stub)).getObject(bucket: "bucket", key: "k", limit: 3).body == Data("abc".utf8))
    }

    @Test(
        arguments: [
            (nil, "https://s3.amazonaws.com/bucket/k"), (nil, "https://bucket.s3.amazonaws.com/k"),
            (nil, "https://bucket.s3.dualstack.eu-west-2.amazonaws.com/k"),
            (nil, "https://s3-external-1.amazonaws.com/bucket/k"),
            (nil, "https://BUCKET.s3.us-east-2.amazonaws.com:443/k"),
            (nil, "/other/bucket-is-in-the-host"),
            ("http://127.0.0.1:9000", "http://127.0.0.1:9001/bucket/k"),
            ("http://127.0.0.1:9000", "http://bucket.localhost:9000/k"),
            ("http://localhost:9000", "http://[::1]:9000/bucket/k"),
            ("http://127.0.0.1:9000", "/bucket/k?again"),
            ("https://s3.lab.example.com", "https://node2.lab.example.com/bucket/k"),
            ("https://s3.lab.example.com", "https://bucket.s3.lab.example.com/k"),
            ("http://s3.lab.example.com", "https://s3.lab.example.com:9443/bucket/k"),
        ] as [(String?, String)]
    )
    func `The places that are followed`(endpoint: String?, location: String) async throws {
        let stub = StubHTTPClient([Self.redirect(307, to: location), .reply(200, "")])
        try await Self.put(stub, endpoint: endpoint)
        #expect(await stub.calls.count == 2)
    }

    @Test(
        arguments: [
            (nil, "https://filter.example.com/login"), (nil, "http://bucket.s3.eu-west-1.amazonaws.com/k"),
            (nil, "https://ec2-1-2-3-4.compute.amazonaws.com/bucket/k"),
            (nil, "https://other.s3.eu-west-1.amazonaws.com/k"), (nil, "https://s3.eu-west-1.amazonaws.com/other/k"),
            (nil, "https://bucket.s3.cn-north-1.amazonaws.com.cn/k"),
            (nil, "https://bucket.s3.eu-west-1.amazonaws.com:8443/k"),
            (nil, "https://bucket.s3.eu-west-1.amazonaws.com.example.com/k"),
            (nil, "https://bucket.s3.eu-west-1.amazonaws.com@example.com/k"), (nil, "//example.com/k"),
            (nil, "https://bucket.s3-website.eu-west-1.amazonaws.com/k"), (nil, "nonsense"), (nil, ""),
            ("http://127.0.0.1:9000", "http://10.0.0.1:9000/bucket/k"),
            ("http://10.0.0.7:9000", "http://127.0.0.1:9000/bucket/k"),
            ("https://s3.lab.example.com", "http://s3.lab.example.com/bucket/k"),
            ("https://s3.lab.example.com", "https://example.com/bucket/k"),
            ("https://minio.com", "https://evil.com/bucket/k"), ("http://minio:9000", "http://evil:9000/bucket/k"),
        ] as [(String?, String)]
    )
    func `A stranger gets nothing`(endpoint: String?, location: String) async throws {
        let stub = StubHTTPClient([Self.redirect(307, to: location), .reply(200, "")])
        await expectError("HTTP307") { try await Self.put(stub, endpoint: endpoint) }
        #expect(await stub.calls.count == 1)
    }

    @Test func `A web page is neither an object nor the receipt of one`() async throws {
        let page: HTTPFields = [.contentType: "text/html; charset=utf-8"]
        let steps = [StubHTTPClient.Step](repeating: .page(200, "<html>Log in first</html>", page), count: 3)
        let empty = [StubHTTPClient.Step](repeating: .page(200), count: 3)
        for steps in [steps, empty] {
            let error = await expectError(.malformedReply) { try await Self.put(StubHTTPClient(steps)) }
            #expect(error?.attempts == 3)
            #expect(error?.mayHaveBeenProcessed == true)
            await expectError(.malformedReply) {
                _ = try await S3(.test(StubHTTPClient(steps))).getObject(bucket: "bucket", key: "k", limit: 100)
            }
            await expectError(.malformedReply) {
                _ = try await S3(.test(StubHTTPClient(steps))).headObject(bucket: "bucket", key: "k")
            }
        }
        // One that is an object has a tag.
        let object = page.merging([.eTag: "\"e\""])
        let stub = StubHTTPClient([.page(200, "<html/>", object)])
        _ = try await S3(.test(stub)).getObject(bucket: "bucket", key: "k", limit: 100)
    }
}

extension HTTPFields {
    fileprivate func merging(_ other: HTTPFields) -> HTTPFields {
        var fields = self
        for field in other { fields.append(field) }
        return fields
    }
}

extension Array {
    fileprivate func asyncMap<Value>(_ body: (Element) async throws -> Value) async rethrows -> [Value] {
        var values: [Value] = []
        for element in self { values.append(try await body(element)) }
        return values
    }
}
