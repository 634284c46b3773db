import JobEngine

/// Checks artifacts, namespaces, variables and names, of all actions.
struct StructureCheck {
    private let pipeline: PlannedPipeline
    /// Which actions make an artifact, or have a namespace, by its name.
    private let makers: [String: [PlannedAction]]
    private let owners: [String: [PlannedAction]]
    /// What the three actions' variables are called, by an action's label.
    private let outputs: [String: [String]]

    init(_ pipeline: PlannedPipeline, _ qualiActions: [QualiAction]) {
        self.pipeline = pipeline
        var makers: [String: [PlannedAction]] = [:]
        var owners: [String: [PlannedAction]] = [:]
        for action in pipeline.actions {
            for name in action.outputs.compactMap(\.value) { makers[name, default: []].append(action) }
            if let namespace = action.namespace?.value { owners[namespace, default: []].append(action) }
        }
        self.makers = makers
        self.owners = owners
        outputs = Dictionary(qualiActions.map { ($0.action.label, $0.kind.variables) }) { first, _ in first }
    }

    func check(_ findings: inout Findings) {
        checkNames(&findings)
        checkType(&findings)
        for action in pipeline.actions {
            for input in action.inputs {
                if let name = input.value { checkInput(name, input, of: action, &findings) }
            }
            for property in action.properties {
                for reference in VariableReference.all(in: property.value.value ?? "") {
                    check(reference, at: property.value.place, action, &findings)
                }
            }
        }
        for (index, stage) in pipeline.stages.enumerated() {
            for text in stage.ruleTexts {
                for reference in VariableReference.all(in: text.value ?? "") {
                    check(reference, at: text.place, nil, &findings, stage: index)
                }
            }
        }
        checkOnce(makers, "artifact", .artifactTwice, &findings) { action, name in
            action.outputs.last { $0.value == name }
        }
        checkOnce(owners, "namespace", .namespaceTwice, &findings) { action, _ in action.namespace }
    }

    private func checkOnce(
        _ owners: [String: [PlannedAction]],
        _ what: String,
        _ id: Finding.ID,
        _ findings: inout Findings,
        _ text: (PlannedAction, String) -> PlannedText?
    ) {
        for (name, actions) in owners where actions.count > 1 && !actions.contains(where: \.isOptional) {
            guard let place = text(actions[1], name)?.place else { continue }
            findings.note(id, at: place, actions[1]) {
                "The \(what) '\(name)' is that of '\(actions[0].label)' as well. Wanted: a name of its own."
            }
        }
    }

    private func checkNames(_ findings: inout Findings) {
        var stages: Set<String> = []
        for (index, stage) in pipeline.stages.enumerated() {
            for action in stage.actions where !pipeline.hasUnknownParts {
                guard let category = action.category, let word = category.value, (word == "Source") != (index == 0)
                else {
                    continue
                }
                findings.note(.sourceStage, at: category.place, action) {
                    index == 0
                        ? "The first stage has sources alone, but this action is of the category '\(word.cut(to: 60))'."
                        : "Only the first stage has sources, and this one is the stage number \(index + 1)."
                }
            }
            if let name = stage.name.value, !stages.insert(name).inserted, !stage.actions.contains(where: \.isOptional)
            {
                findings.note(.nameTwice, at: stage.name.place) { "Two stages have the name '\(name)'." }
            }
            var actions: Set<String> = []
            for action in stage.actions where !action.isOptional {
                if let name = action.name.value, !actions.insert(name).inserted {
                    findings.note(.nameTwice, at: action.name.place, action) {
                        "Two actions of the stage have the name '\(name)'."
                    }
                }
            }
        }
    }

    private func checkType(_ findings: inout Findings) {
        guard let type = pipeline.type, type.value == "V1", !type.isAssumed else { return }
        func need(_ what: String, at place: Place) {
            findings.note(.needsV2, at: place) { "The pipeline is of type V1. \(what) need type V2." }
        }
        if let place = pipeline.variablesPlace { need("Variables", at: place) }
        if let mode = pipeline.mode, let value = mode.value, value != "SUPERSEDED" {
            need("Executions that are \(value)", at: mode.place)
        }
        for place in pipeline.stages.compactMap(\.conditionsPlace) {
            need("Conditions and responses to failures", at: place)
        }
    }

    private func checkInput(_ name: String, _ input: PlannedText, of action: PlannedAction, _ findings: inout Findings)
    {
        guard let makers = makers[name] else {
            guard !pipeline.hasUnknownParts else { return }
            findings.note(.artifactUnmade, at: input.place, action) {
                "No action makes the artifact '\(name)'.\(Self.advice(name, self.makers.keys))"
            }
            return
        }
        guard let maker = makers.first, makers.allSatisfy({ action.position.isCertainlyNotAfter($0.position) }) else {
            return
        }
        let whose =
            maker.label == action.label ? "this action itself makes it" : "'\(maker.label)' doesn't run before it"
        findings.note(.artifactLater, at: input.place, action) {
            "The artifact '\(name)' isn't there yet: \(whose). Wanted: an earlier stage or a smaller runOrder for its maker."
        }
    }

    private func check(
        _ reference: VariableReference,
        at place: Place,
        _ action: PlannedAction?,
        _ findings: inout Findings,
        stage: Int = 0
    ) {
        let written = "#{\(reference.namespace).\(reference.name)}"
        switch reference.namespace {
        case "codepipeline": return
        case "variables":
            guard !pipeline.hasUnknownParts, !pipeline.variables.contains(where: { $0.name == reference.name }) else {
                return
            }
            findings.note(.variableUnknown, at: place, action) {
                "The pipeline declares no variable for '\(written)'.\(Self.advice(reference.name, pipeline.variables.map(\.name)))"
            }
        default:
            guard let owners = owners[reference.namespace] else {
                guard !pipeline.hasUnknownParts,
                    pipeline.actions.allSatisfy({ $0.namespace == nil || $0.namespace?.value != nil })
                else { return }
                findings.note(.namespaceUnmade, at: place, action) {
                    "No action has the namespace of '\(written)'.\(Self.advice(reference.namespace, self.owners.keys))"
                }
                return
            }
            let position = action?.position ?? .init(stage: stage, order: Int.max)
            if let owner = owners.first, owners.allSatisfy({ position.isCertainlyNotAfter($0.position) }) {
                findings.note(.namespaceLater, at: place, action) {
                    "'\(written)' isn't there yet: '\(owner.label)' doesn't run before it."
                }
            } else if owners.count == 1, let known = outputs[owners[0].label], !known.contains(reference.name) {
                let list = known.isEmpty ? "It sets none." : "It sets \(known.joined(separator: ", "))."
                findings.note(.variableUnknown, at: place, action) {
                    "'\(owners[0].label)' sets no variable for '\(written)'. \(list)"
                }
            }
        }
    }

    /// The name that may be meant, and what there is, as sentences.
    static func choice(_ name: String, _ known: [String]) -> String {
        advice(name, known)
            + (known.isEmpty ? " It has none." : " It has \(known.joined(separator: ", ").cut(to: 600)).")
    }

    /// The name that may be meant, as a sentence.
    static func advice(_ name: String, _ known: some Sequence<String>) -> String {
        // Of a name as long as a file its beginning will do.
        let folded = name.cut(to: 100).lowercased()
        let nearest = known.map { ($0, folded.editDistance(to: $0.cut(to: 100).lowercased())) }.min { $0.1 < $1.1 }
        guard let nearest, nearest.1 <= max(1, name.count / 3) else { return "" }
        return " Is '\(nearest.0)' meant?"
    }
}
