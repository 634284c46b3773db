import Foundation
import HTTPTransport
import SandboxAPI
import TestSupport
import Testing

@testable import JobEngine
@testable import QualiCore

@Suite("A watcher of executions", .timeLimit(.minutes(1)))
struct ExecutionWatcherTests {
    private static let list = "GET /sandboxes/s/commands/go"

    private static let place = ExecutionWatcher.Place(
        target: CommandTarget(sandboxID: "s", componentID: nil, name: "the sandbox"),
        command: "go"
    )

    /// A lab in which every execution, and every one in the command's list, runs for some seconds.
    private static func bench(
        listing listed: [String] = [],
        endingAt end: TimeInterval,
        _ answer: @escaping @Sendable (_ line: String, _ number: Int) -> HTTPReply? = { _, _ in nil }
    ) throws -> LabBench {
        let clock = ManualClock()
        return try LabBench(clock: clock) { line, number in
            if let reply = answer(line, number) { return reply }
            let hasEnded = LabBench.seconds(clock) >= end
            guard line != list else { return .command(hasEnded ? [] : listed) }
            return .execution(line.replacing("GET /executions/", with: ""), hasEnded ? "Completed" : "Running")
        }
    }

    /// What waits for executions come to that begin together.
    private static func wait(
        for ids: [String],
        _ bench: LabBench,
        place: @escaping @Sendable (String) -> ExecutionWatcher.Place = { _ in place },
        runningFor age: TimeInterval = 0,
        until seconds: TimeInterval = 100_000,
        givingWayAt givesWayAt: TimeInterval? = nil,
        isKnown: Bool = false
    ) async throws -> [String: String] {
        let start = bench.clock.now
        let (stream, sightings) = AsyncStream<(String, String)>.makeStream()
        // All before the watcher's first round, which would read the first ones' executions by themselves.
        for id in ids {
            _ = await bench.access.executionWatcher.watch(
                for: id,
                at: place(id),
                since: start.addingTimeInterval(-age),
                until: start.addingTimeInterval(seconds),
                isKnown: isKnown,
                givingWay: { LabBench.seconds(bench.clock) >= givesWayAt ?? .infinity }
            ) { result in
                let words =
                    switch result {
                    case .ended(let execution): execution.status.rawValue
                    case .refused(let error): "\(error.code)"
                    case .overdue(let wasSeen): wasSeen ? "overdue" : "never seen"
                    case nil: "gives way"
                    }
                sightings.yield((id, words))
            }
        }
        return try await bench.running {
            var found: [String: String] = [:]
            for await (id, words) in stream {
                found[id] = words
                if found.count == ids.count { break }
            }
            return found
        }
    }

    private static func elsewhere(_ id: String) -> ExecutionWatcher.Place {
        .init(target: CommandTarget(sandboxID: id, componentID: nil, name: "the sandbox"), command: "go")
    }

    @Test func `one execution is read quickly at first, then at the usual pace, then at each tenth of its time`()
        async throws
    {
        let clock = ManualClock()
        let reads = Locked<[TimeInterval]>([])
        let bench = try LabBench(clock: clock) { line, _ in
            let now = LabBench.seconds(clock)
            reads.withLock { $0.append(now) }
            return .execution("a", now >= 1_000 ? "Completed" : "Running")
        }
        #expect(try await Self.wait(for: ["a"], bench, isKnown: true) == ["a": "Completed"])
        let times = reads.withLock { $0 }
        #expect(times.prefix(6).elementsEqual([0.5, 1.5, 3.5, 7.5, 12.5, 17.5]) { abs($0 - $1) < 0.001 }, "\(times)")
        let pauses = zip(times, times.dropFirst()).map { (after: $0, pause: $1 - $0) }
        for (time, pause) in pauses where time > 100 && time < 300 { #expect(abs(pause - time / 10) < 0.001) }
        for (time, pause) in pauses where time > 300 { #expect(abs(pause - 30) < 0.001, "\(time)") }
    }

    @Test func `few jobs read their executions by id`() async throws {
        let bench = try Self.bench(listing: ["a", "b"], endingAt: 0)
        #expect(try await Self.wait(for: ["a", "b"], bench) == ["a": "Completed", "b": "Completed"])
        #expect(bench.lab.lines.sorted() == ["GET /executions/a", "GET /executions/b"])
    }

    @Test func `three jobs that wait for one command share its list`() async throws {
        let bench = try Self.bench(listing: ["a", "b", "c"], endingAt: 10)
        #expect(try await Self.wait(for: ["a", "b", "c"], bench).values.allSatisfy { $0 == "Completed" })
        // At 0, 0.5, 1.5, 3.5, 7.5 they run, at 12.5 they don't; then each one is read.
        #expect(bench.lab.count(Self.list) == 6)
        #expect(bench.lab.lines.count == 6 + 3)
    }

    @Test func `an execution that the list lacks is read by its id`() async throws {
        let bench = try Self.bench(listing: ["a", "b", "d"], endingAt: 10)
        #expect(try await Self.wait(for: ["a", "b", "c", "d"], bench).values.allSatisfy { $0 == "Completed" })
        #expect(bench.lab.count("GET /executions/c") > 1)
        #expect(bench.lab.count("GET /executions/a") == 1)
    }

    @Test(arguments: [403, 404]) func `a list that is refused is no refusal of the executions`(status: Int) async throws
    {
        let bench = try Self.bench(endingAt: 0) { line, _ in line == Self.list ? .error(status, "no") : nil }
        #expect(try await Self.wait(for: ["a", "b", "c"], bench).values.allSatisfy { $0 == "Completed" })
    }

    @Test func `a list that can't be read is read again`() async throws {
        let bench = try Self.bench(listing: ["a", "b", "c"], endingAt: 1) { line, number in
            line == Self.list && number == 1 ? .error(500, "broken") : nil
        }
        #expect(try await Self.wait(for: ["a", "b", "c"], bench).values.allSatisfy { $0 == "Completed" })
        #expect(bench.lab.count(Self.list) > 1)
    }

    @Test func `reads are spread over time, and all are served`() async throws {
        let bench = try Self.bench(endingAt: 0)
        let ids = (1...211).map { "e\($0)" }
        let found = try await Self.wait(for: ids, bench, place: Self.elsewhere, runningFor: 60)
        #expect(found.values.allSatisfy { $0 == "Completed" })
        #expect(bench.lab.lines.count == 211)
        // Fifty a second, but for what the first round has at once.
        #expect(LabBench.seconds(bench.clock) > 3.9)
    }

    @Test func `those that have just begun wait for no turn`() async throws {
        let bench = try Self.bench(endingAt: 0)
        let (watcher, now) = (bench.access.executionWatcher, bench.clock.now)
        for number in 1...240 {
            _ = await watcher.watch(
                for: "e\(number)",
                at: Self.elsewhere("e\(number)"),
                since: number <= 40 ? now : now.addingTimeInterval(-3_600),
                until: .distantFuture,
                isKnown: false
            ) { _ in }
        }
        let requests = await watcher.beginRound().requests
        // Of the others a round's turns.
        #expect(requests.count == 51)
        let young = (1...40).map { "e\($0)" }
        let read = requests.compactMap { if case .execution(let id, _) = $0 { id } else { nil } }
        #expect(Set(young).isSubset(of: read))
    }

    @Test func `among too many, one that has just begun is read before those that have run for long`() async throws {
        let bench = try Self.bench(endingAt: 0)
        let now = bench.clock.now
        let gate = Gate()
        // All are there before the time begins to pass.
        for id in (1...500).map(String.init) + ["new"] {
            let isNew = id == "new"
            _ = await bench.access.executionWatcher.watch(
                for: id,
                at: Self.elsewhere(id),
                since: now.addingTimeInterval(isNew ? 0 : -3_600),
                until: .distantFuture,
                isKnown: isNew
            ) { _ in if isNew { gate.open() } }
        }
        try await bench.running { await gate.wait() }
        #expect(bench.lab.lines.count < 250)
    }

    @Test(arguments: [true, false]) func `at the deadline a wait ends without a look`(isKnown: Bool) async throws {
        let bench = try Self.bench(endingAt: .infinity) { _, _ in isKnown ? nil : .error(503, "later") }
        let found = try await Self.wait(for: ["a"], bench, until: 60)
        #expect(found == ["a": isKnown ? "overdue" : "never seen"])
        #expect(abs(LabBench.seconds(bench.clock) - 60) < 0.001)
    }

    @Test func `a refusal ends a wait, trouble doesn't`() async throws {
        let bench = try Self.bench(endingAt: 30) { line, number in
            switch line {
            case "GET /executions/a": .error(404, "unknown")
            case "GET /executions/b" where number < 4: .error(503, "later")
            default: nil
            }
        }
        let found = try await Self.wait(for: ["a", "b"], bench)
        #expect(found == ["a": "notFound", "b": "Completed"])
    }

    @Test(arguments: [true, false]) func `a wait gives way after a look, once its time has come`(
        isShown: Bool
    ) async throws {
        let bench = try Self.bench(endingAt: .infinity) { _, _ in isShown ? nil : .error(503, "later") }
        let found = try await Self.wait(for: ["a"], bench, givingWayAt: 20)
        #expect(found == ["a": "gives way"])
        #expect(LabBench.seconds(bench.clock) >= 20)
        #expect(LabBench.seconds(bench.clock) <= 25)
    }

    @Test func `waits that are given up are told of nothing and count no more, and the rest go on`() async throws {
        let bench = try Self.bench(endingAt: 10)
        let isTold = Locked(false)
        for id in ["a", "c"] {
            let giveUp = await bench.access.executionWatcher.watch(
                for: id,
                at: Self.place,
                since: bench.clock.now,
                until: .distantFuture,
                isKnown: true
            ) { _ in isTold.withLock { $0 = true } }
            await giveUp()
        }
        #expect(try await Self.wait(for: ["b"], bench) == ["b": "Completed"])
        #expect(!isTold.withLock { $0 })
        // Three at a time would have had the list read.
        #expect(Set(bench.lab.lines) == ["GET /executions/b"])
    }
}

extension HTTPReply {
    /// The command `go` with executions that run.
    fileprivate static func command(_ running: [String]) -> HTTPReply {
        let executions = running.map { #"{"id": "\#($0)", "status": "Running"}"# }.joined(separator: ", ")
        return json(#"{"name": "go", "executions": [\#(executions)]}"#)
    }

    fileprivate static func execution(_ id: String, _ status: String) -> HTTPReply {
        json(#"{"id": "\#(id)", "status": "\#(status)", "output": ""}"#)
    }
}
