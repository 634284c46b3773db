import FlyingSocks
import Foundation

/// A connection to a server of this host, byte by byte.
package struct RawConnection: Sendable {
    private let socket: AsyncSocket

    /// Connects.
    package init(port: UInt16) async throws {
        socket = try await AsyncSocket.connected(
            to: sockaddr_in.inet(ip4: "127.0.0.1", port: port),
            timeout: 60
        )
    }

    /// Sends some bytes.
    package func send(_ text: String) async throws { try await socket.write(Data(text.utf8)) }

    /// Leaves without a word.
    package func close() throws { try socket.close() }

    /// Reads until the server closes the connection, which is closed then.
    package func rest() async -> String {
        var bytes: [UInt8] = []
        while let more = try? await socket.read(atMost: 4_096), !more.isEmpty { bytes += more }
        try? socket.close()
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// A reply as it came over the wire.
package struct RawReply: Sendable {
    package let status: Int
    package let fields: [String: String]
    package let body: String

    package init(_ text: String) {
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

/// Asks a server of this host for one thing.
package func ask(
    _ port: UInt16,
    _ path: String,
    method: String = "GET",
    host: String = "127.0.0.1"
) async throws -> RawReply {
    let connection = try await RawConnection(port: port)
    try await connection.send("\(method) \(path) HTTP/1.1\r\nHost: \(host)\r\n\r\n")
    return RawReply(await connection.rest())
}
