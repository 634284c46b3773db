/// How an execution of a command stands.
///
/// The lab's documentation leaves out the final values; those known here are the ones that clients have met. An
/// unknown one is not final: keep reading until a deadline.
public struct ExecutionStatus: CaseInsensitiveName {
    /// The status as the lab spelled it.
    public let rawValue: String

    /// Wraps a status as the lab spells it.
    public init(rawValue: String) {
        self.rawValue = rawValue
    }

    /// Waits for its turn.
    package static let pending = ExecutionStatus(rawValue: "Pending")
    /// Runs.
    package static let running = ExecutionStatus(rawValue: "Running")
    /// Is being cancelled.
    package static let stopping = ExecutionStatus(rawValue: "Stopping")
    /// Has ended well.
    package static let completed = ExecutionStatus(rawValue: "Completed")
    /// Has failed.
    package static let failed = ExecutionStatus(rawValue: "Failed")
    /// Has failed, as some labs call it.
    package static let error = ExecutionStatus(rawValue: "Error")
    /// Was cancelled; see ``isCancelled`` for its other spellings.
    package static let cancelled = ExecutionStatus(rawValue: "Cancelled")
    /// Was stopped.
    package static let stopped = ExecutionStatus(rawValue: "Stopped")

    /// Whether the command has ended well.
    public var isSuccess: Bool {
        ["completed", "complete", "finished", "succeeded", "success"].contains(folded)
    }
    /// Whether somebody ended the command before it was done.
    public var isCancelled: Bool {
        ["cancelled", "canceled", "stopped"].contains(folded)
    }
    /// Whether the command has ended in any other way than well.
    public var isFailure: Bool {
        isCancelled || ["failed", "error"].contains(folded)
    }
    /// Whether the status won't change any more.
    public var isFinal: Bool { isSuccess || isFailure }
}
