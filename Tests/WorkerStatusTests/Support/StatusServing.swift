import FlyingSocks
import Logging
import TestSupport

@testable import WorkerStatus

/// Runs a server of requests for the length of a closure, on a free port of this host.
func withRequestServer<Result>(
    limits: RequestServer.Limits = .init(time: .seconds(600)),
    reply: @escaping @Sendable (RequestHead) async -> StatusReply,
    _ body: (UInt16) async throws -> Result
) async throws -> Result {
    let listener = try StatusListener(StatusAddress(port: 0))
    let server = RequestServer(listener: listener, limits: limits, logger: .silent, reply: reply)
    return try await withThrowingTaskGroup { tasks in
        tasks.addTask { try await server.run() }
        defer { tasks.cancelAll() }
        return try await body(port(of: listener.address))
    }
}

/// The port of an address such as `127.0.0.1:8080`.
func port(of address: String) -> UInt16 { UInt16(address.split(separator: ":").last ?? "") ?? 0 }
