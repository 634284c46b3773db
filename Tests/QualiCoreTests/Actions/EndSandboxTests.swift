import AWSLite
import Foundation
import HTTPTransport
import SandboxAPI
import TestSupport
import Testing

@testable import JobEngine
@testable import QualiCore

@Suite("Ending a sandbox", .timeLimit(.minutes(1)))
struct EndSandboxTests {
    private static let readLine = "GET /sandboxes/s1"
    private static let stopLine = "POST /sandboxes/s1/stop"

    private static func feed(_ events: (id: Int, text: String)...) -> HTTPReply {
        let list = events.map { event in
            #"{"id": \#(event.id), "event_type": "error", "event_text": "\#(event.text)"}"#
        }
        return .json(#"{"more_pages": false, "events": [\#(list.joined(separator: ", "))]}"#)
    }

    /// A lab whose sandbox `s1` is in one state at first and in its end once it has been asked to end it or was ending
    /// already; `activity` answers for its feed.
    private func bench(
        _ first: SandboxState,
        _ activity: @escaping @Sendable (_ number: Int) -> HTTPReply
    ) throws -> LabBench {
        let numbers = Locked(0)
        return try LabBench { line, number in
            switch line {
            case "GET /sandboxes": return .empty
            case Self.readLine: return .sandbox("s1", number == 1 ? first : .ended)
            case Self.stopLine: return .success
            case _ where line.hasPrefix("GET /sandboxes/s1/activity"):
                return activity(
                    numbers.withLock { number in
                        number += 1
                        return number
                    }
                )
            default: return .error(400, "unexpected \(line)")
            }
        }
    }

    private func run(
        _ bench: LabBench,
        wait: Bool = true,
        checkpoint: EndSandbox.Checkpoint? = nil
    ) async throws -> JobResult {
        let properties = ["SandboxId": "s1", "WaitForTeardown": "\(wait)"]
        return try await bench.run(EndSandbox(lab: bench.access), properties, checkpoint: checkpoint)
    }

    @Test(arguments: [SandboxState.ready, .teardown])
    func `errors from before the teardown aren't blamed on it`(state: SandboxState) async throws {
        let bench = try bench(state) { _ in Self.feed((3, "'Deploy' resource command failed")) }
        #expect(try await run(bench).summary.contains("reported no errors"))
        #expect(bench.lab.count(Self.stopLine) == (state == .ready ? 1 : 0))
    }

    @Test func `errors of the teardown fail the job`() async throws {
        let bench = try bench(.ready) { number in
            number == 1 ? Self.feed((3, "older")) : Self.feed((3, "older"), (4, "'Power Off' failed"))
        }
        let failure = try await #require(throws: JobFailure.self) { try await run(bench) }
        #expect(failure.message.contains("'Power Off' failed"))
        #expect(!failure.message.contains("older"))
        #expect(failure.externalExecutionID == "s1")
    }

    @Test(arguments: [500, 403, 404])
    func `a feed that can't be read is said to be, and holds up no end`(status: Int) async throws {
        let bench = try bench(.ready) { _ in .error(status, "no feed") }
        #expect(try await run(bench).summary.contains("can't be read"))
        #expect(bench.lab.count(Self.stopLine) == 1)
        #expect(LabBench.seconds(bench.clock) < 60)
    }

    @Test func `a feed that couldn't be read before the end tells nothing of the teardown`() async throws {
        let bench = try bench(.ready) { number in
            number <= 3 ? .error(500, "no feed") : Self.feed((3, "perhaps older"))
        }
        #expect(try await run(bench).summary.contains("can't be read"))
    }

    @Test func `a feed that can't be read after the end isn't taken for one without errors`() async throws {
        let bench = try bench(.ready) { number in number == 1 ? Self.feed() : .error(500, "no feed") }
        #expect(try await run(bench).summary.contains("can't be read"))
    }

    @Test func `a feed that is in trouble for a moment is read again`() async throws {
        let bench = try bench(.ready) { number in
            number.isMultiple(of: 2) ? Self.feed((3, "older")) : .error(500, "busy")
        }
        #expect(try await run(bench).summary.contains("reported no errors"))
    }

    /// A lab whose sandbox `s1` runs on until it is asked to end for the given time, of which all before are answered by
    /// somebody else.
    private func swallowing(_ reply: HTTPReply, until stop: Int) throws -> LabBench {
        let isEnding = Locked(false)
        return try LabBench { line, number in
            switch line {
            case Self.stopLine:
                guard number >= stop else { return reply }
                isEnding.withLock { $0 = true }
                return .success
            case Self.readLine: return .sandbox("s1", isEnding.withLock { $0 } ? .teardown : .ready)
            case _ where line.hasPrefix("GET /sandboxes/s1/activity"): return Self.feed()
            default: return .error(400, "unexpected \(line)")
            }
        }
    }

    @Test(arguments: [HTTPReply.json(""), .json("{}"), .json("<html>"), .json("<html>", status: 401)])
    func `a stop that somebody has swallowed is sent again`(reply: HTTPReply) async throws {
        let bench = try swallowing(reply, until: 4)
        #expect(try await run(bench, wait: false).summary == "The sandbox is being ended.")
        #expect(bench.lab.count(Self.stopLine) == 4)
    }

    @Test func `an end never succeeds on a blank reply`() async throws {
        let bench = try swallowing(.json(""), until: .max)
        let failure = try await #require(throws: JobFailure.self) { try await run(bench, wait: false) }
        #expect(failure.type == .systemUnavailable)
        #expect(failure.message.contains("it is empty"))
        #expect(failure.message.contains("Check the worker's lab.url and what stands before the lab."))
        #expect(LabBench.seconds(bench.clock) >= 300)
    }

    @Test func `a page in the place of a sandbox isn't its end`() async throws {
        let clock = ManualClock()
        let bench = try LabBench(clock: clock) { line, number in
            switch line {
            case "GET /sandboxes": .empty
            case Self.readLine where number == 1: .sandbox("s1", .ready)
            case Self.readLine: LabBench.seconds(clock) < 200 ? .json("<html>") : .sandbox("s1", .ended)
            case Self.stopLine: .success
            case _ where line.hasPrefix("GET /sandboxes/s1/activity"): Self.feed()
            default: .error(400, "unexpected \(line)")
            }
        }
        #expect(try await run(bench).summary.contains("The sandbox has ended"))
        #expect(LabBench.seconds(clock) >= 200)
    }

    @Test func `a blank reply to a stop that was heard ends the sandbox once`() async throws {
        let bench = try LabBench { line, number in
            switch line {
            case Self.stopLine: .json("")
            case Self.readLine: .sandbox("s1", number == 1 ? .ready : .teardown)
            case _ where line.hasPrefix("GET /sandboxes/s1/activity"): Self.feed()
            default: .error(400, "unexpected \(line)")
            }
        }
        #expect(try await run(bench, wait: false).summary == "The sandbox is being ended.")
        #expect(bench.lab.count(Self.stopLine) == 1)
    }

    @Test(arguments: [true, false])
    func `a sandbox that has ended already is as wanted`(isKnown: Bool) async throws {
        let bench = try LabBench { line, _ in
            switch line {
            case Self.readLine: isKnown ? .sandbox("s1", .ended) : .unknownEntity
            case "GET /sandboxes?show_historic=true": .list("S1", .ended)
            default: .error(400, "unexpected \(line)")
            }
        }
        #expect(try await run(bench).summary.contains("already been ended"))
        #expect(!bench.lab.lines.contains { $0.hasPrefix("POST") })
    }

    @Test func `a sandbox that the lab has never had is no success`() async throws {
        let bench = try LabBench { line, _ in
            line == "GET /sandboxes?show_historic=true" ? .list("another", .ended) : .unknownEntity
        }
        let failure = try await #require(throws: JobFailure.self) { try await run(bench) }
        #expect(failure.type == .configurationError)
        #expect(failure.message.contains("The property 'SandboxId' names the sandbox 's1'"))
    }

    @Test func `a sandbox that was there and is forgotten has ended, whatever the history says`() async throws {
        let bench = try LabBench { line, _ in line == Self.readLine ? .unknownEntity : .error(400, "unexpected") }
        let result = try await run(bench, checkpoint: EndSandbox.Checkpoint(sandboxID: "s1"))
        #expect(result.summary.contains("already been ended"))
        #expect(bench.lab.lines == [Self.readLine])
    }
}
