import AWSLite
import Foundation
import HTTPTransport
import HTTPTypes
import TestSupport
import Testing

/// Objects from and to files, against moto and with boto3 as the peer.
@Suite(Oracle.condition, .serialized, .timeLimit(.minutes(5))) struct S3FileMotoTests {
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
        var checksum: String?
        var encryption: String?
        var parts: Int?
        var uploads: Int
    }

    private func boto(_ moto: Moto, _ kind: String, _ key: String = "", _ path: String = "") async throws -> Seen {
        let example = Case(
            endpoint: moto.endpoint,
            keyID: moto.keyID,
            secret: moto.secret,
            kind: kind,
            bucket: moto.bucket,
            key: key,
            path: path
        )
        return try #require(try await Oracle.run("s3_peer.py", [example], as: Seen.self).first)
    }

    /// Bytes in which every MiB differs.
    private func bytes(_ count: Int) -> Data {
        var generator = SeededGenerator(usual: UInt64(count))
        var words = [UInt64](repeating: 0, count: count / 8 + 1)
        for index in words.indices { words[index] = generator.next() }
        return words.withUnsafeBytes { Data($0.prefix(count)) }
    }

    private var small: S3.UploadOptions {
        var options = S3.UploadOptions()
        (options.multipartThreshold, options.partSize) = (6 << 20, 5 << 20)
        return options
    }

    @Test(arguments: [(0, 1), (70_001, 1), (6 << 20, 1), (6 << 20 + 1, 2), (11 << 20 + 3, 3)])
    func `What is uploaded, boto3 reads; and so do we`(_ length: Int, _ parts: Int) async throws {
        try await withTemporaryFolder { folder in
            let data = bytes(length)
            let file = folder.appending(path: "in")
            try data.write(to: file)
            try await Moto.withRunning { moto in
                let s3 = try moto.client()
                let put = try await s3.uploadObject(
                    from: file.path,
                    bucket: moto.bucket,
                    key: "a b.zip",
                    contentType: "application/zip",
                    encryption: .kms(keyID: moto.kmsKey),
                    options: small
                )
                let theirs = folder.appending(path: "theirs")
                let seen = try await boto(moto, "get", "a b.zip", theirs.path)
                #expect(try Data(contentsOf: theirs) == data)
                #expect(seen.parts == parts)
                #expect(seen.encryption == "aws:kms")
                #expect(seen.checksum != nil)
                #expect(seen.uploads == 0)

                let ours = folder.appending(path: "ours")
                try Data("old".utf8).write(to: ours)
                let head = try await s3.downloadObject(
                    bucket: moto.bucket,
                    key: "a b.zip",
                    to: ours.path,
                    limit: length
                )
                #expect(try Data(contentsOf: ours) == data)
                #expect(head.eTag == put.eTag)
                #expect(head.contentType == "application/zip")
                #expect(head.contentLength == length)
                #expect(
                    try Set(FileManager.default.contentsOfDirectory(atPath: folder.path)) == ["in", "ours", "theirs"]
                )
            }
        }
    }

    @Test(arguments: [70_001, 11 << 20]) func `What boto3 uploads is read`(_ length: Int) async throws {
        try await withTemporaryFolder { folder in
            let data = bytes(length)
            let file = folder.appending(path: "in")
            try data.write(to: file)
            try await Moto.withRunning { moto in
                _ = try await boto(moto, "put", "k", file.path)
                let out = folder.appending(path: "out")
                _ = try await moto.client().downloadObject(bucket: moto.bucket, key: "k", to: out.path, limit: length)
                #expect(try Data(contentsOf: out) == data)
                let object = try await moto.client().getObject(bucket: moto.bucket, key: "k", limit: length)
                #expect(object.body == data)
                await expectError(.objectTooLarge) {
                    let limit = length - 1
                    _ = try await moto.client().downloadObject(
                        bucket: moto.bucket,
                        key: "k",
                        to: out.path,
                        limit: limit
                    )
                }
                await expectError(.noSuchKey) {
                    _ = try await moto.client().downloadObject(bucket: moto.bucket, key: "no", to: out.path, limit: 1)
                }
                #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == ["in", "out"])
            }
        }
    }

    @Test func `An upload that fails or is cancelled leaves no parts`() async throws {
        try await withTemporaryFolder { folder in
            let file = folder.appending(path: "in")
            try await Moto.withRunning { moto in
                var s3 = try moto.client()
                let (path, bucket, client) = (file.path, moto.bucket, s3.configuration.httpClient)
                var options = small
                // What finds that the file is shorter is the body of part 3, or the digest of part 2.
                for (number, concurrency) in [(3, options.concurrentParts), (1, 1)] {
                    try bytes(11 << 20).write(to: file)
                    options.concurrentParts = concurrency
                    s3.configuration.httpClient = TappedClient(client) { request in
                        guard request.path?.contains("partNumber=\(number)") == true else { return }
                        let handle = try FileHandle(forWritingTo: file)
                        defer { try? handle.close() }
                        try handle.truncate(atOffset: 5 << 20)
                    }
                    let error = await expectError(.fileChanged) { [s3, options] in
                        _ = try await s3.uploadObject(from: path, bucket: bucket, key: "k", options: options)
                    }
                    #expect(error?.description.contains(path) == true)
                    #expect(try await boto(moto, "list").uploads == 0)
                }

                options = small
                try bytes(11 << 20).write(to: file)
                let (arrivals, arrived) = AsyncStream<Void>.makeStream()
                s3.configuration.httpClient = TappedClient(client) { request in
                    guard request.path?.contains("partNumber=2") == true else { return }
                    arrived.yield()
                    // Until it is cancelled.
                    try await Task.sleep(for: .seconds(600))
                }
                let cancelled = Task { [s3, options] in
                    try await s3.uploadObject(from: path, bucket: bucket, key: "k", options: options)
                }
                for await _ in arrivals { break }
                #expect(try await boto(moto, "list").uploads == 1)
                cancelled.cancel()
                await #expect(throws: CancellationError.self) { try await cancelled.value }
                #expect(try await boto(moto, "list").uploads == 0)
                await expectError(.notFound) { _ = try await s3.headObject(bucket: bucket, key: "k") }
            }
        }
    }
}
