import FlyingSocks
import Foundation
import Logging

@testable import worker

/// Runs a status server for the length of a closure, on a free port of this host.
func withStatusServer<Result>(
    limits: StatusServer.Limits = .init(time: .seconds(600)),
    reply: @escaping @Sendable (RequestHead) async -> StatusReply,
    _ body: (UInt16) async throws -> Result
) async throws -> Result {
    guard let address = StatusAddress("0") else { throw SocketError.unsupportedAddress }
    let listener = try StatusListener(address)
    let logger = Logger(label: "test") { _ in LineLogHandler(.json, write: { _ in }) }
    let server = StatusServer(listener: listener, limits: limits, logger: logger, reply: reply)
    let port = UInt16(listener.address.split(separator: ":").last ?? "") ?? 0
    return try await withThrowingTaskGroup { tasks in
        tasks.addTask { try await server.run() }
        defer { tasks.cancelAll() }
        return try await body(port)
    }
}

/// A connection to a server, byte by byte.
struct RawConnection: Sendable {
    private let socket: AsyncSocket

    /// Connects.
    init(port: UInt16) async throws {
        socket = try await AsyncSocket.connected(
            to: sockaddr_in.inet(ip4: "127.0.0.1", port: port),
            timeout: 60
        )
    }

    /// Sends some bytes.
    func send(_ text: String) async throws { try await socket.write(Data(text.utf8)) }

    /// Leaves without a word.
    func close() throws { try socket.close() }

    /// Reads until the server closes the connection, which is closed then.
    func rest() async -> String {
        var bytes: [UInt8] = []
        while let more = try? await socket.read(atMost: 4_096), !more.isEmpty { bytes += more }
        try? socket.close()
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// A reply as it came over the wire.
struct RawReply: Sendable {
    let status: Int
    let fields: [String: String]
    let body: String

    init(_ text: String) {
        let lines = text.split(separator: "\r\n", omittingEmptySubsequences: false)
        status = Int(lines.first?.split(separator: " ").dropFirst().first ?? "") ?? 0
        let head = lines.dropFirst().prefix { !$0.isEmpty }
        fields = Dictionary(
            head.map { line in
                let parts = line.split(separator: ":", maxSplits: 1)
                return (parts[0].lowercased(), parts.count > 1 ? String(parts[1].dropFirst()) : "")
            }
        ) { $0 + ", " + $1 }
        body = lines.dropFirst(head.count + 2).joined(separator: "\r\n")
    }
}

/// Asks a server for one thing.
func ask(_ port: UInt16, _ path: String, method: String = "GET", host: String = "127.0.0.1") async throws -> RawReply {
    let connection = try await RawConnection(port: port)
    try await connection.send("\(method) \(path) HTTP/1.1\r\nHost: \(host)\r\n\r\n")
    return RawReply(await connection.rest())
}

/// A log to read the page's port from.
final class Lines: Sendable {
    private let text: AsyncStream<String>
    /// Writes into the log.
    let logger: Logger

    init() {
        let (text, write) = AsyncStream<String>.makeStream()
        self.text = text
        logger = Logger(label: "test") { _ in LineLogHandler(.json, write: { write.yield($0) }) }
    }

    /// The port that the log names.
    func port() async throws -> UInt16 {
        for await line in text {
            if let match = line.firstMatch(of: #/"http:\/\/127\.0\.0\.1:(\d+)\/"/#), let port = UInt16(match.1) {
                return port
            }
        }
        throw CancellationError()
    }
}
