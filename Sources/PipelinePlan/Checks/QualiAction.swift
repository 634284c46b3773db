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
    enum SandboxSource: Sendable, Equatable {
        /// That of a start action of the pipeline, by its label.
        case start(String)
        /// Another one, or one that can't be known.
        case unknown
        /// None is named.
        case none
    }

    let kind: Kind
    let action: PlannedAction
    private let options: PlanOptions
    /// The properties' texts with all of their variables put in, where those can be known.
    private(set) var values: [String: Node] = [:]
    private(set) var sandbox = SandboxSource.unknown

    var label: String { action.label }
    var position: PlannedAction.Position { action.position }

    /// The actions among a pipeline's that are one of the three, each with the start of its sandbox.
    static func all(of pipeline: PlannedPipeline, _ options: PlanOptions) -> [Self] {
        var actions = pipeline.actions.compactMap { action in
            options.kind(of: action).map { Self($0, action, pipeline.variables, options) }
        }
        let starts = actions.filter { $0.kind == .start }
        for index in actions.indices where actions[index].kind != .start {
            let sandbox = actions[index].sandbox(of: starts)
            if sandbox != .none || !pipeline.hasUnknownParts { actions[index].sandbox = sandbox }
        }
        return actions
    }

    private init(
        _ kind: Kind,
        _ action: PlannedAction,
        _ variables: [(name: String, defaultValue: String?)],
        _ options: PlanOptions
    ) {
        self.kind = kind
        self.action = action
        self.options = options
        for property in action.properties {
            guard let text = property.value.text else { continue }
            var value = property.value
            let known = VariableReference.replaced(text) { reference in
                guard reference.namespace == "variables" else { return nil }
                value.isAssumed = true
                return variables.first { $0.name == reference.name }?.defaultValue
            }
            guard let known else { continue }
            value.content = .text(known)
            values[property.name] = value
        }
    }

    private func sandbox(of starts: [Self]) -> SandboxSource {
        if let property = action.property("SandboxId") {
            guard let reference = property.references.first(where: { $0.name == "SandboxId" }),
                let start = starts.first(where: { $0.action.namespace?.text == reference.namespace })
            else { return .unknown }
            return .start(start.label)
        }
        guard !action.hasUnknownProperties else { return .unknown }
        guard let input = action.inputs.first else { return .none }
        return starts.first { $0.action.makes(input) }.map { .start($0.label) } ?? .unknown
    }

    // MARK: Properties

    /// Whether a property is there, be it that its text can't be known.
    func has(_ name: String) -> Bool { action.hasUnknownProperties || action.property(name) != nil }

    /// A property's text; `nil` where it can't be known.
    func text(_ name: String) -> String? { values[name]?.text }

    /// A property's minutes; `nil` where they can't be known.
    func minutes(_ name: String) -> Int? { text(name).flatMap { Int($0.trimmingWhitespace) } }

    /// A property's minutes, or what the defaults say; `nil` where that can't be known.
    func minutes(_ name: String, or standard: Int) -> Int? {
        guard !has(name) else { return minutes(name) }
        return options.propertyDefaults.texts[name].flatMap { Int($0.trimmingWhitespace) } ?? standard
    }

    /// How many minutes it may take while a sandbox waits for it, as far as that is known; an end needs none.
    var longestMinutes: Int? {
        switch kind {
        case .start: minutes("SetupTimeoutInMinutes", or: StartSandbox.leastSetupMinutes)
        case .run: minutes("TimeoutInMinutes", or: 15)
        case .end: 0
        }
    }

    /// When the sandbox of a start ends with its pipeline; `nil` where that can't be known.
    var endWithPipeline: EndWithPipeline? {
        guard has(StartOptions.property) else { return options.endWithPipeline }
        return startOptions.map { $0.endWithPipeline ?? options.endWithPipeline }
    }

    // MARK: The worker's own readers

    /// What stands for a text that can't be known.
    private static let stand: [String: String] = [
        "BlueprintName": "B", "DurationInMinutes": "1", "ComponentName": "C", "CommandName": "C",
    ]

    /// Reads a property with the worker's code, as if the others were fine.
    ///
    /// - Throws: What the worker throws.
    func read(_ name: String) throws {
        var texts = Self.stand
        if let duration = minutes("DurationInMinutes"), (1...525_600).contains(duration) {
            texts["DurationInMinutes"] = "\(duration)"
        }
        texts[name] = text(name)
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
        // A number stands for a variable within quotation marks and without.
        let stand = "190283746501"
        let written = action.property(name)?.text
        guard let whole = text(name) ?? written.flatMap({ VariableReference.replaced($0) { _ in stand } }) else {
            return nil
        }
        let pairs = try? ActionProperties([name: whole]).dictionary(name)
        return pairs?.map { ($0.name, $0.value.contains(stand) ? nil : $0.value) }
    }

    /// A start's options; `nil` where they can't be known or are wrong.
    var startOptions: StartOptions? {
        text(StartOptions.property).flatMap { try? StartOptions($0, duration: .seconds(60)) }
    }
}

extension PlanOptions {
    /// Which of the three an action is; `nil` for any other.
    func kind(of action: PlannedAction) -> QualiAction.Kind? {
        guard let provider = action.provider?.text else { return nil }
        let names = [actions.startSandbox, actions.runCommand, actions.endSandbox]
        return names.firstIndex(of: provider).flatMap(QualiAction.Kind.init(rawValue:))
    }
}

extension Findings {
    /// Notes a finding about an action's properties: where the first of them stands, and resting on all of them.
    func note(_ id: Finding.ID, about properties: [String], of action: QualiAction, _ text: () -> String) {
        let place = action.action.property(properties[0])?.place ?? action.action.propertiesPlace
        let isAssumed = properties.contains { action.values[$0]?.isAssumed ?? false }
        note(id, at: place, action.label, isAssumed: isAssumed, text)
    }
}
