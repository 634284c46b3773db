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
        let latestRun = latest.flatMap(run)
        let waiting = executions.filter { execution in
            execution.stageList.firstIndex { $0.name == stage.name }.map { execution.isWaiting(for: $0) } ?? false
        }
        .map { stageExecution($0, "InProgress") }
        let closed = pipeline.closedStages[stage.name]
        func condition(_ place: ConditionPlace) -> JSON? { latestRun?.conditions[place].map(conditionState) }
        return .members([
            "stageName": .string(stage.name), "inboundExecution": waiting.last,
            "inboundExecutions": waiting.isEmpty ? nil : .array(waiting),
            "inboundTransitionState": .members([
                "enabled": .bool(closed == nil), "disabledReason": closed.map { .string($0) },
            ]),
            "latestExecution": latest.map { execution in
                let status = run(execution)?.status ?? "InProgress"
                return stageExecution(
                    execution,
                    status == "InProgress" && execution.status == "Stopping" ? "Stopping" : status
                )
            },
            "actionStates": .array(
                stage.actions.map { action in
                    actionState(action, latestRun?.runs[action.name].flatMap { runs[$0] })
                }
            ),
            "beforeEntryConditionState": condition(.beforeEntry),
            "onSuccessConditionState": condition(.onSuccess),
            "onFailureConditionState": condition(.onFailure),
            "retryStageMetadata": latestRun.flatMap { retryMetadata($0.retries) },
        ])
    }

    private func stageExecution(_ execution: Execution, _ status: String) -> JSON {
        [
            "pipelineExecutionId": .string(execution.id), "status": .string(status), "type": .string(execution.type),
        ]
    }

    private func retryMetadata(_ retries: StageRun.Retries) -> JSON? {
        guard let trigger = retries.latestTrigger else { return nil }
        return .members([
            "autoStageRetryAttempt": retries.automatic > 0 ? .integer(retries.automatic) : nil,
            "manualStageRetryAttempt": retries.manual > 0 ? .integer(retries.manual) : nil,
            "latestRetryTrigger": .string(trigger),
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
