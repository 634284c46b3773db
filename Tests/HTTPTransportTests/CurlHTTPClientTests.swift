import Foundation
import HTTPTransport
import HTTPTypes
import Synchronization
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(1)))
struct CurlHTTPClientTests {
    private let client: CurlHTTPClient

    init() throws {
        var configuration = CurlHTTPClient.Configuration()
        configuration.proxy = .none
        client = try CurlHTTPClient(configuration)
    }

    private func call(
        _ method: HTTPRequest.Method = .get,
        to server: RawServer,
        path: String = "/",
        body: String? = nil,
        timeout: Duration = .seconds(20)
    ) -> HTTPCall {
        HTTPCall(
            HTTPRequest(method: method, scheme: "http", authority: server.authority, path: path),
            body: body.map { .data(Data($0.utf8)) },
            timeout: timeout
        )
    }

    @Test func `a reply comes with status, fields and body`() async throws {
        let server = try RawServer { connection in
            _ = connection.readRequest()
            connection.write("HTTP/1.1 404 Not Found\r\nX-Thing:  a b \r\nContent-Length: 4\r\n\r\nlost")
        }
        defer { server.stop() }
        let reply = try await client.send(call(to: server))
        #expect(reply.response.status.code == 404)
        #expect(reply.response.headerFields[HTTPField.Name("X-Thing")!] == "a b")
        #expect(String(decoding: reply.body, as: UTF8.self) == "lost")
    }

    @Test func `fields come without the blanks around them`() async throws {
        let server = try RawServer { connection in
            _ = connection.readRequest()
            connection.write(
                "HTTP/1.1 100 Continue\r\nX-Interim: 1\r\n\r\nHTTP/1.1 204 No Content\r\nX-A: \t b: \u{E9} c\t \r\n"
                    + "X-Empty:\r\nX-Blank:  \r\n\r\n"
            )
        }
        defer { server.stop() }
        let fields = try await client.send(call(.get, to: server)).response.headerFields
        let names = ["X-Interim", "X-A", "X-Empty", "X-Blank"]
        #expect(names.map { name in HTTPField.Name(name).flatMap { fields[$0] } } == [nil, "b: \u{E9} c", "", ""])
    }

    @Test(arguments: ["/a//b/../c/./d", "/%41%2F%20?x=%2B&y", "/(+)'*!~"])
    func `the path goes out byte for byte`(path: String) async throws {
        let server = try RawServer { connection in
            _ = connection.readRequest()
            connection.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        }
        defer { server.stop() }
        _ = try await client.send(call(to: server, path: path))
        #expect(server.requests[0].hasPrefix("GET \(path) HTTP/1.1\r\n"))
    }

    @Test(arguments: [HTTPRequest.Method.post, .put, .delete])
    func `a body goes out with its length and no field that the caller didn't set`(
        method: HTTPRequest.Method
    ) async throws {
        let server = try RawServer { connection in
            _ = connection.readRequest()
            connection.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        }
        defer { server.stop() }
        _ = try await client.send(call(method, to: server, body: String(repeating: "x", count: 2_000_000)))
        let request = server.requests[0]
        #expect(request.hasPrefix("\(method.rawValue) / HTTP/1.1\r\n"))
        #expect(request.contains("Content-Length: 2000000\r\n"))
        #expect(request.hasSuffix("\r\n\r\n" + String(repeating: "x", count: 2_000_000)))
        for field in ["Expect:", "Content-Type:", "Accept:", "Transfer-Encoding:"] {
            #expect(!request.contains(field))
        }
    }

    @Test func `a POST without a body says that its length is zero`() async throws {
        let server = try RawServer { connection in
            _ = connection.readRequest()
            connection.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        }
        defer { server.stop() }
        _ = try await client.send(call(.post, to: server))
        #expect(server.requests[0].contains("Content-Length: 0\r\n"))
    }

    @Test func `connections are reused`() async throws {
        let server = try RawServer { connection in
            while connection.readRequest() != nil {
                connection.write("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n" + "k")
            }
            connection.server.noteAbandoned()
        }
        defer { server.stop() }
        for _ in 0..<5 { _ = try await client.send(call(.post, to: server, body: "x")) }
        #expect(server.requests.count == 5)
        #expect(server.abandonedCount == 0)
    }

    @Test func `the connections of a burst are kept for the next one`() async throws {
        let size = 16
        let accepted = Mutex(0)
        let server = try RawServer { connection in
            accepted.withLock { $0 += 1 }
            while connection.readRequest() != nil {
                // All of the first burst are under way at once, so each needs a connection.
                connection.server.waitForRequests(size)
                connection.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            }
        }
        defer { server.stop() }
        func burst() async throws {
            try await withThrowingTaskGroup { group in
                for _ in 0..<size { group.addTask { _ = try await client.send(call(to: server)) } }
                try await group.waitForAll()
            }
        }
        try await burst()
        // By itself libcurl would close one after each of these, down to four.
        for _ in 0..<size { _ = try await client.send(call(to: server)) }
        try await burst()
        #expect(server.requests.count == 3 * size)
        #expect(accepted.withLock { $0 } == size)
    }

    @Test(arguments: ["{}", "", nil])
    func `a request whose reply is lost on a kept connection is not sent again`(body: String?) async throws {
        let server = try RawServer { connection in
            guard connection.readRequest()?.contains("/first") == true else { return }
            connection.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            // The second request is read, so it may have been acted upon; then the connection closes.
            _ = connection.readRequest()
        }
        defer { server.stop() }
        _ = try await client.send(call(.post, to: server, path: "/first", body: "{}"))
        let error = await #expect(throws: HTTPClientError.self) {
            try await client.send(call(.post, to: server, path: "/second", body: body))
        }
        #expect(error?.code == .connectionLost)
        #expect(error?.mayHaveBeenProcessed == true)
        #expect(server.requests.filter { $0.contains("/second") }.count == 1)
    }

    @Test func `a refused connection can't have been processed`() async throws {
        let server = try RawServer { _ in }
        server.stop()
        let error = await #expect(throws: HTTPClientError.self) { try await client.send(call(to: server)) }
        #expect(error?.code == .connectionFailed)
        #expect(error?.mayHaveBeenProcessed == false)
    }

    @Test func `an unknown host can't have been processed`() async throws {
        let request = HTTPRequest(method: .get, scheme: "http", authority: "no-such-host.invalid", path: "/")
        let error = await #expect(throws: HTTPClientError.self) { try await client.send(HTTPCall(request)) }
        #expect(error?.code == .nameNotResolved)
        #expect(error?.mayHaveBeenProcessed == false)
    }

    @Test(arguments: ["", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"])
    func `a peer that stalls meets the deadline`(beginning: String) async throws {
        let server = try RawServer { connection in
            _ = connection.readRequest()
            connection.write(beginning)
            connection.waitForPeerToClose()
        }
        defer { server.stop() }
        let error = await #expect(throws: HTTPClientError.self) {
            try await client.send(call(.post, to: server, body: "x", timeout: .seconds(2)))
        }
        #expect(error?.code == .timedOut)
        #expect(error?.mayHaveBeenProcessed == true)
    }

    @Test func `a cut body is an error`() async throws {
        let server = try RawServer { connection in
            _ = connection.readRequest()
            connection.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
        }
        defer { server.stop() }
        let error = await #expect(throws: HTTPClientError.self) { try await client.send(call(to: server)) }
        #expect(error?.code == .connectionLost)
    }

    @Test func `a body over the limit is an error`() async throws {
        let server = try RawServer { connection in
            _ = connection.readRequest()
            connection.write("HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n" + String(repeating: "y", count: 5_000))
        }
        defer { server.stop() }
        var call = call(to: server)
        call.responseLimit = 4_999
        let error = await #expect(throws: HTTPClientError.self) { try await client.send(call) }
        #expect(error?.code == .responseTooLarge)
    }

    @Test func `endless fields are an error`() async throws {
        let server = try RawServer { connection in
            _ = connection.readRequest()
            connection.write("HTTP/1.1 200 OK\r\n")
            for number in 0..<200 { connection.write("X-\(number): \(String(repeating: "z", count: 4_000))\r\n") }
        }
        defer { server.stop() }
        let error = await #expect(throws: HTTPClientError.self) { try await client.send(call(to: server)) }
        #expect(error?.code == .responseTooLarge)
    }

    @Test func `something that is not HTTP is an error`() async throws {
        let server = try RawServer { connection in
            _ = connection.readRequest()
            connection.write("220 mail.example ESMTP\r\n")
        }
        defer { server.stop() }
        let error = await #expect(throws: HTTPClientError.self) { try await client.send(call(to: server)) }
        #expect(error?.code == .malformedResponse)
    }

    @Test func `a redirect is a reply and is not followed`() async throws {
        let server = try RawServer { connection in
            _ = connection.readRequest()
            connection.write("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n")
        }
        defer { server.stop() }
        #expect(try await client.send(call(to: server)).response.status.code == 302)
    }

    @Test func `cancellation gives up the connection at once`() async throws {
        let (requests, arrived) = AsyncStream<Void>.makeStream()
        let (closings, closed) = AsyncStream<Void>.makeStream()
        let server = try RawServer { connection in
            _ = connection.readRequest()
            arrived.yield()
            connection.waitForPeerToClose()
            closed.yield()
        }
        defer { server.stop() }
        let task = Task { try await client.send(call(to: server, timeout: .seconds(50))) }
        for await _ in requests { break }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        for await _ in closings { break }
    }

    @Test func `a call that is cancelled before it starts is not sent`() async throws {
        let server = try RawServer { connection in _ = connection.readRequest() }
        defer { server.stop() }
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try await client.send(call(to: server))
        }
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(server.requests.isEmpty)
    }

    @Test func `two hundred calls at once are all answered`() async throws {
        let server = try RawServer { connection in
            while let request = connection.readRequest() {
                let number = request.split(separator: " ")[1].dropFirst()
                connection.write("HTTP/1.1 200 OK\r\nContent-Length: \(number.utf8.count)\r\n\r\n\(number)")
            }
        }
        defer { server.stop() }
        let sum = try await withThrowingTaskGroup(of: Int.self) { group in
            for number in 1...200 {
                group.addTask {
                    let reply = try await client.send(call(to: server, path: "/\(number)"))
                    return try #require(Int(String(decoding: reply.body, as: UTF8.self)))
                }
            }
            return try await group.reduce(0, +)
        }
        #expect(sum == 20_100)
    }

    @Test func `other schemes are refused`() async throws {
        let request = HTTPRequest(method: .get, scheme: "file", authority: "localhost", path: "/etc/passwd")
        let error = await #expect(throws: HTTPClientError.self) { try await client.send(HTTPCall(request)) }
        #expect(error?.code == .invalidRequest)
    }
}
