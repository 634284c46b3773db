import Foundation

/// What the service tells of executions.
extension World {
    func getPipelineExecution(_ input: JSON) throws(LocalServiceError) -> JSON {
        let execution = try execution(input)
        return [
            "pipelineExecution": .members([
                "pipelineName": .string(execution.pipelineName),
                "pipelineVersion": .integer(execution.pipelineVersion),
                "pipelineExecutionId": .string(execution.id), "status": .string(execution.status),
                "artifactRevisions": .array(
                    execution.sourceRevisions.map { revision in
                        .members([
                            "name": .string(revision.artifact), "revisionId": .string(revision.version),
                            "revisionSummary": revision.summary.map { .string($0) },
                            "created": Self.time(revision.created),
                        ])
                    }
                ),
                "variables": .array(
                    execution.variables.sorted { $0.key < $1.key }.map {
                        ["name": .string($0.key), "resolvedValue": .string($0.value)]
                    }
                ),
                "trigger": trigger(execution), "executionMode": .string(execution.mode),
                "executionType": .string(execution.type), "rollbackMetadata": rollbackMetadata(execution),
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
            return execution.pipelineVersion == pipeline.version
                && zip(execution.stageList, execution.stages).contains { $0.name == wanted && $1.status == "Succeeded" }
        }
        return try page(ofHistory: list, "pipelineExecutionSummaries", input) { execution in
            .members([
                "pipelineExecutionId": .string(execution.id), "status": .string(execution.status),
                "startTime": Self.time(execution.started), "lastUpdateTime": Self.time(execution.updated),
                "sourceRevisions": .array(
                    execution.sourceRevisions.map { revision in
                        .members([
                            "actionName": .string(revision.action), "revisionId": .string(revision.version),
                            "revisionSummary": revision.summary.map { .string($0) },
                        ])
                    }
                ),
                "trigger": trigger(execution),
                "stopTrigger": execution.stopReason.map { ["reason": .string($0)] },
                "executionMode": .string(execution.mode), "executionType": .string(execution.type),
                "rollbackMetadata": rollbackMetadata(execution),
            ])
        }
    }

    // MARK: Parts

    private func rollbackMetadata(_ execution: Execution) -> JSON? {
        execution.rollbackTarget.map { ["rollbackTargetPipelineExecutionId": .string($0)] }
    }

    private func trigger(_ execution: Execution) -> JSON {
        [
            "triggerType": .string(execution.triggerType),
            "triggerDetail": .string("arn:aws:iam::\(LocalCodePipeline.accountID):user/local"),
        ]
    }
}
