import Foundation
import Testing

/// A service manager's socket, and what was told to it.
final class NotifySocket: Sendable {
    /// Its address, as `NOTIFY_SOCKET` has it.
    let address: String
    private let descriptor: Int32

    /// Makes a socket at a path in a folder, or one without a file.
    init(in folder: URL, isAbstract: Bool = false) throws {
        let path = folder.appendingPathComponent("notify").path
        address = (isAbstract ? "@" : "") + path
        var name = sockaddr_un()
        name.sun_family = sa_family_t(AF_UNIX)
        let bytes = (isAbstract ? [0] : []) + Array(path.utf8)
        withUnsafeMutableBytes(of: &name.sun_path) { $0.copyBytes(from: bytes) }
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_NONBLOCK.rawValue), 0)
        let length = socklen_t(2 + bytes.count)
        let bound = withUnsafePointer(to: name) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, length) }
        }
        try #require(bound == 0, "bind: \(errno)")
    }

    deinit {
        close(descriptor)
    }

    /// The next message, line by line; `nil` if there is none now.
    func next() -> [String]? {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        guard count >= 0 else { return nil }
        return String(decoding: buffer.prefix(count), as: UTF8.self).split(separator: "\n").map(String.init)
    }

    /// All messages until one has a line that begins so; nobody says when one comes, so it is asked for again and again.
    func messages(until prefix: String) async throws -> [[String]] {
        var messages: [[String]] = []
        while true {
            guard let message = next() else {
                try await Task.sleep(for: .milliseconds(10))
                continue
            }
            messages.append(message)
            if message.contains(where: { $0.hasPrefix(prefix) }) { return messages }
        }
    }
}
