import AWSLite
import Foundation
import HTTPTransport
import TestSupport
import Testing

/// The S3 client against OpenStack Swift, which verifies the checksums that come with a body and keeps none, with a boto3
/// of version 1.44 as the peer.
@Suite(Oracle.newerCondition, .serialized, .timeLimit(.minutes(5))) struct S3SwiftTests {
    private struct Server: Decodable {
        var endpoint: String
        var keyID: String
        var secret: String
        var bucket: String
    }

    private struct Case: Encodable {
        var endpoint: String
        var keyID: String
        var secret: String
        var kind: String
        var bucket: String
        var key: String
        var path: String
    }

    private struct Seen: Decodable {
        var parts: Int?
        var uploads: Int
    }

    private func withServer(_ body: (Server, S3) async throws -> Void) async throws {
        try await OracleServer.with("serve_swift.py", python: Oracle.newerPython, as: Server.self) { server in
            var configuration = CurlHTTPClient.Configuration()
            configuration.proxy = .none
            let credentials = AWSCredentials(accessKeyID: server.keyID, secretAccessKey: Secret(server.secret))
            let s3 = S3(
                AWSClientConfiguration(
                    region: "eu-west-1",
                    credentials: StaticCredentialProvider(credentials),
                    httpClient: try CurlHTTPClient(configuration),
                    endpoint: server.endpoint
                )
            )
            try await body(server, s3)
        }
    }

    private func boto(_ server: Server, _ kind: String, _ key: String, _ path: String) async throws -> Seen {
        let example = Case(
            endpoint: server.endpoint,
            keyID: server.keyID,
            secret: server.secret,
            kind: kind,
            bucket: server.bucket,
            key: key,
            path: path
        )
        return try await Oracle.$current.withValue(Oracle.newerPython) {
            try #require(try await Oracle.run("s3_peer.py", [example], as: Seen.self).first)
        }
    }

    private func bytes(_ count: Int) -> Data {
        var generator = SeededGenerator(usual: UInt64(count))
        var words = [UInt64](repeating: 0, count: count / 8 + 1)
        for index in words.indices { words[index] = generator.next() }
        return words.withUnsafeBytes { Data($0.prefix(count)) }
    }

    @Test func `Objects are written at once and in parts, and read by both`() async throws {
        try await withServer { server, s3 in
            try await withTemporaryFolder { folder in
                for key in ["plain.zip", "a b c", "é +(1).zip", "a//b"] {
                    let body = Data("body of \(key)".utf8)
                    let put = try await s3.putObject(bucket: server.bucket, key: key, body: body)
                    let got = try await s3.getObject(bucket: server.bucket, key: key, limit: body.count)
                    #expect(got.body == body && got.eTag == put.eTag)
                }
                var options = S3.UploadOptions()
                (options.multipartThreshold, options.partSize) = (5 << 20, 5 << 20)
                for (length, parts) in [(0, 1), (70_001, 1), ((5 << 20) + 1, 2)] {
                    let data = bytes(length)
                    let file = folder.appending(path: "in")
                    try data.write(to: file)
                    let put = try await s3.uploadObject(
                        from: file.path,
                        bucket: server.bucket,
                        key: "k",
                        options: options
                    )
                    let (theirs, ours) = (folder.appending(path: "theirs"), folder.appending(path: "ours"))
                    let seen = try await boto(server, "get", "k", theirs.path)
                    #expect(seen.parts == parts && seen.uploads == 0)
                    #expect(try Data(contentsOf: theirs) == data)
                    let head = try await s3.downloadObject(
                        bucket: server.bucket,
                        key: "k",
                        to: ours.path,
                        limit: length
                    )
                    #expect(try Data(contentsOf: ours) == data)
                    #expect(head.eTag == put.eTag)
                }
                _ = try await boto(server, "put", "theirs", folder.appending(path: "in").path)
                let out = folder.appending(path: "out")
                _ = try await s3.downloadObject(bucket: server.bucket, key: "theirs", to: out.path, limit: 6 << 20)
                #expect(try Data(contentsOf: out) == bytes((5 << 20) + 1))
            }
        }
    }

    @Test func `What it refuses is an error with its code`() async throws {
        try await withServer { server, s3 in
            await expectError(.noSuchKey) {
                _ = try await s3.getObject(bucket: server.bucket, key: "absent", limit: 1)
            }
            await expectError(.noSuchBucket) {
                _ = try await s3.getObject(bucket: "no-such-bucket", key: "x", limit: 1)
            }
            // It has no encryption that could be asked for.
            await expectError("NotImplemented") {
                _ = try await s3.putObject(
                    bucket: server.bucket,
                    key: "k",
                    body: Data(),
                    encryption: .kms(keyID: nil)
                )
            }
        }
    }
}
