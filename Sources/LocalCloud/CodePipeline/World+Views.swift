import Foundation

/// What the service tells of executions and actions.
extension World {
    func getPipelineExecution(_ input: JSON) throws(LocalServiceError) -> JSON {
        let execution = try execution(input)
        return [
            "pipelineExecution": .members([
                "pipelineName": .string(execution.pipelineName),
                "pipelineVersion": .integer(execution.pipelineVersion),
                "pipelineExecutionId": .string(execution.id), "status": .string(execution.status),
                "artifactRevisions": [],
                "variables": .array(
                    execution.variables.sorted { $0.key < $1.key }.map {
                        ["name": .string($0.key), "resolvedValue": .string($0.value)]
                    }
                ),
                "trigger": trigger(execution), "executionMode": .string(execution.mode), "executionType": "STANDARD",
            ])
        ]
    }

    func listPipelineExecutions(_ input: JSON) throws(LocalServiceError) -> JSON {
        let pipeline = try pipeline(named: input["pipelineName"])
        let name = input["pipelineName"]?.string ?? ""
        let wanted = input["filter"]?["succeededInStage"]?["stageName"]?.string
        if let wanted, !(pipeline.declaration["stages"]?.array ?? []).contains(where: { $0["name"]?.string == wanted })
        {
            throw .validation("The pipeline has no stage '\(wanted)'")
        }
        let list = (executionOrder[name] ?? []).reversed().compactMap { executions[$0] }.filter { execution in
            guard let wanted else { return true }
            return zip(execution.stageList, execution.stages).contains { $0.name == wanted && $1.status == "Succeeded" }
        }
        return try page(
            list.map { execution in
                .members([
                    "pipelineExecutionId": .string(execution.id), "status": .string(execution.status),
                    "startTime": Self.time(execution.started), "lastUpdateTime": Self.time(execution.updated),
                    "sourceRevisions": [], "trigger": trigger(execution),
                    "stopTrigger": execution.stopReason.map { ["reason": .string($0)] },
                    "executionMode": .string(execution.mode), "executionType": "STANDARD",
                ])
            },
            of: "pipelineExecutionSummaries",
            input
        )
    }

    func listActionExecutions(_ input: JSON) throws(LocalServiceError) -> JSON {
        _ = try pipeline(named: input["pipelineName"])
        let name = input["pipelineName"]?.string ?? ""
        let id =
            input["filter"]?["pipelineExecutionId"]?.string
            ?? input["filter"]?["latestInPipelineExecution"]?["pipelineExecutionId"]?.string
        if let id, executions[id]?.pipelineName != name { throw .executionNotFound(id) }
        let ids = (id.map { runsByExecution[$0] } ?? runOrder[name]) ?? []
        let list = ids.reversed().compactMap { runs[$0] }
        return try page(list.map(actionExecution), of: "actionExecutionDetails", input)
    }

    func getPipelineState(_ input: JSON) throws(LocalServiceError) -> JSON {
        let name = input["name"]?.string ?? ""
        let pipeline = try pipeline(named: input["name"])
        let own = (executionOrder[name] ?? []).compactMap { executions[$0] }
        let stages = (pipeline.declaration["stages"]?.array ?? []).map(Stage.init)
        return [
            "pipelineName": .string(name), "pipelineVersion": .integer(pipeline.version),
            "created": Self.time(pipeline.created), "updated": Self.time(pipeline.updated),
            "stageStates": .array(stages.map { stageState($0, pipeline, own) }),
        ]
    }

    // MARK: Parts

    private func trigger(_ execution: Execution) -> JSON {
        [
            "triggerType": .string(execution.triggerType),
            "triggerDetail": .string("arn:aws:iam::\(LocalCodePipeline.accountID):user/local"),
        ]
    }

    private func stageState(_ stage: Stage, _ pipeline: Pipeline, _ executions: [Execution]) -> JSON {
        func run(_ execution: Execution) -> StageRun? {
            execution.stageList.firstIndex { $0.name == stage.name }.map { execution.stages[$0] }
        }
        let latest = executions.last { run($0)?.status != nil }
        let waiting = executions.last {
            $0.isLive && !$0.isInStage && $0.stageList.indices.contains($0.stageIndex)
                && $0.stageList[$0.stageIndex].name == stage.name
        }
        let closed = pipeline.closedStages[stage.name]
        return .members([
            "stageName": .string(stage.name),
            "inboundExecution": waiting.map { ["pipelineExecutionId": .string($0.id), "status": "InProgress"] },
            "inboundTransitionState": .members([
                "enabled": .bool(closed == nil), "disabledReason": closed.map { .string($0) },
            ]),
            "latestExecution": latest.map {
                ["pipelineExecutionId": .string($0.id), "status": .string(run($0)?.status ?? "InProgress")]
            },
            "actionStates": .array(
                stage.actions.map { action in
                    let runID = latest.flatMap { run($0)?.runs[action.name] }
                    return actionState(action, runID.flatMap { runs[$0] })
                }
            ),
        ])
    }

    private func actionState(_ action: Action, _ run: ActionRun?) -> JSON {
        .members([
            "actionName": .string(action.name),
            "entityUrl": run.flatMap { url("entityUrlTemplate", $0) },
            "revisionUrl": run.flatMap { url("revisionUrlTemplate", $0) },
            "currentRevision": run?.currentRevision.map {
                [
                    "revisionId": $0["revision"] ?? "", "revisionChangeId": $0["changeIdentifier"] ?? "",
                    "created": $0["created"] ?? 0,
                ]
            },
            "latestExecution": run.map { run in
                .members([
                    "actionExecutionId": .string(run.id), "status": .string(run.status),
                    "summary": run.summary.map { .string($0) }, "lastStatusChange": Self.time(run.updated),
                    "externalExecutionId": run.externalExecutionID.map { .string($0) },
                    "externalExecutionUrl": url("executionUrlTemplate", run),
                    "percentComplete": run.percentComplete.map { .integer($0) }, "errorDetails": errorDetails(run),
                ])
            },
        ])
    }

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

    private func errorDetails(_ run: ActionRun) -> JSON? {
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
