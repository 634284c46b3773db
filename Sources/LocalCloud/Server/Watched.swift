import Synchronization

/// State behind a lock that tasks can wait on, without polling.
final class Watched<State: Sendable>: Sendable {
    /// Lets a waiting task go; not under the lock, which the task's cancellation takes, too.
    private typealias Resumption = @Sendable () -> Void

    private struct Waiter {
        /// What lets the task go, if the state is what it waits for.
        let check: @Sendable (State) -> Resumption?
        let cancel: Resumption
    }

    private struct Guarded {
        var state: State
        var waiters: [Int: Waiter] = [:]
        var nextID = 0
        /// Waits that were cancelled before they were registered.
        var cancelled: Set<Int> = []
    }

    private let guarded: Mutex<Guarded>

    init(_ state: State) {
        guarded = Mutex(Guarded(state: state))
    }

    /// Reads the state.
    func read<R: Sendable>(_ body: (State) throws -> R) rethrows -> R {
        try guarded.withLock { try body($0.state) }
    }

    /// Changes the state, then lets those go whose condition now holds.
    @discardableResult
    func change<R: Sendable>(_ body: (inout State) throws -> R) rethrows -> R {
        var resumptions: [Resumption] = []
        defer { for resume in resumptions { resume() } }
        return try guarded.withLock { guarded in
            defer {
                for (id, waiter) in guarded.waiters {
                    guard let resume = waiter.check(guarded.state) else { continue }
                    resumptions.append(resume)
                    guarded.waiters[id] = nil
                }
            }
            return try body(&guarded.state)
        }
    }

    /// Waits until the state yields a value.
    ///
    /// `now` looks at the state once, at the start, and `later` after each change; where it's absent, `now` does.
    ///
    /// - Throws: `CancellationError` when the task is cancelled.
    func wait<R: Sendable>(
        for now: @escaping @Sendable (State) -> R?,
        later: (@Sendable (State) -> R?)? = nil
    ) async throws -> R {
        let later = later ?? now
        let id = guarded.withLock { guarded in
            guarded.nextID += 1
            return guarded.nextID
        }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<R, any Error>) in
                let resume = guarded.withLock { guarded -> Resumption? in
                    if guarded.cancelled.remove(id) != nil || Task.isCancelled {
                        return { continuation.resume(throwing: CancellationError()) }
                    }
                    if let value = now(guarded.state) { return { continuation.resume(returning: value) } }
                    guarded.waiters[id] = Waiter(
                        check: { state in
                            guard let value = later(state) else { return nil }
                            return { continuation.resume(returning: value) }
                        },
                        cancel: { continuation.resume(throwing: CancellationError()) }
                    )
                    return nil
                }
                resume?()
            }
        } onCancel: {
            let waiter = guarded.withLock { guarded -> Waiter? in
                let waiter = guarded.waiters.removeValue(forKey: id)
                if waiter == nil { guarded.cancelled.insert(id) }
                return waiter
            }
            waiter?.cancel()
        }
    }
}
