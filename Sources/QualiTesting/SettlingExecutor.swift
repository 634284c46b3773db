import Dispatch
import HTTPTransport

/// Runs tasks piece by piece on a queue of its own, and tells when none has anything left to do: all sleep, or wait for
/// something from outside.
///
/// A task that isn't another's child runs elsewhere, but for a step of `shielded`.
package final class SettlingExecutor: TaskExecutor {
    private struct State {
        var pieces = 0
        var watchers: [CheckedContinuation<Void, Never>] = []
    }

    private let queue = DispatchQueue(label: "SettlingExecutor")
    private let state = Locked(State())

    package init() {}

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        state.withLock { $0.pieces += 1 }
        queue.async { [self] in
            // Each job comes here once, and is run once.
            unsafe job.runSynchronously(on: asUnownedTaskExecutor())
            // What that piece has woken is counted in by now.
            let watchers = state.withLock { state -> [CheckedContinuation<Void, Never>] in
                state.pieces -= 1
                guard state.pieces == 0 else { return [] }
                defer { state.watchers = [] }
                return state.watchers
            }
            for watcher in watchers { watcher.resume() }
        }
    }

    /// Waits until nothing is left to do, from outside of its tasks.
    package func settled() async {
        await withCheckedContinuation { continuation in
            let isSettled = state.withLock { state in
                if state.pieces > 0 { state.watchers.append(continuation) }
                return state.pieces == 0
            }
            if isSettled { continuation.resume() }
        }
    }
}
