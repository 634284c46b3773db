import HTTPTransport

/// Holds back the polls of actions whose work can't be done for now, so that other workers get their jobs.
///
/// Jobs that are held already aren't touched.
package final class JobGate: Sendable {
    private struct State {
        var isOpen: Bool
        var waiting: [AsyncStream<Void>.Continuation] = []
    }

    private let state: Locked<State>

    /// Creates a gate.
    package init(isOpen: Bool = true) {
        state = Locked(State(isOpen: isOpen))
    }

    /// Whether jobs are asked for.
    package var isOpen: Bool { state.withLock { $0.isOpen } }

    /// Lets polls begin.
    package func open() {
        let waiting = state.withLock { state in
            state.isOpen = true
            defer { state.waiting = [] }
            return state.waiting
        }
        for change in waiting { change.finish() }
    }

    /// Holds back polls that haven't begun.
    package func close() {
        state.withLock { $0.isOpen = false }
    }

    /// Waits until the gate is open, or the task is cancelled.
    func pass() async {
        while !Task.isCancelled {
            let changes = state.withLock { state -> AsyncStream<Void>? in
                guard !state.isOpen else { return nil }
                let (changes, change) = AsyncStream<Void>.makeStream()
                state.waiting.append(change)
                return changes
            }
            guard let changes else { return }
            for await _ in changes {}
        }
    }
}
