import AWSLite
import Foundation
import HTTPTransport
import HTTPTypes
import Testing

@Suite struct S3Tests {
    @Test func `An artifact is written as its bucket's policy wants it`() async throws {
        let eTag: HTTPFields = [.eTag: "\"abc\""]
        let stub = StubHTTPClient([.reply(200, "", eTag), .reply(200, "", eTag), .reply(200, "", eTag)])
        let s3 = S3(.test(stub, credentials: StaticCredentialProvider(.temporary)))
        let put = try await s3.putObject(
            bucket: "bucket",
            key: "Nightly/é +(1).zip",
            body: Data("abc".utf8),
            contentType: "application/zip",
            encryption: .kms(keyID: "arn:aws:kms:r:1:key/k")
        )
        #expect(put.eTag == "\"abc\"")
        let request = try #require(await stub.calls.first?.request)
        #expect(request.authority == "bucket.s3.eu-west-1.amazonaws.com")
        #expect(request.path == "/Nightly/%C3%A9%20%2B%281%29.zip")
        #expect(await stub.field("x-amz-server-side-encryption") == "aws:kms")
        #expect(await stub.field("x-amz-server-side-encryption-aws-kms-key-id") == "arn:aws:kms:r:1:key/k")
        let digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        #expect(await stub.field("x-amz-content-sha256") == digest)
        #expect(await stub.field("x-amz-checksum-sha256") == "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=")
        #expect(await stub.field("x-amz-security-token") == "temporary-token")
        let authorization = try #require(SigV4Authorization(request.headerFields[.authorization] ?? ""))
        for name in ["x-amz-content-sha256", "x-amz-security-token", "x-amz-server-side-encryption", "content-type"] {
            #expect(authorization.signedHeaders.contains(name))
        }
        #expect(await stub.calls[0].body == .data(Data("abc".utf8)))

        _ = try await s3.putObject(bucket: "bucket", key: "k", body: Data(), encryption: .kms(keyID: nil))
        #expect(await stub.field("x-amz-server-side-encryption", 1) == "aws:kms")
        #expect(await stub.field("x-amz-server-side-encryption-aws-kms-key-id", 1) == nil)
        _ = try await s3.putObject(bucket: "bucket", key: "k", body: Data())
        #expect(await stub.field("x-amz-server-side-encryption", 2) == nil)
    }

    @Test func `An object comes with its head`() async throws {
        let fields: HTTPFields = [
            .eTag: "\"e\"", .contentType: "application/zip", .contentLength: "3",
            try #require(HTTPField.Name("x-amz-version-id")): "v+1",
            try #require(HTTPField.Name("X-Amz-Meta-Codepipeline-Artifact-Revision-Summary")): "s",
            try #require(HTTPField.Name("x-amz-server-side-encryption")): "aws:kms",
        ]
        let stub = StubHTTPClient([.reply(200, "abc", fields), .reply(200, "", fields)])
        let s3 = S3(.test(stub))
        let object = try await s3.getObject(bucket: "bucket", key: "k", versionID: "v+1", limit: 3)
        let metadata = ["codepipeline-artifact-revision-summary": "s"]
        #expect(
            object
                == .init(
                    body: Data("abc".utf8),
                    eTag: "\"e\"",
                    contentType: "application/zip",
                    versionID: "v+1",
                    metadata: metadata
                )
        )
        #expect(await stub.calls[0].request.path == "/k?versionId=v%2B1")
        let head = try await s3.headObject(bucket: "bucket", key: "k")
        #expect(head.contentLength == 3)
        #expect(head.encryptionAlgorithm == "aws:kms")
        #expect(head.metadata == metadata)
        #expect(await stub.calls[1].request.method == .head)
    }

    @Test func `An object larger than the limit is refused, whoever notices`() async {
        let tooLarge = HTTPClientError(.responseTooLarge, "more than 65536 bytes", mayHaveBeenProcessed: true)
        let s3 = S3(.test(StubHTTPClient([.reply(200, "abcd"), .failure(tooLarge)])))
        let ours = await expectError(.objectTooLarge) {
            _ = try await s3.getObject(bucket: "bucket", key: "k", limit: 3)
        }
        let transports = await expectError(.objectTooLarge) {
            _ = try await s3.getObject(bucket: "bucket", key: "k", limit: 3)
        }
        #expect([ours?.attempts, transports?.attempts] == [1, 1])
    }

    @Test(
        arguments: [
            ("bucket", nil, "bucket.s3.eu-west-1.amazonaws.com", "/k"),
            ("my.bucket", nil, "s3.eu-west-1.amazonaws.com", "/my.bucket/k"),
            ("Old_Bucket", nil, "s3.eu-west-1.amazonaws.com", "/Old_Bucket/k"),
            ("bucket", "http://127.0.0.1:9", "127.0.0.1:9", "/bucket/k"),
            ("bucket", "http://[::1]:9", "[::1]:9", "/bucket/k"),
            ("bucket", "http://localhost:9/x", "localhost:9", "/x/bucket/k"),
            ("my.bucket", "http://127.0.0.1:9", "127.0.0.1:9", "/my.bucket/k"),
        ] as [(String, String?, String, String)]
    )
    func `The bucket stands in the host where it can`(
        _ bucket: String,
        _ endpoint: String?,
        _ authority: String,
        _ path: String
    ) async throws {
        let stub = StubHTTPClient([.reply(200, ""), .reply(200, "")])
        var s3 = S3(.test(stub, endpoint: endpoint))
        _ = try await s3.headObject(bucket: bucket, key: "k")
        #expect(await stub.calls[0].request.authority == authority)
        #expect(await stub.calls[0].request.path == path)
        s3.addressingStyle = .path
        _ = try await s3.headObject(bucket: bucket, key: "k")
        #expect(await stub.calls[1].request.path?.hasSuffix("/\(bucket)/k") == true)
    }

    @Test(arguments: [
        ("", "k"), ("a/b", "k"), ("..", "k"), ("a b", "k"), ("é", "k"), ("bucket", ""), ("a@b", "k"), ("a:1", "k"),
        ("a--usw2-az1--x-s3", "k"), ("a--op-s3", "k"),
    ])
    func `A name that no bucket or object can have is refused`(_ bucket: String, _ key: String) async {
        let stub = StubHTTPClient([])
        let s3 = S3(.test(stub))
        await expectError(.invalidConfiguration) { _ = try await s3.headObject(bucket: bucket, key: key) }
        #expect(await stub.calls.isEmpty)
    }

    @Test func `A HEAD's error follows from its status`() async {
        let s3 = S3(.test(StubHTTPClient([.reply(404, ""), .reply(403, "")])))
        await expectError(.notFound) { _ = try await s3.headObject(bucket: "bucket", key: "k") }
        await expectError(.accessDenied) { _ = try await s3.headObject(bucket: "bucket", key: "k") }
    }

    @Test func `Writing is repeated after a lost reply, since the same bytes do no harm`() async throws {
        let stub = StubHTTPClient([.lost, .reply(503, "<Error><Code>SlowDown</Code></Error>"), .reply(200, "")])
        _ = try await S3(.test(stub)).putObject(bucket: "bucket", key: "k", body: Data("x".utf8))
        #expect(await stub.calls.count == 3)
    }

    @Test func `A bucket of another region is found there, once`() async throws {
        let region = try #require(HTTPField.Name("x-amz-bucket-region"))
        let malformed = """
            <Error><Code>AuthorizationHeaderMalformed</Code><Message>m</Message><Region>us-west-2</Region></Error>
            """
        let steps: [StubHTTPClient.Step] = [
            .reply(301, "", [region: "us-east-2"]), .reply(200, ""), .reply(400, malformed), .reply(400, malformed),
        ]
        let stub = StubHTTPClient(steps)
        let s3 = S3(.test(stub))
        _ = try await s3.headObject(bucket: "bucket", key: "k")
        #expect(await stub.calls[1].request.authority == "bucket.s3.us-east-2.amazonaws.com")
        let authorization = SigV4Authorization(await stub.field("Authorization", 1) ?? "")
        #expect(authorization?.scope.region == "us-east-2")
        let error = await expectError("AuthorizationHeaderMalformed") {
            _ = try await s3.getObject(bucket: "bucket", key: "k", limit: 1)
        }
        #expect(error?.bucketRegion == "us-west-2")
        // The region was remembered: the second call started there.
        #expect(await stub.calls[2].request.authority == "bucket.s3.us-east-2.amazonaws.com")
        #expect(await stub.calls[3].request.authority == "bucket.s3.us-west-2.amazonaws.com")
        #expect(await stub.calls.count == 4)

        let custom = StubHTTPClient(steps)
        await expectError("HTTP301") {
            _ = try await S3(.test(custom, endpoint: "http://127.0.0.1:9")).headObject(bucket: "bucket", key: "k")
        }
        #expect(await custom.calls.count == 1)
    }
}
