import LocalCloud
import Testing

/// What the stand-in would otherwise take and ignore.
@Suite("What the stand-in of CodePipeline doesn't play", .timeLimit(.minutes(1)))
struct CodePipelineRefusalTests {
    private func refusal(_ cloud: LocalCloud, _ operation: String, _ input: JSON) -> String {
        do {
            try cloud.codePipeline.call(operation, input)
            return "taken"
        } catch {
            return "\(error)"
        }
    }

    private func declaration(_ cloud: LocalCloud) throws -> JSON {
        _ = try Bench(cloud)
        return VirtualPipeline("P", stages: [.init("Lab", [.init("A", Bench.type)])])
            .declaration(bucket: cloud.options.artifactBucket)
    }

    /// A declaration with a member of its second stage, or of that stage's action, set.
    private func changed(_ declaration: JSON, action: String? = nil, stage: String? = nil, to value: JSON) -> JSON {
        var result = declaration
        var stages = declaration["stages"]?.array ?? []
        if let stage { stages[1][stage] = value }
        if let action {
            var actions = stages[1]["actions"]?.array ?? []
            actions[0][action] = value
            stages[1]["actions"] = .array(actions)
        }
        result["stages"] = .array(stages)
        return result
    }

    @Test("A member of a declaration that isn't played is refused by its name")
    func members() throws {
        let cloud = LocalCloud.withoutSockets()
        let whole = try declaration(cloud)
        func check(_ declaration: JSON, names name: String, _ line: SourceLocation = #_sourceLocation) {
            let text = refusal(cloud, "CreatePipeline", ["pipeline": declaration])
            #expect(text.hasPrefix("ValidationException: ") && text.contains(name), "\(text)", sourceLocation: line)
        }
        var triggers = whole
        triggers["triggers"] = [["providerType": "CodeStarSourceConnection"]]
        check(triggers, names: "'pipeline.triggers'")
        var unknown = whole
        unknown["retention"] = 5
        check(unknown, names: "'retention'")
        let actionMembers: [(String, JSON)] = [
            ("commands", ["ls"]), ("outputVariables", ["A"]), ("timeoutInMinutes", 5),
            ("environmentVariables", [["name": "A", "value": "B"]]), ("region", "us-east-1"), ("retries", 3),
        ]
        for (name, value) in actionMembers {
            check(changed(whole, action: name, to: value), names: name == "region" ? "us-east-1" : name)
        }
        check(changed(whole, action: "outputArtifacts", to: [["name": "O", "files": ["a"]]]), names: "files")
        check(changed(whole, stage: "blockers", to: [["name": "B", "type": "Schedule"]]), names: "blockers")
        check(
            changed(whole, stage: "onFailure", to: ["result": "RETRY"]),
            names: "retryConfiguration.retryMode"
        )
        check(
            changed(
                whole,
                stage: "onFailure",
                to: ["result": "ROLLBACK", "retryConfiguration": ["retryMode": "ALL_ACTIONS"]]
            ),
            names: "onFailure.retryConfiguration"
        )
        check(
            changed(
                whole,
                stage: "onFailure",
                to: ["result": "RETRY", "retryConfiguration": ["retryMode": "SOME_ACTIONS"]]
            ),
            names: "retryMode"
        )
        // What has no effect in reality is taken.
        var plain = changed(whole, action: "roleArn", to: "arn:aws:iam::111122223333:role/other")
        plain["triggers"] = []
        let tags: JSON = [["key": "a", "value": "b"]]
        #expect(refusal(cloud, "CreatePipeline", ["pipeline": plain, "tags": tags]) == "taken")
    }

    @Test("A rule of another provider, or with a configuration that isn't known, is refused by its name")
    func rules() throws {
        let cloud = LocalCloud.withoutSockets()
        let whole = try declaration(cloud)
        let configuration: JSON = ["Variable": "a", "Operator": "EQ", "Value": "a"]
        func text(
            at place: String = "beforeEntry",
            _ result: String = "FAIL",
            _ change: (inout JSON) -> Void
        ) -> String {
            var rule: JSON = [
                "name": "Check", "configuration": configuration,
                "ruleTypeId": ["category": "Rule", "owner": "AWS", "provider": "VariableCheck", "version": "1"],
            ]
            change(&rule)
            let condition: JSON = ["conditions": [["result": .string(result), "rules": [rule]]]]
            return refusal(cloud, "CreatePipeline", ["pipeline": changed(whole, stage: place, to: condition)])
        }
        for provider in ["CloudWatchAlarm", "CodeBuild", "Commands", "DeploymentWindow", "LambdaInvoke"] {
            let text = text { $0["ruleTypeId"]?["provider"] = .string(provider) }
            #expect(text.contains("doesn't play the rule provider '\(provider)'"), "\(text)")
        }
        let others: [(String, String, JSON)] = [
            ("ruleTypeId", "version", "2"), ("configuration", "Operator", "LT"), ("configuration", "More", "x"),
        ]
        for (member, name, value) in others {
            let text = text { $0[member]?[name] = value }
            let named = name == "More" ? name : value.string ?? ""
            #expect(text.hasPrefix("ValidationException: ") && text.contains("'\(named)'"), "\(text)")
        }
        let missing = text { $0["configuration"]?["Value"] = nil }
        #expect(missing.contains("'Value'"))
        for (name, value) in [("commands", ["ls"]), ("inputArtifacts", [["name": "A"]])] as [(String, JSON)] {
            let text = text { $0[name] = value }
            #expect(text.contains(name), "\(text)")
        }
        let elsewhere = text { $0["region"] = "us-east-1" }
        #expect(elsewhere.contains("'us-east-1'"))
        for (place, result) in [
            ("beforeEntry", "ROLLBACK"), ("beforeEntry", "RETRY"), ("onSuccess", "SKIP"), ("onSuccess", "RETRY"),
            ("onFailure", "SKIP"), ("onFailure", "RETRY"),
        ] {
            let text = text(at: place, result) { _ in }
            #expect(text.hasPrefix("InvalidStageDeclarationException: ") && text.contains(result), "\(text)")
        }
        let plain = text { _ in }
        #expect(plain == "taken")
    }

    @Test("An input that isn't played is refused by its name")
    func inputs() throws {
        let cloud = LocalCloud.withoutSockets()
        let bench = try Bench(cloud)
        try bench.create([.init("A", Bench.type)])
        let revision: JSON = ["actionName": "Source", "revisionType": "S3_OBJECT_VERSION_ID", "revisionValue": "v"]
        let start = refusal(cloud, "StartPipelineExecution", ["name": "P", "sourceRevisions": [revision]])
        #expect(start.contains("'sourceRevisions'"), "\(start)")
        let gate: JSON = ["pipelineName": "P", "stageName": "Lab", "transitionType": "Outbound", "reason": "no"]
        #expect(refusal(cloud, "DisableStageTransition", gate).contains("Outbound"))
        let filter: JSON = ["pipelineName": "P", "filter": ["failedInStage": ["stageName": "Lab"]]]
        #expect(refusal(cloud, "ListPipelineExecutions", filter).contains("'failedInStage'"))
        #expect(refusal(cloud, "GetPipeline", ["name": "P", "revision": 1]).contains("'revision'"))
        #expect(cloud.codePipeline.executions(of: "P").isEmpty)
    }

    @Test("What only V2 has makes a pipeline V2")
    func type() throws {
        let cloud = LocalCloud.withoutSockets()
        var whole = try declaration(cloud)
        whole["pipelineType"] = "V1"
        func made(_ declaration: JSON, _ name: String) throws -> JSON? {
            var declaration = declaration
            declaration["name"] = .string(name)
            let reply = try cloud.codePipeline.call("CreatePipeline", ["pipeline": declaration])
            return reply?["pipeline"]?["pipelineType"]
        }
        #expect(try made(whole, "Plain") == "V1")
        #expect(try made(changed(whole, stage: "onFailure", to: ["result": "ROLLBACK"]), "Back") == "V2")
        whole["executionMode"] = "QUEUED"
        #expect(try made(whole, "Queued") == "V2")
    }
}
