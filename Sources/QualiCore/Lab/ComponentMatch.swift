/// How the property `ComponentName` of a run action finds a component.
public enum ComponentMatch: String, Sendable, Hashable, CaseIterable {
    /// An exact name, else a regular expression that matches one whole name of exactly one component.
    case whole
    /// An exact name, else the first whole name that a regular expression matches, else the first name that it matches from
    /// its beginning, in the lab's order.
    ///
    /// The original Python worker took the first that matched from its beginning. Where this passes over others, the job's
    /// summary and the log warn. It is for the time of a move.
    case original
}
