import HTTPTransport

/// Which executions belong to the actions that this process has worked on, so that none takes another's for its own.
final class ExecutionClaims: Sendable {
    private struct State {
        var executions: Set<String> = []
        /// Actions of which nothing has been started in the lab that isn't in `executions`.
        var settled: Set<String> = []
    }

    /// More than are ever looked at again.
    private static let limit = 10_000

    private let state = Locked(State())

    /// Notes that an execution is an action's.
    func add(_ executionID: String, of actionExecutionID: String) {
        state.withLock { state in
            if state.executions.count >= Self.limit { state = State() }
            state.executions.insert(executionID.lowercased())
            state.settled.insert(actionExecutionID)
        }
    }

    /// Notes whether all that an action has started is known.
    func note(_ actionExecutionID: String, isSettled: Bool) {
        state.withLock { state in
            if isSettled {
                state.settled.insert(actionExecutionID)
            } else {
                state.settled.remove(actionExecutionID)
            }
        }
    }

    /// Whether an execution is some action's.
    func contains(_ executionID: String) -> Bool {
        state.withLock { $0.executions.contains(executionID.lowercased()) }
    }

    /// Whether all that an action has started is known here.
    func isSettled(_ actionExecutionID: String) -> Bool {
        state.withLock { $0.settled.contains(actionExecutionID) }
    }
}
