public import Foundation

/// Programs that tests need beside them.
public enum Programs {
    /// A program can't be run, or fails.
    public struct Failure: Error, CustomStringConvertible {
        /// What is wrong.
        public let description: String
    }

    /// Whether there is a program of this name.
    public static func isInstalled(_ name: String) -> Bool {
        path(name) != nil
    }

    /// Runs a program to its end.
    ///
    /// - Throws: ``Failure`` when its status isn't 0.
    public static func run(_ arguments: [String]) async throws {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = arguments
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        let status = try await withCheckedThrowingContinuation { (done: CheckedContinuation<Int32, any Error>) in
            process.terminationHandler = { done.resume(returning: $0.terminationStatus) }
            do { try process.spawn() } catch { done.resume(throwing: error) }
        }
        guard status == 0 else { throw Failure(description: "\(arguments.joined(separator: " ")): status \(status)") }
    }

    /// Starts a server that wants to be told its port, and waits until it listens.
    ///
    /// - Throws: ``Failure`` when it doesn't.
    public static func server(_ name: String, _ arguments: (Int) throws -> [String]) async throws -> (Process, Int) {
        guard let path = path(name) else { throw Failure(description: "\(name) isn't installed") }
        // A free port may be taken by the time the server asks for it; then it ends at once.
        for _ in 0..<5 {
            let port = try freePort()
            let process = Process()
            process.executableURL = URL(filePath: path)
            process.arguments = try arguments(port)
            process.standardOutput = FileHandle.nullDevice
            process.standardError = FileHandle.nullDevice
            try process.spawn()
            while process.isRunning {
                if isListening(port) { return (process, port) }
                try await Task.sleep(for: .milliseconds(10))
            }
        }
        throw Failure(description: "\(name) doesn't start")
    }

    /// Ends a server at once.
    ///
    /// A process that Foundation starts may have SIGTERM blocked.
    public static func end(_ server: Process) {
        if server.isRunning { kill(server.processIdentifier, SIGKILL) }
    }

    private static func path(_ name: String) -> String? {
        ["/usr/bin", "/usr/sbin", "/usr/local/bin"].map { "\($0)/\(name)" }
            .first { FileManager.default.isExecutableFile(atPath: $0) }
    }

    private static func freePort() throws -> Int {
        let server = try RawServer { _ in }
        defer { server.stop() }
        return server.port
    }

    private static func isListening(_ port: Int) -> Bool {
        let probe = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(probe) }
        return FullListener.connect(probe, port) == 0
    }
}

/// A listener whose queue is full, so that the system answers no further connection.
public final class FullListener: Sendable {
    /// The port that it has on 127.0.0.1.
    public let port: Int
    private let sockets: [Int32]

    /// Takes a free port, and fills the queue.
    public init() throws {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = Self.address(0)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let port = try withUnsafeMutablePointer(to: &address) { pointer in
            try pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                guard bind(listener, generic, length) == 0, listen(listener, 0) == 0,
                    getsockname(listener, generic, &length) == 0
                else { throw POSIXError(.EADDRNOTAVAIL) }
            }
            return Int(UInt16(bigEndian: pointer.pointee.sin_port))
        }
        self.port = port
        sockets =
            [listener]
            + (0..<3).map { _ in
                let filler = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
                _ = Self.connect(filler, port)
                return filler
            }
    }

    deinit { for socket in sockets { close(socket) } }

    /// Connects a socket to a port of 127.0.0.1; 0 is success, as the system has it.
    public static func connect(_ socket: Int32, _ port: Int) -> Int32 {
        var address = address(port)
        let length = socklen_t(MemoryLayout<sockaddr_in>.size)
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { Foundation.connect(socket, $0, length) }
        }
    }

    private static func address(_ port: Int) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        address.sin_port = in_port_t(port).bigEndian
        return address
    }
}
