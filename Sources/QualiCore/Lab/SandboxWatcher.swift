public import Foundation
public import Logging
public import SandboxAPI

/// Waits for sandboxes to change their state, for any number of jobs at the cost of one read per tick.
///
/// As long as anybody waits, it reads the lab's list of running sandboxes once per interval; a sandbox that isn't in the
/// list (it has ended, or the lab lists it late) is read by its id. A lab that doesn't answer ends no wait: the wait's
/// own deadline does.
public actor SandboxWatcher {
    /// What a wait has come to.
    public enum Sighting: Sendable, Hashable {
        /// The sandbox is in a state that was waited for.
        case state(SandboxState)
        /// The lab doesn't know the sandbox any more.
        case gone
        /// The deadline has passed; the last state seen, if any.
        case overdue(SandboxState?)
    }

    private struct Waiter {
        let sandboxID: String
        let deadline: Date
        let isWanted: @Sendable (SandboxState) -> Bool
        let continuation: CheckedContinuation<Sighting, any Error>
        var lastState: SandboxState?
    }

    private let client: SandboxClient
    private let interval: Duration
    private let clock: any WorkerClock
    private let arrivals: AsyncStream<Void>
    private let arrived: AsyncStream<Void>.Continuation
    private var outage: OutageLog
    private var waiters: [Int: Waiter] = [:]
    private var lastWaiter = 0

    /// Creates a watcher; ``run()`` makes it work.
    public init(client: SandboxClient, interval: Duration, clock: any WorkerClock = .system, logger: Logger) {
        self.client = client
        self.interval = interval
        self.clock = clock
        outage = OutageLog("Reading the lab's sandboxes", logger: logger)
        (arrivals, arrived) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Reads the lab while anybody waits, until the task is cancelled.
    public func run() async {
        for await _ in arrivals {
            while !waiters.isEmpty, !Task.isCancelled {
                await look()
                guard !waiters.isEmpty else { break }
                try? await clock.sleep(for: interval)
            }
        }
    }

    /// Waits until a sandbox is in a wanted state, is gone, or the deadline passes.
    ///
    /// - Throws: `CancellationError` when the task is cancelled; nothing else.
    public func wait(
        for sandboxID: String,
        until deadline: Date,
        where isWanted: @escaping @Sendable (SandboxState) -> Bool
    ) async throws -> Sighting {
        lastWaiter += 1
        let id = lastWaiter
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                guard !Task.isCancelled else {
                    continuation.resume(throwing: CancellationError())
                    return
                }
                waiters[id] = Waiter(
                    sandboxID: sandboxID,
                    deadline: deadline,
                    isWanted: isWanted,
                    continuation: continuation
                )
                arrived.yield()
            }
        } onCancel: {
            // The handler isn't isolated. A short task brings the cancellation to the actor; the continuation that it
            // resumes is what the cancelled task awaits.
            Task { await self.cancel(id) }
        }
    }

    private func cancel(_ id: Int) {
        waiters.removeValue(forKey: id)?.continuation.resume(throwing: CancellationError())
    }

    private func look() async {
        var states: [String: SandboxState] = [:]
        var gone: Set<String> = []
        do {
            for sandbox in try await client.sandboxes() { states[sandbox.id] = sandbox.state }
            for id in Set(waiters.values.map(\.sandboxID)) where states[id] == nil {
                do {
                    states[id] = try await client.sandbox(id: id).state
                } catch let error as SandboxAPIError where error.code == .notFound {
                    gone.insert(id)
                }
            }
            outage.succeeded()
        } catch is CancellationError {
            return
        } catch {
            outage.failed(error)
        }
        let now = clock.now
        for (id, waiter) in waiters {
            let state = states[waiter.sandboxID]
            if let state { waiters[id]?.lastState = state }
            let sighting: Sighting
            if let state, waiter.isWanted(state) {
                sighting = .state(state)
            } else if gone.contains(waiter.sandboxID) {
                sighting = .gone
            } else if now >= waiter.deadline {
                sighting = .overdue(state ?? waiter.lastState)
            } else {
                continue
            }
            waiters[id] = nil
            waiter.continuation.resume(returning: sighting)
        }
    }
}
