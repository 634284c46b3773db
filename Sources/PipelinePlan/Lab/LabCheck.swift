import JobEngine
import QualiCore
import SandboxAPI

/// Compares a pipeline with what a lab has.
struct LabCheck {
    private let lab: LabRecord
    private let actions: [QualiAction]
    private let options: PlanOptions

    init(_ lab: LabRecord, _ actions: [QualiAction], _ options: PlanOptions) {
        self.lab = lab
        self.actions = actions
        self.options = options
    }

    /// - Throws: `CancellationError` alone.
    func check(_ findings: inout Findings) async throws {
        var blueprints: [String: LabRecord.Blueprint] = [:]
        for start in actions where start.kind == .start {
            blueprints[start.action.label] = checkStart(start, &findings)
        }
        for run in actions where run.kind == .run {
            guard case .start(let label) = run.sandbox, let blueprint = blueprints[label] else { continue }
            try await checkRun(run, blueprint, &findings)
        }
    }

    // MARK: Starts

    private func checkStart(_ start: QualiAction, _ findings: inout Findings) -> LabRecord.Blueprint? {
        guard let name = start.values["BlueprintName"] else { return nil }
        let text = name.text.trimmingWhitespace
        guard let blueprint = lab.blueprint(text) else {
            let names = lab.blueprints.map(\.name).sorted()
            findings.note(.blueprintUnknown, at: name.place, start.action, isAssumed: name.isAssumed) {
                "The lab has no public blueprint '\(text.cut(to: 200))'.\(StructureCheck.choice(text, names))"
            }
            return nil
        }
        if blueprint.isAvailable == false {
            findings.note(.blueprintUnavailable, at: name.place, start.action, isAssumed: name.isAssumed) {
                "The lab says that the blueprint '\(blueprint.name)' isn't available now."
            }
        }
        compare(
            start,
            "InputsJSON",
            blueprint.inputs,
            of: "the blueprint '\(blueprint.name)'",
            (.inputUnknown, .inputMissing, .inputValue),
            isAssumed: name.isAssumed,
            &findings
        )
        if let estimate = blueprint.estimatedSetupMinutes, let duration = start.values["DurationInMinutes"],
            let minutes = Int(duration.text.trimmingWhitespace), minutes < estimate
        {
            findings.note(
                .durationEstimate,
                at: duration.place,
                start.action,
                isAssumed: duration.isAssumed || name.isAssumed
            ) {
                "The sandbox is reserved for \(minutes) minutes, but the lab estimates \(estimate) for the setup of '\(blueprint.name)' alone."
            }
        }
        return blueprint
    }

    /// Compares a dictionary with what a blueprint or a command takes.
    private func compare(
        _ action: QualiAction,
        _ property: String,
        _ parameters: [LabRecord.Parameter]?,
        of what: String,
        _ ids: (unknown: Finding.ID, missing: Finding.ID, value: Finding.ID),
        isAssumed: Bool,
        _ findings: inout Findings
    ) {
        guard let parameters, let given = action.dictionary(property) else { return }
        let place = action.action.property(property)?.value.place ?? action.action.propertiesPlace
        let isAssumed = isAssumed || action.values[property]?.isAssumed ?? false
        let names = parameters.map(\.name)
        let noun = property == "InputsJSON" ? "input" : "argument"
        for (name, value) in given {
            guard let parameter = parameters.first(where: { $0.name == name }) else {
                findings.note(ids.unknown, at: place, action.action, isAssumed: isAssumed) {
                    "'\(name.cut(to: 100))' is no \(noun) of \(what).\(StructureCheck.choice(name, names))"
                }
                continue
            }
            guard let value, !parameter.possibleValues.isEmpty, !parameter.possibleValues.contains(value) else {
                continue
            }
            findings.note(ids.value, at: place, action.action, isAssumed: isAssumed) {
                "The \(noun) '\(name)' is '\(value.cut(to: 100))', but may be \(parameter.possibleValues.joined(separator: ", ").cut(to: 400))."
            }
        }
        for parameter in parameters where parameter.isRequired && !given.contains(where: { $0.name == parameter.name })
        {
            findings.note(ids.missing, at: place, action.action, isAssumed: isAssumed) {
                "The \(noun) '\(parameter.name)' of \(what) has no default, and '\(property)' doesn't give it."
            }
        }
    }

    // MARK: Runs

    private func checkRun(_ run: QualiAction, _ blueprint: LabRecord.Blueprint, _ findings: inout Findings) async throws
    {
        guard let component = run.values["ComponentName"] else { return }
        let text = component.text.trimmingWhitespace
        guard let components = blueprint.components else {
            findings.note(.notChecked, at: component.place, run.action) {
                "No sandbox of the blueprint '\(blueprint.name)' runs, so its components and commands aren't known."
            }
            return
        }
        guard text != CommandTarget.sandboxKeyword else {
            checkCommand(run, blueprint.commands, of: "the sandbox", isAssumed: component.isAssumed, &findings)
            return
        }
        let named = components.enumerated().map { NamedComponent(id: "\($0)", name: $1.name, model: $1.model) }
        let selector = ComponentSelector(text: text, match: options.componentMatch)
        do {
            let found = try await selector.component(of: named)
            guard let number = Int(found.id), components.indices.contains(number) else { return }
            checkCommand(
                run,
                components[number].commands,
                of: "'\(found.name)'",
                isAssumed: component.isAssumed,
                &findings
            )
        } catch let failure as JobFailure {
            findings.note(.componentUnmatched, at: component.place, run.action, isAssumed: component.isAssumed) {
                "In the last sandbox of '\(blueprint.name)': \(failure.message)"
            }
        }
    }

    private func checkCommand(
        _ run: QualiAction,
        _ commands: [LabRecord.Command]?,
        of target: String,
        isAssumed: Bool,
        _ findings: inout Findings
    ) {
        guard let commands, let name = run.values["CommandName"] else { return }
        let text = name.text.trimmingWhitespace
        guard let command = commands.first(where: { $0.name == text }) else {
            let names = commands.map(\.name).sorted()
            findings.note(.commandUnknown, at: name.place, run.action, isAssumed: isAssumed || name.isAssumed) {
                "There is no command '\(text.cut(to: 100))' of \(target).\(StructureCheck.choice(text, names))"
            }
            return
        }
        compare(
            run,
            "ArgumentsJSON",
            command.parameters,
            of: "the command '\(text)'",
            (.argumentUnknown, .argumentMissing, .argumentValue),
            isAssumed: isAssumed || name.isAssumed,
            &findings
        )
    }
}
