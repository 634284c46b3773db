import AWSLite
import Foundation
import HTTPTransport
import SandboxAPI
import TestSupport
import Testing
import WorkerSettings

@testable import JobEngine
@testable import QualiCore

@Suite("A job whose lab has a certificate for another host", .timeLimit(.minutes(1)))
struct WrongCertificateTests {
    private func message(host: String, _ server: borrowing TLSServer, trusting bundle: String?) async throws -> String {
        var transport = CurlHTTPClient.Configuration()
        transport.proxy = .none
        transport.caBundle = bundle
        let client = try SandboxClient(
            .init(
                url: "https://\(host):\(server.port)",
                username: "ci",
                password: Secret("p"),
                retry: .init(attempts: 1, sleep: { _ in })
            ),
            httpClient: CurlHTTPClient(transport)
        )
        let error = try await #require(throws: SandboxAPIError.self) { _ = try await client.sandboxes() }
        let failure = JobFailure("The sandbox can't be started", error, .settings)
        #expect(failure.type == .systemUnavailable)
        return failure.message
    }

    @Test("says so, whether it asked for a name or for an address", arguments: ["localhost", "127.0.0.1"])
    func otherName(host: String) async throws {
        let server = try await TLSServer(hostName: "elsewhere.example")
        let message = try await message(host: host, server, trusting: server.certificate)
        #expect(message.contains("certificate isn't for the host in the worker's CLOUDSHELL_URL"), "\(message)")
        #expect(message.contains("'\(host)'"), "\(message)")
        #expect(!message.contains("CLOUDSHELL_CA_BUNDLE"), "\(message)")
    }

    @Test("doesn't say so of one that nobody vouches for")
    func untrusted() async throws {
        let server = try await TLSServer(hostName: "localhost")
        let message = try await message(host: "localhost", server, trusting: nil)
        #expect(message.contains("CLOUDSHELL_CA_BUNDLE") && !message.contains("isn't for the host"), "\(message)")
    }
}
