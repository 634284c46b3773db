import Foundation

/// What the service tells of the runs of actions.
extension World {
    func listActionExecutions(_ input: JSON) throws(LocalServiceError) -> JSON {
        _ = try pipeline(named: input["pipelineName"])
        let name = input["pipelineName"]?.string ?? ""
        let id =
            input["filter"]?["pipelineExecutionId"]?.string
            ?? input["filter"]?["latestInPipelineExecution"]?["pipelineExecutionId"]?.string
        if let id, executions[id]?.pipelineName != name { throw .executionNotFound(id) }
        let ids = (id.map { runsByExecution[$0] } ?? runOrder[name]) ?? []
        let list = ids.reversed().compactMap { runs[$0] }
        return try page(ofHistory: list, "actionExecutionDetails", input, actionExecution)
    }

    // MARK: Parts

    private func actionExecution(_ run: ActionRun) -> JSON {
        let secrets = types[run.action.type]?.secretProperties ?? []
        func masked(_ values: [String: String]) -> JSON {
            .strings(Dictionary(uniqueKeysWithValues: values.map { ($0, secrets.contains($0) ? "****" : $1) }))
        }
        func artifacts(_ places: [String: ArtifactScope.Object]) -> JSON {
            .array(
                places.sorted { $0.key < $1.key }.map {
                    ["name": .string($0), "s3location": ["bucket": .string($1.bucket), "key": .string($1.key)]]
                }
            )
        }
        return .members([
            "pipelineExecutionId": .string(run.executionID), "actionExecutionId": .string(run.id),
            "pipelineVersion": .integer(executions[run.executionID]?.pipelineVersion ?? 1),
            "stageName": .string(run.stageName), "actionName": .string(run.action.name),
            "startTime": Self.time(run.started), "lastUpdateTime": Self.time(run.updated),
            "status": .string(run.status),
            "input": .members([
                "actionTypeId": run.action.type.json, "configuration": masked(run.action.configuration),
                "resolvedConfiguration": masked(run.configuration), "region": .string(region),
                "inputArtifacts": artifacts(run.inputs), "namespace": run.action.namespace.map { .string($0) },
            ]),
            "output": [
                "outputArtifacts": artifacts(run.outputs), "outputVariables": .strings(run.outputVariables),
                "executionResult": .members([
                    "externalExecutionId": run.externalExecutionID.map { .string($0) },
                    "externalExecutionSummary": run.summary.map { .string($0) },
                    "externalExecutionUrl": url("executionUrlTemplate", run), "errorDetails": errorDetails(run),
                ]),
            ],
        ])
    }

    func errorDetails(_ run: ActionRun) -> JSON? {
        guard let code = run.errorCode else { return nil }
        return .members(["code": .string(code), "message": run.errorMessage.map { .string($0) }])
    }

    /// A link of the action's type with its blanks filled in, or `nil` where one can't be.
    func url(_ template: String, _ run: ActionRun) -> JSON? {
        guard let type = types[run.action.type], var url = type.definition["settings"]?[template]?.string else {
            return nil
        }
        for (name, value) in run.configuration where !type.secretProperties.contains(name) {
            url = url.replacingOccurrences(of: "{Config:\(name)}", with: value)
        }
        if let id = run.externalExecutionID { url = url.replacingOccurrences(of: "{ExternalExecutionId}", with: id) }
        if let id = run.currentRevision?["revision"]?.string {
            url = url.replacingOccurrences(of: "{RevisionId}", with: id)
        }
        guard !url.contains("{ExternalExecutionId}"), !url.contains("{RevisionId}") else { return nil }
        return .string(url)
    }
}
