import AWSLite
import Foundation
import HTTPTransport
import TestSupport
import Testing

@testable import JobEngine

@Suite("The nonce of a job", .timeLimit(.minutes(1)))
struct NonceTests {
    private let unsent = AWSError(.transport, "no route to host")
    private let stale = AWSError(.invalidNonce, "stale")

    @Test func `is the newest that was offered, and is on disk before it is used`() async throws {
        let queue = InMemoryJobQueue()
        await queue.offer(.job("1"))
        await queue.offer(.job("1", nonce: "4"))
        await queue.fail(.acknowledge, with: [unsent])
        let journal = InMemoryJobJournal()
        try await RunningWorker.run(queue: queue, journal: journal) { _ in
            #expect(await journal.unfinished().map(\.nonce) == ["4"])
            return JobResult(summary: "done")
        } whileRunning: { worker in
            await queue.call(2, where: \.isPoll)
            #expect(await worker.clock.running { await queue.report(of: "1") }.success != nil)
        }
    }

    @Test(arguments: ["InvalidNonce", "InvalidJobState", "Queued", "Dispatched", "Created"])
    func `is each that is known, however a stale one is refused`(refusal: String) async throws {
        let queue = InMemoryJobQueue()
        await queue.offer(.job("1", nonce: "5"))
        // The reply to an older poll, which has come later.
        await queue.offer(.job("1", nonce: "4"))
        await queue.fail(.acknowledge, with: [unsent])
        switch refusal {
        case "InvalidNonce": await queue.fail(.acknowledge, with: [stale])
        case "InvalidJobState":
            await queue.fail(.acknowledge, with: [AWSError(.invalidJobState, "Job 1 is in state Dispatched")])
        default: await queue.answer([.init(rawValue: refusal)])
        }
        let runs = Locked(0)
        try await RunningWorker.run(queue: queue) { _ in
            runs.withLock { $0 += 1 }
            return JobResult(summary: "done")
        } whileRunning: { worker in
            await queue.call(2, where: \.isPoll)
            #expect(await worker.clock.running { await queue.report(of: "1") }.success != nil)
        }
        #expect(runs.withLock { $0 } == 1)
        let nonces = await queue.calls.compactMap { call in
            if case .acknowledge(_, let nonce) = call { nonce } else { nil }
        }
        #expect(nonces == ["5", "4", "5"])
    }

    @Test func `of a job that nobody has comes with the next poll`() async throws {
        let queue = InMemoryJobQueue()
        await queue.offer(.job("1"))
        await queue.answer([.dispatched])
        let journal = InMemoryJobJournal()
        try await RunningWorker.run(queue: queue, journal: journal) { _ in
            JobResult(summary: "done")
        } whileRunning: { worker in
            await queue.call(where: \.isAcknowledgement)
            await queue.offer(.job("1", nonce: "4"))
            #expect(await worker.clock.running { await queue.report(of: "1") }.success != nil)
        }
        #expect(await queue.calls.contains(.acknowledge(id: "1", nonce: "4")))
    }

    @Test func `isn't made stale by a poll while it is on its way, unless that takes long`() async throws {
        let clock = ManualClock()
        let table = JobTable(capacity: 10, clock: clock)
        let order = Locked<[String]>([])
        #expect(table.take(.record("1"), asked: table.moment(clock.now)) == .new)
        async let poll: Void = {
            await table.letAnswer(.start, within: .seconds(2))
            order.withLock { $0.append("poll") }
        }()
        // Another type's jobs aren't waited for.
        await table.letAnswer(.end, within: .seconds(2))
        order.withLock { $0.append("answer") }
        table.apply(.asks, to: "1")
        table.apply(.claimed, to: "1")
        await poll
        #expect(order.withLock { $0 } == ["answer", "poll"])
        _ = table.take(.record("2"), asked: table.moment(clock.now))
        async let patience: Void = table.letAnswer(.start, within: .seconds(2))
        await clock.wakeSleeper(of: .seconds(2))
        await patience
    }

    @Test func `is taken by others again and again, and the worker pauses`() async throws {
        let queue = InMemoryJobQueue()
        for nonce in 3..<103 { await queue.offer(.job("1", nonce: "\(nonce)")) }
        await queue.fail(.acknowledge, with: Array(repeating: stale, count: 100))
        try await RunningWorker.run(queue: queue) { _ in
            Issue.record("the job isn't this worker's")
            return JobResult(summary: "")
        } whileRunning: { worker in
            await queue.call(where: \.isAcknowledgement)
            // It returns once the poller sleeps.
            await worker.clock.wakeNext()
            #expect(await queue.calls.count(where: \.isPoll) <= 3)
        }
    }
}

@Suite("A job whose acknowledgement may have been taken", .timeLimit(.minutes(1)))
struct DoubtTests {
    private let lostReply = AWSError(.transport, "connection lost", mayHaveBeenProcessed: true)

    /// Runs a worker that isn't to begin job 1, and looks at it.
    private func doubt(
        _ queue: InMemoryJobQueue,
        refusal: AWSError = AWSError(.invalidNonce, "stale"),
        whileRunning body: (RunningWorker) async throws -> Void
    ) async throws {
        await queue.offer(.job("1"))
        await queue.fail(.acknowledge, with: [lostReply, refusal])
        let journal = InMemoryJobJournal()
        try await RunningWorker.run(queue: queue, journal: journal) { configuration in
            // However far the clock runs ahead.
            configuration.redispatchInterval = .seconds(86_400)
        } handler: { context in
            #expect(context.job.id != "1", "it isn't surely this worker's")
            return JobResult(summary: "contested: \(context.mayHaveBegunElsewhere)")
        } abandoned: { _ in
            Issue.record("it may be another worker's")
        } whileRunning: { worker in
            try await body(worker)
        }
        #expect(await journal.unfinished().isEmpty)
    }

    @Test(arguments: [
        AWSError(.invalidNonce, "stale"), AWSError(.invalidJobState, "Job 1 is in state InProgress"),
        AWSError(.accessDeniedException, "no"),
    ])
    func `is put back, and says so to who takes it next`(refusal: AWSError) async throws {
        let queue = InMemoryJobQueue()
        try await doubt(queue, refusal: refusal) { worker in
            let put = await worker.clock.running { await queue.report(of: "1") }.success
            let token = try #require(put?.continuationToken)
            await queue.offer(.job("2", actionExecutionID: "run-1", token: token))
            let end = await worker.clock.running { await queue.report(of: "2") }.success
            #expect(end?.executionDetails?.summary == "contested: true")
        }
    }

    @Test(arguments: [AWSError.Code.invalidJobState, .jobNotFound])
    func `is left alone if that is refused`(code: AWSError.Code) async throws {
        let queue = InMemoryJobQueue()
        await queue.fail(.success, with: [AWSError(code, "The job is in state Dispatched")])
        try await doubt(queue) { worker in
            _ = await worker.clock.running { await queue.report(of: "1") }
        }
    }

    @Test func `is begun once it was offered again and acknowledged`() async throws {
        let queue = InMemoryJobQueue()
        await queue.offer(.job("1"))
        await queue.fail(.acknowledge, with: [lostReply, AWSError(.invalidNonce, "stale")])
        try await RunningWorker.run(queue: queue) { configuration in
            configuration.doubtInterval = .seconds(86_400)
        } handler: { context in
            JobResult(summary: "contested: \(context.mayHaveBegunElsewhere)")
        } whileRunning: { worker in
            await worker.clock.running { await queue.call(2, where: \.isAcknowledgement) }
            await queue.offer(.job("1", nonce: "4"))
            let put = await worker.clock.running { await queue.report(of: "1") }.success
            #expect(put?.executionDetails?.summary == "contested: false")
        }
    }

    @Test func `is another worker's if CodePipeline has closed it`() async throws {
        let queue = InMemoryJobQueue()
        await queue.fail(.details, with: [AWSError(.jobNotFound, "no such job")])
        try await doubt(queue) { worker in
            await worker.clock.running { _ = await queue.call { $0 == .details(id: "1") } }
        }
        #expect(await !queue.calls.contains { $0.success != nil || $0.failure != nil })
    }

    @Test func `is another worker's if its action has come on`() async throws {
        let queue = InMemoryJobQueue()
        await queue.tell("run-1", is: .succeeded)
        try await doubt(queue) { worker in
            await worker.clock.running { _ = await queue.call { if case .statuses = $0 { true } else { false } } }
        }
        #expect(await !queue.calls.contains { $0.success != nil || $0.failure != nil })
    }

    // MARK: What was begun

    @Test func `has its result reported once more if that was refused as nobody's`() async throws {
        let queue = InMemoryJobQueue()
        await queue.offer(.job("1"))
        await queue.fail(.success, with: [AWSError(.invalidJobState, "Job 1 is in state Dispatched")])
        let runs = Locked(0)
        let journal = InMemoryJobJournal()
        try await RunningWorker.run(queue: queue, journal: journal) { _ in
            runs.withLock { $0 += 1 }
            return JobResult(summary: "done")
        } abandoned: { _ in
            Issue.record("it is needed")
        } whileRunning: { worker in
            _ = await queue.report(of: "1")
            await queue.offer(.job("1", nonce: "4"))
            await worker.clock.running {
                _ = await queue.call(2) { $0.success?.executionDetails?.summary == "done" }
            }
        }
        #expect(runs.withLock { $0 } == 1)
        #expect(await queue.calls.contains(.acknowledge(id: "1", nonce: "4")))
        #expect(await journal.unfinished().isEmpty)
    }

    @Test func `leaves what it has begun to the next job of its action`() async throws {
        let queue = InMemoryJobQueue()
        await queue.offer(.job("1"))
        await queue.fail(.success, with: [AWSError(.invalidJobState, "Job 1 is in state Queued")])
        try await RunningWorker.run(queue: queue) { context in
            if context.checkpoint == nil { try await context.save(5) }
            return JobResult(summary: "job \(context.job.id) from \(context.checkpoint ?? 0)")
        } abandoned: { _ in
            Issue.record("it is needed")
        } whileRunning: { worker in
            _ = await queue.report(of: "1")
            await queue.offer(.job("2", actionExecutionID: "run-1"))
            let put = await worker.clock.running { await queue.report(of: "2") }.success
            #expect(put?.executionDetails?.summary == "job 2 from 5")
        }
    }
}
