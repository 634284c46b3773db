/// What optional properties of the three actions say where a job doesn't: the pipeline leaves them out, or its action's
/// definition is an old one that hasn't got them.
///
/// ```swift
/// try configuration.propertyDefaults.set("json", for: "ArtifactFormat")
/// ```
public struct PropertyDefaults: Sendable, Hashable {
    /// A property that may have such a default, by its name.
    ///
    /// `SandboxId` is none: no sandbox is that of all pipelines.
    package enum Property: String, Sendable, CaseIterable {
        /// How many minutes a setup may take.
        case setupTimeout = "SetupTimeoutInMinutes"
        /// What happens to the sandbox of a start that fails: `End` or `Keep`.
        case onSetupFailure = "OnSetupFailure"
        /// For how many minutes a start is repeated that the lab refuses for now.
        case waitForResources = "WaitForResourcesInMinutes"
        /// The form of the start's artifact: `zip` or `json`.
        case artifactFormat = "ArtifactFormat"
        /// How many minutes a command may take.
        case commandTimeout = "TimeoutInMinutes"
        /// What a command that fails does to its action: `Fail` or `Continue`.
        case onCommandFailure = "OnCommandFailure"
        /// Whether an end waits for the teardown: `true` or `false`.
        case waitForTeardown = "WaitForTeardown"
        /// How many minutes a teardown may take.
        case teardownTimeout = "TeardownTimeoutInMinutes"
    }

    /// A text that isn't what a property takes.
    public struct Problem: Error, Sendable, Hashable, CustomStringConvertible {
        /// The property's name.
        package let property: String
        /// What its text should be, in words.
        package let wanted: String

        /// The property, and what its text should be.
        public var description: String { "The default of '\(property)' should be \(wanted)" }
    }

    /// The texts by the properties' names.
    package private(set) var texts: [String: String] = [:]

    /// Creates defaults that say nothing, so that those of the actions' definitions hold.
    public init() {}

    /// Sets what a property says where a job doesn't; a blank text says nothing.
    ///
    /// - Parameters:
    ///   - text: What a pipeline's author would write.
    ///   - name: The property, an optional one of the three actions other than `SandboxId` and those of JSON.
    /// - Throws: ``Problem`` for a text that fails a job whose pipeline has it, and for a property that takes no default.
    public mutating func set(_ text: String, for name: String) throws(Problem) {
        guard let property = Property(rawValue: name) else {
            let names = Property.allCases.map(\.rawValue).joined(separator: ", ")
            throw Problem(property: name, wanted: "that of another property: \(names)")
        }
        try set(text, for: property)
    }

    /// Sets what a property says where a job doesn't; a blank text says nothing.
    ///
    /// - Throws: ``Problem`` for a text that fails a job whose pipeline has it.
    package mutating func set(_ text: String, for property: Property) throws(Problem) {
        do {
            try property.read(text)
        } catch {
            throw Problem(property: property.rawValue, wanted: (error as? JobFailure)?.wanted ?? "another text")
        }
        texts[property.rawValue] = text
    }
}

extension PropertyDefaults.Property {
    /// What actions can't do without.
    private static let required = [
        "BlueprintName": "B", "DurationInMinutes": "1", "ComponentName": "C", "CommandName": "C",
    ]

    /// Reads a text as the property's action does, so that both have the same limits.
    fileprivate func read(_ text: String) throws {
        let properties = ActionProperties(Self.required, defaults: [rawValue: text])
        switch self {
        case .setupTimeout, .onSetupFailure, .waitForResources, .artifactFormat:
            _ = try StartSandbox.Configuration(properties)
        case .commandTimeout, .onCommandFailure: _ = try RunCommand.Configuration(properties)
        case .waitForTeardown, .teardownTimeout: _ = try EndSandbox.Configuration(properties)
        }
    }
}

extension ActionProperties {
    /// The text of a property, or `nil` if neither the job nor the defaults have it.
    func string(ifPresent property: PropertyDefaults.Property) -> String? { string(ifPresent: property.rawValue) }

    /// A whole number of minutes, at least `minimum`.
    func minutes(_ property: PropertyDefaults.Property, minimum: Int = 1, default value: Int? = nil) throws -> Duration
    {
        try minutes(property.rawValue, minimum: minimum, default: value)
    }

    /// One of some fixed words, whatever their case.
    func choice<Choice: CaseIterable & RawRepresentable<String>>(
        _ property: PropertyDefaults.Property,
        default value: Choice
    ) throws -> Choice {
        try choice(property.rawValue, default: value)
    }

    /// `true` or `false`, whatever its case.
    func boolean(_ property: PropertyDefaults.Property, default value: Bool) throws -> Bool {
        try boolean(property.rawValue, default: value)
    }
}

extension LabAccess {
    /// A property as a message advises it to those whose definition may not have it.
    func advice(_ property: PropertyDefaults.Property) -> String {
        """
        the property '\(property.rawValue)' or, where the action's definition lacks it, the worker's \
        \(parameters.propertyDefault(property.rawValue))
        """
    }
}
