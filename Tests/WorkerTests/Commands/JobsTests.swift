import Foundation
import JobEngine
import LocalCloud
import TestSupport
import Testing
import WorkerTestSupport

@testable import worker

@Suite("The list of jobs", .timeLimit(.minutes(3)))
struct JobsTests {
    private struct Job: Decodable {
        struct Step: Decodable {
            let what: String
            let first: String
            let count: Int
        }
        let actionExecutionId: String
        let jobId: String
        let pipeline: String
        let action: String
        let state: String
        let endedAt: String?
        let message: String?
        let failureType: String?
        let sandboxId: String?
        let sandboxUrl: String?
        let waitsFor: String?
        let waitsUntil: String?
        let steps: [Step]
    }

    /// Reads what was printed: an object whose names are in snake_case, with its version.
    private static func decode<Value: Decodable>(_ type: Value.Type, _ ending: ProgramRun.Ending) throws -> Value {
        #expect(try JSON(parsing: Data(ending.output.utf8))["schema_version"] == 1)
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(type, from: Data(ending.output.utf8))
    }

    /// Asks with nothing but the state folder, as if neither AWS nor the lab were there.
    private func ask(_ state: String, _ arguments: String...) async throws -> ProgramRun.Ending {
        try await program(["jobs"] + arguments, environment: ["QUALI_STATE_DIR": state])
    }

    private func list(_ state: String, _ arguments: String...) async throws -> [Job] {
        let ending = try await program(["jobs", "--json"] + arguments, environment: ["QUALI_STATE_DIR": state])
        #expect(ending.status == 0, "\(ending)")
        struct List: Decodable { let jobs: [Job] }
        return try Self.decode(List.self, ending).jobs
    }

    /// A worker whose first job waits for a setup that doesn't end, and whose second one has failed.
    private func withWorker(_ body: (LocalCloud, ProgramRun, String) async throws -> Void) async throws {
        var options = LocalCloud.Options()
        options.blueprints = [LabBlueprint(name: "Endless", components: [], setup: .neverEnds)]
        try await LocalCloud.withRunning(options) { cloud in
            try await withTemporaryFolder { folder in
                _ = try await program("actions", "install", environment: cloud.environment)
                let state = folder.appendingPathComponent("state").path
                let properties = ["BlueprintName": "Endless", "DurationInMinutes": "60"]
                let start = VirtualPipeline.ActionType(
                    category: "Deploy",
                    provider: "Quali-Start-Sandbox",
                    version: "1"
                )
                try cloud.create(VirtualPipeline("Long", stages: [.init("Lab", [.init("Start", start, properties)])]))
                _ = try cloud.codePipeline.start("Long")
                _ = try Given.failingExecution(in: cloud)
                let settings = [
                    "QUALI_STATE_DIR": state, "QUALI_PROGRESS_SECONDS": "0", "LOG_FORMAT": "json",
                    "QUALI_STATUS_ADDRESS": "127.0.0.1:0",
                ]
                let environment = cloud.environment.merging(settings) { $1 }
                let run = try ProgramRun(["run"], environment: environment, in: folder)
                defer { run.signal(SIGKILL) }
                _ = try await cloud.journal.first("PutJobFailureResult")
                _ = try await run.value {
                    // A wait is written some seconds late.
                    try await list(state).count { $0.endedAt != nil || $0.waitsFor != nil } == 2 ? () : nil
                }
                try await body(cloud, run, state)
            }
        }
    }

    @Test("takes a job that is being put back for one that goes on, and one with a result for one that is over")
    func open() async throws {
        try await withTemporaryFolder { folder in
            let journal = try SQLiteJobJournal(folder: folder.path)
            try await journal.claim([.record("1"), .record("2"), .record("3")])
            try await journal.saveOutcome(.continuation(token: "t", progress: .init("")), of: "1")
            try await journal.saveOutcome(.abandoned, of: "2")
            let actions = try await JournalReader(folder: folder.path).actions()
            #expect(actions.filter(\.isOpen).map(\.record.id).sorted() == ["1", "3"])
        }
    }

    @Test("cancels a job, at once or when a worker starts", arguments: [false, true])
    func cancelled(isKilled: Bool) async throws {
        try await withWorker { cloud, run, state in
            let sandbox = try #require(cloud.lab.sandboxes.first)
            let id = try #require(try await list(state).first { $0.endedAt == nil }?.actionExecutionId)
            let over = try #require(try await list(state).first { $0.endedAt != nil }?.actionExecutionId)
            #expect(try await ask(state, "cancel", over).status == 64)
            if isKilled {
                run.signal(SIGKILL)
                _ = try await run.end()
            }
            let ending = try await ask(state, "cancel", String(id.prefix(9)), "--note", "it hangs")
            #expect(ending.status == 0, "\(ending)")
            var again: ProgramRun?
            if isKilled {
                #expect(ending.output.contains("No worker runs"))
                again = try ProgramRun(
                    ["run"],
                    environment: cloud.environment.merging(["QUALI_STATE_DIR": state]) { $1 },
                    in: run.folder
                )
            }
            defer { again?.signal(SIGKILL) }
            let failure = try await cloud.journal.first { $0.isFailure(saying: "it hangs") }
            #expect(failure.isFailure(saying: "What it had begun was ended."))
            if !isKilled { #expect(ending.output.contains("it hangs")) }
            #expect(cloud.lab.sandboxes.first { $0.id == sandbox.id }?.wasStopped == true)
        }
    }

    @Test("pauses the worker, across a restart, until it is to go on")
    func paused() async throws {
        try await withWorker { cloud, run, state in
            let environment = ["QUALI_STATE_DIR": state]
            let paused = try await program("pause", "--for", "2h", "--note", "a new rack", environment: environment)
            #expect(paused.status == 0, "\(paused)")
            _ = try await run.value { try run.log().contains("Paused") ? true : nil }
            run.signal(SIGTERM)
            _ = try await run.end()
            let before = cloud.journal.count
            _ = try cloud.codePipeline.start("Failing")
            let again = try ProgramRun(
                ["run"],
                environment: cloud.environment.merging(environment) { $1 }.merging(["LOG_FORMAT": "json"]) { $1 },
                in: run.folder
            )
            defer { again.signal(SIGKILL) }
            _ = try await again.value { try again.log().contains("Paused") ? true : nil }
            // The job in hand goes on.
            _ = try await again.value { try again.log().contains("Job resumes") ? true : nil }
            #expect(cloud.journal.entries { $0.number > before && $0.operation == "PollForJobs" }.isEmpty)
            let resumed = try await program("resume", environment: environment)
            #expect(resumed.output.contains("takes jobs again"), "\(resumed)")
            _ = try await cloud.journal.first("PutJobFailureResult", after: before)
            #expect(try await program("resume", environment: environment).output.contains("no pause"))
            #expect(try await program("pause", "--for", "2 h", environment: environment).status == 64)
        }
    }

    @Test("tells what goes on and what has ended, while the worker runs, and after it was killed")
    func whole() async throws {
        try await withWorker { cloud, run, state in
            let sandbox = try #require(cloud.lab.sandboxes.first)
            for isKilled in [false, true] {
                if isKilled {
                    run.signal(SIGKILL)
                    _ = try await run.end()
                }
                let jobs = try await list(state)
                let running = try #require(jobs.first)
                #expect(jobs.map(\.state) == ["waiting", "failed"])
                #expect(running.pipeline == "Long" && running.sandboxId == sandbox.id)
                #expect(running.sandboxUrl == nil)
                #expect(running.waitsFor == "the sandbox's setup" && running.waitsUntil != nil)
                #expect(jobs.last?.waitsFor == nil)
                let steps = running.steps.map(\.what)
                #expect(
                    steps.first == "Claimed" && steps.contains("Acknowledged") && steps.contains("Setting up"),
                    "\(steps)"
                )
                #expect(jobs.last?.failureType != nil && jobs.last?.message?.isEmpty == false)
                #expect(jobs.last?.steps.last?.what == "Failed")

                let text = try await ask(state)
                #expect(text.status == 0 && text.errors.isEmpty)
                #expect(text.output.contains("Long/Lab/Start") && text.output.contains(sandbox.id))
                #expect(text.output.contains("waits for the sandbox's setup"))
                #expect(text.output.contains(isKilled ? "No worker runs." : "Held by the running worker, process "))

                let story = try await ask(state, "show", String(running.actionExecutionId.prefix(8)))
                #expect(story.status == 0, "\(story)")
                #expect(story.output.contains("the sandbox's setup, until "))
                #expect(story.output.contains("Setting up") && story.output.contains(running.jobId))
                let one = try await ask(state, "show", running.jobId, "--json")
                let job = try Self.decode(Job.self, one)
                #expect(job.actionExecutionId == running.actionExecutionId && job.steps.count == running.steps.count)
            }
            #expect(try await list(state, "--state", "failed").map(\.state) == ["failed"])
            #expect(try await list(state, "--pipeline", "Long").map(\.pipeline) == ["Long"])
            #expect(try await list(state, "--limit", "0").map(\.state) == ["waiting"])
            #expect(try await ask(state, "--limit", "0").output.contains("1 more have ended"))
            let fewer = try await ask(state, "--limit", "0", "--json")
            #expect(try JSON(parsing: Data(fewer.output.utf8))["not_shown"] == 1)
            let links = try await program(
                ["jobs", "--json"],
                environment: ["QUALI_STATE_DIR": state, "CLOUDSHELL_PORTAL_URL": "https://portal.example.com"]
            )
            #expect(links.output.contains("https://portal.example.com/RM/Diagram/Index/\(sandbox.id)"))
        }
    }

    @Test("tells of a job in the words of the page, of its JSON, of metrics and of the list of sandboxes")
    func words() async throws {
        try await withWorker { cloud, run, state in
            let address = try #require(try run.log().firstMatch(of: #/"http:\/\/127\.0\.0\.1:(\d+)\/"/#)?.1)
            let port = try #require(UInt16(address))
            let jobs = try await list(state)
            let waiting = try #require(jobs.first)
            let page = try await TestSupport.ask(port, "/").body
            let status = try JSON(parsing: Data(try await TestSupport.ask(port, "/status.json").body.utf8))
            let metrics = try await TestSupport.ask(port, "/metrics").body
            #expect(status["jobs"]?.array?.map { $0["state"]?.string } == [waiting.state])
            #expect(status["ended"]?.array?.map { $0["ending"]?.string } == [jobs.last?.state])
            for (one, other) in [("waits_for", waiting.waitsFor), ("waits_until", waiting.waitsUntil)] {
                #expect(status["jobs"]?[0]?[one]?.string == other, "\(one)")
            }
            #expect(metrics.contains("quali_worker_jobs{state=\"\(waiting.state)\"} 1\n"), "\(metrics)")
            #expect(metrics.contains("ending=\"\(jobs.last?.state ?? "")\"} 1\n"), "\(metrics)")
            let story = try await ask(state, "show", waiting.jobId).output
            let sentence = try #require(story.firstMatch(of: #/waits for .* UTC/#)).0
            #expect(page.contains(sentence.replacing("'", with: "&#39;")), "\(sentence) \(page)")
            let listed = try await ask(state).output
            let sandboxes = try await program("sandboxes", environment: cloud.environment).output
            for text in [page, story, listed, sandboxes] { #expect(text.contains("Long/Lab/Start"), "\(text)") }
        }
    }

    @Test("fits a terminal of any width, and shows ids whole; what is piped isn't cut")
    func widths() async throws {
        try await withWorker { cloud, _, state in
            let jobs = try await list(state)
            let sandbox = try #require(cloud.lab.sandboxes.first?.id)
            let message = try #require(jobs.last?.message).split { $0.isWhitespace }.joined(separator: " ")
            #expect(message.count > 60)
            #expect(try await ask(state).output.contains(message))
            for (columns, arguments) in [60, 80, 140].flatMap({ [($0, []), ($0, ["show", jobs[0].jobId])] }) {
                let output = try await withTemporaryFolder { folder in
                    try await ProgramRun(
                        ["jobs"] + arguments,
                        environment: ["QUALI_STATE_DIR": state],
                        isAtTerminal: true,
                        columns: columns,
                        in: folder
                    ).end().output
                }
                let text = output.components(separatedBy: "status: 0")[0]
                #expect(text.contains(sandbox), "\(output)")
                let lines = text.split { $0.isNewline }
                #expect(lines.count > 4 && lines.allSatisfy { $0.count <= columns }, "\(output)")
            }
        }
    }

    @Test("says what is wrong with what is asked for")
    func mistakes() async throws {
        try await withTemporaryFolder { folder in
            let none = try await ask(folder.path)
            #expect(none.status == 64 && none.errors.contains("There is no journal in the state folder"), "\(none)")
            let relative = try await ask("state")
            #expect(relative.status == 64 && relative.errors.contains("QUALI_STATE_DIR"), "\(relative)")
            let state = try await ask(folder.path, "--state", "done")
            #expect(state.status == 64 && state.errors.contains("waiting, completed, requeued, succeeded"), "\(state)")
            let file = try await ask(folder.path, "--config", "/nonexistent.env")
            #expect(file.status == 64 && file.errors.contains("/nonexistent.env"), "\(file)")
        }
        try await withWorker { _, _, state in
            let unknown = try await ask(state, "show", "nothing")
            #expect(unknown.status == 64 && unknown.errors.contains("no job 'nothing'"), "\(unknown)")
            let all = try await ask(state, "show", "")
            #expect(all.status == 64, "\(all)")
        }
    }
}

extension RequestJournal.Entry {
    /// Whether it reports a failure with such words.
    fileprivate func isFailure(saying words: String) -> Bool {
        operation == "PutJobFailureResult" && String(decoding: request.body, as: UTF8.self).contains(words)
    }
}

extension ProgramRun {
    /// The log so far.
    fileprivate func log() throws -> String {
        try String(contentsOf: folder.appendingPathComponent("errors"), encoding: .utf8)
    }
}
