import HTTPTransport

/// The executions that jobs of this process have taken for their own, so that none takes another's.
final class ExecutionClaims: Sendable {
    /// More than are ever looked at again.
    private static let limit = 10_000

    private let ids = Locked<Set<String>>([])

    /// Notes that an execution is a job's.
    func add(_ executionID: String) {
        ids.withLock { ids in
            if ids.count >= Self.limit { ids = [] }
            ids.insert(executionID.lowercased())
        }
    }

    /// Whether an execution is some job's.
    func contains(_ executionID: String) -> Bool {
        ids.withLock { $0.contains(executionID.lowercased()) }
    }
}
