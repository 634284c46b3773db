import JobEngine

/// Reads the pipelines of a definition, and notes what isn't as CodePipeline takes it.
struct DefinitionReader {
    private let template: Template
    private(set) var findings: [Finding] = []
    private var label = ""
    private var action: String?

    /// What a definition holds.
    struct Definition {
        var pipelines: [PlannedPipeline]
        /// The custom action types that the template registers, as provider and version.
        var types: [(provider: String, version: String?)] = []
        var findings: [Finding]
    }

    /// Reads a definition.
    ///
    /// - Throws: ``DefinitionError`` if it has no pipeline.
    static func read(_ root: Node) throws(DefinitionError) -> Definition {
        guard case .map = root.content else {
            throw DefinitionError("is \(root.kind), but should be a pipeline or a template.", at: root.place)
        }
        let resources = root["Resources"]?.members ?? []
        guard root["Resources"] != nil, root["Stages"] == nil, root["Pipeline"]?["Stages"] == nil else {
            let wanted = "the JSON of get-pipeline or a CloudFormation template"
            guard let pipeline = root["Pipeline"] ?? (root["Stages"] == nil ? nil : root), case .map = pipeline.content
            else { throw DefinitionError("has neither 'pipeline' nor 'Resources'. Wanted: \(wanted).", at: root.place) }
            var reader = Self(template: Template())
            return Definition(pipelines: [reader.pipeline(pipeline, named: nil)], findings: reader.findings)
        }
        func ofType(_ type: String) -> [Node.Member] {
            resources.filter { resource in
                if case .text(let text) = resource.value["Type"]?.content {
                    text == "AWS::CodePipeline::\(type)"
                } else {
                    false
                }
            }
        }
        let found = ofType("Pipeline")
        guard !found.isEmpty else {
            throw DefinitionError("is a template without an AWS::CodePipeline::Pipeline.", at: root["Resources"]?.place)
        }
        let template = Template(root)
        var reader = Self(template: template)
        let pipelines = found.map { resource in
            let properties = resource.value["Properties"]
            return reader.pipeline(properties ?? resource.value, named: resource.name)
        }
        let types = ofType("CustomActionType").compactMap { resource -> (String, String?)? in
            let properties = resource.value["Properties"]
            let named = properties?["Provider"].map { template.resolved($0) }
            guard case .text(let provider)? = named?.content else { return nil }
            let version = properties?["Version"].map { template.resolved($0) }
            if case .text(let text)? = version?.content { return (provider, text) }
            return (provider, nil)
        }
        return Definition(pipelines: pipelines, types: types, findings: reader.findings)
    }

    private init(template: Template) {
        self.template = template
    }

    // MARK: Values

    private mutating func note(_ id: Finding.ID, _ place: Place, _ text: String) {
        findings.append(Finding(id: id, severity: .error, place: place, pipeline: label, action: action, text: text))
    }

    /// A text of a mapping; `nil` where there is none.
    ///
    /// `limit` is how long it may be, and `signs` are the characters that it may have beside letters and digits; `nil` for
    /// any.
    private mutating func text(
        _ parent: Node,
        _ name: String,
        limit: Int? = nil,
        signs: String? = nil,
        isRequired: Bool = false
    ) -> PlannedText? {
        guard let member = parent[name] else {
            if isRequired { note(.missingMember, parent.place, "'\(name)' is missing.") }
            return nil
        }
        let node = template.resolved(member)
        switch node.content {
        case .text(let text):
            if let limit, text.utf16.count > limit || text.isEmpty, !node.isAssumed {
                let length = "\(name) has \(text.utf16.count) characters"
                note(.limit, node.place, "\(length). Wanted: 1 to \(limit).")
            } else if let signs, !node.isAssumed, let wrong = Self.foreign(text, signs) {
                let wanted = "letters, digits and \(signs.map { "'\($0)'" }.joined(separator: ", "))"
                note(.limit, node.place, "'\(name)' has '\(wrong)'. Wanted: \(wanted).")
            }
            return PlannedText(value: text, place: node.place, isAssumed: node.isAssumed)
        case .unknown, .oneOf: return PlannedText(value: nil, place: node.place)
        case .nothing: return nil
        case .list, .map:
            note(.wrongType, node.place, "'\(name)' is \(node.kind), but should be a text.")
            return PlannedText(value: nil, place: node.place)
        }
    }

    /// The first character of a text that is no letter or digit of ASCII, and none of `signs`.
    private static func foreign(_ text: String, _ signs: String) -> Character? {
        text.first { !($0.isASCII && ($0.isLetter || $0.isNumber) || signs.contains($0)) }
    }

    /// The elements of a list, and whether each may not be there; what can't be known is left out and said.
    private mutating func list(_ parent: Node, _ name: String, hasUnknown: inout Bool) -> [(Node, isOptional: Bool)] {
        guard let member = parent[name] else { return [] }
        return elements(template.resolved(member), name, false, &hasUnknown, isList: true)
    }

    private mutating func elements(
        _ node: Node,
        _ name: String,
        _ isOptional: Bool,
        _ hasUnknown: inout Bool,
        isList: Bool
    ) -> [(Node, isOptional: Bool)] {
        switch node.content {
        case .list(let nodes) where isList:
            var found: [(Node, isOptional: Bool)] = []
            for element in nodes {
                found += elements(template.resolved(element), name, isOptional, &hasUnknown, isList: false)
            }
            return found
        case .oneOf(let nodes):
            var found: [(Node, isOptional: Bool)] = []
            for choice in nodes {
                found += elements(template.resolved(choice), name, true, &hasUnknown, isList: isList)
            }
            return found
        case .unknown:
            hasUnknown = true
            return []
        case .nothing: return []
        case .map where !isList: return [(node, isOptional)]
        case .text, .map, .list:
            note(
                .wrongType,
                node.place,
                isList
                    ? "'\(name)' is \(node.kind), but should be a list."
                    : "'\(name)' has \(node.kind), but should have mappings."
            )
            hasUnknown = true
            return []
        }
    }

    // MARK: Parts

    private mutating func pipeline(_ node: Node, named name: String?) -> PlannedPipeline {
        var pipeline = PlannedPipeline()
        pipeline.place = node.place
        action = nil
        label = name ?? ""
        let ownName = text(node, "name", limit: 100, signs: ".@-_", isRequired: name == nil)
        label = name ?? ownName?.value ?? "the pipeline"
        pipeline.label = label
        pipeline.type = text(node, "pipelineType")
        pipeline.mode = text(node, "executionMode")
        var hasUnknown = false
        for (variable, _) in list(node, "variables", hasUnknown: &hasUnknown) {
            guard let name = text(variable, "name", limit: 128, signs: "@-_", isRequired: true)?.value else {
                hasUnknown = true
                continue
            }
            pipeline.variables.append(.init(name: name, defaultValue: text(variable, "defaultValue")))
        }
        if let variables = node["variables"], !pipeline.variables.isEmpty { pipeline.variablesPlace = variables.place }
        if node["stages"] == nil {
            note(.missingMember, node.place, "'stages' is missing.")
            hasUnknown = true
        }
        for (stage, isOptional) in list(node, "stages", hasUnknown: &hasUnknown) {
            let number = pipeline.stages.count
            pipeline.stages.append(self.stage(stage, number, isOptional, &hasUnknown))
        }
        if pipeline.stages.count == 1, !hasUnknown {
            note(
                .limit,
                pipeline.stages[0].place,
                "The pipeline has one stage. Wanted: at least two, the first with sources."
            )
        }
        pipeline.hasUnknownParts = hasUnknown || node.members.contains { $0.name.hasPrefix("Fn::") }
        return pipeline
    }

    private mutating func stage(_ node: Node, _ number: Int, _ isOptional: Bool, _ hasUnknown: inout Bool)
        -> PlannedStage
    {
        var stage = PlannedStage()
        stage.place = node.place
        action = nil
        if let name = text(node, "name", limit: 100, signs: ".@-_", isRequired: true) { stage.name = name }
        if node["actions"] == nil {
            note(.missingMember, node.place, "'actions' is missing.")
            hasUnknown = true
        }
        for (action, mayLack) in list(node, "actions", hasUnknown: &hasUnknown) {
            let planned = self.action(action, in: stage.name.value ?? "?", number, &hasUnknown)
            stage.actions.append(planned)
            stage.actions[stage.actions.count - 1].isOptional = isOptional || mayLack
        }
        action = nil
        if stage.actions.isEmpty, !hasUnknown { note(.limit, node.place, "The stage has no action. Wanted: 1 to 50.") }
        for place in ["beforeEntry", "onSuccess", "onFailure"] {
            guard let conditions = node[place].map({ template.resolved($0) }) else { continue }
            stage.conditionsPlace = stage.conditionsPlace ?? conditions.place
            var isUnknown = false
            var results = [text(conditions, "result")]
            for (condition, _) in list(conditions, "conditions", hasUnknown: &isUnknown) {
                results.append(text(condition, "result"))
                for (rule, _) in list(condition, "rules", hasUnknown: &isUnknown) {
                    for property in rule["configuration"]?.members ?? [] {
                        guard case .text(let text) = property.value.content else { continue }
                        stage.ruleTexts.append(PlannedText(value: text, place: property.value.place))
                    }
                }
            }
            for result in results {
                stage.maySkip = stage.maySkip || result?.value == "SKIP" && place == "beforeEntry"
                stage.rollsBack = stage.rollsBack || result?.value == "ROLLBACK"
            }
        }
        return stage
    }

    private mutating func action(_ node: Node, in stage: String, _ number: Int, _ hasUnknown: inout Bool)
        -> PlannedAction
    {
        var action = PlannedAction()
        action.place = node.place
        action.propertiesPlace = node.place
        self.action = nil
        if let name = text(node, "name", limit: 100, signs: ".@-_", isRequired: true) { action.name = name }
        action.label = "\(stage)/\(action.name.value ?? "?")"
        self.action = action.label
        var order: Int? = 1
        if let text = text(node, "runOrder") { order = text.value.flatMap { Int($0) } }
        if let wrong = node["runOrder"], case .text(let text) = template.resolved(wrong).content,
            !(1...999).contains(Int(text) ?? 0)
        {
            note(.limit, wrong.place, "'runOrder' is '\(text.cut(to: 60))'. Wanted: a whole number, 1 to 999.")
        }
        action.position = .init(stage: number, order: order)
        let type = node["actionTypeId"].map { template.resolved($0) }
        switch type?.content {
        case nil: note(.missingMember, node.place, "'actionTypeId' is missing.")
        case .unknown?, .oneOf?: break
        case .map?:
            guard let type else { break }
            action.category = text(type, "category", isRequired: true)
            action.owner = text(type, "owner", isRequired: true)
            action.provider = text(type, "provider", limit: 35, isRequired: true)
            action.version = text(type, "version", limit: 9, isRequired: true)
        default: note(.wrongType, type?.place ?? node.place, "'actionTypeId' should be a mapping.")
        }
        if let configuration = node["configuration"].map({ template.resolved($0) }) {
            properties(configuration, &action)
        }
        action.inputs = names(node, "inputArtifacts", &hasUnknown)
        action.outputs = names(node, "outputArtifacts", &hasUnknown)
        action.namespace = text(node, "namespace", limit: 100, signs: "@-_")
        action.timeout = text(node, "timeoutInMinutes")?.value.flatMap { Int($0) }
        return action
    }

    private mutating func properties(_ node: Node, _ action: inout PlannedAction) {
        switch node.content {
        case .map(let members):
            action.propertiesPlace = node.place
            for member in members {
                if member.name.hasPrefix("Fn::") {
                    action.hasUnknownProperties = true
                    continue
                }
                let value = template.resolved(member.value)
                let text: PlannedText
                switch value.content {
                case .text(let written): text = .init(value: written, place: value.place, isAssumed: value.isAssumed)
                case .unknown, .oneOf: text = .init(value: nil, place: value.place)
                case .nothing: continue
                case .list, .map:
                    text = .init(value: nil, place: value.place)
                    // CloudFormation makes a text of a mapping for some of AWS's own actions.
                    guard action.owner?.value == "Custom" else { break }
                    note(
                        .wrongType,
                        value.place,
                        "The property '\(member.name)' is \(value.kind), but should be a text: write its JSON in quotation marks."
                    )
                }
                action.properties.append(.init(name: member.name, namePlace: member.place, value: text))
            }
        case .unknown, .oneOf: action.hasUnknownProperties = true
        case .nothing: break
        case .text, .list: note(.wrongType, node.place, "'configuration' is \(node.kind), but should be a mapping.")
        }
    }

    private mutating func names(_ node: Node, _ member: String, _ hasUnknown: inout Bool) -> [PlannedText] {
        var names: [PlannedText] = []
        for (artifact, _) in list(node, member, hasUnknown: &hasUnknown) {
            let name = text(artifact, "name", limit: 100, signs: "-_", isRequired: true)
            if name?.value == nil { hasUnknown = true }
            names.append(name ?? PlannedText(value: nil, place: artifact.place))
        }
        return names
    }
}
