import Foundation
import HTTPTransport
import HTTPTypes
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(1)))
struct TLSTests {
    private func get(_ server: borrowing TLSServer, trusting bundle: String?) async throws -> HTTPReply {
        var configuration = CurlHTTPClient.Configuration()
        configuration.proxy = .none
        configuration.caBundle = bundle
        let request = HTTPRequest(method: .get, scheme: "https", authority: "localhost:\(server.port)", path: "/")
        return try await CurlHTTPClient(configuration).send(HTTPCall(request))
    }

    @Test func `a certificate that nobody vouches for is refused, and trusted once configured`() async throws {
        let server = try await TLSServer(hostName: "localhost")
        let error = await #expect(throws: HTTPClientError.self) { try await get(server, trusting: nil) }
        #expect(error?.code == .tlsFailed)
        #expect(error?.mayHaveBeenProcessed == false)
        #expect(try await get(server, trusting: server.certificate).response.status.code == 200)
    }

    @Test func `a bundle that is replaced in place counts from the next connection on`() async throws {
        let (one, other) = (try await TLSServer(hostName: "localhost"), try await TLSServer(hostName: "localhost"))
        let bundle = FileManager.default.temporaryDirectory.appending(path: "bundle-\(UUID().uuidString).pem")
        defer { try? FileManager.default.removeItem(at: bundle) }
        func trust(_ server: borrowing TLSServer) throws {
            try Data(contentsOf: URL(filePath: server.certificate)).write(to: bundle)
        }
        var configuration = CurlHTTPClient.Configuration()
        configuration.proxy = .none
        try trust(one)
        configuration.caBundle = bundle.path
        let client = try CurlHTTPClient(configuration)
        func get(_ server: borrowing TLSServer) async throws -> Int {
            let request = HTTPRequest(method: .get, scheme: "https", authority: "localhost:\(server.port)", path: "/")
            return try await client.send(HTTPCall(request)).response.status.code
        }
        #expect(try await get(one) == 200)
        await #expect(throws: HTTPClientError.self) { try await get(other) }
        try trust(other)
        #expect(try await get(other) == 200)
        // Again, in the place of a file that has been gone for a moment.
        let third = try await TLSServer(hostName: "localhost")
        try FileManager.default.removeItem(at: bundle)
        await #expect(throws: HTTPClientError.self) { try await get(third) }
        try trust(third)
        #expect(try await get(third) == 200)
    }

    @Test func `a certificate of another host is refused`() async throws {
        let server = try await TLSServer(hostName: "elsewhere.example")
        let error = await #expect(throws: HTTPClientError.self) {
            try await get(server, trusting: server.certificate)
        }
        #expect(error?.code == .tlsFailed)
    }

    @Test func `a certificate that has expired is refused`() async throws {
        let server = try await TLSServer(hostName: "localhost", hasExpired: true)
        let error = await #expect(throws: HTTPClientError.self) {
            try await get(server, trusting: server.certificate)
        }
        #expect(error?.code == .tlsFailed)
        #expect(error?.message.contains("expired") == true)
    }

    @Test(arguments: [("-tls1_1", false), ("-tls1_2", true), ("-tls1_3", true)])
    func `nothing older than TLS 1.2 is spoken`(_ version: String, _ isSpoken: Bool) async throws {
        // At security level 0 OpenSSL itself would speak TLS 1.1.
        let server = try await TLSServer(hostName: "localhost", options: [version, "-cipher", "DEFAULT@SECLEVEL=0"])
        guard isSpoken else {
            let error = await #expect(throws: HTTPClientError.self) {
                try await get(server, trusting: server.certificate)
            }
            #expect(error?.code == .tlsFailed)
            #expect(error?.message.contains("version") == true)
            return
        }
        #expect(try await get(server, trusting: server.certificate).response.status.code == 200)
    }

    @Test(.enabled(if: Programs.isInstalled("nghttpd"), "nghttp2-server isn't installed"))
    func `HTTP/2 is spoken where it is offered, with bodies both ways`() async throws {
        let files = try await TLSFiles(hostName: "localhost")
        try Data("hello".utf8).write(to: files.folder.appending(path: "file"))
        // It speaks nothing but HTTP/2.
        let (server, port) = try await Programs.server("nghttpd") { port in
            ["-a", "127.0.0.1", "-d", files.folder.path, "--echo-upload", "\(port)", files.key, files.certificate]
        }
        defer { Programs.end(server) }
        var configuration = CurlHTTPClient.Configuration()
        configuration.proxy = .none
        configuration.caBundle = files.certificate
        let client = try CurlHTTPClient(configuration)
        let address = HTTPRequest(method: .get, scheme: "https", authority: "localhost:\(port)", path: "/file")
        #expect(try await client.send(HTTPCall(address)).body == Data("hello".utf8))
        var upload = HTTPCall(address, body: .file(HTTPFileRange(path: files.key, length: 100)))
        upload.request.method = .post
        upload.destination = .file(files.folder.appending(path: "echo").path)
        _ = try await client.send(upload)
        let sent = try Data(contentsOf: URL(filePath: files.key)).prefix(100)
        #expect(try Data(contentsOf: files.folder.appending(path: "echo")) == sent)

        // To end one body early doesn't harm the others of the connection.
        let long = Data((0..<4_000_000).map { UInt8(truncatingIfNeeded: $0 / 7) })
        try long.write(to: files.folder.appending(path: "long"))
        var beginning = HTTPCall(address)
        (beginning.request.path, beginning.responseLimit, beginning.acceptsBeginning) = ("/long", 100_000, true)
        var whole = beginning
        whole.responseLimit = long.count
        async let other = client.send(whole).body
        #expect(try await client.send(beginning).body == long.prefix(100_000))
        #expect(try await other == long)

        // What came on a socket for one of many doesn't stay there until more comes for another.
        try await withThrowingTaskGroup { [whole] group in
            for _ in 0..<24 { group.addTask { try await client.send(whole).body == long } }
            for try await isWhole in group { #expect(isWhole) }
        }
    }

    @Test func `a peer that stalls in the handshake meets the deadline`() async throws {
        let server = try RawServer { $0.waitForPeerToClose() }
        defer { server.stop() }
        var configuration = CurlHTTPClient.Configuration()
        configuration.proxy = .none
        configuration.connectTimeout = .milliseconds(300)
        let request = HTTPRequest(method: .get, scheme: "https", authority: server.authority, path: "/")
        let client = try CurlHTTPClient(configuration)
        let error = await #expect(throws: HTTPClientError.self) { try await client.send(HTTPCall(request)) }
        #expect(error?.code == .timedOut)
        #expect(error?.mayHaveBeenProcessed == false)
        #expect(client.liveTransfers == 0)
    }

    @Test func `a peer that doesn't take the connection meets the deadline`() async throws {
        let full = try FullListener()
        var configuration = CurlHTTPClient.Configuration()
        configuration.proxy = .none
        configuration.connectTimeout = .milliseconds(300)
        let request = HTTPRequest(method: .get, scheme: "http", authority: "127.0.0.1:\(full.port)", path: "/")
        let client = try CurlHTTPClient(configuration)
        let error = await #expect(throws: HTTPClientError.self) { try await client.send(HTTPCall(request)) }
        #expect(error?.code == .timedOut)
        #expect(error?.mayHaveBeenProcessed == false)
    }

    @Test func `a CA bundle that can't be used is named`() throws {
        var configuration = CurlHTTPClient.Configuration()
        configuration.caBundle = "/no/such/bundle.pem"
        let error = #expect(throws: HTTPClientError.self) { try CurlHTTPClient(configuration) }
        #expect(error?.message.contains("/no/such/bundle.pem") == true)
    }
}
