import HTTPTransport

/// Tells a run that it is to stop, and whether in a hurry.
final class StopSignal: Sendable {
    /// How soon to stop; a later one is more urgent.
    enum Urgency: Int, Comparable {
        /// Jobs are drained, handed over and reported in their time.
        case orderly = 1
        /// There are seconds left, since the run's task was cancelled.
        case hurried

        static func < (one: Self, other: Self) -> Bool { one.rawValue < other.rawValue }
    }

    private struct State {
        var urgency: Urgency?
        var waiting: [Int: (for: Urgency, continuation: CheckedContinuation<Void, Never>)] = [:]
        var last = 0

        func isReached(_ urgency: Urgency) -> Bool { self.urgency.map { $0 >= urgency } ?? false }
    }

    private let state = Locked(State())

    /// Gives the signal.
    func stop(_ urgency: Urgency) {
        let woken = state.withLock { state in
            state.urgency = max(state.urgency ?? urgency, urgency)
            let woken = state.waiting.filter { state.isReached($0.value.for) }
            for number in woken.keys { state.waiting[number] = nil }
            return woken.values.map(\.continuation)
        }
        for continuation in woken { continuation.resume() }
    }

    /// Whether the signal has been given.
    func isGiven(_ urgency: Urgency = .orderly) -> Bool { state.withLock { $0.isReached(urgency) } }

    /// Waits for the signal, or until the task is cancelled.
    func given(_ urgency: Urgency = .orderly) async {
        let number = state.withLock { state in
            state.last += 1
            return state.last
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = state.withLock { state in
                    if state.isReached(urgency) || Task.isCancelled { return true }
                    state.waiting[number] = (urgency, continuation)
                    return false
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.waiting.removeValue(forKey: number) }?.continuation.resume()
        }
    }
}
