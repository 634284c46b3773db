import AWSLite
import Foundation
import HTTPTransport
import HTTPTypes
import TestSupport
import Testing

/// Uploads in parts: the end of one whose reply is lost, and what is sent for encryption.
@Suite(.timeLimit(.minutes(2))) struct MultipartTests {
    private static let begun =
        "<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>"
    private static let done =
        "<CompleteMultipartUploadResult><ETag>&quot;e-3&quot;</ETag></CompleteMultipartUploadResult>"
    private static let noSuchUpload = "<Error><Code>NoSuchUpload</Code><Message>it isn't there</Message></Error>"

    private static func reply(_ status: Int, _ body: String = "", _ fields: [String] = []) -> String {
        let length = fields.contains { $0.hasPrefix("Content-Length") } ? [] : ["Content-Length: \(body.utf8.count)"]
        return (["HTTP/1.1 \(status) X"] + length + fields).joined(separator: "\r\n") + "\r\n\r\n" + body
    }

    /// Uploads the digits 1 to 9 in three parts.
    private func upload(
        to server: RawServer,
        encryption: S3.ServerSideEncryption? = nil
    ) async throws -> S3.PutObjectResult {
        try await withTemporaryFolder { folder in
            let path = folder.appending(path: "in").path
            try Data("123456789".utf8).write(to: URL(filePath: path))
            var options = S3.UploadOptions()
            (options.multipartThreshold, options.partSize) = (8, 4)
            var configuration = CurlHTTPClient.Configuration()
            configuration.proxy = .none
            let s3 = S3(.test(try CurlHTTPClient(configuration), endpoint: "http://\(server.authority)"))
            return try await s3.uploadObject(
                from: path,
                bucket: "b-1",
                key: "k",
                encryption: encryption,
                options: options
            )
        }
    }

    /// The reply to a part: with its checksum, as S3 has it, or with none, as a server that knows no checksums.
    private static func partReply(_ request: String, confirms: Bool) -> String {
        let tags = ["1234": "81dc9bdb52d04dc20036dbd8313ed055", "5678": "674f3c2c1a8a6f90461e8a66fb5550ba"]
        let body = request.components(separatedBy: "\r\n\r\n")[1]
        let tag = "ETag: \"\(tags[body] ?? "45c48cce2e2d7fbdea1afc51c7c6ad26")\""
        let sum = request.components(separatedBy: "\r\n").filter { $0.lowercased().hasPrefix("x-amz-checksum-crc32:") }
        return reply(200, "", [tag] + (confirms ? sum : []))
    }

    /// A server of one upload, whose first request for completion is done but never answered.
    private func forgetfulServer(head: String, confirms: Bool = true) throws -> RawServer {
        let completions = Locked(0)
        return try RawServer { connection in
            while let request = connection.readRequest() {
                switch request.prefix(while: { $0 != "\r\n" }) {
                case "POST /b-1/k?uploads= HTTP/1.1": connection.write(Self.reply(200, Self.begun))
                case "POST /b-1/k?uploadId=u HTTP/1.1":
                    let count = completions.withLock { count in
                        count += 1
                        return count
                    }
                    if count == 1 { return }
                    connection.write(Self.reply(404, Self.noSuchUpload))
                case "HEAD /b-1/k HTTP/1.1": connection.write(head)
                case let line where line.hasPrefix("PUT "):
                    connection.write(Self.partReply(request, confirms: confirms))
                default: connection.write(Self.reply(204))
                }
            }
        }
    }

    @Test func `A completion whose reply was lost is a success where the object is there`() async throws {
        let head = Self.reply(
            200,
            "",
            ["Content-Length: 9", "ETag: \"e-3\"", "x-amz-checksum-crc32: y/Q5Jg==", "x-amz-version-id: v"]
        )
        let server = try forgetfulServer(head: head)
        defer { server.stop() }
        #expect(try await upload(to: server) == S3.PutObjectResult(eTag: "\"e-3\"", versionID: "v"))
        let asked = server.requests.last { $0.hasPrefix("HEAD") }?.lowercased()
        #expect(asked?.contains("x-amz-checksum-mode: enabled") == true)
        #expect(!server.requests.contains { $0.hasPrefix("DELETE") })
    }

    @Test(arguments: [
        reply(404), reply(403), reply(200, "", ["Content-Length: 9"]),
        reply(200, "", ["Content-Length: 9", "x-amz-checksum-crc32: AAAAAA=="]),
        reply(200, "", ["Content-Length: 8", "x-amz-checksum-crc32: y/Q5Jg=="]),
    ])
    func `It is a failure where there is no object, or another`(_ head: String) async throws {
        let server = try forgetfulServer(head: head)
        defer { server.stop() }
        let error = await expectError("NoSuchUpload") { _ = try await upload(to: server) }
        #expect(error?.mayHaveBeenProcessed == true)
        #expect(server.requests.last?.hasPrefix("DELETE") == true)
    }

    @Test(arguments: [true, false])
    func `Checksums are named at the end where the server has confirmed those of the parts`(confirms: Bool) async throws
    {
        let server = try RawServer { connection in
            while let request = connection.readRequest() {
                if request.hasPrefix("PUT ") {
                    connection.write(Self.partReply(request, confirms: confirms))
                } else if request.contains("?uploads=") {
                    connection.write(Self.reply(200, Self.begun))
                } else if !confirms, request.lowercased().contains("checksum") {
                    // As OpenStack Swift 2.30 says of an element that it doesn't know.
                    connection.write(Self.reply(400, "<Error><Code>MalformedXML</Code></Error>"))
                } else {
                    connection.write(Self.reply(200, Self.done))
                }
            }
        }
        defer { server.stop() }
        #expect(try await upload(to: server).eTag == "\"e-3\"")
        let end = try #require(server.requests.last).lowercased()
        #expect(end.components(separatedBy: "<checksumcrc32>").count == (confirms ? 4 : 1))
        #expect(end.contains("\r\nx-amz-checksum-crc32: ") == confirms)
        #expect(end.contains("\r\nx-amz-mp-object-size: 9\r\n"))
    }

    @Test func `A part that the server has with another checksum is a failure`() async throws {
        let server = try RawServer { connection in
            while let request = connection.readRequest() {
                if request.hasPrefix("PUT ") {
                    connection.write(Self.reply(200, "", ["ETag: \"p\"", "x-amz-checksum-crc32: AAAAAA=="]))
                } else {
                    connection.write(request.contains("?uploads=") ? Self.reply(200, Self.begun) : Self.reply(204))
                }
            }
        }
        defer { server.stop() }
        await expectError(.checksumMismatch) { _ = try await upload(to: server) }
        // The server may read other parts, which were cancelled, later than that.
        let lines = server.requests.map { $0.prefix { $0 != "\r\n" } }
        #expect(lines.count { $0.hasPrefix("DELETE ") } == 1, "\(lines)")
        #expect(!server.requests.contains { $0.hasPrefix("POST /b-1/k?uploadId") })
    }

    @Test(arguments: ["393e928fcf5925fcbd3a06aaf20b2d38-3", "393e928fcf5925fcbd3a06aaf20b2d38-2", "p"])
    func `Without checksums the object is told by the tag that follows from those of the parts`(_ tag: String)
        async throws
    {
        let head = Self.reply(200, "", ["Content-Length: 9", "ETag: \"\(tag)\""])
        let server = try forgetfulServer(head: head, confirms: false)
        defer { server.stop() }
        if tag.hasSuffix("-3") {
            #expect(try await upload(to: server).eTag == "\"\(tag)\"")
        } else {
            await expectError("NoSuchUpload") { _ = try await upload(to: server) }
        }
    }

    @Test func `An upload that was given up by another is a failure at once`() async throws {
        let server = try RawServer { connection in
            while let request = connection.readRequest() {
                if request.hasPrefix("PUT") {
                    connection.write(Self.reply(200, "", ["ETag: \"p\""]))
                } else if request.contains("?uploads=") {
                    connection.write(Self.reply(200, Self.begun))
                } else {
                    connection.write(Self.reply(404, Self.noSuchUpload))
                }
            }
        }
        defer { server.stop() }
        await expectError("NoSuchUpload") { _ = try await upload(to: server) }
        #expect(!server.requests.contains { $0.hasPrefix("HEAD") })
    }

    private struct Encryption: Encodable {
        var algorithm: String?
        var keyID: String?
    }

    /// The encryption's header fields of each request by its operation.
    private typealias Sent = [String: [String: String]]

    @Test(Oracle.condition, .eachBotocore)
    func `Encryption is asked for in the requests in which s3transfer asks for it`()
        async throws
    {
        let cases: [(Encryption, S3.ServerSideEncryption?)] = [
            (Encryption(), nil),
            (Encryption(algorithm: "AES256"), .s3Managed),
            (Encryption(algorithm: "aws:kms"), .kms(keyID: nil)),
            (
                Encryption(algorithm: "aws:kms", keyID: "arn:aws:kms:eu-west-1:1:key/x"),
                .kms(keyID: "arn:aws:kms:eu-west-1:1:key/x")
            ),
        ]
        let expected = try await Oracle.run("multipart_headers.py", cases.map(\.0), as: Sent.self)
        for ((_, encryption), expected) in zip(cases, expected) {
            // What a bucket's policy demands of CreateMultipartUpload alone.
            let server = try RawServer { connection in
                while let request = connection.readRequest() {
                    let isEncrypted = request.lowercased().contains("\r\nx-amz-server-side-encryption: ")
                    if request.hasPrefix("PUT") {
                        connection.write(Self.reply(200, "", ["ETag: \"p\""]))
                    } else if !request.contains("?uploads=") {
                        connection.write(Self.reply(200, Self.done))
                    } else if encryption == nil || isEncrypted {
                        connection.write(Self.reply(200, Self.begun))
                    } else {
                        connection.write(Self.reply(403, "<Error><Code>AccessDenied</Code></Error>"))
                    }
                }
            }
            defer { server.stop() }
            #expect(try await upload(to: server, encryption: encryption).eTag == "\"e-3\"")
            var ours: Sent = [:]
            for request in server.requests {
                let lines = request.components(separatedBy: "\r\n\r\n")[0].components(separatedBy: "\r\n")
                let operation =
                    request.hasPrefix("PUT")
                    ? "UploadPart" : request.contains("?uploads=") ? "CreateMultipartUpload" : "CompleteMultipartUpload"
                let fields = lines.filter { $0.lowercased().hasPrefix("x-amz-server-side") }.map { line in
                    let parts = line.split(separator: ":", maxSplits: 1)
                    return (parts[0].lowercased(), parts[1].trimmingCharacters(in: .whitespaces))
                }
                ours[operation] = Dictionary(uniqueKeysWithValues: fields)
            }
            #expect(ours == expected)
        }
    }
}
