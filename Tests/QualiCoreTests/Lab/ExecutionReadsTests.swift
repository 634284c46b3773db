import Foundation
import HTTPTransport
import SandboxAPI
import Testing

@testable import QualiCore

@Suite("Reads of executions that jobs share", .timeLimit(.minutes(1)))
struct ExecutionReadsTests {
    private static let place = ExecutionReads.Place(
        target: CommandTarget(sandboxID: "s", componentID: nil, name: "the sandbox"),
        command: "go"
    )
    private static let list = "GET /sandboxes/s/commands/go"

    /// A lab in which the list of the command shows these executions, and every execution has ended by itself.
    private static func bench(listing running: [String]) throws -> LabBench {
        try LabBench { line, _ in
            line == list ? .command(running) : .execution(line.replacing("GET /executions/", with: ""))
        }
    }

    /// Reads an execution once for each id, one after the other, while all of them wait.
    private static func read(_ ids: [String], waiting count: Int, _ bench: LabBench) async throws -> [String?] {
        try await bench.running {
            try await waiting(count, bench) {
                var found: [String?] = []
                for id in ids { found.append(try await read(id, bench)?.id) }
                return found
            }
        }
    }

    private static func read(_ id: String, _ bench: LabBench) async throws -> Execution? {
        try await bench.access.executionReads.execution(id, at: place, interval: .seconds(60), bench.clock)
    }

    private static func waiting<Value: Sendable>(
        _ count: Int,
        _ bench: LabBench,
        _ body: () async throws -> Value
    ) async throws -> Value {
        guard count > 0 else { return try await body() }
        return try await bench.access.executionReads.waiting(at: place) {
            try await waiting(count - 1, bench, body)
        }
    }

    @Test func `few jobs read their executions by id`() async throws {
        let bench = try Self.bench(listing: ["a", "b"])
        #expect(try await Self.read(["a", "b"], waiting: 2, bench) == ["a", "b"])
        #expect(bench.lab.lines == ["GET /executions/a", "GET /executions/b"])
    }

    @Test func `three jobs that wait for one command share its list`() async throws {
        let bench = try Self.bench(listing: ["a", "b", "c"])
        #expect(try await Self.read(["a", "b", "c"], waiting: 3, bench) == [nil, nil, nil])
        #expect(bench.lab.lines == [Self.list])
    }

    @Test func `an execution that the list lacks is read by its id`() async throws {
        let bench = try Self.bench(listing: ["a", "b"])
        #expect(try await Self.read(["a", "c", "b"], waiting: 3, bench) == [nil, "c", nil])
        #expect(bench.lab.count("GET /executions/c") == 1)
        #expect(bench.lab.count("GET /executions/a") == 0)
    }

    @Test func `repeated reads are spread over time`() async throws {
        let bench = try Self.bench(listing: [])
        _ = try await Self.read((1...101).map { "e\($0)" }, waiting: 1, bench)
        #expect(bench.lab.lines.count == 101)
        #expect(abs(LabBench.seconds(bench.clock) - 2) < 0.001)
    }

    @Test func `a list that can't be read is an error, and the next job reads it again`() async throws {
        let bench = try LabBench { line, number in
            line == Self.list && number > 1 ? .command(["a"]) : .error(500, "broken")
        }
        try await bench.running {
            try await Self.waiting(3, bench) {
                await #expect(throws: SandboxAPIError.self) { try await Self.read("a", bench) }
                let second = try await Self.read("a", bench)
                #expect(second == nil)
            }
        }
        #expect(bench.lab.lines == [Self.list, Self.list])
    }

    @Test func `a list is forgotten once nobody waits`() async throws {
        let bench = try Self.bench(listing: ["a"])
        for _ in 1...2 { #expect(try await Self.read(["a", "a"], waiting: 3, bench) == [nil, nil]) }
        #expect(bench.lab.lines == [Self.list, Self.list])
    }
}

extension HTTPReply {
    /// The command `go` with executions that run.
    fileprivate static func command(_ running: [String]) -> HTTPReply {
        let executions = running.map { #"{"id": "\#($0)", "status": "Running"}"# }.joined(separator: ", ")
        return json(#"{"name": "go", "executions": [\#(executions)]}"#)
    }

    fileprivate static func execution(_ id: String) -> HTTPReply {
        json(#"{"id": "\#(id)", "status": "Completed", "output": ""}"#)
    }
}
