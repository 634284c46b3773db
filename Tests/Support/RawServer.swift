import Foundation
import Synchronization

/// A loopback server that a test scripts byte by byte, for what no well-behaved server does.
///
/// Each accepted connection gets a thread and runs the script; sockets close when the server goes.
public final class RawServer: Sendable {
    /// One accepted connection, on a thread of its own.
    public struct Connection {
        /// The connection's socket.
        public let socket: Int32
        /// Whose connection it is.
        public let server: RawServer

        /// Reads one request, head and body; `nil` when the peer has closed the connection.
        public func readRequest() -> String? {
            var bytes: [UInt8] = []
            func readMore() -> Bool {
                var buffer = [UInt8](repeating: 0, count: 65_536)
                let count = recv(socket, &buffer, buffer.count, 0)
                guard count > 0 else { return false }
                bytes += buffer[..<count]
                return true
            }
            func text() -> String { String(decoding: bytes, as: UTF8.self) }
            while !text().contains("\r\n\r\n") {
                guard readMore() else { return nil }
            }
            let head = text().components(separatedBy: "\r\n\r\n")[0]
            let length = head.components(separatedBy: "\r\n")
                .first { $0.lowercased().hasPrefix("content-length:") }
                .flatMap { Int($0.split(separator: ":")[1].trimmingCharacters(in: .whitespaces)) }
            while bytes.count < head.utf8.count + 4 + (length ?? 0) {
                guard readMore() else { return nil }
            }
            let request = text()
            server.note(request)
            return request
        }

        /// Sends a text.
        public func write(_ text: String) {
            _ = Array(text.utf8).withUnsafeBytes { send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
        }

        /// Sends bytes.
        public func write(_ bytes: [UInt8]) {
            _ = bytes.withUnsafeBytes { send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
        }

        /// Reads what the peer sends first.
        public func readSomething() {
            var buffer = [UInt8](repeating: 0, count: 65_536)
            _ = recv(socket, &buffer, buffer.count, 0)
        }

        /// Waits for what the peer sends first, and leaves it unread.
        public func waitForSomething() {
            var byte: UInt8 = 0
            _ = recv(socket, &byte, 1, Int32(MSG_PEEK))
        }

        /// Ends the connection as one that never was: the peer gets a reset, not an end.
        public func reset() {
            var nobody = sockaddr()
            nobody.sa_family = sa_family_t(AF_UNSPEC)
            _ = connect(socket, &nobody, socklen_t(MemoryLayout<sockaddr>.size))
        }

        /// Waits until the peer gives up the connection.
        public func waitForPeerToClose() {
            var byte: UInt8 = 0
            while recv(socket, &byte, 1, 0) > 0 {}
            server.noteAbandoned()
        }
    }

    /// The port that it listens on.
    public let port: Int
    private let received = Mutex<[String]>([])
    private let abandoned = Mutex(0)
    private let arrival = NSCondition()
    private let listener: Int32
    private let stopped = DispatchSemaphore(value: 0)

    /// Host and port, as a URL has them.
    public let authority: String
    /// The requests that were read so far.
    public var requests: [String] { received.withLock { $0 } }
    /// How many connections the peer has given up that were waited for.
    public var abandonedCount: Int { abandoned.withLock { $0 } }

    fileprivate func note(_ request: String) {
        received.withLock { $0.append(request) }
        arrival.lock()
        arrival.broadcast()
        arrival.unlock()
    }

    /// Holds the thread up until so many requests were read.
    public func waitForRequests(_ count: Int) {
        arrival.lock()
        while requests.count < count { arrival.wait() }
        arrival.unlock()
    }

    /// Counts a connection as given up by the peer.
    public func noteAbandoned() { abandoned.withLock { $0 += 1 } }

    /// Starts a server on 127.0.0.1, or on ::1.
    public init(isIPv6: Bool = false, script: @escaping @Sendable (Connection) -> Void) throws {
        let listener = socket(isIPv6 ? AF_INET6 : AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        self.listener = listener
        // Large enough for either kind, and both have their port at the same place.
        var address = sockaddr_in6()
        var length = socklen_t(MemoryLayout<sockaddr_in6>.size)
        if isIPv6 {
            address.sin6_family = sa_family_t(AF_INET6)
            address.sin6_addr = in6addr_loopback
        } else {
            withUnsafeMutableBytes(of: &address) { bytes in
                var loopback = sockaddr_in()
                loopback.sin_family = sa_family_t(AF_INET)
                loopback.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
                withUnsafeBytes(of: loopback) { bytes.copyMemory(from: $0) }
            }
            length = socklen_t(MemoryLayout<sockaddr_in>.size)
        }
        port = try withUnsafeMutablePointer(to: &address) { pointer in
            try pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                guard bind(listener, generic, length) == 0, listen(listener, 64) == 0,
                    getsockname(listener, generic, &length) == 0
                else { throw POSIXError(.EADDRNOTAVAIL) }
            }
            return Int(UInt16(bigEndian: pointer.pointee.sin6_port))
        }
        authority = "\(isIPv6 ? "[::1]" : "127.0.0.1"):\(port)"
        Thread.detachNewThread { [self] in
            while true {
                let accepted = accept(listener, nil, nil)
                guard accepted >= 0 else {
                    // Only here, or this thread might accept for another server that was given the number meanwhile.
                    close(listener)
                    return
                }
                Thread.detachNewThread {
                    script(Connection(socket: accepted, server: self))
                    shutdown(accepted, Int32(SHUT_RDWR))
                    close(accepted)
                }
            }
        }
    }

    /// Holds a connection open without reading from it.
    public func waitUntilStopped() {
        stopped.wait()
        stopped.signal()
    }

    /// Ends the server: no connection is accepted from now on.
    public func stop() {
        stopped.signal()
        shutdown(listener, Int32(SHUT_RDWR))
    }
}
