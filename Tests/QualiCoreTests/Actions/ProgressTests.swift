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
        _ body: (InMemoryJobQueue, RunningWorker) async throws -> Void
    ) async throws {
        let queue = InMemoryJobQueue()
        await queue.offer(.job("1", token: token))
        try await RunningWorker.run(queue: queue) {
            $0.handoff = handoff
            $0.progressInterval = interval
        } steps: { context, _ in
            let look = context.checkpoint ?? 1
            guard look <= looks else { return .done(JobResult(summary: "done")) }
            await context.report(JobProgress("Setup", percentComplete: look, externalExecutionID: link))
            try await context.save(look + 1)
            return .wait(.pause(.seconds(2.5), for: "the setup"))
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
        var checkpoint = StartSandbox.Checkpoint()
        checkpoint.sandboxID = "s1"
        checkpoint.passwordInputs = []
        checkpoint.setupMinutes = 10
        checkpoint.setupDeadline = clock.now.addingTimeInterval(600)
        let ledger = JobLedger(
            job,
            checkpoint: try JSONEncoder.compact.encode(checkpoint),
            .init(
                journal: RetryingJournal(InMemoryJobJournal([.record()]), clock: clock, logger: .silent),
                showing: JobLedger.Showing(interval: .seconds(60), budget: budget),
                clock: clock
            )
        )
        let context = JobContext<StartSandbox.Checkpoint>(
            job: job,
            checkpoint: checkpoint,
            artifacts: JobArtifacts(store: InMemoryArtifactStore()),
            clock: clock,
            log: JobLog(.silent, externalExecutionName: nil),
            ledger: ledger
        )
        let handler = StartSandbox(lab: bench.access)
        let configuration = try StartSandbox.Configuration(ActionProperties(StartSandboxTests.properties))
        let event = try await bench.running {
            try await Self.event(of: handler.run(configuration, after: nil, context: context), ledger)
        }
        // What gives way is run anew, looks, and is put back into the queue.
        #expect((event == nil) == !isCrowded)
        #expect(ledger.isProgressDue == !isCrowded)
        #expect(bench.lab.count("GET /sandboxes/s1") == 0)
        guard !isCrowded else { return }
        _ = try await bench.running { try await handler.run(configuration, after: nil, context: context) }
        #expect(bench.lab.count("GET /sandboxes/s1") == 1)
        #expect(ledger.requeueToken(for: .seconds(5)) != nil)
    }

    /// What a handler's wait brings; `nil` if it gives way.
    private static func event<Event>(of step: JobStep<Event>, _ ledger: JobLedger) async throws -> Event? {
        guard case .wait(let wait) = step, case .looks(let begin) = wait.kind else {
            Issue.record("it doesn't wait: \(step)")
            return nil
        }
        let (events, end) = AsyncStream<Event?>.makeStream()
        _ = await begin({ ledger.givesWay(inHaste: $0) }) { end.yield($0) }
        return await events.first { _ in true } ?? nil
    }

    @Test(arguments: [CodePipeline.ActionExecutionStatus.abandoned, .failed])
    func `what a job has begun is undone if its pipeline is stopped while the job is in the queue`(
        status: CodePipeline.ActionExecutionStatus
    ) async throws {
        let queue = InMemoryJobQueue()
        await queue.offer(.job("1"))
        // At that moment, lest the clock run ahead of the test.
        await queue.tell("run-1", is: status, onceReported: "1")
        let undone = Locked<Int?>(nil)
        let wasUndone = Gate()
        try await RunningWorker.run(queue: queue) {
            $0.progressInterval = .seconds(60)
            $0.pipelinePollInterval = .seconds(60)
        } steps: { context, _ in
            await context.report(JobProgress("Setup", externalExecutionID: "s1"))
            try await context.save(7)
            return .wait(.pause(.seconds(2.5), for: "the setup"))
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
