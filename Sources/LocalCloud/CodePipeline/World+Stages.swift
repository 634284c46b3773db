import Foundation

/// How executions enter stages and leave them.
extension World {
    /// Lets an execution into its next stage if that's free; tells whether anything changed.
    mutating func enterStage(_ execution: Execution, now: Date) -> Bool {
        // "Stopped" is what follows "Stopping" once all actions are over, even those of the last stage.
        guard execution.status == "InProgress" else {
            end(execution.id, status: "Stopped", now: now)
            return true
        }
        guard execution.stageIndex <= execution.lastStage else {
            end(execution.id, status: "Succeeded", now: now)
            return true
        }
        let index = execution.stageIndex
        let others = rivals(of: execution)
        let newer = others.filter { $0.turn > execution.turn && !$0.isRollback }
        let isTaken = others.contains { $0.isInStage && $0.stageIndex == index }
        let isOccupied =
            switch execution.mode {
            case "PARALLEL": false
            case "QUEUED": isTaken || others.contains { $0.turn < execution.turn && !$0.isRollback }
            default: isTaken
            }
        let isClosed = pipelines[execution.pipelineName]?.closedStages[execution.stageList[index].name] != nil
        if isOccupied || isClosed {
            guard execution.mode == "SUPERSEDED", newer.contains(where: { $0.isWaiting(for: index) }) else {
                return false
            }
            end(execution.id, status: "Superseded", now: now)
            return true
        }
        enter(execution.id, now: now)
        return true
    }

    /// The other executions that share the stages with one.
    private func rivals(of execution: Execution) -> [Execution] {
        guard execution.mode != "PARALLEL" else { return [] }
        return (liveExecutions[execution.pipelineName] ?? []).compactMap { executions[$0] }.filter {
            $0.id != execution.id && $0.isLive
        }
    }

    /// Puts an execution into its stage, unless the condition for entry isn't met.
    ///
    /// That an unmet condition for entry brings about neither a retry nor a rollback is a guess.
    mutating func enter(_ id: String, now: Date) {
        guard let execution = executions[id] else { return }
        executions[id]?.isInStage = true
        executions[id]?.stages[execution.stageIndex].status = "InProgress"
        touch(id, now: now)
        guard !isMet(.beforeEntry, of: id, now: now) else { return }
        if execution.stageList[execution.stageIndex].result(at: .beforeEntry) == "SKIP" {
            leaveStage(of: id, as: "Skipped", now: now)
        } else {
            end(id, status: "Failed", now: now)
        }
    }

    /// Takes an execution out of its stage, to the door of the next one.
    mutating func leaveStage(of id: String, as status: String, now: Date) {
        guard let index = executions[id]?.stageIndex else { return }
        executions[id]?.stages[index].status = status
        executions[id]?.stageIndex = index + 1
        executions[id]?.isInStage = false
        touch(id, now: now)
    }

    /// Ends a stage whose actions have all succeeded.
    ///
    /// That an execution which is being stopped runs no more rules, and that an unmet condition
    /// for success isn't what `onFailure` is for, are guesses.
    mutating func completeStage(of execution: Execution, now: Date) {
        if execution.status != "InProgress" || isMet(.onSuccess, of: execution.id, now: now) {
            leaveStage(of: execution.id, as: "Succeeded", now: now)
        } else {
            let result = execution.stageList[execution.stageIndex].result(at: .onSuccess)
            end(execution.id, status: "Failed", now: now)
            if result == "ROLLBACK" { rollBackAutomatically(execution, now: now) }
        }
    }

    /// Ends a stage one of whose actions has failed, or tries it again, as `onFailure` says.
    ///
    /// That the failure of an execution which is being stopped, or is a rollback itself,
    /// brings about no more than that is a guess.
    mutating func failStage(of execution: Execution, now: Date) {
        let stage = execution.stageList[execution.stageIndex]
        guard execution.status == "InProgress", !execution.isRollback else {
            end(execution.id, status: "Failed", now: now)
            return
        }
        if stage.failureResult == "RETRY", execution.stages[execution.stageIndex].retries.automatic == 0 {
            retryAutomatically(execution, now: now)
            return
        }
        let isMet = isMet(.onFailure, of: execution.id, now: now)
        end(execution.id, status: "Failed", now: now)
        let goesBack =
            stage.conditions[.onFailure] == nil
            ? stage.failureResult == "ROLLBACK" : !isMet && stage.result(at: .onFailure) == "ROLLBACK"
        if goesBack { rollBackAutomatically(execution, now: now) }
    }
}
