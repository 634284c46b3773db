import Foundation

/// What the service tells of a pipeline's state.
extension World {
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
}
