import LocalCloud
import TestSupport
import Testing
import WorkerTestSupport

@Suite("Where systemd's journal reads the log", .timeLimit(.minutes(2)))
struct SystemJournalTests {
    /// Starts the program as systemd does, which names the stream that its errors go to.
    private static let wrapper = [
        "/bin/sh", "-c", "JOURNAL_STREAM=$(/usr/bin/stat -L -c %d:%i /dev/fd/2) exec \"$@\"", "sh",
    ]

    @Test func `lines are text with priorities, without times`() async throws {
        try await LocalCloud.withRunning { cloud in
            try await withTemporaryFolder { folder in
                _ = try await program("actions", "install", environment: cloud.environment)
                let environment = Given.workerEnvironment(cloud)
                let run = try ProgramRun(["run"], environment: environment, through: Self.wrapper, in: folder)
                _ = try await cloud.journal.first("PollForJobs")
                run.signal(15)
                let ending = try await run.end()
                #expect(ending.status == 0)
                let lines = ending.errors.split(separator: "\n")
                #expect(lines.first?.hasPrefix("<6>info     Starting ") == true, "\(ending.errors)")
                #expect(lines.contains { $0.hasPrefix("<6>info     Polling for jobs ") })
                #expect(lines.allSatisfy { $0.hasPrefix("<") })
            }
        }
    }

    @Test func `each line of what ends the program is an error`() async throws {
        try await withTemporaryFolder { folder in
            let ending = try await ProgramRun(["run"], through: Self.wrapper, in: folder).end()
            #expect(ending.status == 64)
            let lines = ending.errors.split(separator: "\n")
            #expect(lines.count > 3)
            #expect(lines.allSatisfy { $0.hasPrefix("<3>") }, "\(ending.errors)")
        }
    }
}
