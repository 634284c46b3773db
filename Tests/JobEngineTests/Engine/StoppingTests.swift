import AWSLite
import Foundation
import TestSupport
import Testing

@testable import JobEngine

@Suite("Stopping", .timeLimit(.minutes(1)))
struct StoppingTests {
    /// Stops a worker whose one job has saved `checkpoint` and waits; what is reported of the job.
    private func stop(
        saving checkpoint: Int,
        journal: InMemoryJobJournal = InMemoryJobJournal(),
        configure: (inout JobWorker.Configuration) -> Void
    ) async throws -> InMemoryJobQueue.Call {
        let queue = InMemoryJobQueue()
        await queue.offer(.job("1"))
        let saved = Gate()
        try await RunningWorker.run(queue: queue, journal: journal, configure: configure) { context in
            try await context.save(checkpoint)
            await context.report(JobProgress("Setting up", externalExecutionID: "sandbox-1"))
            saved.open()
            try await context.clock.sleep(for: .seconds(86_400))
            return JobResult(summary: "not yet")
        } whileRunning: { worker in
            await saved.wait()
            await worker.stop()
        }
        let reports = await queue.calls.filter { $0.success != nil || $0.failure != nil }
        return try #require(reports.first)
    }

    @Test func `a waiting job that nobody would ever continue fails, and says what it was at`() async throws {
        let journal = InMemoryJobJournal()
        let failure = try await stop(saving: 7, journal: journal) { $0.handoff = .never }.failure
        #expect(failure?.type == .systemUnavailable)
        #expect(failure?.message.contains("(Setting up)") == true)
        #expect(failure?.externalExecutionID == "sandbox-1")
        #expect(await journal.unfinished().isEmpty)
    }

    @Test func `a job whose state no token can carry fails too`() async throws {
        let queue = InMemoryJobQueue()
        await queue.offer(.job("1", actionExecutionID: String(repeating: "x", count: ContinuationToken.limit)))
        let started = Gate()
        try await RunningWorker.run(queue: queue) { context in
            started.open()
            try await context.clock.sleep(for: .seconds(86_400))
            return JobResult(summary: "not yet")
        } whileRunning: { _ in
            await started.wait()
        }
        #expect(await queue.report(of: "1").failure?.type == .systemUnavailable)
    }

    @Test func `jobs that end within the drain end by themselves, and no more are taken`() async throws {
        let queue = InMemoryJobQueue()
        await queue.offer(.job("1"))
        let (started, end) = (Gate(), Gate())
        try await RunningWorker.run(queue: queue) {
            $0.drain = .seconds(600)
        } handler: { _ in
            started.open()
            await end.wait()
            return JobResult(summary: Task.isCancelled ? "interrupted" : "done")
        } whileRunning: { worker in
            await started.wait()
            await worker.stop()
            await queue.offer(.job("2"))
            end.open()
            let report = await queue.report(of: "1").success
            #expect(report?.executionDetails?.summary == "done")
        }
        #expect(await !queue.calls.contains(.acknowledge(id: "2", nonce: "3")))
    }

    /// Runs a worker whose one job waits, and stops it.
    private func stopWaiting(
        _ queue: InMemoryJobQueue,
        journal: InMemoryJobJournal = InMemoryJobJournal(),
        configure: (inout JobWorker.Configuration) -> Void,
        whileStopping body: (RunningWorker) async throws -> Void
    ) async throws {
        await queue.offer(.job("1"))
        let started = Gate()
        try await RunningWorker.run(queue: queue, journal: journal, configure: configure) { context in
            started.open()
            try await context.clock.sleep(for: .seconds(900))
            return JobResult(summary: "done")
        } whileRunning: { worker in
            await started.wait()
            await worker.stop()
            try await body(worker)
        }
    }

    @Test func `jobs that don't end within the drain are handed over`() async throws {
        let queue = InMemoryJobQueue()
        try await stopWaiting(queue) {
            $0.drain = .seconds(600)
        } whileStopping: { worker in
            await worker.clock.wakeSleeper(of: .seconds(600))
            #expect(await queue.report(of: "1").success?.continuationToken != nil)
        }
    }

    @Test func `what can't be reported in time stays in the journal, and is reported by the next run`() async throws {
        let queue = InMemoryJobQueue()
        await queue.fail(.success, with: [AWSError(.transport, "no route to host")])
        let journal = InMemoryJobJournal(isDurable: true)
        try await stopWaiting(queue, journal: journal) {
            $0.reportTime = .seconds(20)
        } whileStopping: { worker in
            _ = await queue.report(of: "1")
            await worker.clock.wakeSleeper(of: .seconds(20))
        }
        #expect(await journal.unfinished().count == 1)
        let next = InMemoryJobQueue()
        try await RunningWorker.run(queue: next, journal: journal) { _ in
            JobResult(summary: "not here")
        } whileRunning: { _ in
            #expect(await next.report(of: "1").success?.continuationToken != nil)
        }
        #expect(await journal.unfinished().isEmpty)
    }

    @Test func `a step that hangs is cut off after its time of grace`() async throws {
        let (entered, never) = (Gate(), Gate())
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                await #expect(throws: CancellationError.self) {
                    try await shielded(grace: .milliseconds(10)) {
                        entered.open()
                        await never.wait()
                        try Task.checkCancellation()
                    }
                }
            }
            await entered.wait()
            group.cancelAll()
            try await group.waitForAll()
        }
    }

    @Test func `a step that ends within its time of grace is not cut off`() async throws {
        let (entered, open) = (Gate(), Gate())
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                let value = try await shielded(grace: .seconds(3_600)) {
                    entered.open()
                    await open.wait()
                    return Task.isCancelled ? "cut off" : "done"
                }
                #expect(value == "done")
            }
            await entered.wait()
            group.cancelAll()
            open.open()
            try await group.waitForAll()
        }
    }

    @Test func `a step isn't even begun once the worker is being stopped`() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.cancelAll()
            group.addTask {
                let context = JobContext<Int>(
                    job: JobInfo(id: "1", actionExecutionID: "run-1"),
                    artifacts: JobArtifacts(store: InMemoryArtifactStore()),
                    journal: InMemoryJobJournal(),
                    logger: .silent
                )
                await #expect(throws: CancellationError.self) {
                    try await context.uninterrupted { Issue.record("nobody would take in what it did") }
                }
            }
            try await group.waitForAll()
        }
    }
}
