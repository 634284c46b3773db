import Foundation
import HTTPTransport
import HTTPTypes
import SandboxAPI
import TestSupport
import Testing

@testable import JobEngine
@testable import QualiCore

@Suite(.timeLimit(.minutes(1)))
struct SandboxWatcherTests {
    private func wait(
        _ bench: LabBench,
        for sandboxID: String = "s1",
        minutes: Double = 10,
        until isWanted: @escaping @Sendable (SandboxState) -> Bool = \.isReady
    ) async throws -> SandboxWatcher.WaitResult {
        let deadline = ManualClock().now.addingTimeInterval(minutes * 60)
        return try await bench.access.watcher.wait(for: sandboxID, until: deadline, where: isWanted)
    }

    @Test func `a new sandbox that the lab doesn't know at first isn't gone`() async throws {
        let bench = try LabBench { line, number in
            switch line {
            case "GET /sandboxes": .empty
            case "GET /sandboxes/s1": number <= 3 ? .unknownEntity : .sandbox("s1", .ready)
            default: .error(400, "unexpected")
            }
        }
        #expect(try await bench.running { try await wait(bench) } == .state(.ready))
    }

    @Test func `a sandbox that the lab goes on denying is gone`() async throws {
        let bench = try LabBench { line, _ in line == "GET /sandboxes" ? .empty : .unknownEntity }
        #expect(try await bench.running { try await wait(bench) } == .gone)
        #expect(bench.lab.count("GET /sandboxes/s1") == 4)
    }

    @Test func `a sandbox that was seen and is denied afterwards is gone at once`() async throws {
        let bench = try LabBench { line, number in
            switch line {
            case "GET /sandboxes": number == 1 ? .list("s1", .setup) : .empty
            default: .unknownEntity
            }
        }
        #expect(try await bench.running { try await wait(bench) } == .gone)
        #expect(bench.lab.lines == ["GET /sandboxes", "GET /sandboxes", "GET /sandboxes/s1"])
    }

    @Test(arguments: ["bad-1", "bad-2", "bad-3", "bad-4", "bad-5", "bad-6"])
    func `a sandbox that can't be read holds up no other one`(bad: String) async throws {
        // Whichever is read first.
        let bench = try LabBench { line, _ in
            switch line {
            case "GET /sandboxes": .empty
            case "GET /sandboxes/good": .sandbox("good", .ended)
            default: .error(403, "You are not allowed to view this entity")
            }
        }
        try await bench.running {
            async let other = wait(bench, for: bad, until: \.isEnded)
            #expect(try await wait(bench, for: "good", until: \.isEnded) == .state(.ended))
            guard case .overdue(nil, let error?) = try await other else {
                Issue.record("no state of it was ever seen")
                return
            }
            #expect(error.code == .forbidden)
        }
    }

    @Test(arguments: ["stuck-1", "stuck-2", "stuck-3"])
    func `a sandbox whose read gets no answer holds up no other one`(stuck: String) async throws {
        let answer = Gate()
        let bench = try LabBench { line, _ in
            switch line {
            case "GET /sandboxes": return .empty
            case "GET /sandboxes/good": return .sandbox("good", .ended)
            default:
                await answer.wait()
                return .sandbox(stuck, .ended)
            }
        }
        try await bench.running {
            async let other = wait(bench, for: stuck, until: \.isEnded)
            let good = try await wait(bench, for: "good", until: \.isEnded)
            answer.open()
            let late = try await other
            #expect(good == .state(.ended))
            #expect(late == .state(.ended))
        }
    }

    @Test func `reads that are repeated anyway are sent once, within seconds`() async throws {
        let timeouts = Locked<[Duration]>([])
        let lab = TimedLab { timeout in timeouts.withLock { $0.append(timeout) } }
        let client = try SandboxClient(
            .init(url: "http://lab:82", username: "ci", password: Secret("p"), retry: .init(sleep: { _ in })),
            httpClient: lab
        )
        await #expect(throws: SandboxAPIError.self) {
            _ = try await client.unrepeated(timeout: SandboxWatcher.readTimeout).sandboxes()
        }
        #expect(timeouts.withLock { $0 } == [SandboxWatcher.readTimeout])
        await #expect(throws: SandboxAPIError.self) { _ = try await client.sandboxes() }
        #expect(timeouts.withLock { $0 }.count > 2)
    }

    @Test func `a wait that ends without a state names the last trouble`() async throws {
        let bench = try LabBench { _, _ in .error(503, "The lab is being updated") }
        let result = try await bench.running { try await wait(bench) }
        guard case .overdue(nil, let error?) = result else {
            Issue.record("\(result)")
            return
        }
        #expect(error.message.contains("being updated"))
        #expect(LabBench.seconds(bench.clock) >= 600)
    }

    @Test func `a wait that ends with a state goes by it, and not by a trouble on the way`() async throws {
        let bench = try LabBench { _, number in
            number.isMultiple(of: 2) ? .error(503, "busy") : .list("s1", .setup)
        }
        #expect(try await bench.running { try await wait(bench) } == .overdue(.setup, nil))
    }

    @Test func `a cancelled wait throws at once`() async throws {
        let looked = Gate()
        let bench = try LabBench { _, _ in
            looked.open()
            return .list("s1", .setup)
        }
        // The clock stands still, so nothing but the cancellation can end the wait.
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await bench.access.watcher.run() }
            group.addTask {
                await #expect(throws: CancellationError.self) { try await wait(bench) }
            }
            await looked.wait()
            group.cancelAll()
            try await group.waitForAll()
        }
    }

    @Test func `any number of waits costs one read of the list at a time`() async throws {
        let waiters = 20
        let seen = Locked<Set<Int>>([])
        let reads = Locked<[Date]>([])
        let clock = ManualClock()
        let bench = try LabBench(clock: clock) { _, _ in
            reads.withLock { $0.append(clock.now) }
            return .list("s1", seen.withLock { $0.count } < waiters ? .setup : .ready)
        }
        try await bench.running {
            try await withThrowingTaskGroup { group in
                for number in 1...waiters {
                    group.addTask {
                        try await wait(bench, minutes: 600) { state in
                            seen.withLock { _ = $0.insert(number) }
                            return state.isReady
                        }
                    }
                }
                for try await result in group { #expect(result == .state(.ready)) }
            }
        }
        let times = reads.withLock { $0 }
        #expect(Set(times).count == times.count)
        #expect(Set(bench.lab.lines) == ["GET /sandboxes"])
    }
}

/// A lab that is always busy, and tells how long each caller would wait; it answers logins by itself.
private struct TimedLab: HTTPClient {
    let note: @Sendable (Duration) -> Void

    func send(_ call: HTTPCall) async throws -> HTTPReply {
        if call.request.path?.hasSuffix("/login") == true { return .json("\"token\"") }
        note(call.timeout)
        return .error(503, "busy")
    }
}
