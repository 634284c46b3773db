import Foundation

/// The virtual pipeline engine.
extension World {
    /// Brings everything to where it has to be at a time: actions time out, executions go on.
    mutating func settle(now: Date) {
        timeOutActions(now: now)
        // Pipelines don't touch each other, so the rest of them can stay as they are.
        let pipelines = unsettled
        var hasChanged = !pipelines.isEmpty
        while hasChanged {
            hasChanged = false
            let live = pipelines.flatMap { liveExecutions[$0] ?? [] }.compactMap { executions[$0] }
            for execution in live.sorted(by: { $0.turn < $1.turn }) where advance(execution.id, now: now) {
                hasChanged = true
            }
            for name in pipelines { liveExecutions[name]?.removeAll { executions[$0]?.isLive != true } }
        }
        unsettled.removeAll()
    }

    /// Puts an execution at the end of the live ones.
    mutating func enliven(_ id: String) {
        guard let name = executions[id]?.pipelineName else { return }
        lastTurn += 1
        executions[id]?.turn = lastTurn
        liveExecutions[name, default: []].append(id)
        unsettled.insert(name)
    }

    /// Notes that an execution changed.
    ///
    /// The service's times have milliseconds, so two changes at one instant of a clock that stands still are told apart.
    mutating func touch(_ id: String, now: Date) {
        guard let last = executions[id]?.updated else { return }
        executions[id]?.updated = max(now, last.addingTimeInterval(0.001))
    }

    private mutating func timeOutActions(now: Date) {
        guard now >= nextTimeOut else { return }
        let limit = behavior.actionTimeout / .seconds(1)
        nextTimeOut = now.addingTimeInterval(limit)
        for jobID in openJobs {
            guard let runID = jobs[jobID]?.runID, let run = runs[runID], run.status == "InProgress" else { continue }
            let end = run.started.addingTimeInterval(limit)
            guard now >= end else {
                nextTimeOut = min(nextTimeOut, end)
                continue
            }
            endJobs(of: run.id, as: .timedOut, now: now)
            runs[run.id]?.errorCode = "TimedOut"
            runs[run.id]?.errorMessage = "The action failed because no result came within its time limit"
            finish(run.id, status: "Failed", now: now)
        }
    }

    /// Takes an execution as far as it goes without further news; tells whether anything changed.
    private mutating func advance(_ id: String, now: Date) -> Bool {
        guard let execution = executions[id], execution.isLive else { return false }
        guard execution.isInStage else { return enterStage(execution, now: now) }
        let stage = execution.stageList[execution.stageIndex]
        let current = execution.stages[execution.stageIndex]
        func status(_ action: Action) -> String? { current.runs[action.name].flatMap { runs[$0]?.status } }
        for order in stage.orders {
            let actions = stage.actions.filter { $0.runOrder == order }
            let waiting = actions.filter { status($0) == nil }
            let isBusy = actions.contains { status($0) == "InProgress" }
            if !waiting.isEmpty, execution.status == "InProgress", !actions.contains(where: { status($0) == "Failed" })
            {
                for action in waiting { start(action, in: stage, of: id, now: now) }
                return true
            }
            if isBusy { return false }
            if actions.contains(where: { ["Failed", "Abandoned"].contains(status($0)) }) {
                failStage(of: execution, now: now)
                return true
            }
            if !waiting.isEmpty {
                end(id, status: "Stopped", now: now)
                return true
            }
        }
        completeStage(of: execution, now: now)
        return true
    }

    /// Ends an execution; actions under way are abandoned.
    mutating func end(_ id: String, status: String, now: Date) {
        guard let execution = executions[id], execution.isLive else { return }
        unsettled.insert(execution.pipelineName)
        executions[id]?.status = status
        touch(id, now: now)
        guard execution.isInStage else { return }
        executions[id]?.stages[execution.stageIndex].status = status
        executions[id]?.isInStage = false
        for runID in execution.stages[execution.stageIndex].runs.values where runs[runID]?.status == "InProgress" {
            endJobs(of: runID, as: .failed, now: now)
            finish(runID, status: "Abandoned", now: now)
        }
    }
}
