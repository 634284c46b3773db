import Foundation
import HTTPTransport
import LocalCloud
import TestSupport
import Testing
import WorkerSettings
import WorkerTestSupport

@testable import worker

/// Each exit status, by a run of each command that can end with it.
@Suite("The exit statuses", .timeLimit(.minutes(10)))
struct ExitStatusTests {
    /// The commands that have been seen to end with each status.
    private typealias Table = [Int32: Set<String>]

    private let seen = Locked<Table>([:])

    @Test("are those of the page and of the manual, command by command")
    func all() async throws {
        let commands = try CommandDescription.program().leaves.map { $0.words }
        try await withThrowingTaskGroup { tasks in
            tasks.addTask { try await usage(commands) }
            tasks.addTask { try await withoutServices() }
            tasks.addTask { try await withServices() }
            tasks.addTask { try await withState() }
            tasks.addTask { try await atQuestions() }
            for signals in [[SIGTERM], [SIGTERM, SIGINT], [SIGINT, SIGTERM]] {
                tasks.addTask { try await stop(by: signals) }
            }
            try await tasks.waitForAll()
        }
        let found = seen.withLock { $0 }
        let page = try Self.page(commands)
        #expect(Set(found.keys) == Set(page.keys))
        for (status, those) in page { #expect(found[status] == those, "\(status)") }
        let manual = try ManualPage(date: "").text
        let section = try #require(manual.split(separator: ".SH ").first { $0.hasPrefix("EXIT STATUS") })
        #expect(section.matches(of: #/(?m)^\\fB(\d+)\\fR$/#).compactMap { Int32($0.1) } == page.keys.sorted())
    }

    /// The table in Docs: each status with its commands, where one that has others stands for all of them.
    private static func page(_ commands: [String]) throws -> Table {
        let file = Python.repository.appendingPathComponent("Docs/troubleshooting.md")
        let rows = try String(contentsOf: file, encoding: .utf8).matches(of: #/(?m)^\| (\d+) \| ([^|]+) \|/#)
        return rows.reduce(into: [:]) { table, row in
            let names = row.2.matches(of: #/`([^`]+)`/#).map { String($0.1) }
            let those = commands.filter { command in
                row.2 == "all" || names.contains { command == $0 || command.hasPrefix($0 + " ") }
            }
            table[Int32(row.1) ?? -1] = Set(those)
        }
    }

    // MARK: Runs

    /// Expects a run to end so, and notes it.
    private func expect(
        _ status: Int32,
        _ command: String,
        _ arguments: String...,
        environment: [String: String] = [:]
    ) async throws {
        let words = command.split(separator: " ").map(String.init)
        note(status, command, try await program(words + arguments, environment: environment))
    }

    private func note(_ status: Int32, _ command: String, _ ending: ProgramRun.Ending) {
        #expect(ending.status == status, "\(command): \(ending)")
        seen.withLock { _ = $0[ending.status, default: []].insert(command) }
    }

    private func usage(_ commands: [String]) async throws {
        for command in commands { try await expect(64, command, "--no-such-option") }
    }

    /// A pipeline whose sandbox nobody ends.
    private static let leak = """
        pipeline:
          name: p
          stages:
            - name: Source
              actions: [{ name: S, actionTypeId: { category: Source, owner: AWS, provider: S3, version: "1" } }]
            - name: Lab
              actions:
                - name: Start
                  actionTypeId: { category: Deploy, owner: Custom, provider: Quali-Start-Sandbox, version: "1" }
                  configuration: { BlueprintName: B, DurationInMinutes: 60 }

        """

    private func withoutServices() async throws {
        try await withTemporaryFolder { folder in
            try await expect(0, "licenses")
            try await expect(0, "config", environment: Given.environment)
            try await expect(0, "actions policy", environment: Given.environment)
            let definition = try folder.write("p.yaml", Self.leak)
            try await expect(0, "plan", definition)
            let wrong = try folder.write("wrong.yaml", Self.leak.replacing("Minutes: 60", with: "Minutes: none"))
            try await expect(1, "plan", wrong)
            let export = folder.appendingPathComponent("export").path
            try await expect(0, "actions export", export)
            try await expect(73, "actions export", definition)
            try await expect(0, "demo", "--pace", "0")
            try await expect(1, "demo", "--pace", "0", "--pipeline", definition)
            let run = try ProgramRun(["demo", "--pace", "60"], in: folder)
            _ = try await run.output { $0.contains("1  Start") }
            run.signal(SIGTERM)
            let ending = try await run.end()
            note(70, "demo", ending)
            #expect(ending.errors.contains("interrupted"))
        }
    }

    private func withServices() async throws {
        try await LocalCloud.withRunning { cloud in
            let environment = cloud.environment
            let refused = environment.merging(["AWS_SECRET_ACCESS_KEY": "another"]) { $1 }
            let stranger = environment.merging(["CLOUDSHELL_PASSWORD": "another"]) { $1 }
            let linked = environment.merging(["CLOUDSHELL_PORTAL_URL": "https://else.example.com"]) { $1 }
            for command in ["actions install", "actions list", "actions uninstall"] {
                let yes = command == "actions uninstall" ? ["--yes"] : []
                let words = command.split(separator: " ").map(String.init)
                note(69, command, try await program(words + yes, environment: refused))
            }
            try await expect(0, "actions install", environment: environment)
            try await expect(65, "actions install", environment: linked)
            try await expect(0, "actions list", environment: environment)
            try await expect(0, "check", environment: environment)
            try await expect(1, "check", environment: stranger)
            try await expect(0, "sandboxes", environment: environment)
            try await expect(69, "sandboxes", environment: stranger)
            try await expect(69, "plan", "--pipeline", "none", environment: refused)
            try await withTemporaryFolder { folder in
                let definition = try folder.write("p.yaml", Self.leak.replacing("Name: B", with: "Name: Web lab"))
                let record = folder.appendingPathComponent("none/lab.json").path
                try await expect(73, "plan", definition, "--record", record, environment: environment)
                let idle = environment.merging(["QUALI_STATE_DIR": "\(folder.path)/state"]) { $1 }
                try await expect(0, "run", "--once", environment: idle)
                let port = URLComponents(string: cloud.labURL)?.port ?? 0
                let taken = idle.merging(["QUALI_STATUS_ADDRESS": "127.0.0.1:\(port)"]) { $1 }
                try await expect(69, "run", environment: taken)
                let file = idle.merging(["QUALI_STATE_DIR": definition]) { $1 }
                try await expect(73, "run", environment: file)
            }
            try await expect(0, "actions uninstall", "--yes", environment: environment)
        }
    }

    /// What is about a state folder: of a worker that was killed amid a job, then of one whose journal is damaged.
    private func withState() async throws {
        var options = LocalCloud.Options()
        options.blueprints = [LabBlueprint(name: "Endless", components: [], setup: .neverEnds)]
        try await LocalCloud.withRunning(options) { cloud in
            try await withTemporaryFolder { folder in
                _ = try await program("actions", "install", environment: cloud.environment)
                let start = VirtualPipeline.Action(
                    "Start",
                    .init(category: "Deploy", provider: "Quali-Start-Sandbox", version: "1"),
                    ["BlueprintName": "Endless", "DurationInMinutes": "60"]
                )
                try cloud.create(VirtualPipeline("Long", stages: [.init("Lab", [start])]))
                let execution = try cloud.codePipeline.start("Long")
                let state = folder.appendingPathComponent("state")
                let environment = ["QUALI_STATE_DIR": state.path]
                let run = try ProgramRun(
                    ["run"],
                    environment: cloud.environment.merging(environment) { $1 },
                    in: folder
                )
                _ = try await cloud.journal.first("startSandbox")
                run.signal(SIGKILL)
                _ = try await run.end()
                let id = try #require(cloud.codePipeline.execution(execution)?.action("Start")?.id)
                try await expect(0, "jobs list", environment: environment)
                try await expect(0, "jobs show", id, environment: environment)
                try await expect(0, "jobs cancel", id, environment: environment)
                try await expect(0, "pause", environment: environment)

                let notes = state.appendingPathComponent("operator")
                try await readOnly(notes) { wrapper in
                    let resume = try ProgramRun(["resume"], environment: environment, through: wrapper, in: folder)
                    note(73, "resume", try await resume.end())
                }
                try await expect(0, "resume", environment: environment)
                try FileManager.default.removeItem(at: notes)
                try Data().write(to: notes)
                try await expect(73, "pause", environment: environment)
                try await expect(73, "jobs cancel", id, environment: environment)

                let journal = state.appendingPathComponent("journal.sqlite")
                for end in ["-wal", "-shm"] { try? FileManager.default.removeItem(atPath: journal.path + end) }
                try Data(String(repeating: "no database ", count: 1_000).utf8).write(to: journal)
                try await expect(69, "jobs list", environment: environment)
                try await expect(69, "jobs show", id, environment: environment)
                try await expect(69, "jobs cancel", id, environment: environment)
            }
        }
    }

    /// Makes a folder read-only; root's right to write all the same is taken by the wrapper.
    private func readOnly(_ folder: URL, _ body: ([String]) async throws -> Void) async throws {
        func allow(_ mode: Int) throws {
            try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: folder.path)
        }
        try allow(0o500)
        try await body(geteuid() == 0 ? ["/usr/bin/setpriv", "--bounding-set=-dac_override"] : [])
        try allow(0o700)
    }

    /// Ctrl-C at a question.
    private func atQuestions() async throws {
        try await LocalCloud.withRunning { cloud in
            _ = try await program("actions", "install", environment: cloud.environment)
            for (command, question, changes) in [
                ("run", "CLOUDSHELL_PASSWORD", ["CLOUDSHELL_PASSWORD": "PROMPT"]),
                ("check", "CLOUDSHELL_PASSWORD", ["CLOUDSHELL_PASSWORD": "PROMPT"]),
                ("sandboxes", "CLOUDSHELL_PASSWORD", ["CLOUDSHELL_PASSWORD": "PROMPT"]),
                ("actions uninstall", "yes or no: ", [:]),
            ] {
                let output = try await withTemporaryFolder { folder in
                    let run = try ProgramRun(
                        command.split(separator: " ").map(String.init),
                        environment: cloud.environment.merging(changes) { $1 },
                        isAtTerminal: true,
                        in: folder
                    )
                    _ = try await run.output { $0.contains(question) }
                    try run.type("\u{3}")
                    return try await run.end().output
                }
                let status = output.firstMatch(of: #/status: (\d+)/#).flatMap { Int32($0.1) }
                note(130, command, .init(status: status ?? -1, output: output, errors: ""))
            }
        }
    }

    /// Stops a worker that can't report what it has done: a second signal hurries it, or it is held up for its grace period.
    private func stop(by signals: [Int32]) async throws {
        try await LocalCloud.withRunning { cloud in
            try await withTemporaryFolder { folder in
                _ = try await program("actions", "install", environment: cloud.environment)
                let id = try Given.failingExecution(in: cloud)
                cloud.faults.inject(.hang, on: "PutJobFailureResult", times: .max)
                let run = try ProgramRun(["run"], environment: Given.workerEnvironment(cloud), in: folder)
                _ = try await cloud.journal.arrival { $0.operation == "PutJobFailureResult" }
                run.signal(signals[0])
                // Two that come at once are taken in any order.
                _ = try await run.value {
                    let log = try String(contentsOf: folder.appendingPathComponent("errors"), encoding: .utf8)
                    return log.contains("Triggering graceful shutdown") ? () : nil
                }
                if signals.count > 1 {
                    run.signal(signals[1])
                } else {
                    // Held up it can't tell when its time is over; it is by the clock.
                    run.signal(SIGSTOP)
                    try await Task.sleep(for: WorkerProcess.standardGracePeriod)
                    run.signal(SIGCONT)
                }
                let ending = try await run.end()
                let last = signals.count > 1 ? signals[1] : nil
                note(last.map { 128 + $0 } ?? 70, "run", ending)
                #expect(ending.errors.contains("second signal") == (last != nil), "\(ending)")
                #expect(cloud.codePipeline.execution(id)?.hasEnded == false)
            }
        }
    }
}

extension CommandDescription {
    /// The command as it is typed after the program's name.
    fileprivate var words: String {
        fullName.split(separator: " ").dropFirst().joined(separator: " ")
    }
}
