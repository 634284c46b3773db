import Foundation
import HTTPTransport
import HTTPTypes
import TestSupport
import Testing

/// Bodies that come from files and go into files.
@Suite(.timeLimit(.minutes(1)))
final class FileTransferTests: Sendable {
    private let client: CurlHTTPClient
    private let folder = FileManager.default.temporaryDirectory.appending(path: "files-\(UUID().uuidString)")

    init() throws {
        var configuration = CurlHTTPClient.Configuration()
        configuration.proxy = .none
        client = try CurlHTTPClient(configuration)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    private func path(_ name: String) -> String { folder.appending(path: name).path }

    private func call(
        _ method: HTTPRequest.Method,
        to server: RawServer,
        body: HTTPBody? = nil,
        destination: HTTPDestination = .memory
    ) -> HTTPCall {
        let request = HTTPRequest(method: method, scheme: "http", authority: server.authority, path: "/")
        return HTTPCall(request, body: body, timeout: .seconds(20), destination: destination)
    }

    /// A server that answers every request alike.
    private func server(_ reply: String) throws -> RawServer {
        try RawServer { connection in
            while connection.readRequest() != nil { connection.write(reply) }
        }
    }

    @Test func `a range of a file goes out with its length`() async throws {
        let server = try server("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        defer { server.stop() }
        let text = (0..<100_000).map { "\($0 % 10)" }.joined() + "end"
        try Data(text.utf8).write(to: folder.appending(path: "a"))
        for (offset, length) in [(7, 99_996), (0, 100_003), (100_003, 0)] {
            let body = HTTPBody.file(HTTPFileRange(path: path("a"), offset: offset, length: length))
            _ = try await client.send(call(.put, to: server, body: body))
            let request = try #require(server.requests.last)
            #expect(request.contains("Content-Length: \(length)\r\n"))
            #expect(request.hasSuffix("\r\n\r\n" + text.dropFirst(offset).prefix(length)))
        }
    }

    @Test func `a file that can't be read as asked is an error before anything is sent`() async throws {
        let server = try server("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        defer { server.stop() }
        try Data("abc".utf8).write(to: folder.appending(path: "a"))
        try #require(mkfifo(path("pipe"), 0o600) == 0)
        let ranges = [
            HTTPFileRange(path: path("absent"), length: 0), HTTPFileRange(path: path("a"), offset: 1, length: 3),
            HTTPFileRange(path: path("a"), offset: -1, length: 1), HTTPFileRange(path: path("pipe"), length: 0),
            HTTPFileRange(path: folder.path, length: 0), HTTPFileRange(path: path("a"), offset: .max, length: 1),
        ]
        for range in ranges {
            let error = await #expect(throws: HTTPClientError.self) {
                try await client.send(call(.put, to: server, body: .file(range)))
            }
            #expect(error?.code == .fileFailed)
            #expect(error?.mayHaveBeenProcessed == false)
            #expect(error?.message.contains(range.path) == true)
        }
        #expect(server.requests.isEmpty)
        #expect(client.liveTransfers == 0)
    }

    @Test func `a file that becomes shorter while it is sent is an error`() async throws {
        let path = path("a")
        try Data(count: 64 << 20).write(to: URL(filePath: path))
        let server = try RawServer { connection in
            // The socket's buffers can't hold 64 MiB, so most of the file is still to be read.
            var byte: UInt8 = 0
            _ = recv(connection.socket, &byte, 1, 0)
            truncate(path, 10)
            connection.waitForPeerToClose()
        }
        defer { server.stop() }
        let body = HTTPBody.file(HTTPFileRange(path: path, length: 64 << 20))
        let error = await #expect(throws: HTTPClientError.self) {
            try await client.send(call(.put, to: server, body: body))
        }
        #expect(error?.code == .fileFailed)
        #expect(error?.mayHaveBeenProcessed == true)
        #expect(error?.message.contains("shorter") == true)
    }

    @Test func `a success's body goes into the file, in place of what was there`() async throws {
        let big = String(repeating: "0123456789", count: 100_000)
        for body in [big, "short", ""] {
            let server = try server("HTTP/1.1 200 OK\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
            defer { server.stop() }
            let reply = try await client.send(call(.get, to: server, destination: .file(path("out"))))
            #expect(reply.body.isEmpty)
            #expect(try String(contentsOfFile: path("out"), encoding: .utf8) == body)
        }
    }

    @Test func `an error's body goes into memory and leaves the file alone`() async throws {
        let server = try server("HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nlost")
        defer { server.stop() }
        var call = call(.get, to: server, destination: .file(path("out")))
        call.responseLimit = 0
        let reply = try await client.send(call)
        #expect(reply.body == Data("lost".utf8))
        #expect(!FileManager.default.fileExists(atPath: path("out")))
    }

    @Test func `a file's limit holds`() async throws {
        let server = try server("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nabcd")
        defer { server.stop() }
        var call = call(.get, to: server, destination: .file(path("out")))
        call.responseLimit = 4
        _ = try await client.send(call)
        call.responseLimit = 3
        let error = await #expect(throws: HTTPClientError.self) { try await client.send(call) }
        #expect(error?.code == .responseTooLarge)
    }

    @Test func `a body goes into its place in a file and leaves the rest alone`() async throws {
        let server = try server("HTTP/1.1 206 Partial Content\r\nContent-Length: 4\r\n\r\nabcd")
        defer { server.stop() }
        try Data("0123456789".utf8).write(to: URL(filePath: path("out")))
        for offset in [2, 8] {
            _ = try await client.send(call(.get, to: server, destination: .fileAt(path("out"), offset: offset)))
        }
        #expect(try String(contentsOfFile: path("out"), encoding: .utf8) == "01abcd67abcd")
        let error = await #expect(throws: HTTPClientError.self) {
            try await client.send(call(.get, to: server, destination: .fileAt(path("absent"), offset: 0)))
        }
        #expect(error?.code == .fileFailed)
        #expect(!FileManager.default.fileExists(atPath: path("absent")))
    }

    @Test func `where the beginning of a body will do, nothing waits for the rest`() async throws {
        let server = try RawServer { connection in
            _ = connection.readRequest()
            connection.write("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n0123456789")
            connection.waitForPeerToClose()
        }
        defer { server.stop() }
        for limit in [0, 9] {
            var call = call(.get, to: server, destination: .file(path("out")))
            (call.responseLimit, call.acceptsBeginning) = (limit, true)
            let reply = try await client.send(call)
            #expect(reply.response.headerFields[.contentLength] == "1000")
            #expect(try String(contentsOfFile: path("out"), encoding: .utf8) == "0123456789".prefix(limit))
            call.destination = .memory
            #expect(try await client.send(call).body == Data("0123456789".utf8.prefix(limit)))
        }
        #expect(client.liveTransfers == 0)
    }

    @Test func `the beginning of an error, or of a body that breaks off, won't do`() async throws {
        let server = try RawServer { connection in
            let isFirst = connection.server.requests.isEmpty
            _ = connection.readRequest()
            let status = isFirst ? "404 Not Found" : "200 OK"
            connection.write("HTTP/1.1 \(status)\r\nContent-Length: 1000\r\n\r\n0123456789")
        }
        defer { server.stop() }
        for (limit, code) in [(9, HTTPClientError.Code.responseTooLarge), (10, .connectionLost)] {
            var call = call(.get, to: server)
            (call.responseLimit, call.acceptsBeginning) = (limit, true)
            let error = await #expect(throws: HTTPClientError.self) { try await client.send(call) }
            #expect(error?.code == code)
        }
    }

    @Test(arguments: ["/dev/full", "/no/such/folder/file"])
    func `a file that can't be written is an error`(path: String) async throws {
        let server = try server("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nabcd")
        defer { server.stop() }
        let error = await #expect(throws: HTTPClientError.self) {
            try await client.send(call(.get, to: server, destination: .file(path)))
        }
        #expect(error?.code == .fileFailed)
        #expect(error?.message.contains(path) == true)
    }

    @Test func `an upload that the peer stops reading stalls`() async throws {
        let server = try RawServer { connection in
            var byte: UInt8 = 0
            _ = recv(connection.socket, &byte, 1, 0)
            connection.server.waitUntilStopped()
        }
        defer { server.stop() }
        try Data(count: 64 << 20).write(to: folder.appending(path: "a"))
        var stalling = call(.put, to: server, body: .file(HTTPFileRange(path: path("a"), length: 64 << 20)))
        // Longer than the test may take, so that it is the stall that ends it.
        stalling.timeout = .seconds(600)
        stalling.stallTimeout = .seconds(1)
        let error = await #expect(throws: HTTPClientError.self) { try await client.send(stalling) }
        #expect(error?.code == .timedOut)
        #expect(error?.mayHaveBeenProcessed == true)
    }

    @Test func `a download that the peer stops sending stalls`() async throws {
        let server = try RawServer { connection in
            _ = connection.readRequest()
            connection.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
            connection.waitForPeerToClose()
        }
        defer { server.stop() }
        var stalling = call(.get, to: server, destination: .file(path("out")))
        // Longer than the test may take, so that it is the stall that ends it.
        stalling.timeout = .seconds(600)
        stalling.stallTimeout = .seconds(1)
        let error = await #expect(throws: HTTPClientError.self) { try await client.send(stalling) }
        #expect(error?.code == .timedOut)
        #expect(client.liveTransfers == 0)
    }

    @Test func `cancellation frees the handle before the caller hears of it`() async throws {
        let (requests, arrived) = AsyncStream<Void>.makeStream()
        let server = try RawServer { connection in
            _ = connection.readRequest()
            arrived.yield()
            connection.waitForPeerToClose()
        }
        defer { server.stop() }
        let task = Task { try await client.send(call(.get, to: server, destination: .file(path("out")))) }
        for await _ in requests { break }
        #expect(client.liveTransfers == 1)
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(client.liveTransfers == 0)
    }
}
