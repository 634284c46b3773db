import Foundation
import LocalCloud
import Testing

@Suite("Pipelines in the stand-in of CodePipeline", .timeLimit(.minutes(1)))
struct CodePipelineEngineTests {
    @Test("Actions of one run order go together; the next waits for all of them")
    func runOrders() async throws {
        try await LocalCloud.withRunning { cloud in
            let bench = try Bench(cloud)
            try bench.create([
                .init("A", Bench.type), .init("B", Bench.type), .init("C", Bench.type, runOrder: 2),
            ])
            let execution = try cloud.codePipeline.start("P")
            let jobs = try bench.poll()
            #expect(names(jobs) == ["A", "B"])
            try jobs.forEach(bench.acknowledge)
            try bench.succeed(jobs[0])
            #expect(try bench.poll().isEmpty)
            try bench.succeed(jobs[1])
            let last = try bench.claim()
            #expect(names([last]) == ["C"])
            try bench.succeed(last)
            let end = try await cloud.codePipeline.end(of: execution)
            #expect(end.stages.map(\.status) == ["Succeeded", "Succeeded"])
        }
    }

    @Test("A failure ends the execution once the actions beside it have ended")
    func failure() async throws {
        try await LocalCloud.withRunning { cloud in
            let bench = try Bench(cloud)
            try bench.create([
                .init("A", Bench.type), .init("B", Bench.type), .init("C", Bench.type, runOrder: 2),
            ])
            let execution = try cloud.codePipeline.start("P")
            let jobs = try bench.poll()
            try jobs.forEach(bench.acknowledge)
            try bench.fail(jobs[0], type: "PermissionError", message: "not yours")
            #expect(cloud.codePipeline.execution(execution)?.status == "InProgress")
            try bench.succeed(jobs[1])
            let end = try await cloud.codePipeline.end(of: execution)
            #expect(end.status == "Failed")
            #expect(end.action("A")?.errorCode == "PermissionError" && end.action("A")?.errorMessage == "not yours")
            #expect(end.action("C") == nil)
        }
    }

    @Test("Variables of a namespace, of the pipeline and of the execution are put in; an unknown one fails the action")
    func variables() async throws {
        try await LocalCloud.withRunning { cloud in
            let bench = try Bench(cloud)
            try cloud.create(
                VirtualPipeline(
                    "P",
                    stages: [
                        .init("One", [.init("A", Bench.type, namespace: "a")]),
                        .init(
                            "Two",
                            [
                                .init(
                                    "B",
                                    Bench.type,
                                    ["Text": "#{a.Id}/#{variables.v}/#{codepipeline.PipelineExecutionId}"]
                                )
                            ]
                        ),
                        .init("Three", [.init("C", Bench.type, ["Text": "#{a.Other}"])]),
                    ],
                    variables: ["v": "default"]
                )
            )
            let execution = try cloud.codePipeline.start("P", variables: ["v": "given"])
            try bench.succeed(try bench.claim(), ["outputVariables": ["Id": "7"]])
            let second = try bench.claim()
            #expect(second["data"]?["actionConfiguration"]?["configuration"]?["Text"]?.string == "7/given/\(execution)")
            try bench.succeed(second)
            let end = try await cloud.codePipeline.end(of: execution)
            #expect(end.status == "Failed")
            #expect(end.action("C")?.errorMessage?.contains("a.Other") == true)
        }
    }

    @Test("A waiting execution gives way to a newer one, waits its turn, or runs beside it, as the mode says")
    func modes() async throws {
        try await LocalCloud.withRunning { cloud in
            let bench = try Bench(cloud)
            for mode in ["SUPERSEDED", "QUEUED", "PARALLEL"] {
                try bench.create([.init("A", Bench.type)], name: mode, mode: mode)
                for _ in 0..<3 { _ = try cloud.codePipeline.start(mode) }
            }
            func statuses(_ mode: String) -> [String] { cloud.codePipeline.executions(of: mode).map(\.status) }
            #expect(statuses("SUPERSEDED") == ["InProgress", "Superseded", "InProgress"])
            #expect(statuses("QUEUED") == ["InProgress", "InProgress", "InProgress"])
            let jobs = try bench.poll()
            #expect(jobs.count == 1 + 1 + 3)
            try jobs.forEach(bench.acknowledge)
            for job in jobs { try bench.succeed(job) }
            #expect(try bench.poll().count == 2)
            #expect(statuses("PARALLEL") == ["Succeeded", "Succeeded", "Succeeded"])
        }
    }

    @Test("A change of the pipeline cancels what runs; a masked secret keeps its value")
    func update() async throws {
        try await LocalCloud.withRunning { cloud in
            let codePipeline = cloud.codePipeline
            try codePipeline.call(
                "CreateCustomActionType",
                [
                    "category": "Deploy", "provider": "Bench", "version": "1",
                    "configurationProperties": [["name": "Text", "required": true, "key": false, "secret": true]],
                    "inputArtifactDetails": ["minimumCount": 0, "maximumCount": 0],
                    "outputArtifactDetails": ["minimumCount": 0, "maximumCount": 0],
                ]
            )
            try cloud.create(VirtualPipeline("P", stages: [.init("Lab", [.init("A", Bench.type, ["Text": "secret"])])]))
            let first = try codePipeline.start("P")
            let reply = try codePipeline.call("GetPipeline", ["name": "P"])
            let shown = try #require(reply?["pipeline"])
            #expect(!shown.text.contains("secret") && shown.text.contains("****"))
            try codePipeline.call("UpdatePipeline", ["pipeline": shown])
            #expect(codePipeline.execution(first)?.status == "Cancelled")
            _ = try codePipeline.start("P")
            let job = try codePipeline.call("PollForJobs", ["actionTypeId": Bench.typeID])?["jobs"]?[0]
            #expect(job?["data"]?["actionConfiguration"]?["configuration"]?["Text"] == "secret")
        }
    }

    @Test("A wait for an execution ends with a cancelled task")
    func cancelledWait() async throws {
        try await LocalCloud.withRunning { cloud in
            let bench = try Bench(cloud)
            try bench.create([.init("A", Bench.type)])
            let execution = try cloud.codePipeline.start("P")
            let codePipeline = cloud.codePipeline
            await #expect(throws: CancellationError.self) {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { _ = try await codePipeline.end(of: execution) }
                    group.cancelAll()
                    try await group.next()
                }
            }
        }
    }

    private func names(_ jobs: [JSON]) -> [String] {
        jobs.compactMap { $0["data"]?["pipelineContext"]?["action"]?["name"]?.string }
    }
}
