import AWSLite
import JobEngine
import QualiCore

/// Checks what the three actions say, with the code by which the worker reads it.
struct PropertyCheck {
    let pipeline: PlannedPipeline
    /// The custom action types that the template itself registers.
    let types: [(provider: String, version: String?)]
    let options: PlanOptions
    let findings: Findings

    func check(_ actions: [QualiAction]) {
        for action in pipeline.actions where options.kind(of: action) == nil { checkForeign(action) }
        for action in actions {
            guard let definition = checkType(of: action) else { continue }
            checkNames(of: action.action, definition)
            checkTexts(of: action, definition)
            checkArtifacts(of: action.action, definition)
            if action.kind != .start { checkSandbox(of: action) }
        }
    }

    // MARK: Types

    /// An action whose provider is nearly one of the three.
    private func checkForeign(_ action: PlannedAction) {
        guard action.owner?.text == "Custom", let provider = action.provider, let name = provider.text else { return }
        let names = options.actions.definitions().map(\.provider)
        guard name.hasPrefix("Quali-") || names.contains(where: { $0.lowercased() == name.lowercased() }),
            !types.contains(where: { $0.provider == name })
        else { return }
        findings.note(.typeUnknown, at: provider.place, action.label) {
            "'\(name)' is none of the three actions.\(StructureCheck.advice(name, names)) The three are \(names.joined(separator: ", "))."
        }
    }

    /// What the action's type takes; `nil` where that isn't known.
    private func checkType(of planned: QualiAction) -> CodePipeline.CustomActionType? {
        let action = planned.action
        let own = options.actions.definitions()[planned.kind.rawValue]
        if let category = action.category, let name = category.text, name != own.category.rawValue {
            findings.note(.typeCategory, at: category.place, action.label) {
                "The category is '\(name.cut(to: 60))', but '\(own.provider)' is of the category '\(own.category.rawValue)'."
            }
        }
        if let owner = action.owner, let name = owner.text, name != "Custom" {
            findings.note(.typeCategory, at: owner.place, action.label) {
                "The owner is '\(name.cut(to: 60))', but should be 'Custom'."
            }
        }
        guard let version = action.version, let number = version.text, !version.isAssumed else { return own }
        let versions = options.registered?.filter { $0.id.provider == own.provider }.map(\.id.version)
        if let versions, !versions.contains(number) {
            let list = versions.isEmpty ? "none" : versions.sorted().joined(separator: ", ")
            findings.note(.typeVersion, at: version.place, action.label) {
                "'\(own.provider)' isn't registered in version '\(number)'. Wanted: one of the registered versions (\(list)), or 'quali-worker actions install'."
            }
            return nil
        }
        guard number != options.actions.version else { return own }
        if !types.contains(where: { $0.provider == own.provider && ($0.version == nil || $0.version == number) }) {
            findings.note(.typeVersion, at: version.place, action.label, as: .warning) {
                "The version is '\(number)', but the worker's JOB_WORKER_VERSION is '\(options.actions.version)', so the action waits for another worker."
            }
        }
        return nil
    }

    // MARK: Properties

    private func checkNames(of action: PlannedAction, _ definition: CodePipeline.CustomActionType) {
        let known = definition.configurationProperties
        for property in action.properties where !takes(property.name, definition) {
            findings.note(.propertyUnknown, at: property.place, action.label) {
                "'\(property.name.cut(to: 100))' is no property of '\(definition.provider)'.\(StructureCheck.choice(property.name, known.map(\.name)))"
            }
        }
        guard !action.hasUnknownProperties else { return }
        for property in known where property.required && action.property(property.name) == nil {
            findings.note(.propertyMissing, at: action.propertiesPlace, action.label) {
                "The property '\(property.name)' is missing."
            }
        }
    }

    private func takes(_ name: String, _ definition: CodePipeline.CustomActionType) -> Bool {
        definition.configurationProperties.contains { $0.name == name }
            || name == QualiActions.labNameProperty && options.actions.labName == nil
    }

    private func checkTexts(of planned: QualiAction, _ definition: CodePipeline.CustomActionType) {
        for property in planned.action.properties where takes(property.name, definition) {
            let written = property.value
            if let text = written.text, !(1...1_000).contains(text.utf16.count), !written.isAssumed {
                let advice = text.isEmpty ? " Leave the property out." : ""
                findings.note(.limit, at: written.place, planned.label) {
                    "The property '\(property.name)' has \(text.utf16.count) characters. CodePipeline takes 1 to 1000.\(advice)"
                }
                continue
            }
            guard let text = planned.text(property.name) else { continue }
            do {
                try planned.read(property.name)
            } catch {
                findings.note(.propertyWrong, about: [property.name], of: planned) {
                    (error as? JobFailure)?.message ?? "\(error)"
                }
                continue
            }
            if property.name == "ComponentName",
                let problem = ComponentSelector(text: text.trimmingWhitespace).patternProblem
            {
                findings.note(.patternInvalid, at: written.place, planned.label) {
                    "'\(text.cut(to: 200))' is no valid regular expression\(problem). Only a component of exactly this name fits."
                }
            }
        }
    }

    // MARK: Artifacts and sandboxes

    private func checkArtifacts(of action: PlannedAction, _ definition: CodePipeline.CustomActionType) {
        for (artifacts, details, what) in [
            (action.inputs, definition.inputArtifactDetails, "input"),
            (action.outputs, definition.outputArtifactDetails, "output"),
        ] where artifacts.count > details.maximumCount {
            let most = details.maximumCount == 0 ? "none" : "at most \(details.maximumCount)"
            findings.note(.artifactCount, at: artifacts[details.maximumCount].place, action.label) {
                "The action has \(artifacts.count) \(what) artifact\(artifacts.count == 1 ? "" : "s"). '\(definition.provider)' takes \(most)."
            }
        }
    }

    private func checkSandbox(of planned: QualiAction) {
        let action = planned.action
        if planned.sandbox == .none {
            findings.note(.sandboxUnnamed, at: action.place, action.label) {
                "The action names no sandbox. Wanted: the output artifact of a '\(options.actions.startSandbox)' action as its input, or the property 'SandboxId' such as '#{lab.SandboxId}'."
            }
        }
        if let id = planned.text("SandboxId"), !id.contains("#{"), !SandboxReference.isID(id.trimmingWhitespace) {
            findings.note(.propertyWrong, about: ["SandboxId"], of: planned) {
                "The property 'SandboxId' is '\(id.cut(to: 100))', but should be the id of a sandbox: \(SandboxReference.idShape)."
            }
        }
        // What another action makes may hold a sandbox, but hardly does where a source makes it.
        if action.property("SandboxId") == nil, let input = action.inputs.first, let name = input.text,
            let maker = pipeline.actions.first(where: { $0.makes(input) }),
            maker.category?.text == "Source" || options.kind(of: maker) == .run
        {
            findings.note(.sandboxElsewhere, at: input.place, action.label) {
                "The artifact '\(name)' is that of '\(maker.label)', which starts no sandbox. Wanted: the output artifact of a '\(options.actions.startSandbox)' action."
            }
        }
    }
}
