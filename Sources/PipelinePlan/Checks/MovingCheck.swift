import JobEngine
import QualiCore

/// Says what the original Python worker does otherwise with each action, as Docs/python.md has it.
struct MovingCheck {
    /// The longest name that a tag leaves whole.
    private static let nameLimit = 44

    let pipeline: PlannedPipeline
    let options: PlanOptions

    func check(_ actions: [QualiAction], _ findings: Findings) {
        for action in actions {
            let differences =
                switch action.kind {
                case .start: differences(ofStart: action)
                case .run: differences(ofRun: action)
                case .end: several(action)
                }
            guard !differences.isEmpty else { continue }
            findings.note(.moving, at: action.action.place, action.label) { differences.joined(separator: " ") }
        }
    }

    private func differences(ofStart start: QualiAction) -> [String] {
        var found: [String] = []
        let name =
            start.text("SandboxName")
            ?? (start.has("SandboxName") ? nil : start.text("BlueprintName").map { "\($0) - CodePipeline" })
        if let name, name.utf16.count > Self.nameLimit {
            found.append(
                "The sandbox's name is cut to \(Self.nameLimit) characters before its tag: write a shorter one."
            )
        }
        found += values(start, "InputsJSON")
        let reader = pipeline.actions.first { action in
            options.kind(of: action) == nil && action.inputs.contains(where: start.action.makes)
        }
        if let reader, !start.has("ArtifactFormat"), options.propertyDefaults.texts["ArtifactFormat"] != "json" {
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
        let component = run.text("ComponentName")
        if component == CommandTarget.sandboxKeyword {
            if run.has("ArgumentsJSON") {
                found.append(
                    "The arguments of a command of SANDBOX were lost, and are passed now: see that it does what it should with them."
                )
            }
        } else if let component, options.componentMatch == .whole, !component.hasSuffix(".*"), !component.hasSuffix("$")
        {
            let name = component.cut(to: 60)
            found.append(
                "'\(name)' took the first component whose name begins so, and takes that of exactly this name or pattern now: write '\(name).*' where the beginning is meant, or QUALI_COMPONENT_MATCH = original."
            )
        }
        return found + values(run, "ArgumentsJSON")
    }

    /// Values that aren't texts.
    private func values(_ action: QualiAction, _ property: String) -> [String] {
        let pairs = action.text(property).flatMap { try? OptionValue.read($0, of: property) } ?? []
        guard let first = pairs.first(where: { if case .text = $0.value { false } else { true } }) else { return [] }
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
