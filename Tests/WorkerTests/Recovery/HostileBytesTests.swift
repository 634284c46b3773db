import Foundation
import LocalCloud
import TestSupport
import Testing

/// The built program is sent what costs most; `scripts/benchmark hostile` sends more of it, and of more kinds.
@Suite("A worker that is sent what costs most", .timeLimit(.minutes(5)))
struct HostileBytesTests {
    /// The most memory that a worker may ever have had, in MiB; an unoptimized one has 60 when nothing comes.
    private static let mostMemory = 150

    /// Runs a pipeline of start, command and end, and then looks at a worker that is still there.
    private func run(
        _ options: LocalCloud.Options,
        through wrapper: [String] = [],
        prepare: (LocalCloud) -> Void = { _ in },
        _ check: (LocalCloud, ExecutionReport) throws -> Void
    ) async throws {
        try await LocalCloud.withRunning(options) { cloud in
            try await withTemporaryFolder { home in
                let id = try await KillTests.begin(cloud)
                prepare(cloud)
                let worker = try KillTests.startWorker(cloud, home: home, "only", through: wrapper)
                let execution = try await cloud.codePipeline.end(of: id)
                try check(cloud, execution)
                let memory = try Self.peak(of: worker.id)
                #expect(memory < Self.mostMemory)
                worker.signal(SIGTERM)
                let ending = try await worker.end()
                #expect(ending.status == 0, "\(ending.errors.suffix(1_000))")
                try KillTests.check(execution, cloud, home: home)
            }
        }
    }

    /// The most memory that a process has ever had, in MiB.
    private static func peak(of process: Int32) throws -> Int {
        let status = try String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)
        let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") })
        return try #require(line.split(separator: " ").dropFirst().first.flatMap { Int($0) }) >> 10
    }

    /// What gives a program one processor, and so one thread that Swift's tasks share.
    private static func oneProcessor() throws -> [String] {
        let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("Cpus_allowed_list:") })
        let first = try #require(line.split(whereSeparator: { ":\t,-".contains($0) }).dropFirst().first)
        return ["/usr/bin/taskset", "-c", String(first)]
    }

    @Test func `polls on while it masks and stores 1 MiB of backslashes`() async throws {
        let output = String(repeating: "\\", count: 1 << 20)
        var options = KillTests.options
        options.blueprints[0].components[0].commands = [
            LabCommand(name: "install", duration: .zero, outcome: .completed(output))
        ]
        try await run(options, through: Self.oneProcessor()) { cloud, execution in
            let stored = try #require(execution.action("Run").flatMap { cloud.artifact("Output", of: $0) })
            #expect(stored.count > 1 << 10)
            let entries = cloud.journal.entries
            let read = try #require(entries.last { $0.operation == "execution" })
            let store = try #require(entries.first { $0.operation == "PutObject" && $0.number > read.number })
            // A quarter of the polls that three pollers make in this time where nothing hinders them; of a machine so busy
            // that it takes long, two of each will do.
            let seconds = store.arrived.timeIntervalSince(try #require(read.finished))
            let polls = entries.count {
                $0.operation == "PollForJobs" && (read.number...store.number).contains($0.number)
            }
            #expect(polls >= min(6, Int(seconds / 0.2 * 3 / 4)), "\(polls) polls in \(seconds) s")
        }
    }

    @Test func `finds the sandbox of a lost reply among 25,000 that are past`() async throws {
        var options = KillTests.options
        options.lab.pastSandboxes = 25_000
        try await run(options) { cloud in
            cloud.faults.inject(.loseReply, on: "startSandbox")
            // The short list doesn't show it before the worker has found it, and asks for it by its id.
            cloud.faults.inject(.reply(.text("[]", contentType: "application/json")), on: "sandboxes", times: .max) {
                !$0.query.contains("show_historic=true") && !cloud.journal.operations.contains("sandbox")
            }
        } _: { cloud, _ in
            let searches = cloud.journal.entries {
                $0.operation == "sandboxes" && $0.query.contains("show_historic=true")
            }
            #expect(!searches.isEmpty)
            #expect(cloud.journal.operations.count { $0 == "startSandbox" } == 1)
        }
    }
}
