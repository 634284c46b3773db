public import AWSLite
public import QualiCore

/// What a worker's settings say that a plan depends on.
public struct PlanOptions: Sendable {
    /// The three action types.
    public var actions = QualiActions()
    /// What optional properties say where an action doesn't.
    public var propertyDefaults = PropertyDefaults()
    /// When a sandbox ends with its pipeline where an action doesn't say it.
    public var endWithPipeline = EndWithPipeline.onFailure
    /// Which components a text fits.
    public var componentMatch = ComponentMatch.whole
    /// The custom action types that are registered; `nil` where that isn't known.
    public var registered: [CodePipeline.ActionType]?
    /// Whether to say what the original Python worker does otherwise.
    public var comparesWithOriginal = false

    /// Creates the defaults.
    public init() {}
}
