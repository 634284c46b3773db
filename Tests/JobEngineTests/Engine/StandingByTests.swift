import AWSLite
import Foundation
import HTTPTransport
import TestSupport
import Testing
import TestSupport

@testable import JobEngine

@Suite("A job that stands by", .timeLimit(.minutes(1)))
struct StandingByTests {
    /// What calls back when a test says so.
    private final class Bell: Sendable {
        private let wakes = Watched<[@Sendable (Int) -> Void]>([])
        private let givenUp = Locked(0)

        var giveUps: Int { givenUp.withLock { $0 } }

        func wait(_ wake: @escaping @Sendable (Int) -> Void) -> GiveUp {
            wakes.withLock { $0.append(wake) }
            return { self.givenUp.withLock { $0 += 1 } }
        }

        /// Waits until somebody waits for the `number`th time.
        func isWaitedFor(_ number: Int) async { await wakes.wait { $0.count >= number } }

        /// Waits until somebody waits for the `number`th time, and rings.
        func ring(_ value: Int, wait number: Int) async {
            await isWaitedFor(number)
            wakes.withLock { $0[number - 1] }(value)
        }
    }

    private let queue = FakeQueue()
    private let bell = Bell()

    /// The handler of a job that saves 5, and waits for the bell as often as it is told.
    private func handler(rings: Int, _ runs: Locked<[Int?]>) -> ClosureHandler.Body {
        { [bell] context in
            runs.withLock { $0.append(context.checkpoint) }
            var heard = context.checkpoint ?? 0
            while heard < rings {
                await context.report(JobProgress("Waiting", externalExecutionID: "s\(heard)"))
                heard += try await context.standBy { bell.wait($0) }
                try await context.save(heard)
            }
            return JobResult(summary: "heard \(heard)")
        }
    }

    @Test func `is run anew from its checkpoint with what its wait has brought`() async throws {
        await queue.offer(.job("1"))
        let runs = Locked<[Int?]>([])
        try await RunningWorker.run(queue: queue, handler: handler(rings: 3, runs)) { _ in
            await bell.ring(1, wait: 1)
            await bell.ring(2, wait: 2)
            #expect(await queue.report(of: "1").success?.executionDetails?.summary == "heard 3")
        }
        #expect(runs.withLock { $0 } == [nil, nil, 1])
        #expect(bell.giveUps == 2)
    }

    @Test func `takes what its wait has brought while it was still being begun`() async throws {
        await queue.offer(.job("1"))
        try await RunningWorker.run(queue: queue) { [bell] context in
            let value: Int = try await context.standBy { wake in
                let giveUp = bell.wait(wake)
                wake(7)
                return giveUp
            }
            return JobResult(summary: "heard \(value)")
        } whileRunning: { _ in
            #expect(await queue.report(of: "1").success?.executionDetails?.summary == "heard 7")
        }
    }

    @Test func `is handed over with its checkpoint and its progress when the worker stops`() async throws {
        await queue.offer(.job("1"))
        try await RunningWorker.run(queue: queue, handler: handler(rings: 3, Locked([]))) { worker in
            await bell.ring(1, wait: 1)
            await bell.isWaitedFor(2)
            await worker.stop()
            let put = await queue.report(of: "1").success
            let token = try ContinuationToken(try #require(put?.continuationToken), for: "run-1")
            #expect(token.checkpoint == Data("1".utf8))
            #expect(put?.executionDetails?.summary?.hasPrefix("Waiting") == true)
            #expect(put?.executionDetails?.externalExecutionID == "s1")
        }
        #expect(bell.giveUps == 2)
    }

    @Test func `ends within the time of a drain`() async throws {
        await queue.offer(.job("1"))
        try await RunningWorker.run(queue: queue) {
            $0.drain = .seconds(3_600)
        } handler: { [bell] context in
            JobResult(summary: "heard \(try await context.standBy { bell.wait($0) } as Int)")
        } whileRunning: { worker in
            await bell.isWaitedFor(1)
            await worker.stop()
            await bell.ring(4, wait: 1)
            #expect(await queue.report(of: "1").success?.executionDetails?.summary == "heard 4")
        }
    }

    @Test func `is undone when its pipeline is stopped`() async throws {
        await queue.offer(.job("1"))
        await queue.tell("run-1", is: .abandoned)
        let undone = Gate()
        try await RunningWorker.run(queue: queue) {
            $0.abandonmentInterval = .seconds(60)
        } handler: { [bell] context in
            try await context.save(5)
            let value: Int = try await context.standBy { bell.wait($0) }
            return JobResult(summary: "heard \(value)")
        } abandoned: { context in
            #expect(context.checkpoint == 5)
            undone.open()
        } whileRunning: { worker in
            await bell.isWaitedFor(1)
            await worker.clock.running { await undone.wait() }
        }
        #expect(bell.giveUps == 1)
        #expect(await !queue.calls.contains { $0.success != nil || $0.failure != nil })
    }
}
