import HTTPTransport

/// Which executions belong to the actions that this process has worked on, so that none takes another's for its own.
final class ExecutionClaims: Sendable {
    private struct State {
        /// Each with its action.
        var executions: [String: String] = [:]
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
            state.executions[executionID.lowercased()] = actionExecutionID
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

    /// Whether an execution is known to be that of another action than this one.
    func isAnothers(_ executionID: String, than actionExecutionID: String) -> Bool {
        state.withLock { state in
            state.executions[executionID.lowercased()].map { $0 != actionExecutionID } ?? false
        }
    }

    /// Whether all that an action has started is known here.
    func isSettled(_ actionExecutionID: String) -> Bool {
        state.withLock { $0.settled.contains(actionExecutionID) }
    }
}
