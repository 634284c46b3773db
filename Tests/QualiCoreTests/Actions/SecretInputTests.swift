import AWSLite
import Foundation
import HTTPTransport
import Logging
import SandboxAPI
import TestSupport
import Testing

@testable import JobEngine
@testable import QualiCore

@Suite("Inputs and arguments of a password's type", .timeLimit(.minutes(1)))
struct SecretInputTests {
    private static let output = CodePipeline.Artifact(name: "Lab", bucket: "bucket", key: "key")
    private static let blueprintLine = "GET /blueprints/Web"
    private static let blueprint = HTTPReply.json(
        #"""
        {"id": "b1", "name": "Web", "params": [
            {"name": "Pin", "type": "Password", "default value": ""}, {"name": "Cloud", "type": "String"},
            {"name": "Spare", "type": "cloudshell.datatypes.Password", "default value": "DEFAULT-CANARY"}
        ]}
        """#
    )

    /// A lab that repeats inputs wherever it can; `answer` may know better.
    private func bench(
        _ answer: @escaping @Sendable (_ line: String) -> HTTPReply? = { _ in nil }
    ) throws -> LabBench {
        try LabBench { line, _ in
            if let reply = answer(line) { return reply }
            switch line {
            case Self.blueprintLine: return Self.blueprint
            case "POST /blueprints/b1/start": return .sandbox("s1", .beforeSetup)
            case "GET /sandboxes": return .list("s1", .ready)
            case "GET /sandboxes/s1":
                return .json(
                    #"""
                    {"id": "s1", "name": "for PIN-CANARY", "state": "Ready", "parameters": [
                        {"name": "Pin", "value": "PIN-CANARY"}, {"name": "Cloud", "value": "AWS"},
                        {"name": "spare", "value": "DEFAULT-CANARY"}
                    ]}
                    """#
                )
            case "GET /sandboxes/s1/components":
                return .json(
                    #"[{"id": "c", "name": "AWS", "description": "PIN-CANARY DEFAULT-CANARY", "attributes": []}]"#
                )
            case "POST /sandboxes/s1/stop": return .success
            default:
                return line.hasPrefix("GET /sandboxes/s1/activity")
                    ? .json(#"{"events": [{"id": 1, "event_type": "error", "event_text": "bad pin PIN-CANARY"}]}"#)
                    : .error(400, "unexpected \(line)")
            }
        }
    }

    private func start(
        _ bench: LabBench,
        checkpoint: StartSandbox.Checkpoint? = nil,
        store: InMemoryArtifactStore = InMemoryArtifactStore(),
        journal: InMemoryJobJournal = InMemoryJobJournal([.record()]),
        logger: Logger = .silent
    ) async throws -> JobResult {
        try await bench.run(
            StartSandbox(lab: bench.access),
            [
                "BlueprintName": "Web", "DurationInMinutes": "60", "ArtifactFormat": "json",
                "InputsJSON": #"{"Pin": "PIN-CANARY", "Cloud": "AWS"}"#,
            ],
            checkpoint: checkpoint,
            outputs: [Self.output],
            store: store,
            journal: journal,
            logger: logger
        )
    }

    private func stored(_ store: InMemoryArtifactStore) async throws -> String {
        String(decoding: try #require(await store.objects.values.first), as: UTF8.self)
    }

    @Test func `are neither in the artifact nor in words nor in the notes`() async throws {
        let (store, journal) = (InMemoryArtifactStore(), InMemoryJobJournal([.record()]))
        let bench = try bench()
        let result = try await start(bench, store: store, journal: journal)
        let text = try await stored(store)
        #expect(!text.contains("CANARY") && text.contains(#""value" : "AWS""#), "\(text)")
        #expect(
            result.outputVariables["SandboxName"] == "for <redacted>" && result.outputVariables["SandboxId"] == "s1"
        )
        #expect(!result.summary.contains("CANARY"))
        let notes = try #require(await journal.unfinished().first?.checkpoint)
        #expect(!String(decoding: notes, as: UTF8.self).contains("CANARY"))
        #expect(bench.lab.count(Self.blueprintLine) == 1)
    }

    @Test func `are known by the notes after a restart, without another look`() async throws {
        var checkpoint = StartSandbox.Checkpoint()
        checkpoint.sandboxID = "s1"
        checkpoint.passwordInputs = ["Pin", "Spare"]
        checkpoint.setupMinutes = 30
        let store = InMemoryArtifactStore()
        let bench = try bench()
        _ = try await start(bench, checkpoint: checkpoint, store: store)
        let text = try await stored(store)
        #expect(!text.contains("CANARY") && text.contains(#""value" : "AWS""#), "\(text)")
        #expect(bench.lab.count(Self.blueprintLine) == 0)
    }

    @Test func `are known by the notes after a restart to a failure, too`() async throws {
        var checkpoint = StartSandbox.Checkpoint()
        checkpoint.sandboxID = "s1"
        checkpoint.passwordInputs = ["Pin", "Spare"]
        let bench = try bench { line in
            switch line {
            case "GET /sandboxes": .list("s1", .error)
            case "GET /sandboxes/s1": .sandbox("s1", .error)
            // Nor does anybody else tell the types now.
            case Self.blueprintLine: .unknownEntity
            default: nil
            }
        }
        let failure = try await #require(throws: JobFailure.self) { try await start(bench, checkpoint: checkpoint) }
        #expect(failure.message.contains("bad pin <redacted>"), "\(failure)")
    }

    @Test func `aren't all that is masked in the artifact: so is what the worker masks anyway`() async throws {
        let store = InMemoryArtifactStore()
        let bench = try bench()
        var access = bench.access
        access.redact = { $0.replacing("AWS", with: "***") }
        let result = try await bench.run(
            StartSandbox(lab: access),
            ["BlueprintName": "Web", "DurationInMinutes": "60", "ArtifactFormat": "json"],
            outputs: [Self.output],
            store: store
        )
        let text = try await stored(store)
        #expect(!text.contains("AWS") && text.contains("***") && !text.contains("PIN-CANARY"), "\(text)")
        #expect(result.outputVariables["SandboxName"] == "for <redacted>")
    }

    @Test func `are looked up for a sandbox that was found, and noted`() async throws {
        var checkpoint = StartSandbox.Checkpoint()
        checkpoint.sandboxID = "s1"
        let (store, journal) = (InMemoryArtifactStore(), InMemoryJobJournal([.record()]))
        let bench = try bench()
        _ = try await start(bench, checkpoint: checkpoint, store: store, journal: journal)
        let text = try await stored(store)
        #expect(!text.contains("CANARY") && text.contains(#""value" : "AWS""#), "\(text)")
        let notes = String(decoding: try #require(await journal.unfinished().first?.checkpoint), as: UTF8.self)
        #expect(notes.contains(#""passwordInputs":["Pin","Spare"]"#))
    }

    @Test func `may be all of them where the blueprint is gone`() async throws {
        var checkpoint = StartSandbox.Checkpoint()
        checkpoint.sandboxID = "s1"
        let store = InMemoryArtifactStore()
        let bench = try bench { $0 == Self.blueprintLine ? .unknownEntity : nil }
        let result = try await start(bench, checkpoint: checkpoint, store: store)
        let text = try await stored(store)
        #expect(!text.contains("CANARY") && text.contains(#""parameters" : ["#) && !text.contains("AWS"), "\(text)")
        #expect(result.outputVariables["SandboxId"] == "s1")
    }

    @Test(arguments: [false, true]) func `aren't told by failures, progress and log`(isRefused: Bool) async throws {
        let log = LogBook()
        let journal = InMemoryJobJournal([.record()])
        let bench = try bench { line in
            switch line {
            case "POST /blueprints/b1/start" where isRefused: .error(400, "no pin PIN-CANARY")
            case "GET /sandboxes": .list("s1", .error)
            case "GET /sandboxes/s1": .sandbox("s1", .error)
            default: nil
            }
        }
        let failure = try await #require(throws: JobFailure.self) {
            try await start(bench, journal: journal, logger: log.logger)
        }
        #expect(failure.message.contains("pin <redacted>") && !failure.message.contains("CANARY"), "\(failure)")
        let notes = String(decoding: await journal.unfinished().first?.checkpoint ?? Data(), as: UTF8.self)
        #expect(!notes.contains("CANARY"))
        #expect(!"\(log.lines)".contains("CANARY"))
    }

    @Test func `are masked before a text is cut within one of them`() async throws {
        let words = String(repeating: "x", count: 993) + "PIN-CANARY"
        let bench = try bench { line in
            switch line {
            case "GET /sandboxes": .list("s1", .error)
            case "GET /sandboxes/s1": .sandbox("s1", .error)
            case _ where line.hasPrefix("GET /sandboxes/s1/activity"):
                .json(#"{"events": [{"id": 1, "event_type": "error", "event_text": "\#(words)", "output": "no"}]}"#)
            default: nil
            }
        }
        let failure = try await #require(throws: JobFailure.self) { try await start(bench) }
        #expect(failure.message.contains("xxx<redac") && !failure.message.contains("PIN"), "\(failure)")
    }

    @Test func `are masked in what a command prints, by name and by type`() async throws {
        let bench = try LabBench { line, _ in
            switch line {
            case "GET /sandboxes/s1/commands/check":
                .json(#"{"name": "check", "executions": [], "params": [{"name": "Pin", "type": "Password"}]}"#)
            case "POST /sandboxes/s1/commands/check/start": .json(#"{"executionId": "e2"}"#)
            default: .json(#"{"id": "e2", "status": "Completed", "output": "PIN-CANARY TOKEN-CANARY AWS"}"#)
            }
        }
        let journal = InMemoryJobJournal([.record()])
        let properties = [
            "ComponentName": "SANDBOX", "CommandName": "check", "SandboxId": "s1",
            "ArgumentsJSON": #"{"Pin": "PIN-CANARY", "token": "TOKEN-CANARY", "Cloud": "AWS"}"#,
        ]
        let handler = RunCommand(lab: bench.access)
        let result = try await bench.run(handler, properties, journal: journal)
        #expect(result.outputVariables["CommandOutput"] == "<redacted> <redacted> AWS")
        let notes = try #require(await journal.unfinished().first?.checkpoint)
        let checkpoint = try JSONDecoder.compact.decode(RunCommand.Checkpoint.self, from: notes)
        #expect(checkpoint.passwordArguments == ["Pin"] && !String(decoding: notes, as: UTF8.self).contains("CANARY"))
        let again = try await bench.run(handler, properties, checkpoint: checkpoint)
        #expect(again.outputVariables["CommandOutput"] == "<redacted> <redacted> AWS")
    }

    @Test func `go by the names that are set`() async throws {
        let bench = try LabBench { line, _ in
            switch line {
            case "GET /sandboxes/s1/commands/check": .json(#"{"name": "check"}"#)
            case "POST /sandboxes/s1/commands/check/start": .json(#"{"executionId": "e2"}"#)
            default: .json(#"{"id": "e2", "status": "Completed", "output": "PIN-CANARY TOKEN-1"}"#)
            }
        }
        var access = bench.access
        access.secretNames = SecretNames(["pin"])
        let result = try await bench.run(
            RunCommand(lab: access),
            [
                "ComponentName": "SANDBOX", "CommandName": "check", "SandboxId": "s1",
                "ArgumentsJSON": #"{"Pin code": "PIN-CANARY", "token": "TOKEN-1"}"#,
            ]
        )
        #expect(result.outputVariables["CommandOutput"] == "<redacted> TOKEN-1")
    }
}
