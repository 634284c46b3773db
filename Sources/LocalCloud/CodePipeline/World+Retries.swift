import Foundation

/// Stages that are tried again.
extension World {
    mutating func retryStageExecution(_ input: JSON, now: Date) throws(LocalServiceError) -> JSON {
        let execution = try execution(input)
        let name = input["stageName"]?.string ?? ""
        let index = try stage(named: name, of: execution)
        let mode = input["retryMode"]?.string ?? ""
        guard execution.pipelineVersion == pipelines[execution.pipelineName]?.version else {
            throw .stageNotRetryable("The pipeline was changed since the execution '\(execution.id)' began")
        }
        if execution.isLive {
            // Failed actions may be tried again beside others that still work.
            let isHere = execution.status == "InProgress" && execution.isInStage && execution.stageIndex == index
            let hasFailed = execution.stages[index].runs.values.contains { runs[$0]?.status == "Failed" }
            guard isHere, hasFailed, mode == "FAILED_ACTIONS" else {
                throw .stageNotRetryable("The stage '\(name)' has not failed, or its actions still work")
            }
        } else {
            guard let status = execution.stages[index].status, ["Failed", "Stopped"].contains(status) else {
                throw .stageNotRetryable("The stage '\(name)' has neither failed nor been stopped")
            }
            try checkLatest(execution, in: index)
        }
        executions[execution.id]?.stages[index].retries.manual += 1
        executions[execution.id]?.stages[index].retries.latestTrigger = "ManualStageRetry"
        retry(execution, index, mode: mode, now: now)
        settle(now: now)
        return ["pipelineExecutionId": .string(execution.id)]
    }

    /// Tries a stage again that has failed, as its declaration says.
    mutating func retryAutomatically(_ execution: Execution, now: Date) {
        let index = execution.stageIndex
        executions[execution.id]?.stages[index].retries.automatic += 1
        executions[execution.id]?.stages[index].retries.latestTrigger = "AutomatedStageRetry"
        retry(execution, index, mode: execution.stageList[index].retryMode ?? "FAILED_ACTIONS", now: now)
    }

    /// Makes a stage begin again, with the actions that a mode says.
    ///
    /// That a stage which an unmet condition kept from beginning is entered anew, so that
    /// the condition is looked at again, is a guess.
    private mutating func retry(_ execution: Execution, _ index: Int, mode: String, now: Date) {
        let runs = execution.stages[index].runs
        let again =
            mode == "ALL_ACTIONS"
            ? runs : runs.filter { ["Failed", "Abandoned"].contains(self.runs[$0.value]?.status) }
        for name in again.keys { executions[execution.id]?.stages[index].runs[name] = nil }
        let wasEntered = execution.stages[index].conditions[.beforeEntry]?.isUnmet != true
        if wasEntered { executions[execution.id]?.stages[index].status = "InProgress" }
        executions[execution.id]?.status = "InProgress"
        executions[execution.id]?.stopReason = nil
        executions[execution.id]?.stageIndex = index
        executions[execution.id]?.isInStage = wasEntered
        touch(execution.id, now: now)
        if execution.isLive { unsettled.insert(execution.pipelineName) } else { enliven(execution.id) }
    }

    // MARK: Checks

    func stage(named name: String, of execution: Execution) throws(LocalServiceError) -> Int {
        guard let index = execution.stageList.firstIndex(where: { $0.name == name }) else { throw .stageNotFound(name) }
        return index
    }

    /// Makes sure that no later execution has entered a stage; parallel ones don't care for each other.
    func checkLatest(_ execution: Execution, in index: Int) throws(LocalServiceError) {
        guard execution.mode != "PARALLEL" else { return }
        let latest = (executionOrder[execution.pipelineName] ?? []).last {
            executions[$0]?.stages.indices.contains(index) == true && executions[$0]?.stages[index].status != nil
        }
        guard latest == execution.id else {
            throw LocalServiceError(
                code: "NotLatestPipelineExecutionException",
                message: "The execution '\(execution.id)' is not the latest in stage "
                    + "'\(execution.stageList[index].name)'"
            )
        }
    }
}
