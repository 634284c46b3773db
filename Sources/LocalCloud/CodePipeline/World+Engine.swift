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
                end(id, status: "Failed", now: now)
                return true
            }
            if !waiting.isEmpty {
                end(id, status: "Stopped", now: now)
                return true
            }
        }
        executions[id]?.stages[execution.stageIndex].status = "Succeeded"
        executions[id]?.stageIndex += 1
        executions[id]?.isInStage = false
        touch(id, now: now)
        return true
    }

    private mutating func enterStage(_ execution: Execution, now: Date) -> Bool {
        let stages = execution.stageList
        guard execution.stageIndex < stages.count else {
            end(execution.id, status: "Succeeded", now: now)
            return true
        }
        guard execution.status == "InProgress" else {
            end(execution.id, status: "Stopped", now: now)
            return true
        }
        let own = execution.mode == "PARALLEL" ? [] : liveExecutions[execution.pipelineName] ?? []
        let others = own.compactMap { executions[$0] }.filter { $0.id != execution.id && $0.isLive }
        let newer = others.filter { $0.turn > execution.turn }
        let isOccupied =
            switch execution.mode {
            case "PARALLEL": false
            case "QUEUED": others.count > newer.count
            default: others.contains { $0.isInStage && $0.stageIndex == execution.stageIndex }
            }
        let isClosed = pipelines[execution.pipelineName]?.closedStages[stages[execution.stageIndex].name] != nil
        if isOccupied || isClosed {
            guard execution.mode == "SUPERSEDED",
                newer.contains(where: { !$0.isInStage && $0.stageIndex == execution.stageIndex })
            else { return false }
            end(execution.id, status: "Superseded", now: now)
            return true
        }
        executions[execution.id]?.isInStage = true
        executions[execution.id]?.stages[execution.stageIndex].status = "InProgress"
        touch(execution.id, now: now)
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

    // MARK: Actions

    private mutating func start(_ action: Action, in stage: Stage, of executionID: String, now: Date) {
        guard let execution = executions[executionID] else { return }
        var run = ActionRun(
            id: Random.uuid(),
            executionID: executionID,
            stageName: stage.name,
            action: action,
            started: now,
            updated: now,
            configuration: [:],
            inputs: [:],
            outputs: [:]
        )
        var problem: String?
        for (name, value) in action.configuration {
            switch resolve(value, in: execution) {
            case .success(let resolved): if !resolved.isEmpty { run.configuration[name] = resolved }
            case .failure(let unknown):
                problem =
                    "The variable '\(unknown.reference)' in the configuration of action '\(action.name)' has no value"
            }
        }
        for name in action.inputs { run.inputs[name] = execution.artifacts[name] }
        for name in action.outputs {
            run.outputs[name] = place(of: name, in: execution)
            executions[executionID]?.artifacts[name] = run.outputs[name]
        }
        let index = execution.stageIndex
        executions[executionID]?.stages[index].runs[action.name] = run.id
        touch(executionID, now: now)
        runs[run.id] = run
        runOrder[execution.pipelineName, default: []].append(run.id)
        runsByExecution[executionID, default: []].append(run.id)
        if run.configuration.values.reduce(0, { $0 + $1.utf8.count }) > 102_400 {
            problem = "The resolved configuration of action '\(action.name)' is over 100 KB"
        }
        if let problem {
            fail(run.id, "ConfigurationError", problem, now: now)
        } else if action.type.owner == "Custom" {
            if liveType(action.type) == nil {
                fail(run.id, "ConfigurationError", "\(action.type) is not available", now: now)
            } else {
                addJob(to: run.id, token: nil, now: now)
            }
        } else {
            for place in run.outputs.values {
                objects.copyForSource(
                    bucket: run.configuration["S3Bucket"],
                    key: run.configuration["S3ObjectKey"],
                    to: place
                )
            }
            finish(run.id, status: "Succeeded", now: now)
        }
    }

    private mutating func fail(_ runID: String, _ code: String, _ message: String, now: Date) {
        runs[runID]?.errorCode = code
        runs[runID]?.errorMessage = message
        finish(runID, status: "Failed", now: now)
    }

    mutating func finish(_ runID: String, status: String, now: Date) {
        guard let run = runs[runID], run.status == "InProgress" else { return }
        runs[runID]?.status = status
        runs[runID]?.updated = now
        if let name = executions[run.executionID]?.pipelineName { unsettled.insert(name) }
        touch(run.executionID, now: now)
        if status == "Succeeded", let namespace = run.action.namespace {
            executions[run.executionID]?.namespaces[namespace] = run.outputVariables
        }
    }

    private mutating func endJobs(of runID: String, as status: Job.Status, now: Date) {
        for id in runs[runID]?.jobIDs ?? [] where jobs[id]?.status.isOpen == true { close(id, as: status, now: now) }
    }

    // MARK: Parts

    private struct UnknownReference: Error {
        var reference: String
    }

    private func resolve(_ value: String, in execution: Execution) -> Result<String, UnknownReference> {
        var rest = value[...]
        var result = ""
        while let open = rest.range(of: "#{"), let close = rest[open.upperBound...].firstIndex(of: "}") {
            let reference = rest[open.upperBound..<close]
            let parts = reference.split(separator: ".", maxSplits: 1).map(String.init)
            guard parts.count == 2 else { return .failure(UnknownReference(reference: String(reference))) }
            let known: String? =
                switch parts[0] {
                case "codepipeline": parts[1] == "PipelineExecutionId" ? execution.id : nil
                case "variables": execution.variables[parts[1]]
                default: execution.namespaces[parts[0]]?[parts[1]]
                }
            guard let known else { return .failure(UnknownReference(reference: String(reference))) }
            result += rest[..<open.lowerBound] + known
            rest = rest[rest.index(after: close)...]
        }
        return .success(result + rest)
    }

    /// The bucket of the pipeline's region, and a key whose parts are cut as AWS cuts them.
    private func place(of artifact: String, in execution: Execution) -> ArtifactScope.Object {
        ArtifactScope.Object(
            bucket: artifactStore(of: execution.declaration)?["location"]?.string ?? "",
            key: "\(execution.pipelineName.prefix(20))/\(artifact.prefix(10))/" + Random.text(7, from: Random.letters)
        )
    }

    func artifactStore(of declaration: JSON) -> JSON? {
        declaration["artifactStore"] ?? declaration["artifactStores"]?[region]
    }
}
