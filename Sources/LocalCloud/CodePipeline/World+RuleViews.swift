import Foundation

/// What the service tells of conditions and the runs of their rules.
extension World {
    func listRuleExecutions(_ input: JSON) throws(LocalServiceError) -> JSON {
        _ = try pipeline(named: input["pipelineName"])
        let name = input["pipelineName"]?.string ?? ""
        let filter = try executionFilter(input, pipeline: name)
        var list = (ruleRunOrder[name] ?? []).reversed().compactMap { ruleRuns[$0] }
        if let filter { list.removeAll { $0.executionID != filter.executionID } }
        if filter?.isLatestAlone == true {
            var seen: Set<[String]> = []
            list.removeAll { !seen.insert([$0.stageName, $0.rule.name]).inserted }
        }
        return try page(ofHistory: list, "ruleExecutionDetails", input, ruleExecution)
    }

    func listRuleTypes(_ input: JSON) -> JSON {
        func property(_ name: String) -> JSON {
            ["name": .string(name), "required": true, "key": false, "secret": false, "type": "String"]
        }
        let type: JSON = [
            "id": Self.variableCheck,
            "ruleConfigurationProperties": [property("Operator"), property("Variable"), property("Value")],
            "inputArtifactDetails": ["minimumCount": 0, "maximumCount": 0],
        ]
        let isHere = input["regionFilter"]?.string ?? region == region
        return ["ruleTypes": isHere ? [type] : []]
    }

    /// How the condition at one place of a stage stands.
    func conditionState(_ run: ConditionRun) -> JSON {
        [
            "latestExecution": ["status": .string(run.status), "summary": .string(run.summary)],
            "conditionStates": [
                [
                    "latestExecution": [
                        "status": .string(run.status), "summary": .string(run.summary),
                        "lastStatusChange": Self.time(run.updated),
                    ],
                    "ruleStates": .array(run.rules.compactMap { ruleRuns[$0].map(ruleState) }),
                ]
            ],
        ]
    }

    // MARK: Parts

    private func ruleState(_ run: RuleRun) -> JSON {
        [
            "ruleName": .string(run.rule.name),
            "latestExecution": .members([
                "ruleExecutionId": .string(run.id), "status": .string(run.status), "summary": .string(run.summary),
                "lastStatusChange": Self.time(run.started), "errorDetails": errorDetails(run),
            ]),
        ]
    }

    private func ruleExecution(_ run: RuleRun) -> JSON {
        [
            "pipelineExecutionId": .string(run.executionID), "ruleExecutionId": .string(run.id),
            "pipelineVersion": .integer(executions[run.executionID]?.pipelineVersion ?? 1),
            "stageName": .string(run.stageName), "ruleName": .string(run.rule.name),
            "startTime": Self.time(run.started), "lastUpdateTime": Self.time(run.started),
            "status": .string(run.status),
            "input": .members([
                "ruleTypeId": run.rule.type, "configuration": .strings(run.rule.configuration),
                "resolvedConfiguration": .strings(run.configuration),
                "roleArn": run.rule.roleARN.map { .string($0) }, "region": .string(region), "inputArtifacts": [],
            ]),
            "output": [
                "executionResult": .members([
                    "externalExecutionSummary": .string(run.summary), "errorDetails": errorDetails(run),
                ])
            ],
        ]
    }

    private func errorDetails(_ run: RuleRun) -> JSON? {
        run.errorCode.map { ["code": .string($0), "message": .string(run.summary)] }
    }
}
