import AWSLite
import Foundation
import HTTPTransport
import TestSupport
import Testing

@testable import JobEngine

@Suite("A job that is offered again", .timeLimit(.minutes(1)))
struct RedeliveryTests {
    private let unsent = AWSError(.transport, "no route to host")
    private let lostReply = AWSError(.transport, "connection lost", mayHaveBeenProcessed: true)
    private let refusal = AWSError(.accessDeniedException, "not authorized to perform: codepipeline:AcknowledgeJob")

    /// Lets the worker poll, and take in what the poll has brought, at least once.
    private func poll(_ worker: RunningWorker) async {
        let before = await worker.queue.calls.count(where: \.isPoll)
        while await worker.queue.calls.count(where: \.isPoll) < before + 2 { await worker.clock.wakeNext() }
    }

    @Test func `is done once while its acknowledgement is under way`() async throws {
        let queue = InMemoryJobQueue()
        await queue.offer(.job("1"))
        await queue.offer(.job("1", nonce: "4"))
        await queue.fail(.acknowledge, with: [unsent])
        let runs = Locked(0)
        try await RunningWorker.run(queue: queue) { _ in
            runs.withLock { $0 += 1 }
            return JobResult(summary: "done")
        } whileRunning: { worker in
            // On a slow machine the second offer may be taken in when the job is done, and is refused then.
            await queue.call(2, where: \.isPoll)
            #expect(await worker.clock.running { await queue.report(of: "1") }.success != nil)
        }
        #expect(runs.withLock { $0 } == 1)
        #expect(await queue.calls.first(where: \.isAcknowledgement) == .acknowledge(id: "1", nonce: "3"))
        #expect(await queue.calls.count { $0.success != nil } == 1)
    }

    @Test func `is done once while it is held, and keeps its record and checkpoint`() async throws {
        let queue = InMemoryJobQueue()
        await queue.offer(.job("1"))
        let journal = InMemoryJobJournal()
        let (started, end) = (Gate(), Gate())
        let runs = Locked(0)
        try await RunningWorker.run(queue: queue, journal: journal) { context in
            runs.withLock { $0 += 1 }
            try await context.save(5)
            started.open()
            await end.wait()
            return JobResult(summary: "done")
        } whileRunning: { worker in
            await started.wait()
            await queue.fail(.acknowledge, with: [AWSError(.invalidNonce, "stale")])
            await queue.offer(.job("1", nonce: "4"))
            await poll(worker)
            #expect(await journal.unfinished().map(\.checkpoint) == [Data("5".utf8)])
            end.open()
            #expect(await queue.report(of: "1").success != nil)
        }
        #expect(runs.withLock { $0 } == 1)
        #expect(await queue.calls.filter(\.isAcknowledgement) == [.acknowledge(id: "1", nonce: "3")])
    }

    @Test func `is left alone by a worker that resumes it`() async throws {
        let queue = InMemoryJobQueue()
        await queue.hold(.job("1"))
        await queue.offer(.job("1", nonce: "4"))
        let (started, end) = (Gate(), Gate())
        try await RunningWorker.run(queue: queue, journal: InMemoryJobJournal([.record()])) { _ in
            started.open()
            await end.wait()
            return JobResult(summary: "done")
        } whileRunning: { worker in
            await started.wait()
            await poll(worker)
            end.open()
            _ = await queue.report(of: "1")
        }
        #expect(await !queue.calls.contains(where: \.isAcknowledgement))
    }

    @Test func `doesn't keep a worker busy whose acknowledgements are refused`() async throws {
        let queue = InMemoryJobQueue()
        for _ in 0..<100 { await queue.offer(.job("1")) }
        await queue.fail(.acknowledge, with: Array(repeating: refusal, count: 100))
        let journal = InMemoryJobJournal()
        try await RunningWorker.run(queue: queue, journal: journal) { _ in
            Issue.record("the job isn't this worker's")
            return JobResult(summary: "")
        } whileRunning: { worker in
            await queue.call(where: \.isAcknowledgement)
            // It returns once the poller sleeps.
            await worker.clock.wakeNext()
            #expect(await queue.calls.count(where: \.isPoll) <= 3)
        }
        #expect(await queue.calls.count(where: \.isAcknowledgement) == 1)
        #expect(await journal.unfinished().isEmpty)
    }

    @Test func `is taken a minute after a refusal, if it may be then`() async throws {
        let queue = InMemoryJobQueue()
        for _ in 0..<100 { await queue.offer(.job("1")) }
        await queue.fail(.acknowledge, with: [refusal])
        let end = Gate()
        try await RunningWorker.run(queue: queue) { context in
            #expect(context.clock.now.timeIntervalSince(ManualClock().now) >= 60)
            await end.wait()
            return JobResult(summary: "done")
        } whileRunning: { worker in
            await worker.clock.running { await queue.call(2, where: \.isAcknowledgement) }
            end.open()
            #expect(await queue.report(of: "1").success != nil)
        }
    }

    @Test func `that is refused is shunned for a time, and held by one alone`() {
        let now = Date(timeIntervalSince1970: 0)
        let table = JobTable(capacity: 10, clock: ManualClock())
        table.resume([.record("0")])
        func take(_ id: String, after seconds: TimeInterval = 0) -> JobTable.Taking {
            table.take(.record(id), asked: table.moment(now.addingTimeInterval(seconds)))
        }
        #expect(take("0") == .known)
        #expect(take("1") == .new)
        #expect(take("1") == .renewed)
        table.shun("1", until: now.addingTimeInterval(60), now: now)
        #expect(take("1", after: 59) == .known)
        #expect(take("1", after: 60) == .new)
        #expect(take("1", after: 60) == .renewed)
        table.apply(.released, to: "1")
        #expect(take("1", after: 61) == .new)
    }

    // MARK: Whose it is

    @Test func `long after a lost acknowledgement is nobody's to work on`() async throws {
        let queue = InMemoryJobQueue()
        await queue.offer(.job("1"))
        // Even the shortest of their pauses are longer than twenty seconds together.
        await queue.fail(
            .acknowledge,
            with: Array(repeating: lostReply, count: 14) + [AWSError(.invalidNonce, "stale")]
        )
        try await RunningWorker.run(queue: queue) { _ in
            Issue.record("the job may be another worker's")
            return JobResult(summary: "")
        } whileRunning: { worker in
            let failure = await worker.clock.running { await queue.report(of: "1") }.failure
            #expect(failure?.type == .systemUnavailable)
            #expect(failure?.message.contains("Nothing was done here") == true)
        }
    }

    @Test func `that a crash kept from being acknowledged is acknowledged before it is resumed`() async throws {
        let queue = InMemoryJobQueue()
        await queue.hold(.job("1"))
        let journal = InMemoryJobJournal([.record(isAcknowledged: false, checkpoint: Data("7".utf8))])
        try await RunningWorker.run(queue: queue, journal: journal) { context in
            #expect(await journal.unfinished().map(\.isAcknowledged) == [true])
            return JobResult(summary: "went on from \(context.checkpoint ?? 0)")
        } whileRunning: { _ in
            #expect(await queue.report(of: "1").success?.executionDetails?.summary == "went on from 7")
        }
        let calls = await queue.calls.filter { !$0.isPoll }
        #expect(calls.prefix(2) == [.acknowledge(id: "1", nonce: "3"), .details(id: "1")])
        #expect(await journal.unfinished().isEmpty)
    }

    @Test func `that a crash kept from being acknowledged is dropped if CodePipeline has given it up`() async throws {
        let queue = InMemoryJobQueue()
        await queue.hold(.job("1"))
        await queue.fail(.acknowledge, with: [AWSError(.jobNotFound, "no such job")])
        let journal = InMemoryJobJournal([.record(isAcknowledged: false)])
        try await RunningWorker.run(queue: queue, journal: journal) {
            $0.maxJobs = 1
        } handler: { _ in
            Issue.record("the job isn't this worker's")
            return JobResult(summary: "")
        } whileRunning: { _ in
            // There is room for a poll only once the job is let go.
            await queue.call(where: \.isPoll)
        }
        #expect(await queue.calls.filter { !$0.isPoll } == [.acknowledge(id: "1", nonce: "3")])
        #expect(await journal.unfinished().isEmpty)
    }

    @Test func `that can't be acknowledged after a crash doesn't keep others waiting for ever`() async throws {
        let queue = InMemoryJobQueue()
        await queue.hold(.job("1"))
        await queue.fail(.acknowledge, with: Array(repeating: lostReply, count: 1_000))
        let journal = InMemoryJobJournal([.record(isAcknowledged: false)])
        try await RunningWorker.run(queue: queue, journal: journal) { _ in
            JobResult(summary: "done")
        } whileRunning: { worker in
            await worker.clock.running { _ = await queue.call(where: \.isPoll) }
            #expect(await queue.calls.count(where: \.isAcknowledgement) < 1_000)
        }
    }

    @Test func `that a crash just after its acknowledgement left unnoted is put back`() async throws {
        let queue = InMemoryJobQueue()
        await queue.hold(.job("1"))
        await queue.fail(.acknowledge, with: [AWSError(.invalidNonce, "stale")])
        let journal = InMemoryJobJournal([
            .record(isAcknowledged: false, offeredAt: ManualClock().now.addingTimeInterval(-5))
        ])
        try await RunningWorker.run(queue: queue, journal: journal) {
            // However far the clock runs ahead.
            $0.redispatchInterval = .seconds(86_400)
        } handler: { _ in
            Issue.record("it isn't known to be this worker's")
            return JobResult(summary: "")
        } whileRunning: { worker in
            let put = await worker.clock.running { await queue.report(of: "1") }.success
            #expect(put?.continuationToken != nil)
        }
        #expect(await journal.unfinished().isEmpty)
    }

    @Test(arguments: [(age: 4, rest: 6), (age: 9, rest: 2), (age: 600, rest: 2), (age: -5, rest: 10)])
    func `that crashes leave in doubt again and again is put back in time, counted from its offer`(
        age: Int,
        rest: Int
    ) async throws {
        let queue = InMemoryJobQueue()
        await queue.hold(.job("1"))
        await queue.fail(.acknowledge, with: [AWSError(.invalidNonce, "stale")])
        let offeredAt = ManualClock().now.addingTimeInterval(-Double(age))
        let journal = InMemoryJobJournal([.record(isAcknowledged: false, offeredAt: offeredAt)])
        try await RunningWorker.run(queue: queue, journal: journal) {
            $0.redispatchInterval = .seconds(86_400)
        } handler: { _ in
            Issue.record("it isn't known to be this worker's")
            return JobResult(summary: "")
        } whileRunning: { worker in
            await worker.clock.wakeSleeper(of: .seconds(rest))
            #expect(await queue.report(of: "1").success?.continuationToken != nil)
        }
    }

    @Test(arguments: [AWSError.Code.invalidNonce, .accessDeniedException])
    func `that a crash kept from being acknowledged fails if it may be another worker's`(
        code: AWSError.Code
    ) async throws {
        let queue = InMemoryJobQueue()
        await queue.hold(.job("1"))
        await queue.fail(.acknowledge, with: [AWSError(code, "no")])
        let journal = InMemoryJobJournal([
            .record(isAcknowledged: false, offeredAt: ManualClock().now.addingTimeInterval(-60))
        ])
        try await RunningWorker.run(queue: queue, journal: journal) { _ in
            Issue.record("the job may be another worker's")
            return JobResult(summary: "")
        } whileRunning: { worker in
            #expect(await worker.clock.running { await queue.report(of: "1") }.failure?.type == .systemUnavailable)
        }
        #expect(await journal.unfinished().isEmpty)
    }
}
