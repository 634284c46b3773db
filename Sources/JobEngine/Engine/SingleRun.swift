import HTTPTransport

/// Why a worker's `run()` was refused: it is running already.
///
/// Two runs at once would share a journal, and each take the other's jobs for its own of an earlier run.
public struct WorkerIsRunning: Error, Sendable, CustomStringConvertible {
    /// What is wrong, and what to do.
    public var description: String {
        "This worker is running already. For two at once make another one, with a journal of its own."
    }
}

/// Lets a worker, of which copies are the same, run once at a time.
package final class SingleRun: Sendable {
    private let isRunning = Locked(false)

    package init() {}

    /// Runs `body`.
    ///
    /// - Throws: ``WorkerIsRunning`` while an earlier one runs; else what `body` throws.
    package func callAsFunction(_ body: () async throws -> Void) async throws {
        let isFirst = isRunning.withLock { isRunning in
            defer { isRunning = true }
            return !isRunning
        }
        guard isFirst else { throw WorkerIsRunning() }
        defer { isRunning.withLock { $0 = false } }
        try await body()
    }
}
