/// A text of a definition that may be unknown.
struct PlannedText: Sendable {
    /// The text; `nil` where it can't be known.
    let value: String?
    let place: Place
    /// Whether it is a default that somebody may replace.
    var isAssumed = false
}

/// A pipeline as its author has written it, as far as it can be known.
struct PlannedPipeline: Sendable {
    struct Variable: Sendable {
        let name: String
        let defaultValue: PlannedText?
    }

    /// Its name, or that of the template's resource.
    var label = ""
    var place = Place(line: 1, column: 1)
    var type: PlannedText?
    var mode: PlannedText?
    var variables: [Variable] = []
    /// Where the variables stand; `nil` without any.
    var variablesPlace: Place?
    var stages: [PlannedStage] = []
    /// Whether there may be stages, actions, artifacts or variables that can't be known.
    var hasUnknownParts = false

    var isParallel: Bool { mode?.value == "PARALLEL" }
    var actions: [PlannedAction] { stages.flatMap(\.actions) }
}

/// A stage.
struct PlannedStage: Sendable {
    var name = PlannedText(value: nil, place: Place(line: 1, column: 1))
    var place = Place(line: 1, column: 1)
    var actions: [PlannedAction] = []
    /// Whether a condition may leave it out.
    var maySkip = false
    /// Whether it goes back to an earlier execution by itself.
    var rollsBack = false
    /// Where its conditions, and what it does about failures, stand; `nil` without any.
    var conditionsPlace: Place?
    /// The texts of its conditions' rules, which may hold variables.
    var ruleTexts: [PlannedText] = []
}

/// An action.
struct PlannedAction: Sendable {
    struct Property: Sendable {
        let name: String
        let namePlace: Place
        let value: PlannedText
    }

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

    var name = PlannedText(value: nil, place: Place(line: 1, column: 1))
    var place = Place(line: 1, column: 1)
    /// Such as `Lab/Start`.
    var label = ""
    var position = Position(stage: 0, order: 1)
    /// Whether it may not be there.
    var isOptional = false
    var category: PlannedText?
    var owner: PlannedText?
    var provider: PlannedText?
    var version: PlannedText?
    var properties: [Property] = []
    /// Where the properties stand; the action's place without any.
    var propertiesPlace = Place(line: 1, column: 1)
    var hasUnknownProperties = false
    var inputs: [PlannedText] = []
    var outputs: [PlannedText] = []
    var namespace: PlannedText?
    /// How many minutes it may take, where that is said.
    var timeout: Int?

    func property(_ name: String) -> Property? { properties.first { $0.name == name } }
}
