import AWSLite
import Foundation
import HTTPTransport
import TestSupport
import Testing

@testable import JobEngine

@Suite("A job whose result nobody wants", .timeLimit(.minutes(1)))
struct AbandonmentTests {
    private let gone = AWSError(.invalidJobState, "not in progress")

    /// Runs a worker whose job saves the checkpoint 5 and then waits, and which looks for stopped pipelines.
    private func waiting(
        _ queue: InMemoryJobQueue,
        journal: any JobJournal = InMemoryJobJournal(isDurable: true),
        onAbandoned: JobWorker.AbandonedJobs = .end,
        abandoned: @escaping ClosureHandler.Undoing,
        whileRunning body: (RunningWorker) async throws -> Void
    ) async throws {
        await queue.offer(.job("1"))
        let hasBegun = Gate()
        try await RunningWorker.run(queue: queue, journal: journal) { configuration in
            configuration.pipelinePollInterval = .seconds(60)
            configuration.onAbandoned = onAbandoned
        } handler: { context in
            try await context.save(5)
            hasBegun.open()
            // By the real time, since the clock is for the looks.
            try await Task.sleep(for: .seconds(86_400))
            return JobResult(summary: "not yet")
        } abandoned: { context in
            try await abandoned(context)
        } whileRunning: { worker in
            await hasBegun.wait()
            try await body(worker)
        }
    }

    /// Runs a worker whose job succeeds, which CodePipeline doesn't want to know; its questions for the action fail first.
    private func refused(
        _ queue: InMemoryJobQueue = InMemoryJobQueue(),
        failingWith errors: [AWSError] = [],
        journal: any JobJournal = InMemoryJobJournal(),
        abandoned: @escaping ClosureHandler.Undoing = { _ in Issue.record("another host may need it") },
        whileRunning body: (RunningWorker) async throws -> Void
    ) async throws {
        await queue.offer(.job("1"))
        await queue.fail(.success, with: [gone])
        await queue.fail(.statuses, with: errors)
        try await RunningWorker.run(queue: queue, journal: journal) { configuration in
            configuration.reportTime = .seconds(20)
        } handler: { _ in
            JobResult(summary: "done")
        } abandoned: { context in
            try await abandoned(context)
        } whileRunning: { worker in
            try await body(worker)
        }
    }

    @Test func `is interrupted when its pipeline is stopped, and what it has begun is undone`() async throws {
        let queue = InMemoryJobQueue()
        let journal = WatchedJournal(isDurable: true)
        let undone = Gate()
        await queue.tell("run-1", is: .abandoned)
        try await waiting(queue, journal: journal) { context in
            #expect(context.checkpoint == 5)
            #expect(context.job.actionExecutionID == "run-1")
            undone.open()
        } whileRunning: { worker in
            await worker.clock.running { await undone.wait() }
            await journal.wait { $0.isEmpty }
        }
        #expect(await queue.calls.contains(.statuses(pipeline: "Nightly", execution: "execution-1")))
        #expect(await !queue.calls.contains { $0.success != nil || $0.failure != nil })
    }

    @Test(arguments: ["InProgress", "Succeeded", "SomethingNew"])
    func `is none as long as CodePipeline doesn't say so`(status: String) async throws {
        let queue = InMemoryJobQueue()
        await queue.tell("run-1", is: .init(rawValue: status))
        await queue.tell("run-2", is: .abandoned)
        try await waiting(queue) { _ in
            Issue.record("its result is wanted")
        } whileRunning: { worker in
            await worker.clock.running {
                _ = await queue.call(3) { if case .statuses = $0 { true } else { false } }
            }
            await worker.stop()
            #expect(await queue.report(of: "1").success?.continuationToken != nil)
        }
    }

    @Test func `isn't looked for before it has been held for a while, and rarely without the right`() async throws {
        let queue = InMemoryJobQueue()
        await queue.fail(.statuses, with: Array(repeating: AWSError(.accessDeniedException, "no"), count: 2))
        try await waiting(queue) { _ in
            Issue.record("its result is wanted")
        } whileRunning: { worker in
            // Nobody else sleeps for so long, and nobody else is woken.
            for number in 1...3 {
                for _ in 1...(number == 1 ? 1 : 60) { await worker.clock.wakeSleeper(of: .seconds(60)) }
                await worker.clock.wakeSleeper(of: .seconds(1))
                await queue.call(number) { if case .statuses = $0 { true } else { false } }
            }
        }
    }

    @Test func `is found by its report, too, and noted before anything is undone`() async throws {
        let queue = InMemoryJobQueue()
        await queue.offer(.job("1"))
        await queue.fail(.success, with: [gone])
        let (undone, journal) = (Gate(), InMemoryJobJournal())
        try await RunningWorker.run(queue: queue, journal: journal) { context in
            try await context.save(7)
            return JobResult(summary: "done")
        } abandoned: { context in
            #expect(context.checkpoint == 7)
            #expect(await journal.unfinished().map(\.outcome) == [.abandoned])
            undone.open()
        } whileRunning: { _ in
            await undone.wait()
        }
        #expect(await queue.calls.count { $0.success != nil } == 1)
    }

    @Test func `keeps what it has begun if that is wanted`() async throws {
        let queue = InMemoryJobQueue()
        let journal = WatchedJournal(isDurable: true)
        await queue.tell("run-1", is: .abandoned)
        try await waiting(queue, journal: journal, onAbandoned: .keep) { _ in
            Issue.record("it is to be kept")
        } whileRunning: { worker in
            await worker.clock.running {
                await queue.call { _ in true }
                await journal.wait { $0.first?.checkpoint != nil }
                await journal.wait { $0.isEmpty }
            }
        }
    }

    @Test(arguments: [CodePipeline.ActionExecutionStatus.inProgress, .succeeded], [0, 2])
    func `keeps what another host has gone on with, though CodePipeline may not say so at once`(
        status: CodePipeline.ActionExecutionStatus,
        troubles: Int
    ) async throws {
        let (queue, journal) = (InMemoryJobQueue(), InMemoryJobJournal())
        await queue.tell("run-1", is: status)
        let errors = [AWSError(.throttling, "slowly"), AWSError(.transport, "no connection")].prefix(troubles)
        try await refused(queue, failingWith: Array(errors), journal: journal) { worker in
            await worker.clock.running {
                _ = await queue.call(troubles + 1) { if case .statuses = $0 { true } else { false } }
            }
        }
        #expect(await journal.unfinished().isEmpty)
    }

    @Test func `is left as it is where it may not be asked whether another host has gone on`() async throws {
        let (queue, journal) = (InMemoryJobQueue(), InMemoryJobJournal())
        try await refused(queue, failingWith: [AWSError(.accessDeniedException, "no")], journal: journal) { _ in
            _ = await queue.call { if case .statuses = $0 { true } else { false } }
        }
        #expect(await journal.unfinished().isEmpty)
    }

    @Test(arguments: [AWSError.Code.pipelineNotFound, .pipelineExecutionNotFound, .validation])
    func `is undone where CodePipeline has forgotten its action`(code: AWSError.Code) async throws {
        let undone = Gate()
        try await refused(failingWith: [AWSError(code, "no")]) { _ in
            undone.open()
        } whileRunning: { _ in
            await undone.wait()
        }
    }

    /// A resumed job may be from a journal that a backup has brought back, long after its action has ended elsewhere.
    @Test(
        arguments: [AWSError.Code.accessDeniedException, .pipelineNotFound, nil],
        [InMemoryJobQueue.Operation.success, .failure]
    )
    func `of an earlier run is left as it is where CodePipeline doesn't say that its action is over`(
        code: AWSError.Code?,
        refused: InMemoryJobQueue.Operation
    ) async throws {
        let queue = InMemoryJobQueue()
        let journal = InMemoryJobJournal([.record(checkpoint: Data("5".utf8))], isDurable: true)
        if let code { await queue.fail(.statuses, with: [AWSError(code, "no")]) }
        if refused == .success { await queue.hold(.job("1")) }
        await queue.fail(refused, with: [gone])
        try await RunningWorker.run(queue: queue, journal: journal) { _ in
            JobResult(summary: "done")
        } abandoned: { _ in
            Issue.record("nothing proves that its action is over without success")
        } whileRunning: { _ in
            _ = await queue.call { if case .statuses = $0 { true } else { false } }
        }
        #expect(await journal.unfinished().isEmpty)
    }

    @Test(arguments: [CodePipeline.ActionExecutionStatus.abandoned, .failed])
    func `of an earlier run is undone where CodePipeline says that its action is over`(
        status: CodePipeline.ActionExecutionStatus
    ) async throws {
        let queue = InMemoryJobQueue()
        let journal = InMemoryJobJournal([.record(checkpoint: Data("5".utf8))], isDurable: true)
        await queue.hold(.job("1"))
        await queue.fail(.success, with: [gone])
        await queue.tell("run-1", is: status)
        let undone = Gate()
        try await RunningWorker.run(queue: queue, journal: journal) { _ in
            JobResult(summary: "done")
        } abandoned: { context in
            #expect(context.checkpoint == 5)
            #expect(await journal.unfinished().map(\.outcome) == [.abandoned])
            undone.open()
        } whileRunning: { _ in
            await undone.wait()
        }
        #expect(await journal.unfinished().isEmpty)
    }

    @Test(arguments: [AWSError.Code.accessDeniedException, nil])
    func `keeps what another host may have gone on with, if it's unknown who has the job`(
        code: AWSError.Code?
    ) async throws {
        let queue = InMemoryJobQueue()
        if let code { await queue.fail(.statuses, with: [AWSError(code, "no")]) }
        // The reply to its acknowledgement was lost, and then its failure refused.
        var record = JobRecord.record(isAcknowledged: false, checkpoint: Data("5".utf8))
        record.outcome = .abandoned
        let journal = InMemoryJobJournal([record], isDurable: true)
        try await RunningWorker.run(queue: queue, journal: journal) { _ in
            JobResult(summary: "done")
        } abandoned: { _ in
            Issue.record("another host may need it")
        } whileRunning: { _ in
            _ = await queue.call { if case .statuses = $0 { true } else { false } }
        }
        #expect(await journal.unfinished().isEmpty)
    }

    @Test func `stays in the journal if the worker stops before it is known whether another host has gone on`()
        async throws
    {
        let (queue, journal) = (InMemoryJobQueue(), InMemoryJobJournal(isDurable: true))
        let errors = Array(repeating: AWSError(.serviceUnavailable, "later"), count: 10)
        try await refused(queue, failingWith: errors, journal: journal) { worker in
            _ = await queue.call { if case .statuses = $0 { true } else { false } }
            await worker.stop()
            await worker.clock.wakeSleeper(of: .seconds(20))
        }
        #expect(await journal.unfinished().map(\.outcome) == [.abandoned])
    }

    @Test func `is undone by the next run if this one is stopped before`() async throws {
        let queue = InMemoryJobQueue()
        await queue.hold(.job("1"))
        var record = JobRecord.record(checkpoint: Data("5".utf8))
        record.outcome = .abandoned
        let journal = InMemoryJobJournal([record], isDurable: true)
        let undone = Gate()
        try await RunningWorker.run(queue: queue, journal: journal) { _ in
            Issue.record("its work is over")
            return JobResult(summary: "done")
        } abandoned: { context in
            #expect(context.checkpoint == 5)
            undone.open()
        } whileRunning: { _ in
            await undone.wait()
        }
        #expect(await journal.unfinished().isEmpty)
        #expect(await !queue.calls.contains { $0.success != nil || $0.failure != nil })
    }

    @Test func `stays in the journal while its undoing is interrupted`() async throws {
        let queue = InMemoryJobQueue()
        await queue.hold(.job("1"))
        var record = JobRecord.record(checkpoint: Data("5".utf8))
        record.outcome = .abandoned
        let journal = InMemoryJobJournal([record], isDurable: true)
        let entered = Gate()
        try await RunningWorker.run(queue: queue, journal: journal) { configuration in
            configuration.reportTime = .seconds(20)
        } handler: { _ in
            JobResult(summary: "done")
        } abandoned: { _ in
            entered.open()
            try await Task.sleep(for: .seconds(3_600))
        } whileRunning: { worker in
            await entered.wait()
            await worker.stop()
            await worker.clock.wakeSleeper(of: .seconds(20))
        }
        #expect(await journal.unfinished().map(\.outcome) == [.abandoned])
    }
}
