import AWSLite
import Foundation
import HTTPTransport
import Testing

/// The S3 client on a real socket against moto, which verifies signatures.
@Suite(Oracle.condition, .serialized, .timeLimit(.minutes(5))) struct S3MotoTests {
    struct Server: Decodable {
        var endpoint: String
        var keyID: String
        var secret: String
        var bucket: String
        var kmsKey: String

        func client(secret: String? = nil) throws -> S3 {
            var configuration = CurlHTTPClient.Configuration()
            configuration.proxy = .none
            let credentials = AWSCredentials(accessKeyID: keyID, secretAccessKey: Secret(secret ?? self.secret))
            return S3(
                AWSClientConfiguration(
                    region: "eu-west-1",
                    credentials: StaticCredentialProvider(credentials),
                    httpClient: try CurlHTTPClient(configuration),
                    endpoint: endpoint
                )
            )
        }
    }

    @Test func `Objects are written, read and asked about; whoever signs wrongly is refused`() async throws {
        try await withMoto { server in
            let s3 = try server.client()
            // Not those that moto's own verifier wrongly rejects: + & = % : * ' ( ) @ , ; $ and non-ASCII.
            for key in ["plain.zip", "a b c", "a//b", "../x", "x/../y", "a~b#c?d", "dir/"] {
                let body = Data("body of \(key)".utf8)
                let put = try await s3.putObject(
                    bucket: server.bucket,
                    key: key,
                    body: body,
                    contentType: "application/zip",
                    encryption: .kms(keyID: server.kmsKey)
                )
                let got = try await s3.getObject(bucket: server.bucket, key: key, limit: body.count)
                #expect(got.body == body)
                #expect(got.contentType == "application/zip")
                #expect(got.eTag == put.eTag)
                let head = try await s3.headObject(bucket: server.bucket, key: key)
                #expect(head.contentLength == body.count)
                #expect(head.encryptionAlgorithm == "aws:kms")
                #expect(head.encryptionKeyID == server.kmsKey)
            }
            _ = try await s3.putObject(bucket: server.bucket, key: "empty", body: Data())
            #expect(try await s3.getObject(bucket: server.bucket, key: "empty", limit: 0).body.isEmpty)

            await expectError(.noSuchKey) {
                _ = try await s3.getObject(bucket: server.bucket, key: "absent", limit: 1)
            }
            await expectError(.notFound) {
                _ = try await s3.headObject(bucket: server.bucket, key: "absent")
            }
            await expectError(.noSuchBucket) {
                _ = try await s3.getObject(bucket: "no-such-bucket", key: "x", limit: 1)
            }
            await expectError(.objectTooLarge) {
                _ = try await s3.getObject(bucket: server.bucket, key: "plain.zip", limit: 3)
            }
            await expectError(.signatureDoesNotMatch) {
                _ = try await server.client(secret: "wrong").getObject(bucket: server.bucket, key: "empty", limit: 1)
            }
        }
    }

    /// Runs moto for the length of `body`.
    private func withMoto(_ body: (Server) async throws -> Void) async throws {
        let process = try Oracle.process("serve_moto.py")
        let (input, output) = (Pipe(), Pipe())
        process.standardInput = input
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        let ended = AsyncStream<Void>.makeStream()
        process.terminationHandler = { _ in ended.continuation.finish() }
        try process.run()
        // Reading blocks, so it has a thread of its own, not one of Swift's pool.
        let line = await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                var data = Data()
                while !data.contains(UInt8(ascii: "\n")), case let more = output.fileHandleForReading.availableData,
                    !more.isEmpty
                {
                    data += more
                }
                continuation.resume(returning: data)
            }
        }
        let result: Result<Void, any Error>
        do {
            result = .success(try await body(JSONDecoder().decode(Server.self, from: line)))
        } catch {
            result = .failure(error)
        }
        try input.fileHandleForWriting.close()
        for await _ in ended.stream {}
        try result.get()
    }
}
