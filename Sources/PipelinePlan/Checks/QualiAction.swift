import AWSLite
import JobEngine
import QualiCore
import SandboxAPI

/// One of the three actions, as far as its properties can be known.
struct QualiAction: Sendable {
    enum Kind: Int, Sendable, CaseIterable {
        case start
        case run
        case end

        /// The variables that it sets.
        var variables: [String] {
            switch self {
            case .start: ["SandboxId", "SandboxName", "SandboxUrl", "SandboxDetails"]
            case .run: ["ExecutionId", "CommandOutput", "CommandStatus"]
            case .end: ["SandboxId", "SandboxUrl"]
            }
        }
    }

    /// Which sandbox an action is about.
    enum SandboxSource: Sendable {
        /// That of a start action of the pipeline, by its label.
        case start(String)
        /// Another one, or one that can't be known.
        case unknown
        /// None is named.
        case none
    }

    /// A property's text with all of its variables put in.
    struct Value: Sendable {
        let text: String
        let place: Place
        var isAssumed = false
    }

    let kind: Kind
    let action: PlannedAction
    private(set) var values: [String: Value] = [:]
    var sandbox = SandboxSource.unknown

    init(_ kind: Kind, _ action: PlannedAction, variables: [PlannedPipeline.Variable]) {
        self.kind = kind
        self.action = action
        for property in action.properties {
            guard let text = property.value.value else { continue }
            var isAssumed = property.value.isAssumed
            let known = VariableReference.replaced(text) { reference in
                guard reference.namespace == "variables" else { return nil }
                isAssumed = true
                return variables.first { $0.name == reference.name }?.defaultValue?.value
            }
            if let known {
                values[property.name] = Value(text: known, place: property.value.place, isAssumed: isAssumed)
            }
        }
    }

    /// Whether a property is there, be it that its text can't be known.
    func has(_ name: String) -> Bool { action.hasUnknownProperties || action.property(name) != nil }

    /// A property's minutes; `nil` where they can't be known.
    func minutes(_ name: String) -> Int? { values[name].flatMap { Int($0.text.trimmingWhitespace) } }

    /// A property's minutes, or what the defaults say; `nil` where that can't be known.
    func minutes(_ name: String, _ options: PlanOptions, or standard: Int?) -> Int? {
        has(name) ? minutes(name) : options.propertyDefaults.minutes(name) ?? standard
    }

    /// How many minutes it may take while a sandbox waits for it, as far as that is known; an end needs none.
    func longestMinutes(_ options: PlanOptions) -> Int? {
        switch kind {
        case .start: minutes("SetupTimeoutInMinutes", options, or: StartSandbox.leastSetupMinutes)
        case .run: minutes("TimeoutInMinutes", options, or: 15)
        case .end: 0
        }
    }

    // MARK: The worker's own readers

    /// What stands for a text that can't be known.
    private static let stand: [String: String] = [
        "BlueprintName": "B", "DurationInMinutes": "1", "ComponentName": "C", "CommandName": "C",
    ]

    /// Reads the property with the worker's code, as if the others were fine.
    ///
    /// - Throws: What the worker throws.
    func read(_ name: String, _ text: String) throws {
        var texts = Self.stand
        if name != "DurationInMinutes", let duration = minutes("DurationInMinutes"), (1...525_600).contains(duration) {
            texts["DurationInMinutes"] = "\(duration)"
        }
        texts[name] = text
        let properties = ActionProperties(texts)
        switch kind {
        case .start: _ = try StartSandbox.Configuration(properties)
        case .run: _ = try RunCommand.Configuration(properties)
        case .end: _ = try EndSandbox.Configuration(properties)
        }
    }

    /// The names and values of a dictionary; a value is `nil` where it can't be known.
    ///
    /// - Returns: `nil` where not even the names can be known, or where they are wrong.
    func dictionary(_ name: String) -> [(name: String, value: String?)]? {
        guard has(name) else { return [] }
        guard let property = action.property(name), let text = property.value.value else { return nil }
        // A number stands for a variable within quotation marks and without.
        let stand = "190283746501"
        guard let whole = values[name]?.text ?? VariableReference.replaced(text, by: { _ in stand }) else { return nil }
        let pairs = try? ActionProperties([name: whole]).dictionary(name)
        return pairs?.map { ($0.name, $0.value.contains(stand) ? nil : $0.value) }
    }

    /// When the sandbox of a start ends with its pipeline; `nil` where that can't be known.
    func endWithPipeline(_ options: PlanOptions) -> EndWithPipeline? {
        guard has(StartOptions.property) else { return options.endWithPipeline }
        guard let startOptions else { return nil }
        return startOptions.endWithPipeline ?? options.endWithPipeline
    }

    /// A start's options; `nil` where they can't be known or are wrong.
    var startOptions: StartOptions? {
        guard let text = values[StartOptions.property]?.text else { return nil }
        return try? StartOptions(text, duration: .seconds(60))
    }
}

extension PlanOptions {
    /// Which of the three an action is; `nil` for any other.
    func kind(of action: PlannedAction) -> QualiAction.Kind? {
        switch action.provider?.value {
        case nil: nil
        case actions.startSandbox: .start
        case actions.runCommand: .run
        case actions.endSandbox: .end
        default: nil
        }
    }
}

extension PropertyDefaults {
    fileprivate func minutes(_ name: String) -> Int? { texts[name].flatMap { Int($0.trimmingWhitespace) } }
}
