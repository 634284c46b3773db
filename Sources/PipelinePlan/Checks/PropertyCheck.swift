import AWSLite
import JobEngine
import QualiCore

/// Checks what the three actions say, with the code by which the worker reads it.
struct PropertyCheck {
    let options: PlanOptions
    /// The custom action types that the template itself registers.
    let types: [(provider: String, version: String?)]

    func check(_ actions: [QualiAction], _ findings: inout Findings) {
        for action in findings.pipeline.actions where options.kind(of: action) == nil {
            checkForeign(action, &findings)
        }
        for action in actions {
            guard let definition = checkType(of: action, &findings) else { continue }
            checkProperties(of: action, definition, &findings)
            checkSandbox(of: action, definition, &findings)
        }
    }

    /// An action whose provider is nearly one of the three.
    private func checkForeign(_ action: PlannedAction, _ findings: inout Findings) {
        guard action.owner?.value == "Custom", let provider = action.provider, let name = provider.value else { return }
        let names = options.actions.definitions().map(\.provider)
        guard name.hasPrefix("Quali-") || names.contains(where: { $0.lowercased() == name.lowercased() }),
            !types.contains(where: { $0.provider == name })
        else { return }
        findings.note(.typeUnknown, at: provider.place, action) {
            "'\(name)' is none of the three actions.\(StructureCheck.advice(name, names)) The three are \(names.joined(separator: ", "))."
        }
    }

    /// What the action's type takes; `nil` where that isn't known.
    private func checkType(of planned: QualiAction, _ findings: inout Findings) -> CodePipeline.CustomActionType? {
        let action = planned.action
        let own = options.actions.definitions()[planned.kind.rawValue]
        if let category = action.category, let name = category.value, name != own.category.rawValue {
            findings.note(.typeCategory, at: category.place, action) {
                "The category is '\(name.cut(to: 60))', but '\(own.provider)' is of the category '\(own.category.rawValue)'."
            }
        }
        if let owner = action.owner, let name = owner.value, name != "Custom" {
            findings.note(.typeCategory, at: owner.place, action) {
                "The owner is '\(name.cut(to: 60))', but should be 'Custom'."
            }
        }
        guard let version = action.version, let number = version.value, !version.isAssumed else { return own }
        if let registered = options.registered {
            let versions = registered.filter { $0.id.provider == own.provider }.map(\.id.version)
            guard versions.contains(number) else {
                let list = versions.isEmpty ? "none" : versions.sorted().joined(separator: ", ")
                let advice = "Wanted: one of the registered versions (\(list)), or 'quali-worker actions install'."
                findings.note(.typeVersion, at: version.place, action) {
                    "'\(own.provider)' isn't registered in version '\(number)'. \(advice)"
                }
                return nil
            }
        }
        guard number != options.actions.version else { return own }
        if !types.contains(where: { $0.provider == own.provider && ($0.version == nil || $0.version == number) }) {
            let worker = "the worker's JOB_WORKER_VERSION is '\(options.actions.version)'"
            findings.note(.typeVersion, at: version.place, action, as: .warning) {
                "The version is '\(number)', but \(worker), so the action waits for another worker."
            }
        }
        return nil
    }

    private func checkProperties(
        of planned: QualiAction,
        _ definition: CodePipeline.CustomActionType,
        _ findings: inout Findings
    ) {
        let action = planned.action
        let known = definition.configurationProperties
        let names = known.map(\.name) + (options.actions.labName == nil ? ["LabName"] : [])
        for property in action.properties where !names.contains(property.name) {
            findings.note(.propertyUnknown, at: property.namePlace, action) {
                "'\(property.name.cut(to: 100))' is no property of '\(definition.provider)'.\(StructureCheck.choice(property.name, known.map(\.name)))"
            }
        }
        if !action.hasUnknownProperties {
            for property in known where property.required && action.property(property.name) == nil {
                findings.note(.propertyMissing, at: action.propertiesPlace, action) {
                    "The property '\(property.name)' is missing."
                }
            }
        }
        for property in action.properties where names.contains(property.name) {
            let written = property.value
            if let text = written.value, !(1...1_000).contains(text.utf16.count), !written.isAssumed {
                let advice = text.isEmpty ? " Leave the property out." : ""
                findings.note(.limit, at: written.place, action) {
                    "The property '\(property.name)' has \(text.utf16.count) characters. CodePipeline takes 1 to 1000.\(advice)"
                }
                continue
            }
            guard let value = planned.values[property.name] else { continue }
            do {
                try planned.read(property.name, value.text)
            } catch {
                let message = (error as? JobFailure)?.message ?? "\(error)"
                findings.note(.propertyWrong, at: value.place, action, isAssumed: value.isAssumed) { message }
                continue
            }
            if property.name == "ComponentName",
                let problem = ComponentSelector(text: value.text.trimmingWhitespace).patternProblem
            {
                findings.note(.patternInvalid, at: value.place, action) {
                    "'\(value.text.cut(to: 200))' is no valid regular expression\(problem). Only a component of exactly this name fits."
                }
            }
        }
    }

    private func checkSandbox(
        of planned: QualiAction,
        _ definition: CodePipeline.CustomActionType,
        _ findings: inout Findings
    ) {
        let action = planned.action
        for (artifacts, details, what) in [
            (action.inputs, definition.inputArtifactDetails, "input"),
            (action.outputs, definition.outputArtifactDetails, "output"),
        ] where artifacts.count > details.maximumCount {
            let most = details.maximumCount == 0 ? "none" : "at most \(details.maximumCount)"
            findings.note(.artifactCount, at: artifacts[details.maximumCount].place, action) {
                "The action has \(artifacts.count) \(what) artifact\(artifacts.count == 1 ? "" : "s"). '\(definition.provider)' takes \(most)."
            }
        }
        guard planned.kind != .start else { return }
        if case .none = planned.sandbox {
            findings.note(.sandboxUnnamed, at: action.place, action) {
                "The action names no sandbox. Wanted: the output artifact of a '\(options.actions.startSandbox)' action as its input, or the property 'SandboxId' such as '#{lab.SandboxId}'."
            }
        }
        if let value = planned.values["SandboxId"], !value.text.contains("#{"),
            !SandboxReference.isID(value.text.trimmingWhitespace)
        {
            findings.note(.propertyWrong, at: value.place, action, isAssumed: value.isAssumed) {
                "The property 'SandboxId' is '\(value.text.cut(to: 100))', but should be the id of a sandbox: \(SandboxReference.idShape)."
            }
        }
        // What another action makes may hold a sandbox, but hardly does where a source makes it.
        if action.property("SandboxId") == nil, let input = action.inputs.first, let name = input.value,
            let maker = findings.pipeline.actions.first(where: { $0.outputs.contains { $0.value == name } }),
            maker.category?.value == "Source" || options.kind(of: maker) == .run
        {
            findings.note(.sandboxElsewhere, at: input.place, action) {
                "The artifact '\(name)' is that of '\(maker.label)', which starts no sandbox. Wanted: the output artifact of a '\(options.actions.startSandbox)' action."
            }
        }
    }
}
