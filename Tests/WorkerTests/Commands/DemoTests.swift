import Foundation
import HTTPTransport
import LocalCloud
import TestSupport
import Testing
import WorkerSettings

@testable import worker

@Suite("The demo", .timeLimit(.minutes(5)))
struct DemoTests {
    @Test("runs the whole job and tells of it in 80 columns")
    func demo() async throws {
        let ending = try await program("demo", "--pace", "0.2")
        #expect(ending.status == 0, "\(ending)")
        #expect(ending.errors.isEmpty)
        let lines = ending.output.split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines.allSatisfy { $0.count <= 80 }, "\(ending.output)")
        #expect(lines.filter { $0.contains("✔") }.count == 5)
        for word in [
            "created    Quali-Start-Sandbox", "AcknowledgeJob", "PutJobSuccessResult", "sandbox.json", "SandboxId = ",
            "CommandOutput = deploy Region=eu Version=1.2", "/RM/Diagram/Index/", "Succeeded in",
        ] {
            #expect(ending.output.contains(word), "\(word)")
        }
        #expect(!ending.output.contains("\u{1B}"))
    }

    /// The environment that a demo prints for other tools.
    ///
    /// `end` is what it says when it may be used.
    private static func environment(
        of run: ProgramRun,
        until end: String = "a second worker"
    ) async throws -> [String: String] {
        let output = try await run.output { $0.contains(end) }
        let story = try #require(output.range(of: "Register the action types")?.lowerBound)
        #expect(!output[story...].contains("export "), "\(output)")
        return output.split(separator: "\n").filter { $0.hasPrefix("export ") }.reduce(into: [:]) {
            let parts = $1.dropFirst("export ".count).split(separator: "=", maxSplits: 1)
            $0[String(parts[0])] = String(parts[1].dropFirst().dropLast())
        }
    }

    @Test("stays for the author of pipelines, who sees with boto3 what becomes of sandboxes", Python.condition)
    func authors() async throws {
        try await withTemporaryFolder { folder in
            let run = try ProgramRun(["demo", "--pace", "0", "--stay"], in: folder)
            let environment = JSON.strings(try await Self.environment(of: run))
            let (status, output) = try await Python.run(
                "lifetime.py",
                [environment.text],
                in: Python.newer ?? Python.path
            )
            #expect(status == 0, "\(output)")
            run.signal(SIGINT)
            #expect(try await run.end().status == 0)
        }
    }

    @Test("stays for other tools, whose environment it prints, until a signal")
    func staying() async throws {
        try await withTemporaryFolder { folder in
            let run = try ProgramRun(["demo", "--pace", "0", "--stay"], in: folder)
            let environment = try await Self.environment(of: run)
            let list = try await program("actions", "list", environment: environment)
            #expect(list.output.contains("Quali-Run-Command"), "\(list)")
            run.signal(SIGINT)
            let ending = try await run.end()
            #expect(ending.status == 0, "\(ending)")
        }
    }

    @Test("leaves the jobs to a worker of the user's with --no-worker, and tells of them")
    func withoutWorker() async throws {
        try await withTemporaryFolder { folder in
            let run = try ProgramRun(["demo", "--pace", "0", "--stay", "--no-worker"], in: folder)
            var environment = try await Self.environment(of: run, until: "your worker")
            try await withTemporaryFolder { own in
                let settings = ["QUALI_STATE_DIR": own.path + "/state", "QUALI_POLL_SECONDS": "0.2"]
                environment.merge(settings) { $1 }
                let worker = try ProgramRun(["run"], environment: environment, in: own)
                let story = try await run.output { $0.contains(" in ") && $0.contains("requests:") }
                #expect(story.contains("Succeeded in") && story.contains("with a worker of yours"), "\(story)")
                worker.signal(SIGTERM)
                #expect(try await worker.end().status == 0)
            }
            run.signal(SIGINT)
            #expect(try await run.end().status == 0)
        }
        #expect(try await program("demo", "--no-worker").status == 64)
    }

    @Test("fails with the action that fails, and tells why")
    func failing() async throws {
        var options = LocalCloud.Options()
        options.blueprints = LabBlueprint.demo.filter { $0.name == "Broken lab" }.map { blueprint in
            var blueprint = blueprint
            blueprint.name = "Web lab"
            blueprint.inputs = [LabInput("Release"), LabInput("Browser")]
            blueprint.setup = .fails(events: ["The switch is on fire"], after: .zero)
            return blueprint
        }
        try await LocalCloud.withRunning(options) { cloud in
            let told = Locked("")
            let story = DemoStory(inColor: true) { text in told.withLock { $0 += text } }
            let demo = try await Demo(cloud, story: story, log: [:])
            let failure = await #expect(throws: ProgramFailure.self) { try await demo.run(stays: false) }
            #expect(failure?.status == .software)
            let text = told.withLock { $0 }
            #expect(text.contains("✘"))
            #expect(text.contains("on fire"))
            #expect(text.contains("Failed in"))
        }
    }
}
