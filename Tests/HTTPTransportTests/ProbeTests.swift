import Foundation
import HTTPTransport
import TestSupport
import Testing

/// What a look at a connection tells.
@Suite(.timeLimit(.minutes(1)))
struct ProbeTests {
    private func probe(
        _ url: String,
        trusting bundle: String? = nil,
        proxy: CurlHTTPClient.Proxy = .none
    ) async throws -> ConnectionReport {
        var configuration = CurlHTTPClient.Configuration()
        configuration.proxy = proxy
        configuration.caBundle = bundle
        let client = try CurlHTTPClient(configuration)
        let report = try await client.probe(url)
        #expect(client.liveTransfers == 0)
        return report
    }

    @Test func `a plain connection is made and closed without a byte`() async throws {
        let (received, bytes) = AsyncStream<String?>.makeStream()
        let server = try RawServer { bytes.yield($0.readRequest()) }
        defer { server.stop() }
        let report = try await probe("http://\(server.authority)/path")
        #expect(report.failure == nil && report.proxy == nil)
        #expect(report.addresses == ["127.0.0.1"])
        #expect(report.connectTime != nil && report.handshakeTime == nil)
        for await request in received.prefix(1) { #expect(request == nil) }
    }

    @Test func `a trusted server's certificate is told`() async throws {
        let server = try await TLSServer(hostName: "localhost")
        let report = try await probe("https://localhost:\(server.port)", trusting: server.certificate)
        #expect(report.failure == nil && report.distrust == nil)
        #expect(report.tlsVersion == "TLSv1.3")
        #expect(report.trustedFile == server.certificate)
        #expect(report.handshakeTime != nil)
        let certificate = try #require(report.certificates.first)
        #expect(certificate.subject == "CN = localhost" && certificate.issuer == "CN = localhost")
        #expect(certificate.names == ["localhost"])
        // Two days, as it was made.
        let left = try #require(certificate.expires).timeIntervalSinceNow
        #expect((40 * 3_600...48 * 3_600).contains(left))
    }

    @Test func `an untrusted server's certificate is told all the same`() async throws {
        let server = try await TLSServer(hostName: "localhost")
        let report = try await probe("https://localhost:\(server.port)")
        #expect(report.failure?.code == .tlsFailed && report.distrust == .untrusted)
        #expect(report.certificates.first?.issuer == "CN = localhost")
    }

    @Test func `another host's certificate is told, and one that has ended`() async throws {
        let other = try await TLSServer(hostName: "elsewhere.example")
        let wrong = try await probe("https://localhost:\(other.port)", trusting: other.certificate)
        #expect(wrong.distrust == .wrongHost)
        #expect(wrong.certificates.first?.names == ["elsewhere.example"])
        let old = try await TLSServer(hostName: "localhost", hasExpired: true)
        let ended = try await probe("https://localhost:\(old.port)", trusting: old.certificate)
        #expect(ended.distrust == .expired)
        #expect(ended.certificates.first?.expires == Date(timeIntervalSince1970: 1_580_515_200))
    }

    @Test func `names and ports that nobody has are told`() async throws {
        let unknown = try await probe("http://no-such-host.invalid")
        #expect(unknown.failure?.code == .nameNotResolved && unknown.addresses.isEmpty)
        let closed = try await probe("http://127.0.0.1:9")
        #expect(closed.failure?.code == .connectionFailed)
        #expect(closed.addresses == ["127.0.0.1"] && !closed.isConnected)
    }

    @Test func `a proxy is told without its password, with its answer`() async throws {
        let server = try RawServer { connection in
            _ = connection.readRequest()
            connection.write("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
        }
        defer { server.stop() }
        let proxy = CurlHTTPClient.Proxy.url(Secret("http://me:hidden@\(server.authority)"))
        let refused = try await probe("https://lab.example.com", proxy: proxy)
        #expect(refused.proxy == "http://\(server.authority)")
        #expect(refused.tunnelStatus == 403 && refused.failure?.code == .proxyFailed)
        #expect(!"\(refused)".contains("hidden"))
        #expect(server.requests.first?.hasPrefix("CONNECT lab.example.com:443") == true)
        let unknown = try await probe("https://x.example", proxy: .url(Secret("http://no-such-proxy.invalid:3128")))
        #expect(unknown.failure?.code == .proxyFailed)
    }

    @Test func `a peer that stalls in the handshake meets the deadline`() async throws {
        let server = try RawServer { $0.waitForPeerToClose() }
        defer { server.stop() }
        var configuration = CurlHTTPClient.Configuration()
        configuration.proxy = .none
        configuration.connectTimeout = .milliseconds(300)
        let report = try await CurlHTTPClient(configuration).probe("https://\(server.authority)")
        #expect(report.failure?.code == .timedOut && report.isConnected)
    }

    @Test func `a probe can be cancelled`() async throws {
        let isAsked = Watched(false)
        let server = try RawServer { connection in
            connection.waitForSomething()
            isAsked.withLock { $0 = true }
            connection.waitForPeerToClose()
        }
        defer { server.stop() }
        let url = "https://\(server.authority)"
        let client = try CurlHTTPClient()
        let task = Task { try await client.probe(url) }
        await isAsked.wait { $0 }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
    }
}
