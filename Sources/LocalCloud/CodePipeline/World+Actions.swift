import Foundation

/// How actions begin and end.
extension World {
    mutating func start(_ action: Action, in stage: Stage, of executionID: String, now: Date) {
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
            bringSource(run, now: now)
            finish(run.id, status: "Succeeded", now: now)
        }
    }

    /// Copies what a source action names to its output artifact, and notes the version.
    private mutating func bringSource(_ run: ActionRun, now: Date) {
        for (artifact, place) in run.outputs {
            let found = objects.copyForSource(
                bucket: run.configuration["S3Bucket"],
                key: run.configuration["S3ObjectKey"],
                to: place
            )
            executions[run.executionID]?.sourceRevisions.removeAll { $0.action == run.action.name }
            guard let found else { continue }
            executions[run.executionID]?.sourceRevisions.append(
                SourceRevision(
                    action: run.action.name,
                    artifact: artifact,
                    version: found.version,
                    summary: found.summary,
                    created: now
                )
            )
            // S3's versions have no other identifier of the change: a guess.
            runs[run.id]?.currentRevision = [
                "revision": .string(found.version), "changeIdentifier": .string(found.version),
                "created": Self.time(now),
            ]
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

    mutating func endJobs(of runID: String, as status: Job.Status, now: Date) {
        for id in runs[runID]?.jobIDs ?? [] where jobs[id]?.status.isOpen == true { close(id, as: status, now: now) }
    }
}
