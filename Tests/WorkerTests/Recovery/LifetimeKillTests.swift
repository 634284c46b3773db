import Foundation
import LocalCloud
import TestSupport
import Testing

/// The built program is killed at each request with which it looks after a sandbox, and started again.
@Suite("A worker that is killed while it looks after a sandbox", .timeLimit(.minutes(10)))
struct LifetimeKillTests {
    private typealias Edge = KillTests.Edge

    private static let gate = VirtualPipeline.ActionType(category: "Test", provider: "Gate", version: "1")

    /// An execution whose start has succeeded, and whose next action nobody does.
    private static func begin(_ cloud: LocalCloud, _ properties: [String: String]) async throws -> String {
        let install = try await program("actions", "install", environment: cloud.environment)
        try #require(install.status == 0, "\(install)")
        try cloud.codePipeline.register(gate)
        let start = VirtualPipeline.ActionType(category: "Deploy", provider: "Quali-Start-Sandbox", version: "1")
        let all = ["BlueprintName": "Web lab", "DurationInMinutes": "60"].merging(properties) { $1 }
        let stage = VirtualPipeline.Stage("Lab", [.init("Start", start, all), .init("Wait", gate, runOrder: 2)])
        try cloud.create(VirtualPipeline("Nightly", stages: [stage]))
        return try cloud.codePipeline.start("Nightly")
    }

    private static func startWorker(_ cloud: LocalCloud, home: URL, _ name: String) throws -> ProgramRun {
        try KillTests.startWorker(
            cloud,
            home: home,
            name,
            ["QUALI_PIPELINE_POLL_SECONDS": "1", "QUALI_END_GRACE_MINUTES": "0.05"]
        )
    }

    /// Runs a worker until it comes to a request, kills it there, and starts another.
    private static func kill(
        at edge: Edge,
        _ cloud: LocalCloud,
        home: URL,
        meanwhile: () async throws -> Void
    ) async throws -> ProgramRun {
        cloud.faults.inject(
            edge.moment == .beforeProcessing ? .hang : .hangAfterProcessing,
            on: edge.operation,
            skipping: edge.number - 1
        )
        let first = try startWorker(cloud, home: home, "first")
        try await meanwhile()
        _ = try await cloud.journal.arrival { $0.operation == edge.operation && $0.fault != nil }
        first.signal(SIGKILL)
        #expect(try await first.end().status == 128 + SIGKILL)
        return try startWorker(cloud, home: home, "second")
    }

    @Test(
        "ends it once its pipeline is over, and once",
        arguments: [
            ("ListPipelineExecutions", 1), ("ListPipelineExecutions", 3), ("ListActionExecutions", 1),
            ("stopSandbox", 1),
        ].flatMap { operation, number in
            KillTests.Edge.Moment.allCases.map { KillTests.Edge(operation: operation, number: number, moment: $0) }
        }
    )
    func ending(edge: KillTests.Edge) async throws {
        try await LocalCloud.withRunning(KillTests.options) { cloud in
            try await withTemporaryFolder { home in
                let execution = try await Self.begin(cloud, [:])
                let worker = try await Self.kill(at: edge, cloud, home: home) {
                    _ = try await cloud.codePipeline.wait(for: execution) { $0.action("Wait").map { _ in true } }
                    try cloud.codePipeline.stop(execution, abandon: true)
                }
                _ = try await cloud.lab.first { $0.first { !$0.isUnstopped } }
                #expect(cloud.lab.sandboxes.count == 1)
                // It took the grace for it: at least three seconds after the stop.
                let stopped = try #require(cloud.codePipeline.execution(execution)?.actions.map(\.updated).max())
                let stop = try #require(cloud.lab.sandboxes.first?.stateSince)
                #expect(stop.timeIntervalSince(stopped) >= 3)
                // A second request does no harm, where the reply to the first was lost.
                #expect((1...2).contains(cloud.lab.sandboxes.first?.stopRequests ?? 0))
                // It has to get as far as obeying signals.
                _ = try await cloud.journal.next { $0.operation == "PollForJobs" }
                worker.signal(SIGTERM)
                #expect(try await worker.end().status == 0)
            }
        }
    }

    @Test("extends it while its pipeline goes on, and not twice", arguments: KillTests.Edge.Moment.allCases)
    func extending(moment: KillTests.Edge.Moment) async throws {
        try await LocalCloud.withRunning(KillTests.options) { cloud in
            try await withTemporaryFolder { home in
                // It is extended 40 seconds before its end, by as many whole minutes as make two again.
                let options = #"{"MaxDurationInMinutes": 10}"#
                let execution = try await Self.begin(cloud, ["DurationInMinutes": "2", "OptionsJSON": options])
                let edge = KillTests.Edge(operation: "extendSandbox", number: 1, moment: moment)
                let worker = try await Self.kill(at: edge, cloud, home: home) {}
                let sandbox = try await cloud.lab.first { sandboxes in
                    sandboxes.first { sandbox in
                        sandbox.endTime.map { $0.timeIntervalSince(sandbox.startTime) > 120 } ?? false
                    }
                }
                let end = try #require(sandbox.endTime)
                #expect(end.timeIntervalSince(sandbox.startTime) == 180)
                // The next look, which knows nothing of the request before, sees what that has brought.
                for _ in 1...3 { _ = try await cloud.journal.next { $0.operation == "ListPipelineExecutions" } }
                #expect(cloud.lab.sandboxes.map(\.endTime) == [end])
                #expect(sandbox.state == .ready)
                #expect(cloud.codePipeline.execution(execution)?.status == "InProgress")
                worker.signal(SIGTERM)
                #expect(try await worker.end().status == 0)
            }
        }
    }
}
