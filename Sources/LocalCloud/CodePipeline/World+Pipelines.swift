import Foundation

extension World {
    mutating func createPipeline(_ input: JSON, now: Date) throws(LocalServiceError) -> JSON {
        var declaration = input["pipeline"] ?? [:]
        let name = declaration["name"]?.string ?? ""
        guard pipelines[name] == nil else {
            throw LocalServiceError(
                code: "PipelineNameInUseException",
                message: "A pipeline with name '\(name)' exists"
            )
        }
        try checkPipeline(declaration)
        fillIn(&declaration, version: 1)
        let tags = Self.tags(input["tags"])
        pipelines[name] = Pipeline(
            declaration: declaration,
            versions: [declaration],
            created: now,
            updated: now,
            tags: tags
        )
        return .members([
            "pipeline": masked(declaration), "tags": tags.isEmpty ? nil : Self.tagList(tags),
        ])
    }

    mutating func updatePipeline(_ input: JSON, now: Date) throws(LocalServiceError) -> JSON {
        var declaration = input["pipeline"] ?? [:]
        let name = declaration["name"]?.string ?? ""
        guard let old = pipelines[name] else { throw .pipelineNotFound(name) }
        restoreSecrets(in: &declaration, from: old.declaration)
        try checkPipeline(declaration)
        fillIn(&declaration, version: old.version + 1)
        pipelines[name]?.declaration = declaration
        pipelines[name]?.versions.append(declaration)
        pipelines[name]?.updated = now
        // What runs does not complete.
        for id in liveExecutions[name] ?? [] { end(id, status: "Cancelled", now: now) }
        return ["pipeline": masked(declaration)]
    }

    mutating func deletePipeline(_ input: JSON, now: Date) {
        let name = input["name"]?.string ?? ""
        for id in liveExecutions[name] ?? [] { end(id, status: "Cancelled", now: now) }
        pipelines[name] = nil
    }

    func getPipeline(_ input: JSON) throws(LocalServiceError) -> JSON {
        let pipeline = try pipeline(named: input["name"])
        let version = input["version"]?.integer ?? pipeline.version
        guard pipeline.versions.indices.contains(version - 1) else {
            throw LocalServiceError(code: "PipelineVersionNotFoundException", message: "There is no version \(version)")
        }
        let declaration = pipeline.versions[version - 1]
        return [
            "pipeline": masked(declaration),
            "metadata": [
                "pipelineArn": .string(arn(declaration["name"]?.string ?? "")), "created": Self.time(pipeline.created),
                "updated": Self.time(pipeline.updated),
            ],
        ]
    }

    func listPipelines(_ input: JSON) throws(LocalServiceError) -> JSON {
        let list = pipelines.sorted { $0.key < $1.key }.map { name, pipeline -> JSON in
            [
                "name": .string(name), "version": .integer(pipeline.version),
                "pipelineType": pipeline.declaration["pipelineType"] ?? "V1",
                "executionMode": pipeline.declaration["executionMode"] ?? "SUPERSEDED",
                "created": Self.time(pipeline.created), "updated": Self.time(pipeline.updated),
            ]
        }
        return try page(list, of: "pipelines", input)
    }

    mutating func setTransition(_ input: JSON, isOpen: Bool) throws(LocalServiceError) {
        let pipeline = try pipeline(named: input["pipelineName"])
        let name = input["pipelineName"]?.string ?? ""
        let stage = input["stageName"]?.string ?? ""
        guard input["transitionType"]?.string == "Inbound" else {
            throw .validation("The stand-in doesn't play the transitionType 'Outbound': use 'Inbound'")
        }
        guard (pipeline.declaration["stages"]?.array ?? []).contains(where: { $0["name"]?.string == stage }) else {
            throw .stageNotFound(stage)
        }
        unsettled.insert(name)
        pipelines[name]?.closedStages[stage] = isOpen ? nil : input["reason"]?.string ?? ""
    }

    func pipeline(named name: JSON?) throws(LocalServiceError) -> Pipeline {
        let name = name?.string ?? ""
        guard let pipeline = pipelines[name] else { throw .pipelineNotFound(name) }
        return pipeline
    }

    // MARK: Secrets

    private static let mask = "****"

    /// A declaration with its secret values replaced, as every reply shows it.
    func masked(_ declaration: JSON) -> JSON {
        mapActions(of: declaration) { action in
            let secrets = types[ActionTypeKey(action["actionTypeId"])]?.secretProperties ?? []
            guard var configuration = action["configuration"]?.object, !secrets.isEmpty else { return action }
            for name in secrets where configuration[name] != nil { configuration[name] = .string(Self.mask) }
            var action = action
            action["configuration"] = .object(configuration)
            return action
        }
    }

    /// A value that comes back masked keeps what it was.
    private func restoreSecrets(in declaration: inout JSON, from old: JSON) {
        var values: [String: JSON] = [:]
        for stage in (old["stages"]?.array ?? []) {
            for action in stage["actions"]?.array ?? [] {
                values["\(stage["name"]?.string ?? "")/\(action["name"]?.string ?? "")"] = action["configuration"]
            }
        }
        declaration = mapActions(of: declaration) { stage, action in
            let secrets = types[ActionTypeKey(action["actionTypeId"])]?.secretProperties ?? []
            guard var configuration = action["configuration"]?.object else { return action }
            for name in secrets where configuration[name]?.string == Self.mask {
                configuration[name] = values["\(stage)/\(action["name"]?.string ?? "")"]?[name] ?? configuration[name]
            }
            var action = action
            action["configuration"] = .object(configuration)
            return action
        }
    }

    private func mapActions(of declaration: JSON, _ change: (JSON) -> JSON) -> JSON {
        mapActions(of: declaration) { change($1) }
    }

    private func mapActions(of declaration: JSON, _ change: (String, JSON) -> JSON) -> JSON {
        var declaration = declaration
        declaration["stages"] = .array(
            (declaration["stages"]?.array ?? []).map { stage in
                var stage = stage
                let name = stage["name"]?.string ?? ""
                stage["actions"] = .array((stage["actions"]?.array ?? []).map { change(name, $0) })
                return stage
            }
        )
        return declaration
    }

    private func usesV2(_ declaration: JSON) -> Bool {
        (declaration["executionMode"]?.string ?? "SUPERSEDED") != "SUPERSEDED"
            || declaration["variables"]?.array?.isEmpty == false
            || (declaration["stages"]?.array ?? []).contains { stage in
                ConditionPlace.allCases.contains { stage[$0.rawValue] != nil }
            }
    }

    /// Adds what AWS adds to a declaration.
    private func fillIn(_ declaration: inout JSON, version: Int) {
        declaration["version"] = .integer(version)
        // Members that only V2 has make a pipeline V2, whatever its type says.
        declaration["pipelineType"] = usesV2(declaration) ? "V2" : declaration["pipelineType"] ?? "V1"
        declaration["executionMode"] = declaration["executionMode"] ?? "SUPERSEDED"
        declaration = mapActions(of: declaration) { action in
            var action = action
            action["runOrder"] = action["runOrder"] ?? 1
            action["configuration"] = action["configuration"] ?? [:]
            action["inputArtifacts"] = action["inputArtifacts"] ?? []
            action["outputArtifacts"] = action["outputArtifacts"] ?? []
            return action
        }
    }
}
