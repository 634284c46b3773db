import Foundation
import HTTPTransport
import HTTPTypes
import TestSupport
import Testing

/// A tinyproxy of Debian's that wants a user and a password.
private final class Proxy {
    let port: Int
    private let process: Process
    private let folder = FileManager.default.temporaryDirectory.appending(path: "proxy-\(UUID().uuidString)")

    init(asksForPassword: Bool = true) async throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let file = folder.appending(path: "tinyproxy.conf")
        (process, port) = try await Programs.server("tinyproxy") { port in
            let password = asksForPassword ? "BasicAuth user p-w.1\n" : ""
            let settings = "Port \(port)\nListen 127.0.0.1\nTimeout 30\nMaxClients 20\nLogLevel Critical\n\(password)"
            try Data(settings.utf8).write(to: file)
            return ["-d", "-c", file.path]
        }
    }

    func stop() {
        Programs.end(process)
        try? FileManager.default.removeItem(at: folder)
    }
}

@Suite(.enabled(if: Programs.isInstalled("tinyproxy"), "tinyproxy-bin isn't installed"), .timeLimit(.minutes(1)))
struct ProxyTests {
    private func client(through proxy: String, trusting bundle: String? = nil) throws -> CurlHTTPClient {
        var configuration = CurlHTTPClient.Configuration()
        configuration.proxy = .url(Secret(proxy))
        configuration.caBundle = bundle
        return try CurlHTTPClient(configuration)
    }

    private func plainServer() throws -> RawServer {
        try RawServer { connection in
            while connection.readRequest() != nil {
                connection.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            }
        }
    }

    private func request(_ scheme: String, _ authority: String) -> HTTPCall {
        HTTPCall(HTTPRequest(method: .get, scheme: scheme, authority: authority, path: "/a//b"))
    }

    @Test(arguments: [false, true]) func `a plain request goes through the proxy`(_ asksForPassword: Bool) async throws
    {
        let proxy = try await Proxy(asksForPassword: asksForPassword)
        defer { proxy.stop() }
        let server = try plainServer()
        defer { server.stop() }
        let user = asksForPassword ? "user:p%2Dw.1@" : ""
        let client = try client(through: "http://\(user)127.0.0.1:\(proxy.port)")
        #expect(try await client.send(request("http", server.authority)).body == Data("ok".utf8))
        let received = try #require(server.requests.first)
        #expect(received.hasPrefix("GET /a//b HTTP/1."))
        #expect(received.contains("tinyproxy"))
        #expect(!received.lowercased().contains("proxy-authorization"))
    }

    @Test func `TLS goes through a tunnel that the proxy can't look into`() async throws {
        let proxy = try await Proxy()
        defer { proxy.stop() }
        let server = try await TLSServer(hostName: "localhost")
        defer { withExtendedLifetime(server) {} }
        let client = try client(through: "http://user:p%2Dw.1@127.0.0.1:\(proxy.port)", trusting: server.certificate)
        let reply = try await client.send(request("https", "localhost:\(server.port)"))
        #expect(reply.response.status.code == 200)
        #expect(!String(decoding: reply.body, as: UTF8.self).contains("tinyproxy"))
    }

    /// But for a wrong password on a request without a tunnel: tinyproxy answers that with a 401, as any server may.
    @Test(arguments: [("http", ""), ("https", ""), ("https", "user:wrong-secret@")])
    func `a wrong password is told, and isn't`(_ scheme: String, _ user: String) async throws {
        let proxy = try await Proxy()
        defer { proxy.stop() }
        let server = try plainServer()
        defer { server.stop() }
        let client = try client(through: "http://\(user)127.0.0.1:\(proxy.port)")
        let error = await #expect(throws: HTTPClientError.self) {
            try await client.send(request(scheme, server.authority))
        }
        #expect(error?.code == .proxyFailed)
        #expect(error?.mayHaveBeenProcessed == false)
        #expect(error.map { "\($0)" }?.contains("wrong-secret") == false)
        #expect(server.requests.isEmpty)
    }

    @Test func `a proxy that isn't there is a failure to connect`() async throws {
        let absent = try RawServer { _ in }
        absent.stop()
        let client = try client(through: "http://user:hidden@127.0.0.1:\(absent.port)")
        let error = await #expect(throws: HTTPClientError.self) {
            try await client.send(request("http", "aws.invalid"))
        }
        #expect(error?.code == .connectionFailed)
        #expect(error.map { "\($0)" }?.contains("hidden") == false)
    }

    /// In a process of its own, because the environment belongs to the whole process.
    @Test func `the environment names the proxy, and the hosts that need none`() async throws {
        await #expect(processExitsWith: .success) {
            let proxy = try await Proxy(asksForPassword: false)
            defer { proxy.stop() }
            let server = try RawServer { connection in
                while connection.readRequest() != nil {
                    connection.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
                }
            }
            let request = HTTPRequest(method: .get, scheme: "http", authority: server.authority, path: "/")
            setenv("http_proxy", "http://127.0.0.1:\(proxy.port)", 1)
            for excluded in ["", "127.0.0.1", "elsewhere.example", "127.0.0.0/8"] {
                setenv("no_proxy", excluded, 1)
                // A client of its own, since a kept connection would stay what it is.
                _ = try await CurlHTTPClient().send(HTTPCall(request))
            }
            let isProxied = server.requests.map { $0.contains("tinyproxy") }
            try #require(isProxied == [true, false, true, false])
        }
    }
}
