import Foundation

/// What the service tells of the runs of actions.
extension World {
    func listActionExecutions(_ input: JSON) throws(LocalServiceError) -> JSON {
        _ = try pipeline(named: input["pipelineName"])
        let name = input["pipelineName"]?.string ?? ""
        let filter = try executionFilter(input, pipeline: name)
        let ids = filter.map { runsByExecution[$0.executionID] } ?? runOrder[name]
        var list = (ids ?? []).reversed().compactMap { runs[$0] }
        if filter?.isLatestAlone == true {
            var seen: Set<[String]> = []
            list.removeAll { !seen.insert([$0.stageName, $0.action.name]).inserted }
        }
        return try page(ofHistory: list, "actionExecutionDetails", input, actionExecution)
    }

    /// The execution that a filter names, and whether it wants but the latest attempt of each action or rule.
    ///
    /// That `Latest` leaves out earlier attempts, and `All` doesn't, is a guess: AWS says no more than
    /// that it is about the start time in the latest execution.
    func executionFilter(
        _ input: JSON,
        pipeline: String
    ) throws(LocalServiceError) -> (executionID: String, isLatestAlone: Bool)? {
        guard let filter = input["filter"] else { return nil }
        let latest = filter["latestInPipelineExecution"]
        let id = filter["pipelineExecutionId"]?.string
        guard id == nil || latest == nil else {
            throw .validation("filter: only one of pipelineExecutionId and latestInPipelineExecution may be there")
        }
        guard let id = id ?? latest?["pipelineExecutionId"]?.string else { return nil }
        guard executions[id]?.pipelineName == pipeline else { throw .executionNotFound(id) }
        return (id, latest?["startTimeRange"]?.string == "Latest")
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
                "resolvedConfiguration": masked(run.configuration),
                "roleArn": run.action.roleARN.map { .string($0) }, "region": .string(region),
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
