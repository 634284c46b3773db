/// A pipeline as its author has written it, as far as it can be known.
///
/// Of a node that stands for a text, the text is `nil` where it can't be known.
struct PlannedPipeline: Sendable {
    /// Its name, or that of the template's resource.
    var label = ""
    let place: Place
    var type: Node?
    var mode: Node?
    var variables: [(name: String, defaultValue: String?)] = []
    var stages: [PlannedStage] = []
    /// Whether there may be stages, actions, artifacts or variables that can't be known.
    var hasUnknownParts = false

    var isParallel: Bool { mode?.text == "PARALLEL" }
    /// Whether a stage can be rolled back.
    var knowsRollbacks: Bool { !isParallel && type?.text != "V1" }
    var actions: [PlannedAction] { stages.flatMap(\.actions) }
}

/// A stage.
struct PlannedStage: Sendable {
    let place: Place
    var name: Node?
    var actions: [PlannedAction] = []
    /// Whether a condition may leave it out.
    var maySkip = false
    /// Whether it goes back to an earlier execution by itself.
    var rollsBack = false
    /// The texts of its conditions' rules, which may hold variables.
    var ruleTexts: [Node] = []

    var label: String { name?.text ?? "?" }
}

/// An action.
struct PlannedAction: Sendable {
    /// When it runs: the stage's number and the run order, as far as that is known.
    struct Position: Sendable {
        let stage: Int
        let order: Int?

        /// Whether it comes before another one, where an order that can't be known is the first.
        func isBefore(_ other: Self) -> Bool { (stage, order ?? 1) < (other.stage, other.order ?? 1) }

        /// Whether it certainly doesn't come after another one.
        func isCertainlyNotAfter(_ other: Self) -> Bool {
            guard stage == other.stage else { return stage < other.stage }
            guard let order, let otherOrder = other.order else { return false }
            return order <= otherOrder
        }
    }

    let place: Place
    var name: Node?
    /// Such as `Lab/Start`.
    var label = ""
    var position = Position(stage: 0, order: 1)
    /// Whether it may not be there.
    var isOptional = false
    var category: Node?
    var owner: Node?
    var provider: Node?
    var version: Node?
    var properties: [Node.Member] = []
    /// Where the properties stand; the action's place without any.
    var propertiesPlace: Place
    var hasUnknownProperties = false
    var inputs: [Node] = []
    var outputs: [Node] = []
    var namespace: Node?
    /// How many minutes it may take, where that is said.
    var timeout: Int?

    func property(_ name: String) -> Node? { properties.first { $0.name == name }?.value }

    /// Whether an artifact is certainly one of its outputs.
    func makes(_ artifact: Node) -> Bool { outputs.contains { $0.text != nil && $0.text == artifact.text } }
}
