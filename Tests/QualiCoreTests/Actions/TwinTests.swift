import Foundation
import HTTPTransport
import Logging
import SandboxAPI
import TestSupport
import Testing

@testable import JobEngine
@testable import QualiCore

@Suite("Sandboxes that bear one tag", .timeLimit(.minutes(1)))
struct TwinTests {
    private static let tag = SandboxTag(actionExecutionID: "run-1")
    private static let began = ManualClock().now
    private static let own = Sandbox(
        id: "s1",
        name: "Web \(tag)",
        blueprintID: "b1",
        startTime: began,
        state: .ready
    )

    /// Another one, and what becomes of the two.
    struct Bearer: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let sandbox: Sandbox
        let chosen: String
        let ended: String?

        /// `lag` is how many minutes after the job's own it began; `nil` where the lab doesn't say.
        init(
            _ testDescription: String,
            id: String = "s2",
            lag: Double? = -1,
            chosen: String = "s1",
            ended: String? = nil,
            _ change: (inout Sandbox) -> Void = { _ in }
        ) {
            self.testDescription = testDescription
            var sandbox = TwinTests.own
            sandbox.id = id
            sandbox.startTime = lag.map { TwinTests.began.addingTimeInterval($0 * 60) }
            change(&sandbox)
            self.sandbox = sandbox
            (self.chosen, self.ended) = (chosen, ended)
        }
    }

    /// Runs a job whose sandbox is known, in a lab that has these.
    private func run(
        _ sandboxes: [Sandbox],
        logger: Logger = .silent,
        _ answer: @escaping @Sendable (_ line: String) -> HTTPReply? = { _ in nil }
    ) async throws -> (result: JobResult, lines: [String], seconds: TimeInterval) {
        let encoder = JSONEncoder()
        let list = String(decoding: try encoder.encode(sandboxes), as: UTF8.self)
        let each = try sandboxes.map { ($0.id, String(decoding: try encoder.encode($0), as: UTF8.self)) }
        let bench = try LabBench { line, _ in
            if let reply = answer(line) { return reply }
            if line == "GET /sandboxes" { return .json(list) }
            if line == "GET /blueprints/Web" { return .json(#"{"id": "b1", "name": "Web"}"#) }
            if line.hasSuffix("/components") { return .empty }
            if line.hasSuffix("/stop") { return .success }
            return each.first { line == "GET /sandboxes/\($0.0)" }.map { .json($0.1) } ?? .unknownEntity
        }
        var checkpoint = StartSandbox.Checkpoint()
        checkpoint.sandboxID = Self.own.id
        let result = try await bench.run(
            StartSandbox(lab: bench.access),
            ["BlueprintName": "Web", "DurationInMinutes": "60"],
            checkpoint: checkpoint,
            logger: logger
        )
        return (result, bench.lab.lines, LabBench.seconds(bench.clock))
    }

    @Test(
        arguments: [
            Bearer("began first", chosen: "s2", ended: "s1"), Bearer("began later", lag: 1, ended: "s2"),
            Bearer("began at once, with a later id", lag: 0, ended: "s2"),
            Bearer("began at once, with an earlier id", id: "s0", lag: 0, chosen: "s0", ended: "s1"),
            Bearer("began too early", lag: -11), Bearer("began too late", lag: 11),
            Bearer("began who knows when", lag: nil), Bearer("failed", ended: "s2") { $0.state = .error },
            Bearer("is of another name") { $0.name = "Copy of \($0.name)" },
            Bearer("is of another blueprint") { $0.blueprintID = "b2" },
            Bearer("has other inputs") { $0.parameters = [Input(name: "Size", value: "2")] },
        ]
    )
    func `of two the first is kept, and only a proven twin is ended`(_ other: Bearer) async throws {
        let book = LogBook()
        let (result, lines, _) = try await run([Self.own, other.sandbox], logger: book.logger)
        #expect(result.outputVariables["SandboxId"] == other.chosen)
        #expect(
            lines.filter { $0.hasSuffix("/stop") } == (other.ended.map { ["POST /sandboxes/\($0)/stop"] } ?? [])
        )
        let words = other.ended.map { "being ended (\($0))" } ?? "left alone (\(other.sandbox.id))"
        #expect(result.summary.contains(words))
        #expect(book.lines(from: .warning).count == 1)
    }

    @Test(arguments: [HTTPReply.unknownEntity, .json("")])
    func `the one that another worker has kept is taken, however a lab tells that the job's own has ended`(
        gone: HTTPReply
    ) async throws {
        var kept = Self.own
        kept.id = "s2"
        let (result, _, seconds) = try await run([kept]) { $0 == "GET /sandboxes/s1" ? gone : nil }
        #expect(result.outputVariables["SandboxId"] == "s2")
        #expect(seconds < 60)
    }

    /// A lab in which both have failed, and which shows the twin for the first time after so many lists.
    private func slowLab(showingAfter lists: Int) throws -> LabBench {
        var (own, twin) = (Self.own, Self.own)
        twin.id = "s2"
        own.state = .error
        twin.state = .error
        let encoder = JSONEncoder()
        let (first, second) = (
            String(decoding: try encoder.encode(own), as: UTF8.self),
            String(decoding: try encoder.encode(twin), as: UTF8.self)
        )
        let read = Locked(0)
        return try LabBench { line, _ in
            switch line {
            case "GET /sandboxes":
                let number = read.withLock { read in
                    read += 1
                    return read
                }
                return .json(number > lists ? "[\(first), \(second)]" : "[\(first)]")
            case "GET /sandboxes/s1": return .json(first)
            case "GET /sandboxes/s2": return .json(second)
            case "GET /blueprints/Web": return .json(#"{"id": "b1", "name": "Web"}"#)
            default: return line.hasSuffix("/stop") ? .success : .unknownEntity
            }
        }
    }

    private static func checkpoint(ofSandbox id: String) -> StartSandbox.Checkpoint {
        var checkpoint = StartSandbox.Checkpoint()
        checkpoint.sandboxID = id
        return checkpoint
    }

    private static func stops(_ bench: LabBench) -> Set<String> {
        Set(bench.lab.lines.filter { $0.hasSuffix("/stop") })
    }

    @Test(arguments: 0...4) func `one that a lab lists late is ended with a sandbox whose setup fails early`(
        lists: Int
    ) async throws {
        let bench = try slowLab(showingAfter: lists)
        await #expect(throws: JobFailure.self) {
            try await bench.run(
                StartSandbox(lab: bench.access),
                ["BlueprintName": "Web", "DurationInMinutes": "60"],
                checkpoint: Self.checkpoint(ofSandbox: "s1")
            )
        }
        #expect(Self.stops(bench) == ["POST /sandboxes/s1/stop", "POST /sandboxes/s2/stop"])
    }

    @Test(arguments: 0...4) func `one that a lab lists late is ended with the sandbox of an abandoned job`(
        lists: Int
    ) async throws {
        let bench = try slowLab(showingAfter: lists)
        try await bench.abandon(StartSandbox(lab: bench.access), Self.checkpoint(ofSandbox: "s1"))
        #expect(Self.stops(bench) == ["POST /sandboxes/s1/stop", "POST /sandboxes/s2/stop"])
    }
}
