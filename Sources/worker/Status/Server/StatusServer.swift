import FlyingSocks
import Foundation
import HTTPTypes
import Logging

/// Answers requests at a socket, so that no client can wear the worker out: a few at a time, each with one short request
/// and little time.
///
/// It stands on FlyingFox's sockets alone, since FlyingFox's server reads heads of any length and waits for ever.
struct StatusServer: Sendable {
    /// How much clients may ask for.
    struct Limits: Sendable {
        /// How many connections are served at once; others wait for their turn in the kernel.
        var connections = 32
        /// How long one may take, from the first byte to the last.
        var time: Duration = .seconds(10)
        /// How much of what a client goes on to send is read, so that it gets to the reply.
        var leftover = 262_144
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
        defer { try? listener.socket.close() }
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
        await withTaskGroup(of: Void.self) { connections in
            var open = 0
            while !Task.isCancelled {
                if open == limits.connections {
                    await connections.next()
                    open -= 1
                }
                do {
                    let connection = try await socket.accept()
                    open += 1
                    connections.addTask { await serve(connection) }
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

    private func serve(_ connection: AsyncSocket) async {
        defer { try? connection.close() }
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
