import JobEngine

/// Reads the pipelines of a definition, and notes what isn't as CodePipeline takes it.
struct DefinitionReader {
    /// The pipelines, and the custom action types that the template registers.
    typealias Definition = (pipelines: [PlannedPipeline], types: [(provider: String, version: String?)])

    private let template: Template
    private let findings: Findings
    /// Whether the pipeline is certainly of the type that knows less.
    private var isV1 = false
    /// The action that is read.
    private var action: String?
    /// Whether there may be parts of the pipeline that can't be known.
    private var hasUnknown = false

    /// Reads a definition.
    ///
    /// - Throws: ``DefinitionError`` if it has no pipeline.
    static func read(_ root: Node, _ findings: Findings) throws(DefinitionError) -> Definition {
        let template = Template(root)
        var reader = Self(template: template, findings: findings)
        let pipelines = try pipelines(in: root).map { reader.pipeline($0.node, named: $0.name) }
        let types = resources(of: "CustomActionType", in: root).compactMap { resource -> (String, String?)? in
            guard let properties = resource.value["Properties"],
                let provider = template.member("Provider", of: properties)?.text
            else { return nil }
            return (provider, template.member("Version", of: properties)?.text)
        }
        return (pipelines, types)
    }

    /// The pipelines as they are written, with their resources' names where it is a template.
    ///
    /// - Throws: ``DefinitionError`` if there is none.
    static func pipelines(in root: Node) throws(DefinitionError) -> [(name: String?, node: Node)] {
        guard case .map = root.content else {
            throw DefinitionError("is \(root.kind), but should be a pipeline or a template.", at: root.place)
        }
        if let all = root["Resources"], root["Stages"] == nil, root["Pipeline"]?["Stages"] == nil {
            let found = resources(of: "Pipeline", in: root)
            guard !found.isEmpty else {
                throw DefinitionError("is a template without an AWS::CodePipeline::Pipeline.", at: all.place)
            }
            return found.map { ($0.name, $0.value["Properties"] ?? $0.value) }
        }
        guard let pipeline = root["Pipeline"] ?? (root["Stages"] == nil ? nil : root), case .map = pipeline.content
        else {
            let wanted = "the JSON of get-pipeline or a CloudFormation template"
            throw DefinitionError("has neither 'pipeline' nor 'Resources'. Wanted: \(wanted).", at: root.place)
        }
        return [(nil, pipeline)]
    }

    /// A template's resources of one of CodePipeline's types.
    private static func resources(of type: String, in root: Node) -> [Node.Member] {
        root["Resources"]?.members.filter { $0.value["Type"]?.text == "AWS::CodePipeline::\(type)" } ?? []
    }

    // MARK: Values

    private func note(_ id: Finding.ID, _ node: Node, _ text: String) {
        findings.note(id, at: node.place, action) { text }
    }

    /// A text of a mapping; `nil` where there is none.
    ///
    /// `limit` is how long it may be, and `signs` are the characters that it may have beside letters and digits; `nil` for
    /// any.
    private func text(_ parent: Node, _ name: String, limit: Int? = nil, signs: String? = nil, isRequired: Bool = false)
        -> Node?
    {
        guard let node = template.member(name, of: parent) else {
            if isRequired { note(.missingMember, parent, "'\(name)' is missing.") }
            return nil
        }
        switch node.content {
        case .text(let text) where !node.isAssumed:
            if let limit, !(1...limit).contains(text.utf16.count) {
                note(.limit, node, "\(name) has \(text.utf16.count) characters. Wanted: 1 to \(limit).")
            } else if let signs, let wrong = text.first(where: { !$0.isLetterOrDigit && !signs.contains($0) }) {
                let wanted = "letters, digits and \(signs.map { "'\($0)'" }.joined(separator: ", "))"
                note(.limit, node, "'\(name)' has '\(wrong)'. Wanted: \(wanted).")
            }
        case .text, .unknown, .oneOf: break
        case .nothing: return nil
        case .list, .map: note(.wrongType, node, "'\(name)' is \(node.kind), but should be a text.")
        }
        return node
    }

    /// The name of a pipeline, a stage or an action.
    private func name(_ node: Node, isRequired: Bool = true) -> Node? {
        text(node, "name", limit: 100, signs: ".@-_", isRequired: isRequired)
    }

    /// The mappings of a list; what can't be known is left out and said.
    private mutating func mappings(_ parent: Node, _ name: String) -> [Node] {
        var found: [Node] = []
        for list in parent[name].map({ choices($0, isOptional: false) }) ?? [] {
            guard case .list(let nodes) = list.content else {
                note(.wrongType, list, "'\(name)' is \(list.kind), but should be a list.")
                hasUnknown = true
                continue
            }
            for element in nodes.flatMap({ choices($0, isOptional: list.isOptional) }) {
                if case .map = element.content {
                    found.append(element)
                } else {
                    note(.wrongType, element, "'\(name)' has \(element.kind), but should have mappings.")
                    hasUnknown = true
                }
            }
        }
        return found
    }

    /// What a value may be.
    private mutating func choices(_ node: Node, isOptional: Bool) -> [Node] {
        var node = template.resolved(node)
        node.isOptional = isOptional
        switch node.content {
        case .oneOf(let nodes): return nodes.flatMap { choices($0, isOptional: true) }
        case .unknown:
            hasUnknown = true
            return []
        case .nothing: return []
        case .text, .list, .map: return [node]
        }
    }

    /// The mappings of a list that has to be there.
    private mutating func requiredMappings(_ parent: Node, _ name: String) -> [Node] {
        if parent[name] == nil {
            note(.missingMember, parent, "'\(name)' is missing.")
            hasUnknown = true
        }
        return mappings(parent, name)
    }

    private func needV2(_ what: String, at place: Place) {
        guard isV1 else { return }
        findings.note(.needsV2, at: place) { "The pipeline is of type V1. \(what) need type V2." }
    }

    // MARK: Parts

    private mutating func pipeline(_ node: Node, named name: String?) -> PlannedPipeline {
        var pipeline = PlannedPipeline(place: node.place)
        action = nil
        hasUnknown = false
        findings.pipeline = name ?? ""
        let ownName = self.name(node, isRequired: name == nil)
        pipeline.label = name ?? ownName?.text ?? "the pipeline"
        findings.pipeline = pipeline.label
        pipeline.type = text(node, "pipelineType")
        isV1 = pipeline.type?.text == "V1" && pipeline.type?.isAssumed == false
        pipeline.mode = text(node, "executionMode")
        if let mode = pipeline.mode, let value = mode.text, value != "SUPERSEDED" {
            needV2("Executions that are \(value)", at: mode.place)
        }
        for variable in mappings(node, "variables") {
            if let name = text(variable, "name", limit: 128, signs: "@-_", isRequired: true)?.text {
                pipeline.variables.append((name, text(variable, "defaultValue")?.text))
            } else {
                hasUnknown = true
            }
        }
        if !pipeline.variables.isEmpty, let place = node["variables"]?.place { needV2("Variables", at: place) }
        for stage in requiredMappings(node, "stages") {
            pipeline.stages.append(self.stage(stage, pipeline.stages.count))
        }
        if pipeline.stages.count == 1, !hasUnknown {
            findings.note(.limit, at: pipeline.stages[0].place) {
                "The pipeline has one stage. Wanted: at least two, the first with sources."
            }
        }
        pipeline.hasUnknownParts = hasUnknown || node.members.contains { $0.name.hasPrefix("Fn::") }
        return pipeline
    }

    private mutating func stage(_ node: Node, _ number: Int) -> PlannedStage {
        var stage = PlannedStage(place: node.place)
        stage.name = name(node)
        for action in requiredMappings(node, "actions") {
            stage.actions.append(self.action(action, in: stage.label, number))
            stage.actions[stage.actions.count - 1].isOptional = node.isOptional || action.isOptional
        }
        if stage.actions.isEmpty, !hasUnknown { note(.limit, node, "The stage has no action. Wanted: 1 to 50.") }
        readConditions(of: node, &stage)
        return stage
    }

    private mutating func readConditions(of node: Node, _ stage: inout PlannedStage) {
        // What can't be known of them hides no part that another one names.
        let hadUnknown = hasUnknown
        defer { hasUnknown = hadUnknown }
        let places = ["beforeEntry", "onSuccess", "onFailure"]
        if let first = places.lazy.compactMap({ node[$0] }).first {
            needV2("Conditions and responses to failures", at: first.place)
        }
        for place in places {
            guard let whole = template.member(place, of: node) else { continue }
            let conditions = mappings(whole, "conditions")
            let results = ([whole] + conditions).map { text($0, "result")?.text }
            stage.maySkip = stage.maySkip || place == "beforeEntry" && results.contains("SKIP")
            stage.rollsBack = stage.rollsBack || results.contains("ROLLBACK")
            for rule in conditions.flatMap({ mappings($0, "rules") }) {
                stage.ruleTexts += rule["configuration"]?.members.map(\.value) ?? []
            }
        }
    }

    private mutating func action(_ node: Node, in stage: String, _ number: Int) -> PlannedAction {
        var action = PlannedAction(place: node.place, propertiesPlace: node.place)
        action.name = name(node)
        action.label = "\(stage)/\(action.name?.text ?? "?")"
        self.action = action.label
        defer { self.action = nil }
        let order = text(node, "runOrder")
        let orderNumber = order?.text.flatMap { Int($0) }
        if let order, let text = order.text, !(1...999).contains(orderNumber ?? 0) {
            note(.limit, order, "'runOrder' is '\(text.cut(to: 60))'. Wanted: a whole number, 1 to 999.")
        }
        action.position = .init(stage: number, order: order == nil ? 1 : orderNumber)
        if let type = template.member("actionTypeId", of: node) {
            readType(type, &action)
        } else {
            note(.missingMember, node, "'actionTypeId' is missing.")
        }
        if let configuration = template.member("configuration", of: node) { readProperties(configuration, &action) }
        action.inputs = artifacts(node, "inputArtifacts")
        action.outputs = artifacts(node, "outputArtifacts")
        action.namespace = text(node, "namespace", limit: 100, signs: "@-_")
        action.timeout = text(node, "timeoutInMinutes")?.text.flatMap { Int($0) }
        return action
    }

    private func readType(_ type: Node, _ action: inout PlannedAction) {
        switch type.content {
        case .map:
            action.category = text(type, "category", isRequired: true)
            action.owner = text(type, "owner", isRequired: true)
            action.provider = text(type, "provider", limit: 35, isRequired: true)
            action.version = text(type, "version", limit: 9, isRequired: true)
        case .unknown, .oneOf: break
        case .text, .list, .nothing: note(.wrongType, type, "'actionTypeId' should be a mapping.")
        }
    }

    private func readProperties(_ node: Node, _ action: inout PlannedAction) {
        switch node.content {
        case .map(let members):
            action.propertiesPlace = node.place
            action.hasUnknownProperties = members.contains { $0.name.hasPrefix("Fn::") }
            for member in members where !member.name.hasPrefix("Fn::") {
                let value = template.resolved(member.value)
                switch value.content {
                case .text, .unknown, .oneOf: break
                case .nothing: continue
                case .list, .map:
                    // CloudFormation makes a text of a mapping for some of AWS's own actions.
                    guard action.owner?.text == "Custom" else { break }
                    let what = "The property '\(member.name)' is \(value.kind), but should be a text"
                    note(.wrongType, value, "\(what): write its JSON in quotation marks.")
                }
                action.properties.append(.init(name: member.name, place: member.place, value: value))
            }
        case .unknown, .oneOf: action.hasUnknownProperties = true
        case .nothing: break
        case .text, .list: note(.wrongType, node, "'configuration' is \(node.kind), but should be a mapping.")
        }
    }

    private mutating func artifacts(_ node: Node, _ member: String) -> [Node] {
        mappings(node, member).map { artifact in
            let name = text(artifact, "name", limit: 100, signs: "-_", isRequired: true)
            if name?.text == nil { hasUnknown = true }
            return name ?? Node(content: .unknown, place: artifact.place)
        }
    }
}
