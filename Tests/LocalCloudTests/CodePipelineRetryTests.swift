import LocalCloud
import Testing

@Suite("Stages that are tried again in the stand-in of CodePipeline", .timeLimit(.minutes(1)))
struct CodePipelineRetryTests {
    private func stage(_ cloud: LocalCloud) throws -> JSON {
        let reply = try cloud.codePipeline.call("GetPipelineState", ["name": "P"])
        return try #require(reply?["stageStates"]?[1])
    }

    private func retryCode(_ cloud: LocalCloud, _ id: String, _ mode: VirtualPipeline.RetryMode) -> String? {
        code { try cloud.codePipeline.retryStage("Lab", of: id, mode: mode) }
    }

    @Test("A retry runs the failed actions or all of them, each as a new action execution")
    func modes() throws {
        let cloud = LocalCloud.withoutSockets()
        let bench = try Bench(cloud)
        try bench.create([.init("A", Bench.type), .init("B", Bench.type, runOrder: 2)])
        let id = try cloud.codePipeline.start("P")
        func runs(_ name: String) throws -> [String] {
            try #require(cloud.codePipeline.execution(id)).actions.filter { $0.name == name }.map(\.id)
        }
        try bench.succeed(try bench.claim())
        try bench.fail(try bench.claim())
        #expect(cloud.codePipeline.execution(id)?.status == "Failed")
        try cloud.codePipeline.retryStage("Lab", of: id, mode: .failedActions)
        #expect(cloud.codePipeline.execution(id)?.status == "InProgress")
        try bench.fail(try bench.claim())
        #expect(try runs("A").count == 1 && Set(runs("B")).count == 2)
        try cloud.codePipeline.retryStage("Lab", of: id, mode: .allActions)
        try bench.succeed(try bench.claim())
        try bench.succeed(try bench.claim())
        #expect(try Set(runs("A")).count == 2 && Set(runs("B")).count == 3)
        #expect(cloud.codePipeline.execution(id)?.status == "Succeeded")
        let metadata = try stage(cloud)["retryStageMetadata"]
        #expect(metadata == ["manualStageRetryAttempt": 2, "latestRetryTrigger": "ManualStageRetry"])
        #expect(retryCode(cloud, id, .failedActions) == "StageNotRetryableException")
    }

    @Test("A stopped stage may be retried, however it was stopped; an action that had succeeded isn't run again")
    func stopped() throws {
        for abandons in [false, true] {
            let cloud = LocalCloud.withoutSockets()
            let bench = try Bench(cloud)
            try bench.create([.init("A", Bench.type), .init("B", Bench.type, runOrder: 2)])
            let id = try cloud.codePipeline.start("P")
            let first = try bench.claim()
            try cloud.codePipeline.stop(id, abandon: abandons)
            #expect(try stage(cloud)["latestExecution"]?["status"]?.string == (abandons ? "Stopped" : "Stopping"))
            if !abandons { try bench.succeed(first) }
            #expect(cloud.codePipeline.execution(id)?.status == "Stopped")
            try cloud.codePipeline.retryStage("Lab", of: id)
            if abandons { try bench.succeed(try bench.claim()) }
            try bench.succeed(try bench.claim())
            let end = try #require(cloud.codePipeline.execution(id))
            #expect(end.status == "Succeeded")
            #expect(end.actions.map(\.name) == (abandons ? ["Source", "A", "A", "B"] : ["Source", "A", "B"]))
        }
    }

    @Test("An execution that is stopped during its last action ends as stopped")
    func stoppedAtTheEnd() throws {
        let cloud = LocalCloud.withoutSockets()
        let bench = try Bench(cloud)
        try bench.create([.init("A", Bench.type)])
        let id = try cloud.codePipeline.start("P")
        let job = try bench.claim()
        try cloud.codePipeline.stop(id)
        try bench.succeed(job)
        #expect(cloud.codePipeline.execution(id)?.status == "Stopped")
    }

    @Test("Failed actions may be retried while others still work, all actions may not")
    func besideOthers() throws {
        let cloud = LocalCloud.withoutSockets()
        let bench = try Bench(cloud)
        try bench.create([.init("A", Bench.type), .init("B", Bench.type)])
        let id = try cloud.codePipeline.start("P")
        let jobs = try bench.poll()
        try jobs.forEach(bench.acknowledge)
        #expect(retryCode(cloud, id, .failedActions) == "StageNotRetryableException")
        try bench.fail(jobs[0])
        #expect(retryCode(cloud, id, .allActions) == "StageNotRetryableException")
        try cloud.codePipeline.retryStage("Lab", of: id, mode: .failedActions)
        try bench.succeed(jobs[1])
        try bench.succeed(try bench.claim())
        #expect(cloud.codePipeline.execution(id)?.status == "Succeeded")
    }

    @Test("An automatic retry happens once, with the mode that the stage says")
    func automatic() throws {
        for mode in VirtualPipeline.RetryMode.allCases {
            let cloud = LocalCloud.withoutSockets()
            let bench = try Bench(cloud)
            let actions: [VirtualPipeline.Action] = [.init("A", Bench.type), .init("B", Bench.type, runOrder: 2)]
            try cloud.create(VirtualPipeline("P", stages: [.init("Lab", actions, onFailure: .retry(mode))]))
            let id = try cloud.codePipeline.start("P")
            try bench.succeed(try bench.claim())
            try bench.fail(try bench.claim())
            #expect(cloud.codePipeline.execution(id)?.status == "InProgress")
            let metadata = try stage(cloud)["retryStageMetadata"]
            #expect(metadata == ["autoStageRetryAttempt": 1, "latestRetryTrigger": "AutomatedStageRetry"])
            if mode == .allActions { try bench.succeed(try bench.claim()) }
            try bench.fail(try bench.claim())
            let end = try #require(cloud.codePipeline.execution(id))
            #expect(end.status == "Failed")
            #expect(end.actions.count == (mode == .allActions ? 5 : 4))
        }
    }

    @Test("Only the latest execution of a stage may be retried, but each one of a parallel pipeline")
    func latest() throws {
        for mode in ["SUPERSEDED", "PARALLEL"] {
            let cloud = LocalCloud.withoutSockets()
            let bench = try Bench(cloud)
            try bench.create([.init("A", Bench.type)], mode: mode)
            let first = try cloud.codePipeline.start("P")
            try bench.fail(try bench.claim())
            _ = try cloud.codePipeline.start("P")
            let refusal = retryCode(cloud, first, .failedActions)
            #expect(refusal == (mode == "PARALLEL" ? nil : "NotLatestPipelineExecutionException"))
        }
    }

    @Test("After a change of the pipeline nothing of before is retried")
    func changed() throws {
        let cloud = LocalCloud.withoutSockets()
        let bench = try Bench(cloud)
        try bench.create([.init("A", Bench.type)])
        let id = try cloud.codePipeline.start("P")
        let pipeline = try cloud.codePipeline.call("GetPipeline", ["name": "P"])?["pipeline"]
        try cloud.codePipeline.call("UpdatePipeline", ["pipeline": try #require(pipeline)])
        #expect(cloud.codePipeline.execution(id)?.status == "Cancelled")
        #expect(try stage(cloud)["latestExecution"]?["status"] == "Cancelled")
        #expect(retryCode(cloud, id, .allActions) == "StageNotRetryableException")
    }
}
