import Foundation
import HTTPTransport
import HTTPTypes
import Testing

/// A TLS server of OpenSSL's with a certificate made for the test.
private final class TLSServer {
    let folder = FileManager.default.temporaryDirectory.appending(path: "tls-\(UUID().uuidString)")
    let port: Int
    private let process = Process()

    var certificate: String { folder.appending(path: "cert.pem").path }

    init(hostName: String) async throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let key = folder.appending(path: "key.pem").path
        let maker = Process()
        maker.executableURL = URL(filePath: "/usr/bin/env")
        maker.arguments = [
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
            "-keyout", key, "-out", folder.appending(path: "cert.pem").path, "-days", "2", "-subj", "/CN=\(hostName)",
            "-addext", "subjectAltName=DNS:\(hostName)",
        ]
        maker.standardError = FileHandle.nullDevice
        try await withCheckedThrowingContinuation { (done: CheckedContinuation<Void, any Error>) in
            maker.terminationHandler = { _ in done.resume() }
            do { try maker.run() } catch { done.resume(throwing: error) }
        }
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = [
            "openssl", "s_server", "-accept", "127.0.0.1:0", "-www", "-key", key, "-cert",
            folder.appending(path: "cert.pem").path,
        ]
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        let (pieces, printed) = AsyncStream<String>.makeStream()
        output.fileHandleForReading.readabilityHandler = { handle in
            let data = handle.availableData
            if data.isEmpty { printed.finish() } else { printed.yield(String(decoding: data, as: UTF8.self)) }
        }
        try process.run()
        // It prints "ACCEPT 127.0.0.1:41234" once it listens.
        var port: Int?
        var text = ""
        for await piece in pieces {
            text += piece
            guard let line = text.split(separator: "\n").first(where: { $0.hasPrefix("ACCEPT") }),
                line.endIndex < text.endIndex
            else { continue }
            port = line.split(separator: ":").last.flatMap { Int($0) }
            break
        }
        self.port = try #require(port)
    }

    deinit {
        process.terminate()
        try? FileManager.default.removeItem(at: folder)
    }
}

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

    @Test func `a certificate of another host is refused`() async throws {
        let server = try await TLSServer(hostName: "elsewhere.example")
        let error = await #expect(throws: HTTPClientError.self) {
            try await get(server, trusting: server.certificate)
        }
        #expect(error?.code == .tlsFailed)
    }

    @Test func `a CA bundle that can't be used is named`() throws {
        var configuration = CurlHTTPClient.Configuration()
        configuration.caBundle = "/no/such/bundle.pem"
        let error = #expect(throws: HTTPClientError.self) { try CurlHTTPClient(configuration) }
        #expect(error?.message.contains("/no/such/bundle.pem") == true)
    }
}
