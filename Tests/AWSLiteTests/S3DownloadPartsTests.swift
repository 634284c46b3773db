import Foundation
import HTTPTransport
import TestSupport
import Testing

@testable import AWSLite

/// Objects that are large enough to be downloaded in parts, from servers that behave, break off or lie.
@Suite(.timeLimit(.minutes(2))) struct S3DownloadPartsTests {
    private static let text = (0..<100).map { "\($0 % 7)" }.joined()
    private static let eTag = "\"e-2\""

    /// What a request for the whole, or for a range, is answered; `nil` for the usual.
    private typealias Twist = @Sendable (_ range: Range<Int>?, _ request: String) -> String?

    /// A server of one object.
    private func server(_ fields: [String] = [], _ text: String = text, twist: @escaping Twist = { _, _ in nil }) throws
        -> RawServer
    {
        try RawServer { connection in
            while let request = connection.readRequest() {
                let range = Self.range(of: request)
                let usual = range.map { Self.part($0) } ?? Self.reply("200 OK", text, fields + ["ETag: \(Self.eTag)"])
                connection.write(twist(range, request) ?? usual)
            }
        }
    }

    private static func range(of request: String) -> Range<Int>? {
        guard let match = request.firstMatch(of: /\r\nRange: bytes=([0-9]+)-([0-9]+)\r\n/) else { return nil }
        guard let first = Int(match.1), let last = Int(match.2) else { return nil }
        return first..<last + 1
    }

    private static func reply(_ status: String, _ body: String, _ fields: [String], length: Int? = nil) -> String {
        (["HTTP/1.1 \(status)", "Content-Length: \(length ?? body.utf8.count)"] + fields).joined(separator: "\r\n")
            + "\r\n\r\n" + body
    }

    private static func part(_ range: Range<Int>, _ body: String? = nil, contentRange: String? = nil) -> String {
        let body = body ?? String(text.dropFirst(range.lowerBound).prefix(range.count))
        let field = contentRange ?? "bytes \(range.lowerBound)-\(range.upperBound - 1)/100"
        return reply("206 Partial Content", body, ["Content-Range: \(field)"])
    }

    private static func crc(_ text: String) -> String {
        var crc = CRC(.crc32)
        let bytes = Array(text.utf8)
        crc.update(bytes.span)
        return "x-amz-checksum-crc32: \(Data(crc.bytes).base64EncodedString())"
    }

    private static func sha256(_ text: String) throws -> String {
        "x-amz-checksum-sha256: \(Data(try Digest.sha256(Data(text.utf8))).base64EncodedString())"
    }

    /// Downloads into `out`, where there is an older file, and returns what is there then.
    private func download(
        _ server: RawServer,
        attempts: Int = 1,
        limit: Int = 100,
        partSize: Int = 30,
        concurrentParts: Int = 2
    ) async throws -> String {
        var configuration = CurlHTTPClient.Configuration()
        configuration.proxy = .none
        let client = try CurlHTTPClient(configuration)
        let s3 = S3(.test(client, endpoint: "http://\(server.authority)", attempts: attempts))
        var options = S3.DownloadOptions()
        (options.partSize, options.concurrentParts) = (partSize, concurrentParts)
        return try await withTemporaryFolder { folder in
            let path = folder.appending(path: "out").path
            try Data("older".utf8).write(to: URL(filePath: path))
            do {
                let head = try await s3.downloadObject(
                    bucket: "bucket",
                    key: "k",
                    to: path,
                    limit: limit,
                    options: options
                )
                #expect(head.contentLength ?? 100 == 100)
            } catch {
                #expect(try String(contentsOfFile: path, encoding: .utf8) == "older")
                #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["out"])
                throw error
            }
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["out"])
            return try String(contentsOfFile: path, encoding: .utf8)
        }
    }

    @Test func `Parts come on the condition that the object is the same, and have its checksum`() async throws {
        let sums = [[Self.crc(Self.text)], [try Self.sha256(Self.text)], ["x-amz-checksum-type: COMPOSITE"], []]
        for sum in sums {
            let server = try server(sum)
            defer { server.stop() }
            #expect(try await download(server) == Self.text)
            let ranges = server.requests.compactMap(Self.range).sorted { $0.lowerBound < $1.lowerBound }
            #expect(ranges == [30..<60, 60..<90, 90..<100])
            #expect(server.requests.count == 4)
            #expect(server.requests.filter { $0.contains("\r\nIf-Match: \(Self.eTag)\r\n") }.count == 3)
        }
    }

    @Test func `An altered part is noticed`() async throws {
        for sum in [Self.crc(Self.text), try Self.sha256(Self.text)] {
            for altered in [0, 60] {
                let server = try server([sum], altered == 0 ? "x" + Self.text.dropFirst() : Self.text) { range, _ in
                    guard let range, range.lowerBound == altered else { return nil }
                    return Self.part(range, String(repeating: "x", count: range.count))
                }
                defer { server.stop() }
                await expectError(.checksumMismatch) { _ = try await download(server) }
            }
        }
    }

    @Test func `An object that is written anew meanwhile is none`() async throws {
        let server = try server([Self.crc(Self.text)]) { range, _ in
            guard range?.lowerBound == 60 else { return nil }
            let code = "<Error><Code>PreconditionFailed</Code><Message>At least one</Message></Error>"
            return Self.reply("412 Precondition Failed", code, [])
        }
        defer { server.stop() }
        let error = await expectError(.preconditionFailed) { _ = try await download(server, attempts: 3) }
        #expect(error?.message == "the object was written anew while it was read")
        #expect(error?.attempts == 1)
    }

    @Test(arguments: [
        part(30..<60, contentRange: "bytes 0-29/100"), part(30..<60, contentRange: "bytes 30-59/101"),
        part(30..<60, "short"), reply("200 OK", String(text.prefix(30)), []),
    ])
    func `A reply that isn't the range is refused`(_ reply: String) async throws {
        let server = try server { range, _ in range?.lowerBound == 30 ? reply : nil }
        defer { server.stop() }
        await expectError(.malformedReply) { _ = try await download(server) }
    }

    @Test func `A part that breaks off begins again, alone`() async throws {
        let isFirst = Locked(true)
        let server = try RawServer { connection in
            while let request = connection.readRequest() {
                guard let range = Self.range(of: request) else {
                    connection.write(Self.reply("200 OK", Self.text, [Self.crc(Self.text), "ETag: \(Self.eTag)"]))
                    continue
                }
                let whole = Self.part(range)
                let breaksOff =
                    range.lowerBound == 30
                    && isFirst.withLock { value in
                        defer { value = false }
                        return value
                    }
                connection.write(breaksOff ? String(whole.dropLast(10)) : whole)
                if breaksOff { return }
            }
        }
        defer { server.stop() }
        #expect(try await download(server, attempts: 2) == Self.text)
        #expect(server.requests.compactMap(Self.range).filter { $0.lowerBound == 30 }.count == 2)
        #expect(server.requests.count == 5)
    }

    @Test func `An object that fits, or whose length isn't told, comes by one request`() async throws {
        let fitting = try server([Self.crc(Self.text)])
        defer { fitting.stop() }
        #expect(try await download(fitting, partSize: 100) == Self.text)
        #expect(try await download(fitting, concurrentParts: 1) == Self.text)
        // A limit below a part's size: too large for it.
        await expectError(.objectTooLarge) { _ = try await download(fitting, limit: 20) }
        await expectError(.objectTooLarge) { _ = try await download(fitting, limit: 99) }
        #expect(fitting.requests.count == 4)
        let server = try RawServer { connection in
            _ = connection.readRequest()
            connection.write("HTTP/1.1 200 OK\r\nETag: \(Self.eTag)\r\nConnection: close\r\n\r\n\(Self.text)")
        }
        defer { server.stop() }
        #expect(try await download(server) == Self.text)
        #expect(server.requests.allSatisfy { !$0.contains("\r\nRange:") })
    }

    @Test func `What has no tag is no object`() async throws {
        let server = try RawServer { connection in
            _ = connection.readRequest()
            connection.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n\(Self.text)")
        }
        defer { server.stop() }
        await expectError(.malformedReply) { _ = try await download(server, attempts: 2) }
        #expect(server.requests.count == 2)
    }

    @Test func `As many parts as allowed come side by side`() async throws {
        // Each of two parts is answered once the other one has been asked for.
        let (asked, most) = (Locked(0), Locked(0))
        let both = DispatchSemaphore(value: 0)
        let server = try server([Self.crc(Self.text)]) { range, _ in
            guard let range else { return nil }
            let now = asked.withLock { value in
                value += 1
                return value
            }
            most.withLock { $0 = max($0, now) }
            if range.lowerBound < 90 {
                if now == 2 { both.signal() } else { both.wait() }
            }
            asked.withLock { $0 -= 1 }
            return nil
        }
        defer { server.stop() }
        #expect(try await download(server) == Self.text)
        #expect(most.withLock { $0 } == 2)
    }

    @Test func `A cancelled download leaves nothing`() async throws {
        let (requests, arrived) = AsyncStream<Void>.makeStream()
        let server = try RawServer { connection in
            while let request = connection.readRequest() {
                if let range = Self.range(of: request) {
                    connection.write(String(Self.part(range).dropLast(10)))
                    arrived.yield()
                    connection.waitForPeerToClose()
                    return
                }
                connection.write(Self.reply("200 OK", Self.text, ["ETag: \(Self.eTag)"]))
            }
        }
        defer { server.stop() }
        let task = Task { try await download(server) }
        for await _ in requests { break }
        task.cancel()
        await #expect(throws: CancellationError.self) { _ = try await task.value }
    }
}
