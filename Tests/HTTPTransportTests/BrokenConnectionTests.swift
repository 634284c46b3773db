import Foundation
import HTTPTransport
import HTTPTypes
import Synchronization
import TestSupport
import Testing

/// A connection that breaks costs the calls that were on it, and no other.
@Suite(.timeLimit(.minutes(1)))
struct BrokenConnectionTests {
    /// How a server ends a connection.
    enum Ending: CaseIterable, Sendable {
        case closed, reset, cutHead, cutBody

        func callAsFunction(_ connection: RawServer.Connection) {
            switch self {
            case .closed: break
            case .reset: connection.reset()
            case .cutHead: connection.write("HTTP/1.1 200 OK\r\nContent-Le")
            case .cutBody: connection.write("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf")
            }
        }
    }

    private let client: CurlHTTPClient

    init() throws {
        var configuration = CurlHTTPClient.Configuration()
        configuration.proxy = .none
        client = try CurlHTTPClient(configuration)
    }

    private func call(
        _ method: HTTPRequest.Method,
        to server: RawServer,
        path: String,
        body: HTTPBody? = .data(Data("{}".utf8))
    ) -> HTTPCall {
        let request = HTTPRequest(method: method, scheme: "http", authority: server.authority, path: path)
        return HTTPCall(request, body: body, timeout: .seconds(20))
    }

    /// A server whose connections are kept until one is asked for `/break`, which it reads and doesn't answer.
    private func server(_ ending: Ending) throws -> RawServer {
        try RawServer { connection in
            while let request = connection.readRequest() {
                if request.contains(" /break ") { return ending(connection) }
                connection.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            }
        }
    }

    @Test(arguments: Ending.allCases, [HTTPRequest.Method.post, .put])
    func `calls go on after one that was lost on a kept connection`(
        _ ending: Ending,
        _ method: HTTPRequest.Method
    ) async throws {
        let server = try server(ending)
        defer { server.stop() }
        for round in 1...3 {
            _ = try await client.send(call(method, to: server, path: "/well"))
            let error = await #expect(throws: HTTPClientError.self) {
                try await client.send(call(method, to: server, path: "/break"))
            }
            #expect(error?.code == .connectionLost)
            #expect(error?.mayHaveBeenProcessed == true)
            #expect(server.requests.count { $0.contains(" /break ") } == round)
        }
        for method in [HTTPRequest.Method.post, .get, .delete] {
            _ = try await client.send(
                call(method, to: server, path: "/well", body: method == .post ? .data(Data("{}".utf8)) : nil)
            )
        }
    }

    @Test func `many calls at once whose connections break leave nothing behind`() async throws {
        let server = try server(.reset)
        defer { server.stop() }
        for path in ["/well", "/break", "/well", "/break", "/well"] {
            let failures = await withTaskGroup(of: Bool.self) { group in
                for _ in 0..<24 {
                    group.addTask {
                        do {
                            _ = try await client.send(call(.post, to: server, path: path))
                            return false
                        } catch {
                            return true
                        }
                    }
                }
                return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(failures == (path == "/break" ? 24 : 0))
        }
        #expect(server.requests.count { $0.contains(" /break ") } == 48)
    }

    @Test func `a file whose connection breaks is sent once, and others go on`() async throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "broken-\(UUID().uuidString)")
        try Data(repeating: 7, count: 300_000).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let server = try server(.closed)
        defer { server.stop() }
        let body = HTTPBody.file(HTTPFileRange(path: file.path, length: 300_000))
        _ = try await client.send(call(.put, to: server, path: "/well", body: body))
        let error = await #expect(throws: HTTPClientError.self) {
            try await client.send(call(.put, to: server, path: "/break", body: body))
        }
        #expect(error?.code == .connectionLost)
        _ = try await client.send(call(.put, to: server, path: "/well", body: body))
        #expect(server.requests.count == 3)
    }

    @Test func `a call that wants a fresh connection doesn't meet a kept one that is dead`() async throws {
        let accepted = Mutex(0)
        let server = try RawServer { connection in
            accepted.withLock { $0 += 1 }
            _ = connection.readRequest()
            connection.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            // Nobody tells of its death: what is read here was sent in vain.
            _ = connection.readRequest()
        }
        defer { server.stop() }
        for number in 1...3 {
            var start = call(.post, to: server, path: "/\(number)")
            start.usesFreshConnection = true
            _ = try await client.send(start)
            #expect(accepted.withLock { $0 } == number)
        }
        #expect(server.requests.count == 3)
    }

    @Test func `fresh connections take the place of idle ones where there may be no more`() async throws {
        var configuration = CurlHTTPClient.Configuration()
        configuration.proxy = .none
        configuration.connectionsPerHost = 1
        let client = try CurlHTTPClient(configuration)
        let server = try server(.closed)
        defer { server.stop() }
        for _ in 1...5 {
            _ = try await client.send(call(.post, to: server, path: "/kept"))
            var start = call(.post, to: server, path: "/fresh")
            start.usesFreshConnection = true
            _ = try await client.send(start)
        }
        #expect(server.requests.count == 10)
    }

    @Test(arguments: [Ending.closed, .reset])
    func `a proxy that breaks off before there is a tunnel hasn't passed a request on`(_ ending: Ending) async throws {
        let proxy = try RawServer { connection in
            _ = connection.readRequest()
            ending(connection)
        }
        defer { proxy.stop() }
        var configuration = CurlHTTPClient.Configuration()
        configuration.proxy = .url(Secret("http://\(proxy.authority)"))
        let request = HTTPRequest(method: .post, scheme: "https", authority: "lab.example", path: "/")
        let error = await #expect(throws: HTTPClientError.self) {
            try await CurlHTTPClient(configuration).send(HTTPCall(request, body: .data(Data("{}".utf8))))
        }
        #expect(error?.code == .connectionLost)
        #expect(error?.mayHaveBeenProcessed == false)
    }
}
