import JobEngine
import QualiCore

/// Says what the original Python worker does otherwise with each action, as Docs/python.md has it.
struct MovingCheck {
    /// The longest name that a tag leaves whole.
    private static let nameLimit = 44

    private let actions: [QualiAction]
    private let options: PlanOptions

    init(_ actions: [QualiAction], _ options: PlanOptions) {
        self.actions = actions
        self.options = options
    }

    func check(_ findings: inout Findings) {
        for planned in actions {
            let differences =
                switch planned.kind {
                case .start: differences(ofStart: planned, findings.pipeline)
                case .run: differences(ofRun: planned)
                case .end: several(planned)
                }
            guard !differences.isEmpty else { continue }
            findings.note(.moving, at: planned.action.place, planned.action) { differences.joined(separator: " ") }
        }
    }

    private func differences(ofStart start: QualiAction, _ pipeline: PlannedPipeline) -> [String] {
        var found: [String] = []
        let name =
            start.values["SandboxName"]?.text
            ?? (start.has("SandboxName") ? nil : start.values["BlueprintName"].map { "\($0.text) - CodePipeline" })
        if let name, name.utf16.count > Self.nameLimit {
            found.append(
                "The sandbox's name is cut to \(Self.nameLimit) characters before its tag: write a shorter one."
            )
        }
        found += values(start, "InputsJSON")
        let readers = pipeline.actions.filter { action in
            options.kind(of: action) == nil
                && action.inputs.contains { input in
                    start.action.outputs.contains { $0.value == input.value && $0.value != nil }
                }
        }
        if let reader = readers.first, !start.has("ArtifactFormat"),
            options.propertyDefaults.texts["ArtifactFormat"] != "json"
        {
            found.append(
                "'\(reader.label)' reads the artifact, which was bare JSON and is a ZIP with sandbox.json now: 'ArtifactFormat' or QUALI_ARTIFACT_FORMAT = json."
            )
        }
        return found
    }

    private func differences(ofRun run: QualiAction) -> [String] {
        var found = several(run)
        if !run.has("OnCommandFailure"), options.propertyDefaults.texts["OnCommandFailure"]?.lowercased() != "continue"
        {
            found.append(
                "A command that fails was a success, and fails the action now: 'OnCommandFailure' or QUALI_ON_COMMAND_FAILURE = Continue."
            )
        }
        if let component = run.values["ComponentName"]?.text, component != CommandTarget.sandboxKeyword,
            options.componentMatch == .whole, !component.hasSuffix(".*"), !component.hasSuffix("$")
        {
            found.append(
                "'\(component.cut(to: 60))' took the first component whose name begins so, and takes that of exactly this name or pattern now: write '\(component.cut(to: 60)).*' where the beginning is meant, or QUALI_COMPONENT_MATCH = original."
            )
        }
        if run.values["ComponentName"]?.text == CommandTarget.sandboxKeyword, run.has("ArgumentsJSON") {
            found.append(
                "The arguments of a command of SANDBOX were lost, and are passed now: see that it does what it should with them."
            )
        }
        return found + values(run, "ArgumentsJSON")
    }

    /// Values that aren't texts.
    private func values(_ action: QualiAction, _ property: String) -> [String] {
        guard let text = action.values[property]?.text, let pairs = try? OptionValue.read(text, of: property) else {
            return []
        }
        let others = pairs.filter { if case .text = $0.value { false } else { true } }
        guard let first = others.first else { return [] }
        return [
            "'\(first.name.cut(to: 60))' of '\(property)' goes to the lab as the text that is written, \(first.value.description.cut(to: 60)): put it in quotation marks if another is meant."
        ]
    }

    private func several(_ action: QualiAction) -> [String] {
        guard action.action.inputs.count > 1 else { return [] }
        return [
            "The first of several input artifacts was the sandbox's, and the one that holds a sandbox is it now: leave it that one alone."
        ]
    }
}
