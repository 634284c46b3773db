import AWSLite
import Foundation
import Testing

/// The S3 client on a real socket against moto, which verifies signatures.
@Suite(Oracle.condition, .serialized, .timeLimit(.minutes(5))) struct S3MotoTests {
    @Test func `Objects are written, read and asked about; whoever signs wrongly is refused`() async throws {
        try await Moto.withRunning { server in
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
}
