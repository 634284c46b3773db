import Foundation
import LocalCloud
import TestSupport
import Testing
import WorkerTestSupport

@Suite("Signals", .timeLimit(.minutes(4)))
struct SignalTests {
    /// Runs a worker at stand-ins.
    private func withWorker(
        through wrapper: [String] = [],
        isAtTerminal: Bool = false,
        settings: String = "",
        _ body: (LocalCloud, ProgramRun, _ errors: @escaping () throws -> String) async throws -> Void
    ) async throws {
        try await LocalCloud.withRunning { cloud in
            _ = try await program("actions", "install", environment: cloud.environment)
            try await withTemporaryFolder { folder in
                let run = try ProgramRun(
                    ["run", "--config", try folder.write("settings", settings)],
                    environment: Given.workerEnvironment(cloud).filter { !settings.contains($0.key) },
                    isAtTerminal: isAtTerminal,
                    through: wrapper,
                    in: folder
                )
                _ = try await cloud.journal.first("PollForJobs")
                try await body(cloud, run) {
                    try String(contentsOf: folder.appendingPathComponent("errors"), encoding: .utf8)
                }
            }
        }
    }

    @Test func `that mean nothing to it do no harm`() async throws {
        let numbers =
            [SIGUSR1, SIGUSR2, SIGALRM, SIGPIPE, SIGWINCH, SIGVTALRM, SIGPROF, SIGIO, SIGPWR, SIGSTKFLT, SIGURG]
            + [SIGXFSZ, SIGCHLD, SIGCONT, 34, 40, 64]
        try await withWorker { cloud, run, _ in
            for number in numbers { run.signal(number) }
            for _ in 0..<3 { _ = try await cloud.journal.next { $0.operation == "PollForJobs" } }
            run.signal(SIGTERM)
            #expect(try await run.end().status == 0)
        }
    }

    @Test func `of a terminal that goes stop it once, and hurry nobody`() async throws {
        try await withWorker(isAtTerminal: true, settings: "LOG_FORMAT=json\n") { cloud, run, _ in
            _ = try Given.failingExecution(in: cloud)
            cloud.faults.inject(.delay(.seconds(2)), on: "PutJobFailureResult")
            _ = try await cloud.journal.arrival { $0.operation == "PutJobFailureResult" }
            try run.signalAtTerminal(SIGHUP)
            _ = try await run.output { $0.contains("\"Stopping\"") }
            try run.signalAtTerminal(SIGHUP)
            let ending = try await run.end()
            #expect(ending.output.contains("status: 0"), "\(ending)")
            #expect(ending.output.split(separator: "\n").count { $0.contains("\"Stopping\"") } == 1)
        }
    }

    @Test func `to read settings anew change the log's level, and tell what takes a restart`() async throws {
        let hangUp = ["/usr/bin/env", "--default-signal=HUP"]
        try await withWorker(through: hangUp, settings: "LOG_LEVEL=notice\n") { cloud, run, errors in
            for (settings, word) in [
                ("LOG_LEVEL=debug\nQUALI_MAX_JOBS=7\n", "QUALI_MAX_JOBS"), ("LOG_LEVEL=loud\n", "loud"),
                ("LOG_LEVEL=info\n", "Settings read anew"),
            ] {
                let before = try errors()
                try Data(settings.utf8).write(to: run.folder.appendingPathComponent("settings"))
                run.signal(SIGHUP)
                _ = try await run.value { try errors().dropFirst(before.count).contains(word) ? true : nil }
            }
            for _ in 0..<3 { _ = try await cloud.journal.next { $0.operation == "PollForJobs" } }
            run.signal(SIGTERM)
            let ending = try await run.end()
            #expect(ending.status == 0)
            #expect(ending.errors.contains("Stopped"))
        }
    }

    @Test func `of a terminal that goes are ignored where nohup says so`() async throws {
        try await withWorker(through: ["/usr/bin/env", "--ignore-signal=HUP"]) { cloud, run, _ in
            run.signal(SIGHUP)
            for _ in 0..<3 { _ = try await cloud.journal.next { $0.operation == "PollForJobs" } }
            run.signal(SIGTERM)
            #expect(try await run.end().status == 0)
        }
    }
}
