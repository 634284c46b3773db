import Foundation
import HTTPTransport

/// A server on a real socket that answers each request as a script says, one request per connection.
final class LoopbackServer: Sendable {
    struct Request: Sendable {
        var line: String
        var fields: [String: String]
        var body: String
    }

    enum Answer: Sendable {
        case reply(Int, String)
        /// Nothing, until the peer gives up.
        case silence
    }

    let port: Int
    private let listener: Int32
    private let received = Locked<[Request]>([])

    var url: String { "http://127.0.0.1:\(port)" }
    var requests: [Request] { received.withLock { $0 } }
    var lines: [String] { requests.map(\.line) }

    /// Runs a server for the length of `body`.
    static func with<Result>(
        _ answer: @escaping @Sendable (Request) -> Answer,
        _ body: (LoopbackServer) async throws -> Result
    ) async throws -> Result {
        let server = try LoopbackServer(answer)
        defer {
            shutdown(server.listener, Int32(SHUT_RDWR))
            close(server.listener)
        }
        return try await body(server)
    }

    private init(_ answer: @escaping @Sendable (Request) -> Answer) throws {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        self.listener = listener
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        port = try withUnsafeMutablePointer(to: &address) { pointer in
            try pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                guard bind(listener, generic, length) == 0, listen(listener, 64) == 0,
                    getsockname(listener, generic, &length) == 0
                else { throw POSIXError(.EADDRNOTAVAIL) }
            }
            return Int(UInt16(bigEndian: pointer.pointee.sin_port))
        }
        Thread.detachNewThread { [received] in
            while true {
                let accepted = accept(listener, nil, nil)
                guard accepted >= 0 else { return }
                Thread.detachNewThread {
                    defer { close(accepted) }
                    guard let request = Self.read(accepted) else { return }
                    received.withLock { $0.append(request) }
                    switch answer(request) {
                    case .silence:
                        var byte: UInt8 = 0
                        while recv(accepted, &byte, 1, 0) > 0 {}
                    case .reply(let status, let text):
                        let head =
                            "HTTP/1.1 \(status) X\r\nContent-Length: \(text.utf8.count)\r\nConnection: close\r\n\r\n"
                        let bytes = Array((head + text).utf8)
                        _ = bytes.withUnsafeBytes { send(accepted, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
                    }
                }
            }
        }
    }

    private static func read(_ socket: Int32) -> Request? {
        var bytes: [UInt8] = []
        while true {
            let parts = String(decoding: bytes, as: UTF8.self).components(separatedBy: "\r\n\r\n")
            if parts.count > 1 {
                var lines = parts[0].components(separatedBy: "\r\n")
                let line = lines.removeFirst()
                var fields: [String: String] = [:]
                for field in lines {
                    let pair = field.split(separator: ":", maxSplits: 1)
                    fields[pair[0].lowercased()] = pair.count > 1 ? pair[1].trimmingCharacters(in: .whitespaces) : ""
                }
                if parts[1].utf8.count >= Int(fields["content-length"] ?? "0") ?? 0 {
                    let words = line.split(separator: " ")
                    return Request(line: words.prefix(2).joined(separator: " "), fields: fields, body: parts[1])
                }
            }
            var buffer = [UInt8](repeating: 0, count: 65_536)
            let count = recv(socket, &buffer, buffer.count, 0)
            guard count > 0 else { return nil }
            bytes += buffer[..<count]
        }
    }
}
