import HTTPTransport

/// Lets some tasks through at a time, the others in the order in which they came.
///
/// What a task needs while it calls a service is much more than what it needs while it waits here, so a crowd of jobs
/// costs little memory at any time.
final class AsyncSemaphore: Sendable {
    private struct State {
        var free: Int
        var waiting: [Int: CheckedContinuation<Void, Never>] = [:]
        /// Who waits, in their order, and some who do no more.
        var order: ArraySlice<Int> = []
        var last = 0
    }

    private let state: Locked<State>

    /// - Parameter width: How many may be inside at a time.
    init(width: Int) {
        state = Locked(State(free: width))
    }

    /// Runs `body` once there is room; a cancelled task goes through at once.
    func pass<Value>(_ body: () async -> Value) async -> Value {
        await enter()
        defer { leave() }
        return await body()
    }

    private func enter() async {
        let number = state.withLock { state -> Int? in
            if state.free > 0 {
                state.free -= 1
                return nil
            }
            state.last += 1
            return state.last
        }
        guard let number else { return }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let mayEnter = state.withLock { state in
                    if Task.isCancelled || state.free > 0 {
                        state.free -= 1
                        return true
                    }
                    state.waiting[number] = continuation
                    state.order.append(number)
                    return false
                }
                if mayEnter { continuation.resume() }
            }
        } onCancel: {
            let continuation = state.withLock { state in
                let continuation = state.waiting.removeValue(forKey: number)
                // It enters beyond the width.
                if continuation != nil { state.free -= 1 }
                return continuation
            }
            continuation?.resume()
        }
    }

    private func leave() {
        let next = state.withLock { state -> CheckedContinuation<Void, Never>? in
            state.free += 1
            guard state.free > 0 else { return nil }
            while let number = state.order.popFirst() {
                if let next = state.waiting.removeValue(forKey: number) {
                    state.free -= 1
                    return next
                }
            }
            return nil
        }
        next?.resume()
    }
}
