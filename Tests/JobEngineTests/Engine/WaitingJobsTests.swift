import AWSLite
import Foundation
import HTTPTransport
import TestSupport
import Testing

@testable import JobEngine

@Suite("A job that waits", .timeLimit(.minutes(1)))
struct WaitingJobsTests {
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

    private let queue = InMemoryJobQueue()
    private let bell = Bell()

    /// The handler of a job that saves 5, and waits for the bell as often as it is told.
    private func handler(rings: Int, _ runs: Locked<[Int?]>) -> WaitingClosureHandler.Body {
        { [bell] context, event in
            runs.withLock { $0.append(context.checkpoint) }
            let heard = (context.checkpoint ?? 0) + (event ?? 0)
            if event != nil { try await context.save(heard) }
            guard heard < rings else { return .done(JobResult(summary: "heard \(heard)")) }
            await context.report(JobProgress("Waiting", externalExecutionID: "s\(heard)"))
            return .wait(JobWait(for: "the bell") { bell.wait($0) })
        }
    }

    @Test func `is run anew from its checkpoint with what its wait has brought`() async throws {
        await queue.offer(.job("1"))
        let runs = Locked<[Int?]>([])
        try await RunningWorker.run(queue: queue, steps: handler(rings: 3, runs)) { _ in
            await bell.ring(1, wait: 1)
            await bell.ring(2, wait: 2)
            #expect(await queue.report(of: "1").success?.executionDetails?.summary == "heard 3")
        }
        #expect(runs.withLock { $0 } == [nil, nil, 1])
        #expect(bell.giveUps == 2)
    }

    @Test func `takes what its wait has brought while it was still being begun`() async throws {
        await queue.offer(.job("1"))
        try await RunningWorker.run(queue: queue) { [bell] _, event in
            if let event { return .done(JobResult(summary: "heard \(event)")) }
            return .wait(
                JobWait(for: "the bell") { wake in
                    let giveUp = bell.wait(wake)
                    wake(7)
                    return giveUp
                }
            )
        } whileRunning: { _ in
            #expect(await queue.report(of: "1").success?.executionDetails?.summary == "heard 7")
        }
    }

    @Test func `is handed over with its checkpoint and its progress when the worker stops`() async throws {
        await queue.offer(.job("1"))
        try await RunningWorker.run(queue: queue, steps: handler(rings: 3, Locked([]))) { worker in
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
        } steps: { [bell] _, event in
            if let event { return .done(JobResult(summary: "heard \(event)")) }
            return .wait(JobWait(for: "the bell") { bell.wait($0) })
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
            $0.pipelinePollInterval = .seconds(60)
        } steps: { [bell] context, event in
            if let event { return .done(JobResult(summary: "heard \(event)")) }
            try await context.save(5)
            return .wait(JobWait(for: "the bell") { bell.wait($0) })
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

    @Test func `goes on without an event when the time of its wait is over`() async throws {
        await queue.offer(.job("1"))
        try await RunningWorker.run(queue: queue) { [bell] context, event in
            let runs = (context.checkpoint ?? 0) + 1
            try await context.save(runs)
            if runs > 1 { return .done(JobResult(summary: event == nil ? "in vain" : "heard")) }
            let deadline = context.clock.now.addingTimeInterval(90)
            return .wait(JobWait(for: "the bell", until: deadline) { bell.wait($0) })
        } whileRunning: { worker in
            let start = worker.clock.now
            let report = await worker.clock.running { await queue.report(of: "1") }.success
            #expect(report?.executionDetails?.summary == "in vain")
            #expect(worker.clock.now.timeIntervalSince(start) >= 90)
        }
        #expect(bell.giveUps == 1)
    }

    @Test func `gets what it has asked for when a pause is over`() async throws {
        await queue.offer(.job("1"))
        try await RunningWorker.run(queue: queue) { _, event in
            guard event != 3 else { return .done(JobResult(summary: "thrice")) }
            return .wait(.pause(.seconds(20), for: "its time", then: (event ?? 0) + 1))
        } whileRunning: { worker in
            let start = worker.clock.now
            let report = await worker.clock.running { await queue.report(of: "1") }.success
            #expect(report?.executionDetails?.summary == "thrice")
            #expect(worker.clock.now.timeIntervalSince(start) >= 60)
        }
    }

    @Test func `waits in the queue if it waits there, though nobody calls back, and is waited for anew`() async throws {
        await queue.offer(.job("1"))
        try await RunningWorker.run(queue: queue) {
            $0.handoff = .always
        } steps: { [bell] _, event in
            if let event { return .done(JobResult(summary: "heard \(event)")) }
            return .wait(JobWait(for: "the bell", pause: .seconds(15)) { bell.wait($0) })
        } whileRunning: { worker in
            let put = await worker.clock.running { await queue.report(of: "1") }.success
            let token = try #require(put?.continuationToken)
            await queue.offer(.job("2", actionExecutionID: "run-1", token: token))
            await worker.clock.running { await bell.isWaitedFor(2) }
            await bell.ring(8, wait: 2)
            #expect(
                await worker.clock.running { await queue.report(of: "2") }.success?.executionDetails?.summary
                    == "heard 8"
            )
        }
        #expect(bell.giveUps == 2)
    }
}
