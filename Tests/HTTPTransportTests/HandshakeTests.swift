import Foundation
import HTTPTransport
import HTTPTypes
import Synchronization
import TestSupport
import Testing

/// What ends a handshake by somebody's will is told from a connection that ends within it.
@Suite(.timeLimit(.minutes(1)))
struct HandshakeTests {
    /// What a server does with a `ClientHello`.
    enum Answer: CaseIterable, Sendable {
        case end, reset, endUnread, resetUnread, halfOfItsHello, halfOfItsHelloAndReset, oneByte, closeNotify
        case troubleOfItsOwn, badRecord, pageInPlainText, garbage

        func callAsFunction(_ connection: RawServer.Connection) {
            switch self {
            case .endUnread: break
            // A reset that comes before the client knows that it is connected refuses the connection.
            case .resetUnread: connection.waitForSomething()
            default: connection.readSomething()
            }
            switch self {
            case .end, .endUnread: break
            case .reset, .resetUnread: connection.reset()
            case .halfOfItsHello, .halfOfItsHelloAndReset:
                connection.write([0x16, 3, 3, 0, 0x7A, 2, 0, 0] as [UInt8])
                if self == .halfOfItsHelloAndReset { connection.reset() }
            case .oneByte: connection.write([0x16] as [UInt8])
            case .closeNotify: connection.write(Self.alert(0, isFatal: false))
            case .troubleOfItsOwn: connection.write(Self.alert(80))
            case .badRecord: connection.write(Self.alert(20))
            case .pageInPlainText:
                connection.write("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n")
            case .garbage: connection.write([UInt8](repeating: 0x55, count: 40))
            }
        }

        static func alert(_ number: UInt8, isFatal: Bool = true) -> [UInt8] {
            [0x15, 3, 3, 0, 2, isFatal ? 2 : 1, number]
        }
    }

    private func client(trusting bundle: String? = nil) throws -> CurlHTTPClient {
        var configuration = CurlHTTPClient.Configuration()
        configuration.proxy = .none
        configuration.caBundle = bundle
        return try CurlHTTPClient(configuration)
    }

    private func call(_ authority: String, body: HTTPBody? = .data(Data("{}".utf8))) -> HTTPCall {
        let method: HTTPRequest.Method = body == nil ? .get : .post
        return HTTPCall(HTTPRequest(method: method, scheme: "https", authority: authority, path: "/"), body: body)
    }

    @Test(arguments: Answer.allCases)
    func `a connection that ends within the handshake was lost before the request was sent`(
        _ answer: Answer
    ) async throws {
        let server = try RawServer { answer($0) }
        defer { server.stop() }
        for body in [HTTPBody.data(Data("{}".utf8)), nil] {
            let error = await #expect(throws: HTTPClientError.self) {
                try await client().send(call(server.authority, body: body))
            }
            #expect(error?.code == .connectionLost)
            #expect(error?.mayHaveBeenProcessed == false)
            #expect(error?.message.contains("the TLS handshake was broken off") == true)
        }
        let report = try await client().probe("https://\(server.authority)")
        #expect(report.failure?.code == .connectionLost && report.isConnected)
        #expect(report.distrust == nil)
    }

    /// What a server says that wants another TLS, another certificate or another name.
    @Test(arguments: [40, 42, 43, 44, 45, 46, 47, 48, 49, 70, 71, 86, 109, 110, 112, 113, 115, 116, 120] as [UInt8])
    func `an alert that refuses is told as such`(_ number: UInt8) async throws {
        let server = try RawServer { connection in
            connection.readSomething()
            connection.write(Answer.alert(number))
        }
        defer { server.stop() }
        let error = await #expect(throws: HTTPClientError.self) { try await client().send(call(server.authority)) }
        #expect(error?.code == .tlsFailed)
        #expect(error?.mayHaveBeenProcessed == false)
    }

    @Test(arguments: [
        ["-tls1_2", "-cipher", "NULL-SHA256:@SECLEVEL=0"],
        ["-tls1_3", "-ciphersuites", "TLS_AES_128_CCM_8_SHA256"],
        ["-tls1_2", "-Verify", "1", "-verify_return_error"],
        ["-tls1_3", "-Verify", "1", "-verify_return_error"],
    ])
    func `a server of OpenSSL's that wants another cipher or a certificate refuses for good`(
        _ options: [String]
    ) async throws {
        let server = try await TLSServer(hostName: "localhost", options: options)
        let client = try client(trusting: server.certificate)
        let error = await #expect(throws: HTTPClientError.self) {
            try await client.send(call("localhost:\(server.port)"))
        }
        #expect(error?.code == .tlsFailed, "\(String(describing: error))")
    }

    @Test func `the call after one that broke off in the handshake goes through`() async throws {
        let target = try await TLSServer(hostName: "localhost")
        defer { withExtendedLifetime(target) {} }
        let port = target.port
        let isBroken = Mutex(true)
        // A balancer, without a server behind it at first.
        let balancer = try RawServer { connection in
            if isBroken.withLock({ broken in
                defer { broken = false }
                return broken
            }) {
                return connection.readSomething()
            }
            connection.pass(to: port)
        }
        defer { balancer.stop() }
        let client = try client(trusting: target.certificate)
        await #expect(throws: HTTPClientError.self) { try await client.send(call("localhost:\(balancer.port)")) }
        #expect(try await client.send(call("localhost:\(balancer.port)", body: nil)).response.status == .ok)
    }
}

extension RawServer.Connection {
    /// Passes all bytes to a port of this host, and back, until either side ends.
    fileprivate func pass(to port: Int) {
        let other = Foundation.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(other) }
        guard FullListener.connect(other, port) == 0 else { return }
        var ends = [socket, other].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while poll(&ends, 2, -1) > 0 {
            for (from, to) in [(0, 1), (1, 0)] where ends[from].revents != 0 {
                let count = recv(ends[from].fd, &buffer, buffer.count, 0)
                guard count > 0 else { return }
                _ = send(ends[to].fd, buffer, count, Int32(MSG_NOSIGNAL))
            }
        }
    }
}
