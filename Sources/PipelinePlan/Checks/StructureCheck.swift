import JobEngine

/// Checks artifacts, namespaces, variables and names, of all actions.
struct StructureCheck {
    /// Who makes an artifact or has a namespace, with the place where it says so.
    private typealias Owner = (action: PlannedAction, place: Place)

    private let pipeline: PlannedPipeline
    private let findings: Findings
    /// Those who make an artifact, or have a namespace, by its name.
    private var makers: [String: [Owner]] = [:]
    private var owners: [String: [Owner]] = [:]
    /// What the three actions' variables are called, by an action's label.
    private let outputs: [String: [String]]

    init(_ pipeline: PlannedPipeline, _ qualiActions: [QualiAction], _ findings: Findings) {
        self.pipeline = pipeline
        self.findings = findings
        outputs = Dictionary(qualiActions.map { ($0.label, $0.kind.variables) }) { first, _ in first }
        for action in pipeline.actions {
            for output in action.outputs {
                if let name = output.text { makers[name, default: []].append((action, output.place)) }
            }
            if let namespace = action.namespace, let name = namespace.text {
                owners[name, default: []].append((action, namespace.place))
            }
        }
    }

    func check() {
        checkNames()
        checkOnce(makers, "artifact", .artifactTwice)
        checkOnce(owners, "namespace", .namespaceTwice)
        for action in pipeline.actions {
            for input in action.inputs { checkInput(input, of: action) }
            for property in action.properties { checkReferences(in: property.value, action.position, action.label) }
        }
        for (index, stage) in pipeline.stages.enumerated() {
            for text in stage.ruleTexts { checkReferences(in: text, .init(stage: index, order: Int.max), nil) }
        }
    }

    // MARK: Names

    private func checkOnce(_ owners: [String: [Owner]], _ what: String, _ id: Finding.ID) {
        for (name, owners) in owners where owners.count > 1 && !owners.contains(where: \.action.isOptional) {
            findings.note(id, at: owners[1].place, owners[1].action.label) {
                "The \(what) '\(name)' is that of '\(owners[0].action.label)' as well. Wanted: a name of its own."
            }
        }
    }

    private func checkNames() {
        var stages: Set<String> = []
        for (index, stage) in pipeline.stages.enumerated() {
            if let name = stage.name, let text = name.text, !stages.insert(text).inserted,
                !stage.actions.contains(where: \.isOptional)
            {
                findings.note(.nameTwice, at: name.place) { "Two stages have the name '\(text)'." }
            }
            var actions: Set<String> = []
            for action in stage.actions {
                checkCategory(of: action, index)
                if let name = action.name, let text = name.text, !action.isOptional, !actions.insert(text).inserted {
                    findings.note(.nameTwice, at: name.place, action.label) {
                        "Two actions of the stage have the name '\(text)'."
                    }
                }
            }
        }
    }

    private func checkCategory(of action: PlannedAction, _ stage: Int) {
        guard !pipeline.hasUnknownParts, let category = action.category, let word = category.text,
            (word == "Source") != (stage == 0)
        else { return }
        findings.note(.sourceStage, at: category.place, action.label) {
            stage == 0
                ? "The first stage has sources alone, but this action is of the category '\(word.cut(to: 60))'."
                : "Only the first stage has sources, and this one is the stage number \(stage + 1)."
        }
    }

    // MARK: What actions read

    private func checkInput(_ input: Node, of action: PlannedAction) {
        guard let name = input.text else { return }
        guard let makers = makers[name] else {
            guard !pipeline.hasUnknownParts else { return }
            findings.note(.artifactUnmade, at: input.place, action.label) {
                "No action makes the artifact '\(name)'.\(Self.advice(name, self.makers.keys))"
            }
            return
        }
        guard let maker = missing(makers, at: action.position) else { return }
        let whose =
            maker.label == action.label ? "this action itself makes it" : "'\(maker.label)' doesn't run before it"
        findings.note(.artifactLater, at: input.place, action.label) {
            "The artifact '\(name)' isn't there yet: \(whose). Wanted: an earlier stage or a smaller runOrder for its maker."
        }
    }

    /// The first of some owners, where none of them may run before a position.
    private func missing(_ owners: [Owner], at position: PlannedAction.Position) -> PlannedAction? {
        owners.allSatisfy { position.isCertainlyNotAfter($0.action.position) } ? owners.first?.action : nil
    }

    private func checkReferences(in text: Node, _ position: PlannedAction.Position, _ action: String?) {
        for reference in text.references {
            switch reference.namespace {
            case "codepipeline": break
            case "variables":
                let names = pipeline.variables.map(\.name)
                guard !pipeline.hasUnknownParts, !names.contains(reference.name) else { break }
                findings.note(.variableUnknown, at: text.place, action) {
                    "The pipeline declares no variable for '\(reference)'.\(Self.advice(reference.name, names))"
                }
            default: checkOutput(reference, at: text.place, position, action)
            }
        }
    }

    private func checkOutput(
        _ reference: VariableReference,
        at place: Place,
        _ position: PlannedAction.Position,
        _ action: String?
    ) {
        guard let owners = owners[reference.namespace] else {
            let hasUnknown = pipeline.actions.contains { $0.namespace != nil && $0.namespace?.text == nil }
            guard !pipeline.hasUnknownParts, !hasUnknown else { return }
            findings.note(.namespaceUnmade, at: place, action) {
                "No action has the namespace of '\(reference)'.\(Self.advice(reference.namespace, self.owners.keys))"
            }
            return
        }
        if let owner = missing(owners, at: position) {
            findings.note(.namespaceLater, at: place, action) {
                "'\(reference)' isn't there yet: '\(owner.label)' doesn't run before it."
            }
        } else if owners.count == 1, case let owner = owners[0].action.label, let known = outputs[owner],
            !known.contains(reference.name)
        {
            findings.note(.variableUnknown, at: place, action) {
                "'\(owner)' sets no variable for '\(reference)'. It sets \(known.joined(separator: ", "))."
            }
        }
    }

    // MARK: Advice

    /// The name that may be meant, and what there is, as sentences.
    static func choice(_ name: String, _ known: [String]) -> String {
        advice(name, known)
            + (known.isEmpty ? " It has none." : " It has \(known.joined(separator: ", ").cut(to: 600)).")
    }

    /// The name that may be meant, as a sentence.
    static func advice(_ name: String, _ known: some Sequence<String>) -> String {
        let limit = max(1, name.count / 3)
        // A definition may be made to take long, so some of those that are about as long will do, and their beginnings.
        let alike = known.lazy.filter { abs($0.utf8.count - name.utf8.count) <= limit }.prefix(200)
        let folded = name.cut(to: 100).lowercased()
        let distances = alike.map { ($0, folded.editDistance(to: $0.cut(to: 100).lowercased())) }
        guard let nearest = distances.min(by: { $0.1 < $1.1 }), nearest.1 <= limit else { return "" }
        return " Is '\(nearest.0)' meant?"
    }
}
