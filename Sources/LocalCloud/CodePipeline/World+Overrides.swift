import Foundation

/// Conditions that somebody overrides.
extension World {
    /// Lets an execution go on as if a condition of a stage, which has failed for it, had been met.
    mutating func overrideStageCondition(_ input: JSON, now: Date) throws(LocalServiceError) {
        let execution = try execution(input)
        let name = input["stageName"]?.string ?? ""
        let index = try stage(named: name, of: execution)
        let place = input["conditionType"]?.string == "BEFORE_ENTRY" ? ConditionPlace.beforeEntry : .onSuccess
        guard !execution.isLive, execution.stages[index].status == "Failed",
            execution.stages[index].conditions[place]?.isUnmet == true
        else {
            throw LocalServiceError(
                code: "ConditionNotOverridableException",
                message: "No condition \(place.rawValue) of the stage '\(name)' has failed the execution "
                    + "'\(execution.id)'"
            )
        }
        try checkLatest(execution, in: index)
        executions[execution.id]?.stages[index].conditions[place]?.status = "Overridden"
        executions[execution.id]?.stages[index].conditions[place]?.updated = now
        executions[execution.id]?.status = "InProgress"
        executions[execution.id]?.stageIndex = index
        if place == .beforeEntry {
            executions[execution.id]?.stages[index].status = "InProgress"
            executions[execution.id]?.isInStage = true
            touch(execution.id, now: now)
        } else {
            leaveStage(of: execution.id, as: "Succeeded", now: now)
        }
        enliven(execution.id)
        settle(now: now)
    }
}
