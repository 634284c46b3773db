import Foundation

/// Stages that go back to what an earlier execution did in them.
extension World {
    mutating func rollbackStage(_ input: JSON, now: Date) throws(LocalServiceError) -> JSON {
        let pipeline = try pipeline(named: input["pipelineName"])
        let name = input["stageName"]?.string ?? ""
        let target = try execution(input, member: "targetPipelineExecutionId")
        let stages = (pipeline.declaration["stages"]?.array ?? []).map(Stage.init)
        guard let index = stages.firstIndex(where: { $0.name == name }) else { throw .stageNotFound(name) }
        guard target.pipelineVersion == pipeline.version else {
            throw LocalServiceError(
                code: "PipelineExecutionOutdatedException",
                message: "The execution '\(target.id)' is of version \(target.pipelineVersion) of the pipeline, "
                    + "which is at version \(pipeline.version)"
            )
        }
        if let problem = obstacle(to: target, index, stages[index]) {
            throw LocalServiceError(code: "UnableToRollbackStageException", message: problem)
        }
        let id = startRollback(of: index, to: target, trigger: "ManualRollback", now: now)
        settle(now: now)
        return ["pipelineExecutionId": .string(id)]
    }

    /// Goes back to the latest execution that succeeded in the stage that an execution has failed in, if there is one.
    mutating func rollBackAutomatically(_ failed: Execution, now: Date) {
        let index = failed.stageIndex
        let target = (executionOrder[failed.pipelineName] ?? []).reversed().compactMap { executions[$0] }.first {
            $0.id != failed.id && !$0.isRollback && $0.pipelineVersion == failed.pipelineVersion
                && $0.stages[index].status == "Succeeded"
        }
        // Without such an execution nothing happens.
        guard let target else { return }
        _ = startRollback(of: index, to: target, trigger: "AutomatedRollback", now: now)
    }

    private func obstacle(to target: Execution, _ index: Int, _ stage: Stage) -> String? {
        if stage.isSource { return "The stage '\(stage.name)' has sources, and can't be rolled back" }
        if target.mode == "PARALLEL" { return "A pipeline in PARALLEL mode has no rollback" }
        if target.isRollback { return "The execution '\(target.id)' is a rollback itself" }
        if target.stages[index].status != "Succeeded" {
            return "The execution '\(target.id)' has not succeeded in the stage '\(stage.name)'"
        }
        let isRunning = (liveExecutions[target.pipelineName] ?? []).compactMap { executions[$0] }.contains {
            $0.isLive && $0.isInStage && $0.stageIndex == index
        }
        return isRunning ? "The stage '\(stage.name)' is running" : nil
    }

    /// Starts an execution that goes through one stage alone, with the variables, revisions and artifacts of another.
    ///
    /// That it doesn't wait for others, nor at a closed transition, is a guess: it begins while nobody is in the stage.
    private mutating func startRollback(of index: Int, to target: Execution, trigger: String, now: Date) -> String {
        let id = Random.uuid()
        executions[id] = Execution(
            id: id,
            pipelineName: target.pipelineName,
            pipelineVersion: target.pipelineVersion,
            declaration: target.declaration,
            mode: target.mode,
            started: now,
            updated: now,
            variables: target.variables,
            triggerType: trigger,
            rollbackTarget: target.id,
            lastStage: index,
            stageIndex: index,
            stageList: target.stageList,
            stages: Array(repeating: StageRun(), count: target.stages.count),
            artifacts: target.artifacts,
            namespaces: target.namespaces,
            sourceRevisions: target.sourceRevisions
        )
        executionOrder[target.pipelineName, default: []].append(id)
        enliven(id)
        enter(id, now: now)
        return id
    }
}
