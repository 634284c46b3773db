import Foundation
import LocalCloud
import Testing

@Suite("Stages that go back in the stand-in of CodePipeline", .timeLimit(.minutes(1)))
struct CodePipelineRollbackTests {
    /// A pipeline whose first stage makes an artifact and a variable, which the second one takes.
    private func bench(
        _ cloud: LocalCloud,
        mode: String = "SUPERSEDED",
        onFailure: VirtualPipeline.FailureResponse? = nil
    ) throws -> Bench {
        let bench = try Bench(cloud)
        try cloud.create(
            VirtualPipeline(
                "P",
                stages: [
                    .init("Make", [.init("A", Bench.type, outputs: ["Made"], namespace: "a")]),
                    .init(
                        "Use",
                        [.init("B", Bench.type, ["Text": "#{a.Id}/#{variables.v}"], inputs: ["Made"])],
                        onFailure: onFailure
                    ),
                    .init("After", [.init("C", Bench.type)]),
                ],
                executionMode: mode,
                variables: ["v": "default"]
            )
        )
        return bench
    }

    /// Takes an execution through the first stage and the second.
    private func run(_ bench: Bench, _ value: String, fails: Bool = false) throws -> String {
        let id = try bench.codePipeline.start("P", variables: ["v": value])
        try bench.succeed(try bench.claim(), ["outputVariables": ["Id": .string(value)]])
        if fails { try bench.fail(try bench.claim()) } else { try bench.succeed(try bench.claim()) }
        return id
    }

    private func summary(_ cloud: LocalCloud, _ id: String) throws -> JSON {
        let reply = try cloud.codePipeline.call("ListPipelineExecutions", ["pipelineName": "P"])
        let list = try #require(reply?["pipelineExecutionSummaries"]?.array)
        return try #require(list.first { $0["pipelineExecutionId"]?.string == id })
    }

    @Test("A rollback runs one stage alone, with the variables, revisions and artifacts of its target")
    func manual() throws {
        let cloud = LocalCloud.withoutSockets()
        cloud.s3.put(Data("source".utf8), bucket: cloud.options.artifactBucket, key: "source.zip")
        let bench = try bench(cloud)
        let good = try run(bench, "good")
        try bench.succeed(try bench.claim())
        let bad = try run(bench, "bad", fails: true)
        let back = try cloud.codePipeline.rollbackStage("Use", to: good)
        #expect(cloud.codePipeline.execution(back)?.status == "InProgress")
        let job = try bench.claim()
        #expect(job["data"]?["actionConfiguration"]?["configuration"]?["Text"] == "good/good")
        let target = try #require(cloud.codePipeline.execution(good))
        let place = try #require(target.action("A")?.outputArtifacts["Made"])
        let given = job["data"]?["inputArtifacts"]?[0]?["location"]?["s3Location"]
        #expect(given?["objectKey"]?.string == place.key)
        try bench.succeed(job)
        let end = try #require(cloud.codePipeline.execution(back))
        #expect(end.status == "Succeeded" && end.rollbackTarget == good)
        #expect(end.stages.map(\.name) == ["Use"])
        #expect(cloud.codePipeline.execution(bad)?.status == "Failed")
        let told = try summary(cloud, back)
        #expect(told["executionType"] == "ROLLBACK")
        #expect(told["trigger"]?["triggerType"] == "ManualRollback")
        #expect(told["rollbackMetadata"] == ["rollbackTargetPipelineExecutionId": .string(good)])
        let revisions = try #require(told["sourceRevisions"]?.array)
        #expect(revisions.count == 1 && revisions[0]["revisionId"] != nil)
        #expect(try told["sourceRevisions"] == summary(cloud, good)["sourceRevisions"])
        let state = try cloud.codePipeline.call("GetPipelineState", ["name": "P"])?["stageStates"]?[2]
        #expect(
            state?["latestExecution"]
                == ["pipelineExecutionId": .string(back), "status": "Succeeded", "type": "ROLLBACK"]
        )
    }

    @Test("A stage goes back by itself to the latest execution that succeeded in it, if there is one")
    func automatic() throws {
        let cloud = LocalCloud.withoutSockets()
        let bench = try bench(cloud, onFailure: .rollback)
        _ = try run(bench, "first", fails: true)
        #expect(cloud.codePipeline.executions(of: "P").count == 1)
        _ = try run(bench, "second")
        try bench.succeed(try bench.claim())
        let good = try run(bench, "third")
        try bench.succeed(try bench.claim())
        let bad = try run(bench, "fourth", fails: true)
        let all = cloud.codePipeline.executions(of: "P")
        #expect(all.count == 5 && all[4].status == "InProgress" && all[4].rollbackTarget == good)
        #expect(cloud.codePipeline.execution(bad)?.status == "Failed")
        let newest = try #require(all.last)
        #expect(try summary(cloud, newest.id)["trigger"]?["triggerType"] == "AutomatedRollback")
        // A rollback that fails brings about no other.
        try bench.fail(try bench.claim())
        #expect(cloud.codePipeline.executions(of: "P").map(\.status).suffix(2) == ["Failed", "Failed"])
    }

    @Test("What can't be gone back to is refused with its reason")
    func refusals() throws {
        let cloud = LocalCloud.withoutSockets()
        let bench = try bench(cloud)
        func refusal(_ stage: String, _ id: String) -> String? {
            code { _ = try cloud.codePipeline.rollbackStage(stage, to: id) }
        }
        let good = try run(bench, "good")
        #expect(refusal("After", good) == "UnableToRollbackStageException")
        try bench.succeed(try bench.claim())
        #expect(refusal("Source", good) == "UnableToRollbackStageException")
        #expect(refusal("Nowhere", good) == "StageNotFoundException")
        let bad = try run(bench, "bad", fails: true)
        #expect(refusal("Use", bad) == "UnableToRollbackStageException")
        let back = try cloud.codePipeline.rollbackStage("Use", to: good)
        #expect(refusal("Use", good) == "UnableToRollbackStageException", "the stage is running")
        try bench.succeed(try bench.claim())
        #expect(refusal("Use", back) == "UnableToRollbackStageException", "a rollback itself")
        #expect(
            code {
                try cloud.codePipeline.call(
                    "RollbackStage",
                    [
                        "pipelineName": "P", "stageName": "Use",
                        "targetPipelineExecutionId": "00000000-0000-0000-0000-000000000000",
                    ]
                )
            } == "PipelineExecutionNotFoundException"
        )
        let pipeline = try cloud.codePipeline.call("GetPipeline", ["name": "P"])?["pipeline"]
        try cloud.codePipeline.call("UpdatePipeline", ["pipeline": try #require(pipeline)])
        #expect(refusal("Use", good) == "PipelineExecutionOutdatedException")
    }

    @Test("A parallel pipeline has no rollback, by hand or by itself")
    func parallel() throws {
        let cloud = LocalCloud.withoutSockets()
        let bench = try bench(cloud, mode: "PARALLEL")
        let good = try run(bench, "good")
        #expect(code { _ = try cloud.codePipeline.rollbackStage("Use", to: good) } == "UnableToRollbackStageException")
        #expect(
            code {
                try cloud.create(
                    VirtualPipeline(
                        "Other",
                        stages: [.init("Lab", [.init("A", Bench.type)], onFailure: .rollback)],
                        executionMode: "PARALLEL"
                    )
                )
            } == "InvalidStageDeclarationException"
        )
    }

    @Test("A rollback supersedes nobody and isn't superseded; others wait until it has left the stage")
    func beside() throws {
        for mode in ["SUPERSEDED", "QUEUED"] {
            let cloud = LocalCloud.withoutSockets()
            let bench = try bench(cloud, mode: mode)
            let good = try run(bench, "good")
            try bench.succeed(try bench.claim())
            let back = try cloud.codePipeline.rollbackStage("Use", to: good)
            let next = try cloud.codePipeline.start("P", variables: ["v": "next"])
            let jobs = try bench.poll()
            try jobs.forEach(bench.acknowledge)
            func name(_ job: JSON) -> String? { job["data"]?["pipelineContext"]?["action"]?["name"]?.string }
            #expect(jobs.map(name) == ["B", "A"])
            try bench.succeed(jobs[1], ["outputVariables": ["Id": "next"]])
            #expect(try bench.poll().isEmpty)
            try bench.succeed(jobs[0])
            #expect(cloud.codePipeline.execution(back)?.status == "Succeeded")
            #expect(cloud.codePipeline.execution(next)?.status == "InProgress")
            #expect(name(try bench.claim()) == "B")
        }
    }
}
