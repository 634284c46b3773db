public import Foundation

/// What a job waits for, for people.
public struct JobWaitInfo: Sendable, Codable, Hashable {
    /// What it is, as in "the sandbox's setup".
    public var reason: String
    /// When the wait ends at the latest, in CodePipeline's time; `nil` if that isn't known.
    public var deadline: Date?

    /// Describes a wait.
    package init(reason: String, deadline: Date? = nil) {
        self.reason = reason
        self.deadline = deadline
    }
}
