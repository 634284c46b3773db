import LocalCloud
import Testing

@Suite("Conditions of stages in the stand-in of CodePipeline", .timeLimit(.minutes(1)))
struct CodePipelineConditionTests {
    typealias Condition = VirtualPipeline.Condition

    /// Two stages; the condition is of the second one, whose action tells a status.
    private func bench(
        _ cloud: LocalCloud,
        beforeEntry: Condition? = nil,
        onSuccess: Condition? = nil,
        onFailure: VirtualPipeline.FailureResponse? = nil
    ) throws -> Bench {
        let bench = try Bench(cloud)
        try cloud.create(
            VirtualPipeline(
                "P",
                stages: [
                    .init("First", [.init("A", Bench.type)]),
                    .init(
                        "Lab",
                        [.init("B", Bench.type, namespace: "b")],
                        beforeEntry: beforeEntry,
                        onSuccess: onSuccess,
                        onFailure: onFailure
                    ),
                    .init("Last", [.init("C", Bench.type)]),
                ],
                variables: ["v": "yes"]
            )
        )
        return bench
    }

    private func succeed(_ bench: Bench, _ status: String? = nil) throws {
        try bench.succeed(try bench.claim(), status.map { ["outputVariables": ["Status": .string($0)]] } ?? [:])
    }

    private func lab(_ cloud: LocalCloud) throws -> JSON {
        let reply = try cloud.codePipeline.call("GetPipelineState", ["name": "P"])
        return try #require(reply?["stageStates"]?[2])
    }

    private func override(_ cloud: LocalCloud, _ id: String, _ type: String) throws {
        try cloud.codePipeline.call(
            "OverrideStageCondition",
            [
                "pipelineName": "P", "stageName": "Lab", "pipelineExecutionId": .string(id),
                "conditionType": .string(type),
            ]
        )
    }

    @Test("A condition for entry that isn't met skips the stage or fails it, and one that is lets it begin")
    func entry() throws {
        for (value, result, status) in [
            ("no", Condition.Result.skip, "Skipped"), ("no", .fail, "Failed"), ("yes", .skip, "InProgress"),
        ] {
            let cloud = LocalCloud.withoutSockets()
            let checks: [Condition.Check] = [.init("#{variables.v}", .equals, "yes")]
            let bench = try bench(cloud, beforeEntry: .init(checks, otherwise: result))
            let id = try cloud.codePipeline.start("P", variables: ["v": value])
            try succeed(bench)
            let state = try lab(cloud)
            #expect(state["latestExecution"]?["status"]?.string == status)
            let condition = state["beforeEntryConditionState"]
            let said = value == "yes" ? "Succeeded" : "Failed"
            #expect(condition?["latestExecution"]?["status"]?.string == said)
            let rule = condition?["conditionStates"]?[0]?["ruleStates"]?[0]
            #expect(rule?["latestExecution"]?["status"]?.string == said)
            let end = try #require(cloud.codePipeline.execution(id))
            #expect(end.status == (status == "Failed" ? "Failed" : "InProgress"))
            #expect(end.action("B")?.status == (status == "InProgress" ? "InProgress" : nil))
            #expect(end.action("C")?.status == (status == "Skipped" ? "InProgress" : nil))
        }
    }

    @Test("A condition for success fails a stage whose actions all succeeded, the only 'finally' there is")
    func success() throws {
        for (status, end) in [("Completed", "InProgress"), ("Failed", "Failed")] {
            let cloud = LocalCloud.withoutSockets()
            let bench = try bench(
                cloud,
                onSuccess: .init([.init("#{b.Status}", .equals, "Completed")], otherwise: .fail),
                onFailure: .retry(.allActions)
            )
            let id = try cloud.codePipeline.start("P")
            try succeed(bench)
            try succeed(bench, status)
            #expect(cloud.codePipeline.execution(id)?.status == end)
            #expect(cloud.codePipeline.execution(id)?.action("B")?.status == "Succeeded")
        }
    }

    @Test("A condition for success or failure that isn't met goes back to the latest success")
    func rollback() throws {
        for isForSuccess in [true, false] {
            let cloud = LocalCloud.withoutSockets()
            let condition = Condition(
                [.init(isForSuccess ? "#{b.Status}" : "#{variables.v}", .differs, "bad")],
                otherwise: .rollback
            )
            let bench = try bench(
                cloud,
                onSuccess: isForSuccess ? condition : nil,
                onFailure: isForSuccess ? nil : .condition(condition)
            )
            let good = try cloud.codePipeline.start("P")
            for _ in 0..<3 { try succeed(bench, "good") }
            // A failure whose condition is met goes back to nothing.
            _ = try cloud.codePipeline.start("P")
            try succeed(bench)
            try bench.fail(try bench.claim())
            #expect(cloud.codePipeline.executions(of: "P").count == 2)
            _ = try cloud.codePipeline.start("P", variables: ["v": "bad"])
            try succeed(bench)
            if isForSuccess { try succeed(bench, "bad") } else { try bench.fail(try bench.claim()) }
            let all = cloud.codePipeline.executions(of: "P")
            #expect(all.count == 4 && all[2].status == "Failed" && all[3].rollbackTarget == good)
            let name = isForSuccess ? "onSuccessConditionState" : "onFailureConditionState"
            #expect(try lab(cloud)["latestExecution"]?["type"] == "ROLLBACK")
            #expect(try lab(cloud)[name] == nil, "the rollback has not come to it")
        }
    }

    @Test("Who overrides a condition lets the execution go on; a skipped stage can't be overridden or retried")
    func overriding() throws {
        let no: [Condition.Check] = [.init("#{variables.v}", .equals, "no")]
        let cloud = LocalCloud.withoutSockets()
        let bench = try bench(
            cloud,
            beforeEntry: .init(no, otherwise: .fail),
            onSuccess: .init(no, otherwise: .fail)
        )
        let id = try cloud.codePipeline.start("P")
        try succeed(bench)
        #expect(code { try override(cloud, id, "ON_SUCCESS") } == "ConditionNotOverridableException")
        try override(cloud, id, "BEFORE_ENTRY")
        #expect(try lab(cloud)["beforeEntryConditionState"]?["latestExecution"]?["status"] == "Overridden")
        try succeed(bench)
        #expect(cloud.codePipeline.execution(id)?.status == "Failed")
        try override(cloud, id, "ON_SUCCESS")
        #expect(try lab(cloud)["latestExecution"]?["status"] == "Succeeded")
        try succeed(bench)
        #expect(cloud.codePipeline.execution(id)?.status == "Succeeded")
        #expect(code { try override(cloud, id, "ON_SUCCESS") } == "ConditionNotOverridableException")

        let other = LocalCloud.withoutSockets()
        let skipping = try self.bench(other, beforeEntry: .init(no, otherwise: .skip))
        let skipped = try other.codePipeline.start("P")
        try succeed(skipping)
        try skipping.fail(try skipping.claim())
        #expect(other.codePipeline.execution(skipped)?.status == "Failed")
        #expect(code { try override(other, skipped, "BEFORE_ENTRY") } == "ConditionNotOverridableException")
        #expect(code { try other.codePipeline.retryStage("Lab", of: skipped) } == "StageNotRetryableException")
        let back = code { _ = try other.codePipeline.rollbackStage("Lab", to: skipped) }
        #expect(back == "UnableToRollbackStageException")
    }

    @Test("A retry looks at the condition again")
    func retry() throws {
        let cloud = LocalCloud.withoutSockets()
        let bench = try bench(
            cloud,
            onSuccess: .init([.init("#{b.Status}", .matches, "(Completed|Done)")], otherwise: .fail)
        )
        let id = try cloud.codePipeline.start("P")
        try succeed(bench)
        try succeed(bench, "Failed")
        try cloud.codePipeline.retryStage("Lab", of: id, mode: .failedActions)
        #expect(cloud.codePipeline.execution(id)?.status == "Failed", "no action had failed, so it's as before")
        try cloud.codePipeline.retryStage("Lab", of: id, mode: .allActions)
        try succeed(bench, "Done")
        #expect(cloud.codePipeline.execution(id)?.status == "InProgress")
    }

    @Test("Each operator compares as it says; a variable without a value is an error")
    func operators() throws {
        let cases: [(Condition.Check, String)] = [
            (.init("a", .equals, "a"), "Succeeded"), (.init("a", .equals, "A"), "Failed"),
            (.init("a", .differs, "b"), "Succeeded"), (.init("a", .differs, "a"), "Failed"),
            (.init("abc", .contains, "b"), "Succeeded"), (.init("abc", .contains, "d"), "Failed"),
            (.init("abc", .matches, "a.c|x"), "Succeeded"), (.init("abcd", .matches, "abc|b"), "Failed"),
            (.init("a", .matches, "("), "Errored"), (.init("#{nobody.knows}", .equals, "a"), "Errored"),
        ]
        for (check, status) in cases {
            let cloud = LocalCloud.withoutSockets()
            let bench = try bench(cloud, beforeEntry: .init([check], otherwise: .fail))
            _ = try cloud.codePipeline.start("P")
            try succeed(bench)
            let state = try lab(cloud)["beforeEntryConditionState"]
            #expect(state?["latestExecution"]?["status"]?.string == status, "\(check)")
        }
    }

    @Test("The runs of rules are listed, with what their variables were")
    func runs() throws {
        let cloud = LocalCloud.withoutSockets()
        let checks = ["yes", "no"].map { Condition.Check("#{variables.v}", .equals, $0) }
        let bench = try bench(cloud, beforeEntry: .init(checks, otherwise: .skip))
        let id = try cloud.codePipeline.start("P")
        try succeed(bench)
        func list(_ filter: JSON) throws -> [JSON] {
            let reply = try cloud.codePipeline.call("ListRuleExecutions", ["pipelineName": "P", "filter": filter])
            return try #require(reply?["ruleExecutionDetails"]?.array)
        }
        let runs = try list(["pipelineExecutionId": .string(id)])
        #expect(runs.map { $0["ruleName"] } == ["Check2", "Check1"])
        #expect(runs.map { $0["status"] } == ["Failed", "Succeeded"])
        #expect(runs[0]["stageName"] == "Lab")
        #expect(runs[0]["input"]?["configuration"]?["Variable"] == "#{variables.v}")
        #expect(runs[0]["input"]?["resolvedConfiguration"]?["Variable"] == "yes")
        #expect(try list([:]).count == 2)
    }
}
