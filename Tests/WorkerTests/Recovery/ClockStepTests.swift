import Foundation
import LocalCloud
import TestSupport
import Testing

/// The built program on a host whose clock is wrong, and is set while jobs wait.
@Suite("A worker whose host's clock is set", .timeLimit(.minutes(10)))
struct ClockStepTests {
    private static let hour: Int64 = 3_600

    private static var options: LocalCloud.Options {
        var options = LocalCloud.Options()
        options.blueprints = [
            LabBlueprint(
                name: "Web lab",
                components: [
                    LabComponent(
                        name: "web-server",
                        kind: .application,
                        model: "Generic App Model",
                        // Longer than all that is done meanwhile.
                        commands: [LabCommand(name: "deploy", duration: .seconds(600))]
                    )
                ],
                setup: .succeeds(after: .milliseconds(100)),
                teardown: .succeeds(after: .milliseconds(100))
            )
        ]
        return options
    }

    private func begin(_ cloud: LocalCloud) async throws -> String {
        let install = try await program("actions", "install", environment: cloud.environment)
        try #require(install.status == 0, "\(install)")
        func type(_ category: String, _ name: String) -> VirtualPipeline.ActionType {
            .init(category: category, provider: name, version: "1")
        }
        let start = VirtualPipeline.Action(
            "Start",
            type("Deploy", "Quali-Start-Sandbox"),
            ["BlueprintName": "Web lab", "DurationInMinutes": "60"],
            outputs: ["Sandbox"],
            runOrder: 1
        )
        let run = VirtualPipeline.Action(
            "Run",
            type("Test", "Quali-Run-Command"),
            ["ComponentName": "web-server.*", "CommandName": "deploy"],
            inputs: ["Sandbox"],
            runOrder: 2
        )
        try cloud.create(VirtualPipeline("Nightly", stages: [.init("Lab", [start, run])]))
        return try cloud.codePipeline.start("Nightly")
    }

    private func startWorker(_ cloud: LocalCloud, home: URL, _ name: String, _ time: TimeOfDay) throws -> ProgramRun {
        let folder = home.appendingPathComponent(name)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let settings = [
            "QUALI_POLL_SECONDS": "0.2", "QUALI_STATUS_POLL_SECONDS": "0.2", "QUALI_PROGRESS_SECONDS": "0",
            "QUALI_HANDOFF": name == "first" ? "on-stop" : "never",
            "QUALI_STATE_DIR": home.appendingPathComponent("state").path,
        ]
        let environment = cloud.environment.merging(settings) { $1 }.merging(time.environment) { $1 }
        return try ProgramRun(["run"], environment: environment, in: folder)
    }

    /// Waits until a process has said so often that its clock was set, and has polled and looked at the command since.
    private func see(_ steps: Int, _ worker: ProgramRun, in folder: URL, _ cloud: LocalCloud) async throws {
        _ = try await worker.value {
            let log = try String(contentsOf: folder.appendingPathComponent("errors"), encoding: .utf8)
            return log.components(separatedBy: "The host's clock was set").count > steps ? true : nil
        }
        let requests = cloud.journal.count
        for operation in ["PollForJobs", "execution"] { _ = try await cloud.journal.first(operation, after: requests) }
    }

    @Test("loses no poll and no look, ends nothing, and says so once")
    func steps() async throws {
        try await LocalCloud.withRunning(Self.options) { cloud in
            try await withTemporaryFolder { home in
                let time = try await TimeOfDay(in: home)
                // Two hours behind, and set right while the command runs; put back by two hours; a year ahead.
                try time.set(aheadBy: -2 * Self.hour)
                let id = try await begin(cloud)
                let first = try startWorker(cloud, home: home, "first", time)
                _ = try await cloud.journal.first("startComponentCommand")
                for (number, lead) in [0, -2 * Self.hour, 365 * 24 * Self.hour].enumerated() {
                    try time.set(aheadBy: lead)
                    try await see(number + 1, first, in: home.appendingPathComponent("first"), cloud)
                }
                // Into the queue, and out of it by a process that begins with a third clock; and again from the journal.
                first.signal(SIGTERM)
                let end = try await first.end()
                #expect(end.status == 0, "\(end)")
                #expect(end.errors.components(separatedBy: "The host's clock was set").count == 4, "\(end.errors)")
                for (name, lead) in [("second", 17 * 60), ("third", -24 * Self.hour)] {
                    try time.set(aheadBy: lead)
                    let requests = cloud.journal.count
                    let worker = try startWorker(cloud, home: home, name, time)
                    for operation in ["PollForJobs", "execution"] {
                        _ = try await cloud.journal.first(operation, after: requests)
                    }
                    if name == "third" {
                        cloud.advance(by: .seconds(600))
                        let execution = try await cloud.codePipeline.end(of: id)
                        let outcomes = execution.actions.map { "\($0.name): \($0.errorMessage ?? $0.status)" }
                        #expect(execution.status == "Succeeded", "\(outcomes)")
                    }
                    worker.signal(SIGTERM)
                    let end = try await worker.end()
                    #expect(end.status == 0, "\(end)")
                }
                #expect(cloud.lab.executions.count == 1)
                #expect(cloud.lab.executions.first?.cancelRequested == nil)
                #expect(cloud.lab.sandboxesNotStopped.count == 1)
            }
        }
    }
}
