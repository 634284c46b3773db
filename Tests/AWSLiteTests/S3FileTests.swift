import Foundation
import HTTPTransport
import HTTPTypes
import TestSupport
import Testing

@testable import AWSLite

/// Downloads from servers that break off or lie, and uploads to ones that fail.
@Suite(.timeLimit(.minutes(2))) struct S3FileTests {
    /// A server that sends, one after the other, these replies to requests, and then closes the connection.
    private func server(_ replies: [String]) throws -> RawServer {
        let rest = Locked(replies)
        return try RawServer { connection in
            guard connection.readRequest() != nil else { return }
            connection.write(rest.withLock { $0.count > 1 ? $0.removeFirst() : $0[0] })
        }
    }

    private func s3(_ server: RawServer, attempts: Int = 1) throws -> S3 {
        var configuration = CurlHTTPClient.Configuration()
        configuration.proxy = .none
        let endpoint = "http://\(server.authority)"
        return S3(.test(try CurlHTTPClient(configuration), endpoint: endpoint, attempts: attempts))
    }

    /// A reply that promises `length` bytes.
    private func reply(_ body: String, _ fields: [String] = [], length: Int? = nil) -> String {
        let tag = fields.contains { $0.hasPrefix("ETag") } ? [] : ["ETag: \"e\""]
        let lines =
            ["HTTP/1.1 200 OK", "Content-Length: \(length ?? body.utf8.count)", "Connection: close"] + tag + fields
        return lines.joined(separator: "\r\n") + "\r\n\r\n" + body
    }

    private static let digits = "123456789"
    /// Checksums of the digits 1 to 9.
    private static let sums = [
        "x-amz-checksum-crc32: y/Q5Jg==", "x-amz-checksum-crc32c: 4waSgw==", "x-amz-checksum-crc64nvme: rosUhgp5mIg=",
        "x-amz-checksum-sha1: 98O8HYCOBHMq32eZZczDTKeuNEE=",
        "x-amz-checksum-sha256: FeKw08M4keuw8e9gnsQZQgwg4yDOlMZfvIwzEkSOsiU=",
        "ETag: \"25f9e794323b453885f5181f1b624d0b\"",
    ]

    @Test(arguments: sums) func `Every kind of checksum is verified, in a file and in memory`(_ sum: String)
        async throws
    {
        try await withTemporaryFolder { folder in
            let server = try server([
                reply(Self.digits, [sum]), reply(Self.digits, [sum]), reply("123456780", [sum]),
                reply("123456780", [sum]),
            ])
            defer { server.stop() }
            let s3 = try s3(server)
            let path = folder.appending(path: "out").path
            _ = try await s3.downloadObject(bucket: "bucket", key: "k", to: path, limit: 9)
            #expect(try String(contentsOfFile: path, encoding: .utf8) == Self.digits)
            #expect(try await s3.getObject(bucket: "bucket", key: "k", limit: 9).body == Data(Self.digits.utf8))
            let error = await expectError(.checksumMismatch) {
                _ = try await s3.downloadObject(bucket: "bucket", key: "k", to: path, limit: 9)
            }
            #expect(error?.operation == "GetObject")
            await expectError(.checksumMismatch) {
                _ = try await s3.getObject(bucket: "bucket", key: "k", limit: 9)
            }
            #expect(server.requests[0].lowercased().contains("x-amz-checksum-mode: enabled"))
            // The earlier file is still there, and nothing else.
            #expect(try String(contentsOfFile: path, encoding: .utf8) == Self.digits)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["out"])
        }
    }

    @Test(arguments: [
        ["x-amz-checksum-type: COMPOSITE", "x-amz-checksum-crc32: AAAAAA==-2"], ["x-amz-checksum-sha256: AAAA-3"],
        ["ETag: \"25f9e794323b453885f5181f1b624d0c-2\""],
        ["x-amz-server-side-encryption: aws:kms", "ETag: \"25f9e794323b453885f5181f1b624d0c\""],
        ["x-amz-server-side-encryption-customer-algorithm: AES256", "ETag: \"25f9e794323b453885f5181f1b624d0c\""],
    ])
    func `What is no digest of the whole is taken for none`(_ fields: [String]) async throws {
        let server = try server([reply(Self.digits, fields)])
        defer { server.stop() }
        #expect(try await s3(server).getObject(bucket: "bucket", key: "k", limit: 9).body == Data(Self.digits.utf8))
    }

    @Test func `A body that is cut off begins again, and leaves nothing when it is cut off for good`() async throws {
        try await withTemporaryFolder { folder in
            let path = folder.appending(path: "out").path
            let cut = reply("12345", length: 9)
            let server = try server([cut, cut, reply(Self.digits, [Self.sums[0]]), cut])
            defer { server.stop() }
            let s3 = try s3(server, attempts: 3)
            _ = try await s3.downloadObject(bucket: "bucket", key: "k", to: path, limit: 9)
            #expect(try String(contentsOfFile: path, encoding: .utf8) == Self.digits)
            try FileManager.default.removeItem(atPath: path)
            let error = await expectError(.transport) {
                _ = try await s3.downloadObject(bucket: "bucket", key: "k", to: path, limit: 9)
            }
            #expect(error?.underlying?.code == .connectionLost)
            #expect(error?.attempts == 3)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
        }
    }

    @Test func `A cancelled download leaves nothing`() async throws {
        try await withTemporaryFolder { folder in
            let path = folder.appending(path: "out").path
            let head = reply("", length: 1_000_000)
            let server = try RawServer { connection in
                _ = connection.readRequest()
                connection.write(head + String(repeating: "x", count: 500_000))
                connection.waitForPeerToClose()
            }
            defer { server.stop() }
            let s3 = try s3(server)
            let task = Task { try await s3.downloadObject(bucket: "bucket", key: "k", to: path, limit: 1_000_000) }
            // The partial file is there, under another name.
            while try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty {
                try await Task.sleep(for: .milliseconds(5))
            }
            #expect(!FileManager.default.fileExists(atPath: path))
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
        }
    }

    @Test func `A completion that begins as a success and ends as an error is tried again, then given up`() async throws
    {
        try await withTemporaryFolder { folder in
            let path = folder.appending(path: "in").path
            try Data("123456789".utf8).write(to: URL(filePath: path))
            let begun = "<InitiateMultipartUploadResult><UploadId>a&amp;b</UploadId></InitiateMultipartUploadResult>"
            let failed = "<?xml version=\"1.0\"?>\n  <Error><Code>InternalError</Code><Message>sorry</Message></Error>"
            let done = "<CompleteMultipartUploadResult><ETag>&quot;e-3&quot;</ETag></CompleteMultipartUploadResult>"
            let kept = try #require(HTTPField.Name("x-amz-checksum-crc32"))
            let parts = ["m+Pgow==", "flJWBw==", "jQdnhQ=="].map {
                StubHTTPClient.Step.reply(200, "", [.eTag: "\"<p>\"", kept: $0])
            }
            var options = S3.UploadOptions()
            (options.multipartThreshold, options.partSize, options.concurrentParts) = (8, 4, 1)

            let stub = StubHTTPClient([.reply(200, begun)] + parts + [.reply(200, failed), .reply(200, done)])
            let put = try await S3(.test(stub)).uploadObject(from: path, bucket: "b-1", key: "k", options: options)
            #expect(put.eTag == "\"e-3\"")
            let calls = await stub.calls
            #expect(
                calls.map(\.request.path) == [
                    "/k?uploads=", "/k?partNumber=1&uploadId=a%26b", "/k?partNumber=2&uploadId=a%26b",
                    "/k?partNumber=3&uploadId=a%26b", "/k?uploadId=a%26b", "/k?uploadId=a%26b",
                ]
            )
            #expect(calls[3].body == .file(HTTPFileRange(path: path, offset: 8, length: 1)))
            let document = String(decoding: calls[4].body?.data ?? Data(), as: UTF8.self)
            #expect(document.contains("<ETag>&quot;&lt;p&gt;&quot;</ETag>"))
            // The parts' checksums, combined, are that of the whole.
            #expect(await stub.field("x-amz-checksum-crc32", 4) == "y/Q5Jg==")

            let failing = StubHTTPClient(
                [.reply(200, begun)] + parts + [.reply(200, failed), .reply(200, failed), .reply(204, "")]
            )
            let error = await expectError("InternalError") {
                _ = try await S3(.test(failing, attempts: 2))
                    .uploadObject(from: path, bucket: "b-1", key: "k", options: options)
            }
            #expect(error?.operation == "CompleteMultipartUpload")
            #expect(await failing.calls.last?.request.method == .delete)
        }
    }

    @Test func `Parts grow so that ten thousand suffice`() {
        let options = S3.UploadOptions()
        for length in [1, 80 << 30, 81 << 30, 5 << 40] {
            let size = options.partSize(for: length)
            #expect(size >= 8 << 20)
            #expect((length + size - 1) / size <= 10_000)
        }
        #expect(options.partSize(for: 1 << 30) == 8 << 20)
    }

    @Test func `A file that isn't there is named`() async throws {
        let stub = StubHTTPClient([])
        let error = await expectError(.fileFailed) {
            _ = try await S3(.test(stub)).uploadObject(from: "/no/such/file", bucket: "bucket", key: "k")
        }
        #expect(error?.message.contains("/no/such/file") == true)
    }
}
