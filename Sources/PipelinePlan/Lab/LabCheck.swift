import JobEngine
import QualiCore
import SandboxAPI

/// Compares a pipeline with what a lab has.
struct LabCheck {
    let lab: LabRecord
    let match: ComponentMatch
    let findings: Findings

    /// - Throws: `CancellationError` alone.
    func check(_ actions: [QualiAction]) async throws {
        var blueprints: [String: LabRecord.Blueprint] = [:]
        for start in actions where start.kind == .start { blueprints[start.label] = checkStart(start) }
        for run in actions where run.kind == .run {
            guard case .start(let label) = run.sandbox, let blueprint = blueprints[label] else { continue }
            try await checkRun(run, blueprint)
        }
    }

    private func checkStart(_ start: QualiAction) -> LabRecord.Blueprint? {
        guard let name = start.text("BlueprintName")?.trimmingWhitespace else { return nil }
        guard let blueprint = lab.blueprint(name) else {
            findings.note(.blueprintUnknown, about: ["BlueprintName"], of: start) {
                "The lab has no public blueprint '\(name.cut(to: 200))'.\(StructureCheck.choice(name, lab.blueprints.map(\.name).sorted()))"
            }
            return nil
        }
        if blueprint.isAvailable == false {
            findings.note(.blueprintUnavailable, about: ["BlueprintName"], of: start) {
                "The lab says that the blueprint '\(blueprint.name)' isn't available now."
            }
        }
        if let inputs = blueprint.inputs {
            compare(start, "InputsJSON", inputs, of: "the blueprint '\(blueprint.name)'", ["BlueprintName"])
        }
        if let estimate = blueprint.estimatedSetupMinutes, let minutes = start.minutes("DurationInMinutes"),
            minutes < estimate
        {
            findings.note(.durationEstimate, about: ["DurationInMinutes", "BlueprintName"], of: start) {
                "The sandbox is reserved for \(minutes) minutes, but the lab estimates \(estimate) for the setup of '\(blueprint.name)' alone."
            }
        }
        return blueprint
    }

    private func checkRun(_ run: QualiAction, _ blueprint: LabRecord.Blueprint) async throws {
        guard let component = run.values["ComponentName"], let text = component.text?.trimmingWhitespace else { return }
        guard let components = blueprint.components else {
            findings.note(.notChecked, at: component.place, run.label) {
                "No sandbox of the blueprint '\(blueprint.name)' runs, so its components and commands aren't known."
            }
            return
        }
        if text == CommandTarget.sandboxKeyword {
            return checkCommand(run, blueprint.commands, of: "the sandbox")
        }
        let named = components.enumerated().map { NamedComponent(id: "\($0)", name: $1.name, model: $1.model) }
        do {
            let found = try await ComponentSelector(text: text, match: match).component(of: named)
            guard let number = Int(found.id), components.indices.contains(number) else { return }
            checkCommand(run, components[number].commands, of: "'\(found.name)'")
        } catch let failure as JobFailure {
            findings.note(.componentUnmatched, about: ["ComponentName"], of: run) {
                "In the last sandbox of '\(blueprint.name)': \(failure.message)"
            }
        }
    }

    private func checkCommand(_ run: QualiAction, _ commands: [LabRecord.Command]?, of target: String) {
        guard let commands, let name = run.text("CommandName")?.trimmingWhitespace else { return }
        if let command = commands.first(where: { $0.name == name }) {
            let names = ["CommandName", "ComponentName"]
            return compare(run, "ArgumentsJSON", command.parameters, of: "the command '\(name)'", names)
        }
        findings.note(.commandUnknown, about: ["CommandName", "ComponentName"], of: run) {
            "There is no command '\(name.cut(to: 100))' of \(target).\(StructureCheck.choice(name, commands.map(\.name).sorted()))"
        }
    }

    /// Compares a dictionary with what a blueprint or a command takes, which other properties name.
    private func compare(
        _ action: QualiAction,
        _ property: String,
        _ parameters: [LabRecord.Parameter],
        of what: String,
        _ others: [String]
    ) {
        guard let given = action.dictionary(property) else { return }
        let isStart = action.kind == .start
        let noun = isStart ? "input" : "argument"
        for (name, value) in given {
            guard let parameter = parameters.first(where: { $0.name == name }) else {
                findings.note(isStart ? .inputUnknown : .argumentUnknown, about: [property] + others, of: action) {
                    "'\(name.cut(to: 100))' is no \(noun) of \(what).\(StructureCheck.choice(name, parameters.map(\.name)))"
                }
                continue
            }
            guard let value, !parameter.possibleValues.isEmpty, !parameter.possibleValues.contains(value) else {
                continue
            }
            findings.note(isStart ? .inputValue : .argumentValue, about: [property] + others, of: action) {
                "The \(noun) '\(name)' is '\(value.cut(to: 100))', but may be \(parameter.possibleValues.joined(separator: ", ").cut(to: 400))."
            }
        }
        for parameter in parameters where parameter.isRequired && !given.contains(where: { $0.name == parameter.name })
        {
            findings.note(isStart ? .inputMissing : .argumentMissing, about: [property] + others, of: action) {
                "The \(noun) '\(parameter.name)' of \(what) has no default, and '\(property)' doesn't give it."
            }
        }
    }
}
