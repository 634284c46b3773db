import AWSLite
import Foundation
import HTTPTransport
import TestSupport
import Testing

@testable import JobEngine

@Suite("A worker's monitor", .timeLimit(.minutes(1)))
struct WorkerMonitorTests {
    @Test func `shows a job while it runs, with its progress, and its ending afterwards`() async throws {
        let queue = InMemoryJobQueue()
        await queue.offer(.job("1"), .job("2"))
        let (first, second) = (Gate(), Gate())
        let begun = Locked(0)
        let monitor = WorkerMonitor()
        try await RunningWorker.run(queue: queue, monitor: monitor) {
            $0.redact = { $0.replacing("hunter2", with: "[secret]") }
        } handler: { context in
            await context.report(JobProgress("Setting up with hunter2", externalExecutionID: "x-\(context.job.id)"))
            let count = begun.withLock { count in
                count += 1
                return count
            }
            if count == 2 { first.open() }
            await second.wait()
            if context.job.id == "2" { throw JobFailure(.jobFailed, "no luck with hunter2") }
            return JobResult(summary: "done")
        } whileRunning: { worker in
            await first.wait()
            let running = monitor.snapshot()
            #expect(running.capacity == 100 && running.isAlive && !running.isStopping)
            #expect(running.jobs.map(\.id).sorted() == ["1", "2"])
            #expect(running.jobs.allSatisfy { $0.progress.summary == "Setting up with [secret]" })
            #expect(running.jobs.first?.place.pipeline == "Nightly")
            #expect(running.queues.map(\.jobsOffered) == [2])
            second.open()
            _ = await worker.queue.report(of: "1")
            _ = await worker.queue.report(of: "2")
        }
        let over = monitor.snapshot()
        #expect(over.isStopping && over.jobs.isEmpty)
        let endings = Dictionary(uniqueKeysWithValues: over.ended.map { ($0.job.id, $0) })
        #expect(endings["1"]?.ending == .succeeded && endings["1"]?.detail == "done")
        #expect(endings["2"]?.ending == .failed && endings["2"]?.detail == "JobFailed: no luck with [secret]")
    }

    @Test func `counts refused polls, says why, and forgets the trouble once one is answered`() async throws {
        let queue = InMemoryJobQueue()
        await queue.fail(.poll, with: [AWSError("ThrottlingException", "Rate exceeded")])
        let monitor = WorkerMonitor()
        try await RunningWorker.run(queue: queue, monitor: monitor) { _ in
            JobResult(summary: "")
        } whileRunning: { worker in
            await worker.queue.call(where: \.isPoll)
            await worker.clock.wakeNext()
            let refused = try #require(monitor.snapshot().queues.first)
            #expect(refused.throttles == 1 && refused.service.failures == 1)
            // Woken, it asks again, and pauses once it has its answer.
            await worker.clock.wakeNext()
            let well = try #require(monitor.snapshot().queues.first)
            #expect(well.service.answers > 0 && well.service.trouble == nil && well.throttles == 1)
        }
    }

    @Test func `remembers only the latest jobs`() async throws {
        let monitor = WorkerMonitor(historyLength: 2)
        for number in 1...3 {
            let job = WorkerSnapshot.Job(
                id: "\(number)",
                actionExecutionID: "run-\(number)",
                action: "A",
                place: JobPlace(pipeline: "P", stage: "S", action: "A", pipelineExecutionID: "e"),
                claimedAt: Date(),
                progress: JobProgress(""),
                progressSince: Date()
            )
            monitor.jobEnded(.init(job: job, endedAt: Date(), ending: .succeeded, detail: ""))
        }
        #expect(monitor.snapshot().ended.map(\.job.id) == ["3", "2"])
    }

    @Test func `calls a worker dead whose poller is stuck, and not one that has no room`() async throws {
        let clock = ManualClock()
        let monitor = WorkerMonitor(clock: clock)
        monitor.workerStarts([.start], capacity: 1) { $0 }
        monitor.poller(of: .start, .asking(since: clock.now.addingTimeInterval(-299)))
        #expect(monitor.snapshot().isAlive)
        monitor.poller(of: .start, .asking(since: clock.now.addingTimeInterval(-301)))
        #expect(!monitor.snapshot().isAlive)
        monitor.poller(of: .start, .waitingForRoom)
        #expect(monitor.snapshot().isAlive)
    }

    @Test func `shows what a job waits for, and where it is then`() async throws {
        let queue = InMemoryJobQueue()
        await queue.offer(.job("1"))
        let (monitor, observer) = (WorkerMonitor(), Observer())
        let wake = Watched<(@Sendable (Int) -> Void)?>(nil)
        let deadline = ManualClock().now.addingTimeInterval(3_600)
        try await RunningWorker.run(queue: queue, monitor: monitor) {
            $0.observers = [observer]
        } steps: { context, event in
            if event != nil { return .done(JobResult(summary: "done")) }
            await context.report(JobProgress("Setting up"))
            return .wait(
                JobWait(for: "the bell", until: deadline) { ring in
                    wake.withLock { $0 = ring }
                    return {}
                }
            )
        } whileRunning: { worker in
            await wake.wait { $0 != nil }
            await observer.story.wait { $0.contains("waits for the bell") }
            let job = try #require(monitor.snapshot().jobs.first)
            #expect(job.stage == .waiting && job.wait == JobWaitInfo(reason: "the bell", deadline: deadline))
            wake.withLock { $0 }?(1)
            _ = await worker.queue.report(of: "1")
        }
        #expect(monitor.snapshot().jobs.isEmpty)
        let story = observer.story.withLock { $0 }
        #expect(story == ["claimed: claimed", "progressed: Setting up", "waits for the bell", "ended: succeeded done"])
    }

    @Test func `masks secrets in what a job waits for`() async throws {
        let queue = InMemoryJobQueue()
        await queue.offer(.job("1"))
        let (monitor, observer) = (WorkerMonitor(), Observer())
        try await RunningWorker.run(queue: queue, monitor: monitor) {
            $0.redact = { $0.replacing("hunter2", with: "[secret]") }
            $0.observers = [observer]
        } steps: { context, _ in
            context.hide([Secret("s3cret-of-the-job")])
            return .wait(JobWait(for: "hunter2 and s3cret-of-the-job") { _ in {} })
        } whileRunning: { _ in
            await observer.story.wait { $0.count == 2 }
            let reason = try #require(monitor.snapshot().jobs.first?.wait?.reason)
            #expect(reason.hasPrefix("[secret] and "))
            #expect(!reason.contains("s3cret"))
            #expect(observer.story.withLock { $0.last } == "waits for \(reason)")
        }
    }

    @Test func `tells that a job waits before its wait can be over`() async throws {
        let queue = InMemoryJobQueue()
        await queue.offer(.job("1"))
        let observer = Observer()
        try await RunningWorker.run(queue: queue) {
            $0.observers = [observer]
        } steps: { _, event in
            if event != nil { return .done(JobResult(summary: "done")) }
            return .wait(
                JobWait(for: "nothing much") { wake in
                    wake(1)
                    return {}
                }
            )
        } whileRunning: { worker in
            _ = await worker.queue.report(of: "1")
        }
        let story = observer.story.withLock { $0 }
        #expect(story == ["claimed: claimed", "waits for nothing much", "ended: succeeded done"])
    }

    @Test func `shows a job that is in the queue, until it is taken again or long gone`() async throws {
        let queue = InMemoryJobQueue()
        await queue.offer(.job("1"))
        let (monitor, observer) = (WorkerMonitor(), Observer())
        try await RunningWorker.run(queue: queue, monitor: monitor) {
            $0.handoff = .always
            $0.observers = [observer]
        } steps: { context, _ in
            await context.report(JobProgress("Step \(context.checkpoint ?? 0)"))
            try await context.save((context.checkpoint ?? 0) + 1)
            return .wait(.pause(.seconds(30), for: "its turn"))
        } whileRunning: { worker in
            let token = await worker.clock.running { await queue.report(of: "1") }.success?.continuationToken
            await observer.story.wait { $0.contains("requeued") }
            #expect(monitor.snapshot().jobs.map(\.progress.summary) == ["Step 0"])
            await queue.offer(.job("2", actionExecutionID: "run-1", token: token))
            _ = await worker.clock.running { await queue.report(of: "2") }
            await observer.story.wait { $0.count { $0 == "requeued" } == 2 }
            let jobs = monitor.snapshot().jobs
            #expect(jobs.map(\.id) == ["2"] && jobs.first?.stage == .requeued && jobs.first?.putBackAt != nil)
        }
        let story = observer.story.withLock { $0 }
        #expect(story.prefix(3) == ["claimed: claimed", "progressed: Step 0", "requeued"])
        #expect(story.dropFirst(3).first == "continued: claimed")
    }
}

/// Writes down what it is told.
private final class Observer: JobObserver {
    let story = Watched<[String]>([])

    private func note(_ words: String) { story.withLock { $0.append(words) } }

    func jobClaimed(_ job: WorkerSnapshot.Job, as claim: JobClaimKind) {
        note("\(claim == .new ? "claimed" : claim == .continued ? "continued" : "resumed"): \(job.stage.rawValue)")
    }
    func jobProgressed(_ job: WorkerSnapshot.Job) { note("progressed: \(job.progress.summary)") }
    func jobWaits(_ job: WorkerSnapshot.Job) { note("waits for \(job.wait?.reason ?? "nothing")") }
    func jobRequeued(_ job: WorkerSnapshot.Job) { note(job.putBackAt == nil ? "about to be" : job.stage.rawValue) }
    func jobEnded(_ job: WorkerSnapshot.EndedJob) { note("ended: \(job.ending.rawValue) \(job.detail)") }
    func jobLeft(_ job: WorkerSnapshot.Job) { note("left") }
}
