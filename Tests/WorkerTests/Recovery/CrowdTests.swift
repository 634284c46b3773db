import Foundation
import LocalCloud
import TestSupport
import Testing

/// As many jobs as the environment's CROWD says.
private let crowd = ProcessInfo.processInfo.environment["CROWD"].flatMap { Int($0) } ?? 0

/// The built program, with more jobs in hand than fit into any queue of requests.
///
/// Run by hand, because it keeps the stand-ins, and so all other tests, busy: `CROWD=1000 swift test --filter CrowdTests`.
@Suite("A worker with many jobs that wait", .serialized, .timeLimit(.minutes(5)), .enabled(if: crowd > 0))
struct CrowdTests {
    private static var options: LocalCloud.Options {
        var options = LocalCloud.Options()
        options.blueprints = [LabBlueprint(name: "Lab", components: [], setup: .succeeds(after: .seconds(1_200)))]
        return options
    }

    private func startWorker(_ cloud: LocalCloud, home: URL, _ name: String, handoff: String) throws -> ProgramRun {
        let folder = home.appendingPathComponent(name)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let settings = [
            "QUALI_MAX_JOBS": "1200", "QUALI_POLL_SECONDS": "0.2", "QUALI_STATUS_POLL_SECONDS": "1",
            "QUALI_STATE_DIR": home.appendingPathComponent("state").path, "QUALI_HANDOFF": handoff,
            "QUALI_PROGRESS_SECONDS": "0",
        ]
        return try ProgramRun(["run"], environment: cloud.environment.merging(settings) { $1 }, in: folder)
    }

    /// Has a worker start a sandbox for each of many pipelines, and then does something to it while all are set up.
    private func withCrowd(
        handoff: String,
        _ body: (_ cloud: LocalCloud, _ worker: ProgramRun, _ executions: [String], _ home: URL) async throws -> Void
    ) async throws {
        try await LocalCloud.withRunning(Self.options) { cloud in
            try await withTemporaryFolder { home in
                let install = try await program("actions", "install", environment: cloud.environment)
                try #require(install.status == 0, "\(install)")
                let properties = ["BlueprintName": "Lab", "DurationInMinutes": "600"]
                let executions = try (1...crowd).map { number in
                    let start = VirtualPipeline.Action(
                        "Start",
                        .init(category: "Deploy", provider: "Quali-Start-Sandbox", version: "1"),
                        properties
                    )
                    try cloud.create(VirtualPipeline("P\(number)", stages: [.init("Lab", [start])]))
                    return try cloud.codePipeline.start("P\(number)")
                }
                let worker = try startWorker(cloud, home: home, "first", handoff: handoff)
                _ = try await cloud.lab.first { $0.count { $0.state == .setup } == crowd ? true : nil }
                // The worker has seen them, too.
                _ = try await cloud.journal.next { $0.operation == "sandboxes" }
                _ = try await cloud.journal.next { $0.operation == "sandboxes" }
                try await body(cloud, worker, executions, home)
            }
        }
    }

    private func expectAllSucceed(_ executions: [String], _ cloud: LocalCloud) async throws {
        cloud.advance(by: .seconds(1_200))
        for id in executions {
            let execution = try await cloud.codePipeline.end(of: id)
            #expect(execution.status == "Succeeded", "\(execution.action("Start")?.errorMessage ?? "")")
        }
        #expect(cloud.lab.sandboxes.count == crowd)
    }

    @Test("puts all of them back when it is told to stop, and fails and ends nothing")
    func stop() async throws {
        try await withCrowd(handoff: "on-stop") { cloud, worker, executions, home in
            let began = ContinuousClock.now
            worker.signal(SIGTERM)
            let ending = try await worker.end()
            print("\(crowd) waiting jobs: SIGTERM to exit \(ContinuousClock.now - began)")
            #expect(ending.status == 0, "\(ending.errors.suffix(1_000))")
            let starts = executions.compactMap { cloud.codePipeline.execution($0)?.action("Start") }
            #expect(starts.allSatisfy { $0.status == "InProgress" && $0.jobs.last?.continuationToken != nil })
            #expect(cloud.lab.sandboxes.allSatisfy { $0.state == .setup })
            let next = try startWorker(cloud, home: home, "next", handoff: "on-stop")
            try await expectAllSucceed(executions, cloud)
            next.signal(SIGTERM)
            #expect(try await next.end().status == 0)
        }
    }

    @Test("goes on with all of them after it was killed")
    func kill() async throws {
        try await withCrowd(handoff: "never") { cloud, worker, executions, home in
            worker.signal(SIGKILL)
            _ = try await worker.end()
            let requests = cloud.journal.count
            let began = ContinuousClock.now
            let next = try startWorker(cloud, home: home, "next", handoff: "never")
            _ = try await cloud.journal.first("sandboxes", after: requests)
            print("\(crowd) journalled jobs: start to first look at the lab \(ContinuousClock.now - began)")
            try await expectAllSucceed(executions, cloud)
            next.signal(SIGTERM)
            #expect(try await next.end().status == 0)
        }
    }
}
