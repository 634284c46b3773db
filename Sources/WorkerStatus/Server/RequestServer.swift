import FlyingSocks
import Foundation
import HTTPTransport
import HTTPTypes
import Logging

/// Answers requests at a socket, so that no client can wear the worker out: a few at a time, each with one short request
/// and little time.
///
/// It stands on FlyingFox's sockets alone, since FlyingFox's server reads heads of any length and waits for ever.
struct RequestServer: Sendable {
    /// How much clients may ask for.
    struct Limits: Sendable {
        /// How many connections are served at once; one more takes the place of the oldest.
        var connections = 32
        /// How long one may take, from the first byte to the last.
        var time: Duration = .seconds(10)
        /// How much of what a client goes on to send is read, so that it gets to the reply.
        var leftover = 262_144

        /// Those of a process that may open so many files: however many come, most files are left to its calls.
        static func fitting(openFiles: UInt) -> Self { Self(connections: max(Int(min(32, openFiles / 8)), 2)) }
    }

    let listener: StatusListener
    var limits = Limits()
    let logger: Logger
    /// Makes the reply to a request.
    let reply: @Sendable (RequestHead) async -> StatusReply

    /// Serves until the task is cancelled.
    ///
    /// - Throws: An error when the system's events fail, which ends the server.
    func run() async throws {
        defer { listener.close() }
        let pool = SocketPool.make(maxEvents: 64)
        try await pool.prepare()
        try await withThrowingTaskGroup { tasks in
            tasks.addTask { try await pool.run() }
            tasks.addTask { try await accept(AsyncSocket(socket: listener.socket, pool: pool)) }
            // Both go on until they fail or are cancelled.
            defer { tasks.cancelAll() }
            try await tasks.next()
        }
    }

    private func accept(_ socket: AsyncSocket) async throws {
        let crowd = Crowd()
        await withTaskGroup(of: Void.self) { connections in
            var open = 0
            while !Task.isCancelled {
                // Those that had to go end soon.
                if open == 2 * limits.connections {
                    await connections.next()
                    open -= 1
                }
                do {
                    let connection = try await socket.accept()
                    guard FileAccess.unlessSpare(connection.socket.file.rawValue) >= 0 else { continue }
                    open += 1
                    crowd.add(connection, most: limits.connections)
                    connections.addTask { await serve(connection, in: crowd) }
                } catch is CancellationError {
                    break
                } catch {
                    // A client that left too early, or too many open files: nothing that asking at once would help.
                    logger.debug("A connection to the status page fails", metadata: ["error": "\(error)"])
                    try? await Task.sleep(for: .milliseconds(200))
                }
            }
            connections.cancelAll()
        }
        throw CancellationError()
    }

    private func serve(_ connection: AsyncSocket, in crowd: Crowd) async {
        defer {
            crowd.remove(connection)
            try? connection.close()
        }
        _ = fcntl(connection.socket.file.rawValue, F_SETFD, FD_CLOEXEC)
        await withTaskGroup { tasks in
            tasks.addTask {
                // It has failed for the client alone, who knows.
                try? await exchange(connection)
            }
            tasks.addTask { try? await Task.sleep(for: limits.time) }
            await tasks.next()
            tasks.cancelAll()
        }
    }

    private func exchange(_ connection: AsyncSocket) async throws {
        var bytes: [UInt8] = []
        var answer: Data?
        while answer == nil {
            bytes += try await connection.read(atMost: 4_096)
            switch RequestHead.read(bytes) {
            case .incomplete: break
            case .head(let head): answer = await reply(head).bytes(isHead: head.method == "HEAD")
            case .tooLong:
                answer = StatusReply(.requestHeaderFieldsTooLarge, "The request is too long.\n").bytes(isHead: false)
            case .malformed: answer = StatusReply(.badRequest, "This is no request.\n").bytes(isHead: false)
            }
        }
        try await connection.write(answer ?? Data())
        // To close with bytes unread would make the kernel take the reply back.
        shutdown(connection.socket.file.rawValue, Int32(SHUT_WR))
        var left = limits.leftover
        while left > 0 { left -= try await connection.read(atMost: 4_096).count }
    }
}

/// The connections that are open, oldest first.
private struct Crowd: Sendable {
    private let files = Locked<[Int32]>([])

    /// Adds a connection, and ends the oldest where there are too many: who dawdles mustn't keep a health check from its
    /// answer.
    func add(_ connection: AsyncSocket, most: Int) {
        files.withLock { files in
            if files.count >= most { shutdown(files.removeFirst(), Int32(SHUT_RDWR)) }
            files.append(connection.socket.file.rawValue)
        }
    }

    /// Forgets a connection, which has to be before it is closed, when its number becomes another's.
    func remove(_ connection: AsyncSocket) {
        files.withLock { files in files.removeAll { $0 == connection.socket.file.rawValue } }
    }
}
