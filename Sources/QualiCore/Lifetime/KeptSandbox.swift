import Foundation

/// A sandbox that one of the account's start actions has made, and that may outlive it.
struct KeptSandbox: Sendable, Codable, Hashable {
    /// The action's execution, of whose id the sandbox's tag is made.
    let actionExecutionID: String
    /// The action.
    let place: JobPlace
    /// How long it is to live.
    let terms: LifetimeTerms
    /// Whether this worker, or an earlier run of it, has started it.
    let isOwn: Bool
    /// Whether its action has succeeded, as far as that is known here.
    var isReady = false

    var execution: PipelineExecutionID { PipelineExecutionID(place) }
    var tag: SandboxTag { SandboxTag(actionExecutionID: actionExecutionID) }

    /// Whether another sandbox is of the same action, in the same execution, so that the later one replaces the earlier.
    func isAttempt(of other: KeptSandbox) -> Bool {
        place == other.place && actionExecutionID != other.actionExecutionID
    }
}
