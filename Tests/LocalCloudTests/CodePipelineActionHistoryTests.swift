import LocalCloud
import Testing

@Suite("What the stand-in of CodePipeline tells of the runs of actions", .timeLimit(.minutes(1)))
struct CodePipelineActionHistoryTests {
    private func runs(_ cloud: LocalCloud, _ filter: JSON) throws -> [JSON] {
        let reply = try cloud.codePipeline.call("ListActionExecutions", ["pipelineName": "P", "filter": filter])
        return try #require(reply?["actionExecutionDetails"]?.array)
    }

    @Test("Each run shows its configuration as written and as resolved, without secrets, and its latest result")
    func configuration() throws {
        let cloud = LocalCloud.withoutSockets()
        func property(_ name: String, secret: Bool) -> JSON {
            ["name": .string(name), "required": false, "key": false, "secret": .bool(secret)]
        }
        try cloud.codePipeline.call(
            "CreateCustomActionType",
            [
                "category": "Deploy", "provider": "Bench", "version": "1",
                "configurationProperties": [property("Text", secret: false), property("Key", secret: true)],
                "inputArtifactDetails": ["minimumCount": 0, "maximumCount": 0],
                "outputArtifactDetails": ["minimumCount": 0, "maximumCount": 0],
            ]
        )
        try cloud.create(
            VirtualPipeline(
                "P",
                stages: [.init("Lab", [.init("A", Bench.type, ["Text": "#{variables.v}!", "Key": "#{variables.v}"])])],
                variables: ["v": "hello"]
            )
        )
        let execution = try cloud.codePipeline.start("P")
        let filter: JSON = ["pipelineExecutionId": .string(execution)]
        func put(_ more: JSON) throws {
            let job = try cloud.codePipeline.call("PollForJobs", ["actionTypeId": Bench.typeID])?["jobs"]?[0]
            let id = try #require(job?["id"])
            try cloud.codePipeline.call("AcknowledgeJob", ["jobId": id, "nonce": job?["nonce"] ?? ""])
            var request = more
            request["jobId"] = id
            try cloud.codePipeline.call("PutJobSuccessResult", request)
        }
        try put(["continuationToken": "t", "executionDetails": ["summary": "half", "externalExecutionId": "ext"]])
        var run = try #require(try runs(cloud, filter).first)
        #expect(run["input"]?["configuration"] == ["Text": "#{variables.v}!", "Key": "****"])
        #expect(run["input"]?["resolvedConfiguration"] == ["Text": "hello!", "Key": "****"])
        #expect(run["output"]?["executionResult"]?["externalExecutionId"] == "ext")
        #expect(run["output"]?["executionResult"]?["externalExecutionSummary"] == "half")
        #expect(run["status"] == "InProgress")
        try put(["outputVariables": ["Id": "7"], "executionDetails": ["summary": "whole"]])
        run = try #require(try runs(cloud, filter).first)
        #expect(run["output"]?["outputVariables"] == ["Id": "7"])
        #expect(run["output"]?["executionResult"]?["externalExecutionSummary"] == "whole")
        #expect(run["status"] == "Succeeded")
    }

    @Test("Each attempt is listed, the newest first; the filter for the latest leaves out the earlier ones")
    func attempts() throws {
        let cloud = LocalCloud.withoutSockets()
        let bench = try Bench(cloud)
        try bench.create([.init("A", Bench.type), .init("B", Bench.type, runOrder: 2)])
        let execution = try cloud.codePipeline.start("P")
        try bench.succeed(try bench.claim())
        try bench.fail(try bench.claim())
        try cloud.codePipeline.call(
            "RetryStageExecution",
            [
                "pipelineName": "P", "stageName": "Lab", "pipelineExecutionId": .string(execution),
                "retryMode": "FAILED_ACTIONS",
            ]
        )
        func names(_ filter: JSON) throws -> [String?] { try runs(cloud, filter).map { $0["actionName"]?.string } }
        func latest(_ range: String) -> JSON {
            [
                "latestInPipelineExecution": [
                    "pipelineExecutionId": .string(execution), "startTimeRange": .string(range),
                ]
            ]
        }
        #expect(try names(["pipelineExecutionId": .string(execution)]) == ["B", "B", "A", "Source"])
        #expect(try names(latest("All")) == ["B", "B", "A", "Source"])
        #expect(try names(latest("Latest")) == ["B", "A", "Source"])
        #expect(try runs(cloud, latest("Latest"))[0]["status"] == "InProgress")
        let attempts = try runs(cloud, latest("All")).map { $0["actionExecutionId"] }
        #expect(Set(attempts).count == 4)
        var both = latest("All")
        both["pipelineExecutionId"] = .string(execution)
        #expect(code { _ = try names(both) } == "ValidationException")
    }
}
