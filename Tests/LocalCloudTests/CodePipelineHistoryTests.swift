import Foundation
import LocalCloud
import Testing

@Suite("What the stand-in of CodePipeline tells of executions and actions", .timeLimit(.minutes(1)))
struct CodePipelineHistoryTests {
    private func executions(_ cloud: LocalCloud, _ more: [String: JSON] = [:]) throws -> JSON {
        let reply = try cloud.codePipeline.call(
            "ListPipelineExecutions",
            .object(more.merging(["pipelineName": "P"]) { $1 })
        )
        return try #require(reply)
    }

    private func ids(_ page: JSON) -> [String] {
        (page["pipelineExecutionSummaries"]?.array ?? []).compactMap { $0["pipelineExecutionId"]?.string }
    }

    @Test("The newest execution comes first, 100 at a time, and a start between two pages repeats none")
    func pages() throws {
        let cloud = LocalCloud.withoutSockets()
        let bench = try Bench(cloud)
        try bench.create([.init("A", Bench.type)], mode: "PARALLEL")
        let started = try (0..<120).map { _ in try cloud.codePipeline.start("P") }
        let first = try executions(cloud)
        #expect(ids(first) == Array(started.reversed().prefix(100)))
        _ = try cloud.codePipeline.start("P")
        let second = try executions(cloud, ["nextToken": try #require(first["nextToken"])])
        #expect(ids(second) == Array(started.reversed().suffix(20)))
        #expect(second["nextToken"] == nil)
        #expect(ids(try executions(cloud, ["maxResults": 3])).count == 3)
        #expect(code { _ = try executions(cloud, ["maxResults": 101]) } == "ValidationException")
        #expect(code { _ = try executions(cloud, ["nextToken": "left-122"]) } == "InvalidNextTokenException")
    }

    @Test("Whatever changes an execution changes the time of its last update, though the clock stands still")
    func lastUpdate() throws {
        var options = LocalCloud.Options()
        options.clock = LocalClock(frozenAt: Date(timeIntervalSince1970: 1_000))
        let cloud = LocalCloud.withoutSockets(options)
        let bench = try Bench(cloud)
        try bench.create((1...3).map { .init("A\($0)", Bench.type, runOrder: $0) })
        let execution = try cloud.codePipeline.start("P")
        var times: [Double] = []
        func look(_ status: String) throws {
            let summary = try #require(try executions(cloud)["pipelineExecutionSummaries"]?[0])
            #expect(summary["status"]?.string == status)
            times.append(try #require(summary["lastUpdateTime"]?.double))
        }
        try look("InProgress")
        try bench.succeed(try bench.claim())
        try look("InProgress")
        try cloud.codePipeline.stop(execution)
        try look("Stopping")
        try bench.succeed(try bench.claim())
        try look("Stopped")
        #expect(times == Array(Set(times)).sorted())
    }

    @Test("The filter finds executions whose stage succeeded, in the pipeline's present version alone")
    func succeededInStage() throws {
        let cloud = LocalCloud.withoutSockets()
        let bench = try Bench(cloud)
        try bench.create([.init("A", Bench.type)])
        let good = try cloud.codePipeline.start("P")
        try bench.succeed(try bench.claim())
        let bad = try cloud.codePipeline.start("P")
        try bench.fail(try bench.claim())
        func filtered(_ stage: String) throws -> [String] {
            ids(try executions(cloud, ["filter": ["succeededInStage": ["stageName": .string(stage)]]]))
        }
        #expect(try filtered("Lab") == [good])
        #expect(try filtered("Source") == [bad, good])
        #expect(code { _ = try filtered("Nowhere") } == "ValidationException")
        let pipeline = try cloud.codePipeline.call("GetPipeline", ["name": "P"])?["pipeline"]
        try cloud.codePipeline.call("UpdatePipeline", ["pipeline": try #require(pipeline)])
        #expect(try filtered("Lab").isEmpty)
    }
}
