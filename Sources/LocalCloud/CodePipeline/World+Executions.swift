import Foundation

extension World {
    mutating func startPipelineExecution(_ input: JSON, now: Date) throws(LocalServiceError) -> JSON {
        let name = input["name"]?.string ?? ""
        let pipeline = try pipeline(named: input["name"])
        if let token = input["clientRequestToken"]?.string, let id = startTokens["\(name)/\(token)"] {
            return ["pipelineExecutionId": .string(id)]
        }
        let id = Random.uuid()
        let variables = try variables(of: pipeline.declaration, input["variables"])
        let stages = (pipeline.declaration["stages"]?.array ?? []).map(Stage.init)
        executions[id] = Execution(
            id: id,
            pipelineName: name,
            pipelineVersion: pipeline.version,
            declaration: pipeline.declaration,
            mode: pipeline.declaration["executionMode"]?.string ?? "SUPERSEDED",
            started: now,
            updated: now,
            variables: variables,
            lastStage: stages.count - 1,
            stageList: stages,
            stages: Array(repeating: StageRun(), count: stages.count)
        )
        executionOrder[name, default: []].append(id)
        enliven(id)
        if let token = input["clientRequestToken"]?.string { startTokens["\(name)/\(token)"] = id }
        settle(now: now)
        return ["pipelineExecutionId": .string(id)]
    }

    mutating func stopPipelineExecution(_ input: JSON, now: Date) throws(LocalServiceError) -> JSON {
        let execution = try execution(input)
        let abandons = input["abandon"]?.bool == true
        guard execution.isLive else {
            throw LocalServiceError(
                code: "PipelineExecutionNotStoppableException",
                message: "The execution '\(execution.id)' has ended: \(execution.status)"
            )
        }
        if execution.status == "Stopping", !abandons {
            throw LocalServiceError(code: "DuplicatedStopRequestException", message: "The execution is being stopped")
        }
        executions[execution.id]?.status = "Stopping"
        executions[execution.id]?.stopReason = input["reason"]?.string ?? execution.stopReason
        touch(execution.id, now: now)
        if abandons { end(execution.id, status: "Stopped", now: now) }
        unsettled.insert(execution.pipelineName)
        settle(now: now)
        return ["pipelineExecutionId": .string(execution.id)]
    }

    func execution(
        _ input: JSON,
        member: String = "pipelineExecutionId"
    ) throws(LocalServiceError) -> Execution {
        _ = try pipeline(named: input["pipelineName"])
        let id = input[member]?.string ?? ""
        guard let execution = executions[id], execution.pipelineName == input["pipelineName"]?.string else {
            throw .executionNotFound(id)
        }
        return execution
    }

    private func variables(of declaration: JSON, _ given: JSON?) throws(LocalServiceError) -> [String: String] {
        var result: [String: String] = [:]
        var declared: Set<String> = []
        for variable in declaration["variables"]?.array ?? [] {
            let name = variable["name"]?.string ?? ""
            declared.insert(name)
            result[name] = variable["defaultValue"]?.string
        }
        for variable in given?.array ?? [] {
            let name = variable["name"]?.string ?? ""
            guard declared.contains(name) else { throw .validation("The pipeline declares no variable '\(name)'") }
            result[name] = variable["value"]?.string
        }
        if let missing = declared.filter({ result[$0] == nil }).sorted().first {
            throw .validation("The variable '\(missing)' has no value")
        }
        return result
    }
}
