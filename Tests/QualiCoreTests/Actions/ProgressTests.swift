import AWSLite
import Foundation
import HTTPTransport
import SandboxAPI
import TestSupport
import Testing

@testable import JobEngine
@testable import QualiCore

@Suite("Progress in CodePipeline's console", .timeLimit(.minutes(1)))
struct ProgressTests {
    /// Runs a handler that looks at something every two seconds, until `looks` looks are done.
    private func run(
        looks: Int,
        handoff: JobWorker.Handoff = .onStop,
        interval: Duration? = .seconds(60),
        link: String? = "s1",
        token: String? = nil,
        _ body: (FakeQueue, RunningWorker) async throws -> Void
    ) async throws {
        let queue = FakeQueue()
        await queue.offer(.job("1", token: token))
        try await RunningWorker.run(queue: queue) {
            $0.handoff = handoff
            $0.progressInterval = interval
        } handler: { context in
            for look in (context.checkpoint ?? 1)...looks {
                await context.report(JobProgress("Setup", percentComplete: look, externalExecutionID: link))
                try await context.save(look + 1)
                try await context.pause(for: .seconds(2.5))
            }
            return JobResult(summary: "done")
        } whileRunning: {
            try await body(queue, $0)
        }
    }

    @Test func `a job that takes longer is put back with its link and summary, within ten seconds of its claim`()
        async throws
    {
        try await run(looks: 10) { queue, worker in
            let claim = worker.clock.now
            // At each of these moments the handler has just begun a pause.
            for _ in 1...2 { await worker.clock.wakeSleeper(of: .seconds(2.5)) }
            let put = try #require(await queue.report(of: "1").success)
            #expect(put.continuationToken != nil)
            #expect(put.executionDetails?.externalExecutionID == "s1" && put.executionDetails?.summary == "Setup")
            #expect(worker.clock.now.timeIntervalSince(claim) < 10)
        }
    }

    @Test func `a waiting job is shown ever more rarely`() {
        let start = ManualClock().now
        var shows = RequeueSchedule()
        var time = start
        var pauses: [TimeInterval] = []
        for _ in 1...7 {
            let next = shows.next(heldSince: start, interval: .seconds(60))
            pauses.append(next.timeIntervalSince(time))
            shows = shows.shown(at: next)
            time = next
        }
        #expect(pauses == [4, 60, 120, 240, 300, 300, 300])
    }

    @Test func `a job that is continued says how long its action has taken, and isn't shown before its time`()
        async throws
    {
        let now = ManualClock().now
        let shows = RequeueSchedule(count: 1, last: now.addingTimeInterval(-30))
        let token = ContinuationToken(
            actionExecutionID: "run-1",
            claimedAt: now.addingTimeInterval(-185),
            shows: shows,
            checkpoint: nil
        ).encoded()
        try await run(looks: 1_000, token: token) { queue, worker in
            for _ in 1...12 { await worker.clock.wakeSleeper(of: .seconds(2.5)) }
            let put = try #require(await queue.report(of: "1").success)
            #expect(put.executionDetails?.summary == "Setup, 3 min")
            let text = try #require(put.continuationToken)
            let last = try #require(try ContinuationToken(text, for: "run-1").shows.last)
            #expect(last.timeIntervalSince(now) == 30)
            #expect(try ContinuationToken(text, for: "run-1").shows.count == 2)
        }
    }

    private static let reasonsToStay: [(JobWorker.Handoff, Duration?, String?)] = [
        (.never, .seconds(60), "s1"), (.onStop, nil, "s1"), (.onStop, .seconds(60), nil),
    ]

    @Test(arguments: reasonsToStay)
    func `a job isn't put back where that isn't wanted, or there is nothing to show`(
        handoff: JobWorker.Handoff,
        interval: Duration?,
        link: String?
    ) async throws {
        try await run(looks: 50, handoff: handoff, interval: interval, link: link) { queue, worker in
            let report = try #require(await worker.clock.running { await queue.report(of: "1") }.success)
            #expect(report.continuationToken == nil)
        }
    }

    @Test func `a crowd of jobs doesn't wear out the request rate`() {
        let budget = RequeueBudget()
        let now = ManualClock().now
        #expect((1...100).count { _ in budget.take(now: now) } == 20)
        #expect((1...100).count { _ in budget.take(now: now.addingTimeInterval(3)) } == 3)
    }

    @Test(arguments: [false, true])
    func `the lab is asked how far a setup has come only where that is then shown`(isCrowded: Bool) async throws {
        let clock = ManualClock()
        let budget = RequeueBudget()
        let bench = try LabBench(clock: clock) { line, _ in
            // Others are always first.
            while isCrowded, budget.take(now: clock.now) {}
            return line.contains("/sandboxes/") ? .sandbox("s1", .setup) : .list("s1", .setup)
        }
        let job = JobInfo(id: "1", actionExecutionID: "run-1", claimedAt: clock.now)
        let surroundings = JobLedger.Surroundings(
            journal: RetryingJournal(InMemoryJobJournal([.record()]), clock: clock, logger: .silent),
            showing: JobLedger.Showing(interval: .seconds(60), budget: budget),
            clock: clock
        )
        let context = JobContext<Int>(
            job: job,
            checkpoint: nil,
            artifacts: JobArtifacts(store: FakeArtifactStore()),
            clock: clock,
            log: JobLog(.silent, externalExecutionName: nil),
            ledger: JobLedger(job, checkpoint: nil, surroundings)
        )
        await context.report(JobProgress("Setting up", externalExecutionID: "s1"))
        let looks = Locked(0)
        let deadline = clock.now.addingTimeInterval(600)
        let result = try? await bench.running {
            try await bench.access.wait(for: "s1", until: deadline, context) {
                looks.withLock { $0 += 1 }
                return JobProgress("Setup", externalExecutionID: "s1")
            } where: {
                $0.isReady
            }
        }
        #expect(looks.withLock { $0 } == (isCrowded ? 0 : 1))
        // A job that is shown is put back into the queue.
        #expect((result != nil) == isCrowded)
    }

    @Test(arguments: [CodePipeline.ActionExecutionStatus.abandoned, .failed])
    func `what a job has begun is undone if its pipeline is stopped while the job is in the queue`(
        status: CodePipeline.ActionExecutionStatus
    ) async throws {
        let queue = FakeQueue()
        await queue.offer(.job("1"))
        // At that moment, lest the clock run ahead of the test.
        await queue.tell("run-1", is: status, onceReported: "1")
        let undone = Locked<Int?>(nil)
        let wasUndone = Gate()
        try await RunningWorker.run(queue: queue) {
            $0.progressInterval = .seconds(60)
            $0.abandonmentInterval = .seconds(60)
        } handler: { context in
            await context.report(JobProgress("Setup", externalExecutionID: "s1"))
            try await context.save(7)
            while true { try await context.pause(for: .seconds(2.5)) }
        } abandoned: { context in
            undone.withLock { $0 = context.checkpoint }
            wasUndone.open()
        } whileRunning: { worker in
            await worker.clock.running(leapingAtMost: .seconds(60)) {
                _ = await queue.report(of: "1")
                // Another worker may have let it fail, and keep its sandbox on purpose.
                if status == .abandoned { return await wasUndone.wait() }
                await queue.call(3) { if case .statuses = $0 { true } else { false } }
            }
        }
        #expect(undone.withLock { $0 } == (status == .abandoned ? 7 : nil))
    }
}
