import Foundation
import HTTPTypes
import TestSupport
import Testing

@testable import HTTPTransport

/// What happens where the process may open no more files.
@Suite(.timeLimit(.minutes(1)))
struct OpenFilesTests {
    @Test(
        arguments: [
            (1_048_576, 32, 262_128), (1_024, 32, 240), (256, 24, 48), (128, 8, 16), (64, 2, 4), (20, 2, 4),
            (Int.max, 32, nil),
        ] as [(Int, Int, Int?)]
    )
    func `connections are as many as leave 64 files free`(_ openFiles: Int, _ perHost: Int, _ total: Int?) {
        let budget = ConnectionBudget(perHost: 32, openFiles: openFiles)
        #expect(budget.perHost == perHost)
        if let total { #expect(budget.total == total) }
        #expect(openFiles < 80 || budget.total <= (openFiles - 64) / 4)
    }

    @Test func `no more connections are made than were asked for`() {
        #expect(ConnectionBudget(perHost: 1, openFiles: 64).perHost == 1)
    }

    /// In a process of its own, because files belong to the whole process.
    @Test func `however few files may be opened, a call says so, and the next one goes through`() async throws {
        await #expect(processExitsWith: .success) {
            let server = try await TLSServer(hostName: "localhost")
            var configuration = CurlHTTPClient.Configuration()
            configuration.proxy = .none
            configuration.caBundle = server.certificate
            let client = try CurlHTTPClient(configuration)
            var call = HTTPCall(
                HTTPRequest(method: .get, scheme: "https", authority: "localhost:\(server.port)", path: "/"),
                timeout: .seconds(20)
            )
            // The connection would be one of the open files.
            call.request.headerFields[.connection] = "close"
            var upload = call
            upload.request.method = .post
            upload.body = .file(HTTPFileRange(path: server.certificate, length: 10))
            #expect(try await client.send(call).response.status == .ok)
            var successes = 0
            for free in 0...20 {
                var opened: [Int32] = []
                while true {
                    let file = open("/dev/null", O_RDONLY | O_CLOEXEC)
                    if file < 0 { break }
                    opened.append(file)
                }
                for file in opened.suffix(free) { close(file) }
                do {
                    _ = try await client.send(call)
                    // Swift's runtime would end the process if it could open none.
                    try #require(free > 8)
                    successes += 1
                } catch let error as HTTPClientError {
                    try #require(error.code == .other && !error.mayHaveBeenProcessed, "\(free): \(error)")
                    try #require(error.message.contains("may open no more files"), "\(free): \(error)")
                }
                if free == 0 {
                    let error = await #expect(throws: HTTPClientError.self) { try await client.send(upload) }
                    try #require(error?.code == .other && error?.mayHaveBeenProcessed == false)
                    let started = #expect(throws: HTTPClientError.self) { try CurlHTTPClient() }
                    try #require(started?.code == .other)
                }
                for file in opened.dropLast(free) { close(file) }
                try #require(try await client.send(call).response.status == .ok)
            }
            // Otherwise it would have been tried in vain.
            try #require(successes > 0)
        }
    }
}
