import AWSLite
import Foundation
import HTTPTransport
import TestSupport
import Testing

@testable import JobEngine

@Suite("A worker whose jobs wait in CodePipeline's queue", .timeLimit(.minutes(1)))
struct WaitingInQueueTests {
    @Test func `puts a job back instead of waiting, and goes on when it is offered again`() async throws {
        let queue = InMemoryJobQueue()
        await queue.offer(.job("1"))
        let runs = Locked<[Int?]>([])
        try await RunningWorker.run(queue: queue) {
            $0.handoff = .always
        } steps: { context, _ in
            runs.withLock { $0.append(context.checkpoint) }
            if context.checkpoint == 2 { return .done(JobResult(summary: "done")) }
            try await context.save((context.checkpoint ?? 0) + 1)
            await context.report(JobProgress("Setting up", percentComplete: 40, externalExecutionID: "s1"))
            return .wait(.pause(.seconds(30), for: "the setup"))
        } whileRunning: { worker in
            for number in 1...2 {
                let put = try #require(await worker.clock.running { await queue.report(of: "\(number)") }.success)
                #expect(put.executionDetails?.summary?.hasPrefix("Setting up") == true)
                #expect(put.executionDetails?.percentComplete == 40)
                #expect(put.executionDetails?.externalExecutionID == "s1")
                let token = try ContinuationToken(try #require(put.continuationToken), for: "run-1")
                #expect(token.checkpoint == Data("\(number)".utf8))
                await queue.offer(.job("\(number + 1)", actionExecutionID: "run-1", token: put.continuationToken))
            }
            let end = try #require(await worker.clock.running { await queue.report(of: "3") }.success)
            #expect(end.continuationToken == nil)
        }
        #expect(runs.withLock { $0 } == [nil, 1, 2])
    }

    @Test func `doesn't look sooner than the pause that was asked for, however quick the queue is`() async throws {
        let queue = InMemoryJobQueue()
        await queue.offer(.job("1"))
        let looks = Locked<[Date]>([])
        try await RunningWorker.run(queue: queue) {
            $0.handoff = .always
        } steps: { context, _ in
            let number = looks.withLock { looks in
                looks.append(context.clock.now)
                return looks.count
            }
            return number == 2 ? .done(JobResult(summary: "done")) : .wait(.pause(.seconds(30), for: "its turn"))
        } whileRunning: { worker in
            let token = await worker.clock.running { await queue.report(of: "1") }.success?.continuationToken
            await queue.offer(.job("2", actionExecutionID: "run-1", token: token))
            _ = await worker.clock.running { await queue.report(of: "2") }
        }
        let times = looks.withLock { $0 }
        #expect(times[1].timeIntervalSince(times[0]) >= 30)
    }

    @Test func `keeps no other from being begun while it isn't due, however many there are`() async throws {
        let queue = InMemoryJobQueue()
        let now = ManualClock().now
        for number in 1...70 {
            let token = ContinuationToken(
                actionExecutionID: "run-\(number)",
                claimedAt: now,
                notBefore: now.addingTimeInterval(50),
                shows: RequeueSchedule(),
                checkpoint: nil
            )
            await queue.offer(.job("\(number)", actionExecutionID: "run-\(number)", token: token.encoded()))
        }
        await queue.offer(.job("new"))
        try await RunningWorker.run(queue: queue) {
            $0.handoff = .always
            $0.maxJobs = 1_000
        } handler: { _ in
            JobResult(summary: "done")
        } whileRunning: { worker in
            // The clock stands still.
            #expect(await queue.report(of: "new").success != nil)
            await worker.clock.running {
                for number in 1...70 { _ = await queue.report(of: "\(number)") }
            }
        }
    }

    @Test func `waits here where the state is too long to be put back`() async throws {
        let queue = InMemoryJobQueue()
        await queue.offer(.job("1", actionExecutionID: String(repeating: "x", count: ContinuationToken.limit)))
        try await RunningWorker.run(queue: queue) {
            $0.handoff = .always
        } steps: { _, event in
            event == nil ? .wait(.pause(.seconds(30), for: "its turn", then: 1)) : .done(JobResult(summary: "done"))
        } whileRunning: { worker in
            let report = await worker.clock.running { await queue.report(of: "1") }.success
            #expect(report?.executionDetails?.summary == "done")
            #expect(report?.continuationToken == nil)
        }
    }

    @Test func `puts a job back in the middle of a step, and not where the handler has failed since`() async throws {
        let queue = InMemoryJobQueue()
        await queue.offer(.job("1"))
        try await RunningWorker.run(queue: queue) {
            $0.handoff = .always
        } handler: { context in
            try await context.pause(for: .seconds(30))
            return JobResult(summary: "never")
        } whileRunning: { worker in
            let put = try #require(await worker.clock.running { await queue.report(of: "1") }.success)
            #expect(put.continuationToken != nil)
        }
    }

    @Test func `waits here unless it is told otherwise`() async throws {
        let queue = InMemoryJobQueue()
        await queue.offer(.job("1"))
        try await RunningWorker.run(queue: queue) { _, event in
            event == nil ? .wait(.pause(.seconds(30), for: "its turn", then: 1)) : .done(JobResult(summary: "done"))
        } whileRunning: { worker in
            let report = await worker.clock.running { await queue.report(of: "1") }.success
            #expect(report?.executionDetails?.summary == "done")
        }
    }
}
