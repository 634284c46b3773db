import HTTPTransport

/// The room that a worker has: how many jobs it may hold, and that some of it is kept for the actions that free a lab.
final class JobSlots: Sendable {
    private struct State {
        var used = 0
        var waiting: [Int: CheckedContinuation<Void, Never>] = [:]
        var lastWaiter = 0
    }

    private let capacity: Int
    private let reserve: Int
    private let state = Locked(State())

    /// Creates room for `capacity` jobs, of which one in ten (at least one, if there is more than one) is kept for
    /// privileged actions.
    init(capacity: Int) {
        self.capacity = capacity
        reserve = capacity > 1 ? max(1, capacity / 10) : 0
    }

    /// How many jobs are held.
    var inUse: Int { state.withLock { $0.used } }

    /// Takes up to a share of what is free, waiting until there is at least one.
    ///
    /// - Parameters:
    ///   - privileged: Whether the reserve may be used too.
    ///   - share: Over how many takers what is free is to be spread.
    ///   - most: The most to take.
    /// - Returns: How many slots the caller has now; 0 only if its task was cancelled.
    func take(privileged: Bool, share: Int, most: Int = .max) async -> Int {
        while !Task.isCancelled {
            let count = state.withLock { state in
                let free = free(state, privileged)
                let count = free > 0 ? min(most, max(1, free / share)) : 0
                state.used += count
                return count
            }
            if count > 0 { return count }
            await wait { free($0, privileged) > 0 }
        }
        return 0
    }

    /// Waits until no job is held, or the task is cancelled.
    func emptied() async {
        while inUse > 0, !Task.isCancelled {
            await wait { $0.used == 0 }
        }
    }

    /// Takes slots for jobs that are held already, even beyond the capacity.
    func occupy(_ count: Int) {
        state.withLock { $0.used += count }
    }

    /// Gives slots back.
    func release(_ count: Int) {
        guard count > 0 else { return }
        let woken = state.withLock { state in
            state.used -= count
            defer { state.waiting = [:] }
            return state.waiting.values
        }
        for continuation in woken { continuation.resume() }
    }

    private func free(_ state: State, _ privileged: Bool) -> Int {
        capacity - state.used - (privileged ? 0 : reserve)
    }

    /// Waits for a release, unless the state is as wanted already.
    private func wait(until isWanted: (State) -> Bool) async {
        let id = state.withLock { state in
            state.lastWaiter += 1
            return state.lastWaiter
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let mustWait = state.withLock { state in
                    // Room may have come, or the cancellation, since the caller looked.
                    guard !isWanted(state), !Task.isCancelled else { return false }
                    state.waiting[id] = continuation
                    return true
                }
                if !mustWait { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.waiting.removeValue(forKey: id) }?.resume()
        }
    }
}
