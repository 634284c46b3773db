import Synchronization

/// State behind a lock that tasks can wait on, without polling.
final class Watched<State: Sendable>: Sendable {
    private struct Waiter {
        /// Resumes the waiting task and returns `true` if the state is what it waits for.
        let check: (State) -> Bool
        let cancel: () -> Void
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
        try guarded.withLock { guarded in
            defer {
                for (id, waiter) in guarded.waiters where waiter.check(guarded.state) {
                    guarded.waiters[id] = nil
                }
            }
            return try body(&guarded.state)
        }
    }

    /// Waits until the state yields a value.
    ///
    /// - Parameters:
    ///   - now: Looks at the state once, at the start.
    ///   - later: Looks at it after each change; `now` where it's absent.
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
                guarded.withLock { guarded in
                    if guarded.cancelled.remove(id) != nil || Task.isCancelled {
                        continuation.resume(throwing: CancellationError())
                    } else if let value = now(guarded.state) {
                        continuation.resume(returning: value)
                    } else {
                        guarded.waiters[id] = Waiter(
                            check: { state in
                                guard let value = later(state) else { return false }
                                continuation.resume(returning: value)
                                return true
                            },
                            cancel: { continuation.resume(throwing: CancellationError()) }
                        )
                    }
                }
            }
        } onCancel: {
            guarded.withLock { guarded in
                if let waiter = guarded.waiters.removeValue(forKey: id) {
                    waiter.cancel()
                } else {
                    guarded.cancelled.insert(id)
                }
            }
        }
    }
}
