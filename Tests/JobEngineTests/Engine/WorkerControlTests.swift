import AWSLite
import Foundation
import HTTPTransport
import TestSupport
import Testing

@testable import JobEngine

@Suite("What a person tells a worker", .timeLimit(.minutes(1)))
struct WorkerControlTests {
    /// Opens a gate when a job waits.
    private struct WaitObserver: JobObserver {
        let waits: Gate

        func jobWaits(_ job: WorkerSnapshot.Job) { waits.open() }
    }

    private let waits = Gate()

    /// Runs a worker whose jobs wait for ten minutes, and then are done.
    private func run(
        _ queue: InMemoryJobQueue,
        _ control: WorkerControl,
        journal: any JobJournal = InMemoryJobJournal(),
        handoff: JobWorker.Handoff = .onStop,
        onAbandoned: JobWorker.AbandonedJobs = .end,
        abandoned: @escaping ClosureHandler.Undoing = { _ in },
        whileRunning body: (RunningWorker) async throws -> Void
    ) async throws {
        try await RunningWorker.run(queue: queue, journal: journal) { configuration in
            configuration.control = control
            configuration.handoff = handoff
            configuration.onAbandoned = onAbandoned
            configuration.observers = [WaitObserver(waits: waits)]
            configuration.pipelinePollInterval = .seconds(86_400)
        } steps: { context, _ in
            if context.checkpoint == 1 { return .done(JobResult(summary: "done")) }
            try await context.save(1)
            return .wait(.pause(.seconds(600), for: "the setup"))
        } abandoned: {
            try await abandoned($0)
        } whileRunning: {
            try await body($0)
        }
    }

    private func polls(_ queue: InMemoryJobQueue) async -> Int { await queue.calls.count(where: \.isPoll) }

    // MARK: A pause

    @Test func `keeps it from polling until somebody ends that, while its jobs go on`() async throws {
        let (queue, control) = (InMemoryJobQueue(), WorkerControl())
        await queue.offer(.job("1"))
        try await run(queue, control) { worker in
            await waits.wait()
            control.pause(WorkerPause(since: worker.clock.now, note: "a new rack"))
            let end = await worker.clock.running { await queue.report(of: "1") }
            #expect(end.success?.executionDetails?.summary == "done")
            let snapshot = worker.worker.monitor.snapshot()
            #expect(snapshot.queues.first?.activity == .paused)
            #expect(snapshot.pause?.note == "a new rack")
            #expect(snapshot.isAlive)
            let before = await polls(queue)
            await queue.offer(.job("2"))
            try await worker.clock.running { try await worker.clock.sleep(for: .seconds(3_600)) }
            #expect(await polls(queue) == before)
            control.resume()
            #expect(worker.worker.monitor.snapshot().pause == nil)
            #expect(await worker.clock.running { await queue.report(of: "2") }.success != nil)
        }
    }

    @Test func `is there from the start, and over at its time`() async throws {
        let (queue, control) = (InMemoryJobQueue(), WorkerControl())
        await queue.offer(.job("1"))
        let begin = ManualClock.beginning
        control.pause(WorkerPause(since: begin, until: begin + 3_600))
        try await run(queue, control) { worker in
            _ = await worker.clock.running { await queue.call { $0.isPoll } }
            #expect(worker.clock.now >= begin + 3_600)
            #expect(worker.clock.now < begin + 3_700)
        }
    }

    @Test func `takes back what is in the queue, and leaves nothing there to wait`() async throws {
        let (queue, control) = (InMemoryJobQueue(), WorkerControl())
        await queue.offer(.job("1"))
        try await run(queue, control, handoff: .always) { worker in
            let put = await worker.clock.running { await queue.report(of: "1") }
            control.pause(WorkerPause(since: worker.clock.now))
            let token = try #require(put.success?.continuationToken)
            await queue.offer(.job("2", actionExecutionID: "run-1", token: token))
            await queue.offer(.job("3"))
            let end = await worker.clock.running { await queue.report(of: "2") }
            #expect(end.success?.executionDetails?.summary == "done", "it has waited here")
            #expect(worker.worker.monitor.snapshot().queues.first?.activity == .paused)
            #expect(await !queue.calls.contains { $0 == .acknowledge(id: "3", nonce: "3") })
        }
    }

    @Test(arguments: [true, false])
    func `leaves jobs to a journal that lasts when it is stopped meanwhile`(isDurable: Bool) async throws {
        let (queue, control) = (InMemoryJobQueue(), WorkerControl())
        let journal = InMemoryJobJournal(isDurable: isDurable)
        await queue.offer(.job("1"))
        try await run(queue, control, journal: journal) { worker in
            await waits.wait()
            control.pause(WorkerPause(since: worker.clock.now))
        }
        #expect(await journal.unfinished().count == (isDurable ? 1 : 0))
        #expect(await queue.calls.contains { $0.success?.continuationToken != nil } == !isDurable)
    }

    // MARK: A cancelled job

    @Test(arguments: ["1", "run-1"])
    func `fails a job with its reason, after what it has begun was undone`(id: String) async throws {
        let (queue, control) = (InMemoryJobQueue(), WorkerControl())
        let undone = Locked<Int?>(nil)
        await queue.offer(.job("1"))
        try await run(queue, control) { context in
            undone.withLock { $0 = context.checkpoint }
        } whileRunning: { worker in
            await waits.wait()
            #expect(!control.cancel("another", because: "no"))
            #expect(control.cancel(id, because: "by me: it hangs"))
            control.cancel(id, because: "by another")
            let failure = try #require(await queue.report(of: "1").failure)
            #expect(failure.type == .jobFailed)
            #expect(failure.message == "Cancelled: by me: it hangs. What it had begun was ended.")
        }
        #expect(undone.withLock { $0 } == 1)
    }

    @Test func `leaves what a job has begun where that is set`() async throws {
        let (queue, control) = (InMemoryJobQueue(), WorkerControl())
        await queue.offer(.job("1"))
        try await run(queue, control, onAbandoned: .keep) { _ in
            Issue.record("it is to be kept")
        } whileRunning: { _ in
            await waits.wait()
            #expect(control.cancel("1", because: "by me"))
            let failure = try #require(await queue.report(of: "1").failure)
            #expect(failure.message == "Cancelled: by me. What it had begun is left as it is.")
        }
    }

    @Test func `ends a handler that runs, and says what it has left`() async throws {
        struct Trouble: Error {}
        let (queue, control, journal) = (InMemoryJobQueue(), WorkerControl(), InMemoryJobJournal())
        let hasBegun = Gate()
        await queue.offer(.job("1"))
        try await RunningWorker.run(queue: queue, journal: journal) {
            $0.control = control
            $0.pipelinePollInterval = .seconds(86_400)
        } handler: { _ in
            hasBegun.open()
            try await Task.sleep(for: .seconds(86_400))
            return JobResult(summary: "not yet")
        } abandoned: { _ in
            throw Trouble()
        } whileRunning: { _ in
            await hasBegun.wait()
            #expect(control.cancel("1", because: "by me"))
            let failure = try #require(await queue.report(of: "1").failure)
            #expect(failure.message == "Cancelled: by me. What it had begun can't be ended: Trouble()")
        }
        #expect(await journal.unfinished().isEmpty)
    }

    @Test func `leaves a cancelled job in the journal if the worker stops before that is done`() async throws {
        let (queue, control) = (InMemoryJobQueue(), WorkerControl())
        let journal = InMemoryJobJournal(isDurable: true)
        let undoes = Gate()
        await queue.offer(.job("1"))
        try await run(queue, control, journal: journal) { _ in
            undoes.open()
            try await Task.sleep(for: .seconds(86_400))
        } whileRunning: { worker in
            await waits.wait()
            control.cancel("1", because: "by me")
            await undoes.wait()
        }
        #expect(await journal.unfinished().map(\.outcome) == [nil])
        #expect(await !queue.calls.contains { $0.failure != nil || $0.success != nil })
    }
}
