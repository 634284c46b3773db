import Foundation
import HTTPTransport
import TestSupport

/// A server on a real socket that answers each request as a script says, one request per connection.
final class LoopbackServer: Sendable {
    struct Request: Sendable {
        var line: String
        var fields: [String: String]
        var body: String

        fileprivate init(_ text: String) {
            let parts = text.components(separatedBy: "\r\n\r\n")
            var lines = parts[0].components(separatedBy: "\r\n")
            line = lines.removeFirst().split(separator: " ").prefix(2).joined(separator: " ")
            fields = [:]
            for field in lines {
                let pair = field.split(separator: ":", maxSplits: 1)
                fields[pair[0].lowercased()] = pair.count > 1 ? pair[1].trimmingCharacters(in: .whitespaces) : ""
            }
            body = parts.dropFirst().joined(separator: "\r\n\r\n")
        }
    }

    enum Answer: Sendable {
        case reply(Int, String)
        /// Nothing, until the peer gives up.
        case silence
    }

    private let server: RawServer

    var port: Int { server.port }
    var url: String { "http://\(server.authority)" }
    var requests: [Request] { server.requests.map { Request($0) } }
    var lines: [String] { requests.map(\.line) }

    /// Runs a server for the length of `body`.
    static func with<Result>(
        isIPv6: Bool = false,
        _ answer: @escaping @Sendable (Request) -> Answer,
        _ body: (LoopbackServer) async throws -> Result
    ) async throws -> Result {
        let server = try LoopbackServer(isIPv6, answer)
        defer { server.server.stop() }
        return try await body(server)
    }

    private init(_ isIPv6: Bool, _ answer: @escaping @Sendable (Request) -> Answer) throws {
        server = try RawServer(isIPv6: isIPv6) { connection in
            guard let request = connection.readRequest() else { return }
            switch answer(Request(request)) {
            case .silence: connection.waitForPeerToClose()
            case .reply(let status, let text):
                let head = "HTTP/1.1 \(status) X\r\nContent-Length: \(text.utf8.count)\r\nConnection: close\r\n\r\n"
                connection.write(head + text)
            }
        }
    }
}
