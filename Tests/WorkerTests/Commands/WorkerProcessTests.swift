import Foundation
import LocalCloud
import Logging
import QualiCore
import Testing
import WorkerTestSupport

@testable import WorkerSettings
@testable import worker

@Suite("A worker's process", .timeLimit(.minutes(1)))
struct WorkerProcessTests {
    @Test("cuts off what isn't over after the grace period, and says so")
    func gracePeriod() async throws {
        try await LocalCloud.withRunning { cloud in
            _ = try await program("actions", "install", environment: cloud.environment)
            _ = try Given.failingExecution(in: cloud)
            cloud.faults.inject(.hang, on: "PutJobFailureResult", times: .max)
            let sources = SettingSources(environment: Given.workerEnvironment(cloud))
            let settings = try await WorkerSettings.read(sources, terminal: NoTerminal())
            let logger = Logger(label: "test") { _ in LineLogHandler(.json, write: { _ in }) }
            let process = try WorkerProcess(
                settings,
                journal: InMemoryJobJournal(),
                logger: logger,
                gracePeriod: .milliseconds(300)
            ) { $0 }
            try await withThrowingTaskGroup { tasks in
                tasks.addTask {
                    _ = try await cloud.journal.arrival { $0.operation == "PutJobFailureResult" }
                    await process.stop()
                }
                let failure = await #expect(throws: ProgramFailure.self) {
                    try await process.run(until: WorkerProcess.trapSignals())
                }
                #expect(failure?.status == .software)
                try await tasks.waitForAll()
            }
        }
    }

    @Test("gives properties that pipelines leave out what its settings say")
    func propertyDefaults() async throws {
        var options = LocalCloud.Options()
        options.blueprints = [LabBlueprint(name: "Web lab", setup: .succeeds(after: .milliseconds(10)))]
        try await LocalCloud.withRunning(options) { cloud in
            _ = try await program("actions", "install", environment: cloud.environment)
            let changes = [
                "QUALI_ARTIFACT_FORMAT": "json", "QUALI_POLL_SECONDS": "0.2", "QUALI_STATUS_POLL_SECONDS": "0.2",
            ]
            let sources = SettingSources(environment: cloud.environment.merging(changes) { $1 })
            let settings = try await WorkerSettings.read(sources, terminal: NoTerminal())
            let logger = Logger(label: "test") { _ in LineLogHandler(.json, write: { _ in }) }
            let process = try WorkerProcess(settings, journal: InMemoryJobJournal(), logger: logger) { $0 }
            let start = VirtualPipeline.Action(
                "Start",
                .init(category: "Deploy", provider: "Quali-Start-Sandbox", version: "1"),
                ["BlueprintName": "Web lab", "DurationInMinutes": "60"],
                outputs: ["Sandbox"]
            )
            try cloud.create(VirtualPipeline("P", stages: [.init("Lab", [start])]))
            let execution = try cloud.codePipeline.start("P")
            try await withThrowingTaskGroup { tasks in
                tasks.addTask { try await process.run(until: WorkerProcess.trapSignals()) }
                let end = try await cloud.codePipeline.end(of: execution)
                await process.stop()
                try await tasks.waitForAll()
                let action = try #require(end.action("Start"))
                #expect(cloud.artifact("Sandbox", of: action)?.first == UInt8(ascii: "{"))
            }
        }
    }
}
