import Foundation
import LocalCloud
import Logging
import QualiCore
import Testing

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
}
