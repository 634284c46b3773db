import AWSLite
import Foundation
import HTTPTransport
import Logging
import TestSupport
import Testing

@testable import JobEngine

/// A host's clock that somebody sets.
private final class SettableClock: WorkerClock {
    private let lead = Locked<TimeInterval>(0)
    let base = ManualClock()

    var now: Date { base.now }
    var timeOfDay: Date { base.now.addingTimeInterval(lead.withLock { $0 }) }

    func set(by seconds: TimeInterval) { lead.withLock { $0 += seconds } }
    func sleep(for duration: Duration) async throws { try await base.sleep(for: duration) }
}

@Suite(.timeLimit(.minutes(1)))
struct ServiceClockTests {
    private static let hour: TimeInterval = 3_600

    @Test func `the system's clock passes evenly`() async throws {
        let clock = SystemWorkerClock()
        let (before, began) = (clock.now, ContinuousClock.now)
        try await clock.sleep(for: .milliseconds(20))
        #expect(clock.now.timeIntervalSince(before) >= 0.02)
        #expect(clock.now.timeIntervalSince(before) <= (ContinuousClock.now - began) / .seconds(1) + 0.001)
        // Others are made later, and measure by the same.
        #expect(abs(SystemWorkerClock().now.timeIntervalSince(clock.now)) < 5)
    }

    @Test func `a job's dates are in the service's time, from its claim to its token`() async throws {
        let queue = InMemoryJobQueue()
        // It is known only by the first reply.
        queue.isAhead(by: -2 * Self.hour, after: 1)
        await queue.offer(.job("1"))
        let journal = InMemoryJobJournal()
        let waits = Gate()
        try await RunningWorker.run(queue: queue, journal: journal) { context in
            try await context.save(7)
            waits.open()
            try await context.clock.sleep(for: .seconds(Self.hour))
            return JobResult(summary: "")
        } whileRunning: { worker in
            await waits.wait()
            let record = try #require(await journal.unfinished().first)
            #expect(record.claimedAt == worker.clock.now.addingTimeInterval(-2 * Self.hour))
            #expect(record.offeredAt == record.claimedAt)
            await worker.stop()
        }
        guard case .success(_, let result) = await queue.report(of: "1") else {
            Issue.record("no token")
            return
        }
        let token = try ContinuationToken(try #require(result.continuationToken), for: "run-1")
        #expect(token.claimedAt == ManualClock().now.addingTimeInterval(-2 * Self.hour))
        #expect(token.isInServiceTime)
    }

    @Test(arguments: [-31_536_000, -7_200, 1_020, 31_536_000] as [TimeInterval])
    func `what a job still has is the same on a host with another clock`(ahead: TimeInterval) async throws {
        let (deadline, moment) = (900.0, ManualClock().now.addingTimeInterval(ahead))
        let token = ContinuationToken(
            actionExecutionID: "run-1",
            claimedAt: moment.addingTimeInterval(-600),
            checkpoint: Data("900".utf8)
        )
        let queue = InMemoryJobQueue()
        queue.isAhead(by: ahead)
        await queue.offer(.job("1", token: token.encoded()))
        try await RunningWorker.run(queue: queue) { context in
            let end = context.job.claimedAt.addingTimeInterval(deadline)
            return JobResult(summary: "\(Int(end.timeIntervalSince(context.clock.now).rounded())) s left")
        } whileRunning: { _ in
            guard case .success(_, let result) = await queue.report(of: "1") else {
                Issue.record("it failed")
                return
            }
            #expect(result.executionDetails?.summary == "300 s left")
        }
    }

    // MARK: Older versions

    private struct Waiting: ActionHandler {
        struct Checkpoint: Codable, Sendable {
            var deadline: Date
            var words: String
        }

        func run(_ configuration: NoConfiguration, context: JobContext<Checkpoint>) async throws -> JobResult {
            let checkpoint = try #require(context.checkpoint)
            let left = checkpoint.deadline.timeIntervalSince(context.clock.now)
            return JobResult(summary: "\(checkpoint.words), \(Int(left.rounded())) s left")
        }
    }

    private func record(claimedAt: Date) throws -> JobRecord {
        let checkpoint = Waiting.Checkpoint(deadline: claimedAt.addingTimeInterval(930), words: "as it was")
        var record = JobRecord(
            id: "1",
            actionTypeID: .start,
            actionExecutionID: "run-1",
            place: JobPlace(pipeline: "P", stage: "S", action: "A", pipelineExecutionID: "e"),
            nonce: "3",
            isAcknowledged: true,
            claimedAt: claimedAt,
            checkpoint: try JSONEncoder.compact.encode(checkpoint)
        )
        record.shows = RequeueSchedule(count: 1, last: claimedAt.addingTimeInterval(30))
        return record
    }

    @Test(arguments: [-7_200, -1_020, 0, 3_600] as [TimeInterval])
    func `what an older version has written is as if it were written just now`(ahead: TimeInterval) async throws {
        let clock = ManualClock()
        let action = JobAction(.start, handler: Waiting())
        var record = try record(claimedAt: clock.now.addingTimeInterval(ahead))
        // What this version writes is taken at its word.
        let own = record.inServiceTime(now: clock.now, action)
        #expect(own.claimedAt == record.claimedAt)
        #expect(own.checkpoint == record.checkpoint)
        // An older version's record lacks the mark.
        let text = String(decoding: try JSONEncoder.compact.encode(record), as: UTF8.self)
        #expect(text.contains(#""isInServiceTime":true,"#))
        record = try JSONDecoder.compact.decode(
            JobRecord.self,
            from: Data(text.replacing(#""isInServiceTime":true,"#, with: "").utf8)
        )
        let queue = InMemoryJobQueue()
        await queue.hold(.job("1"))
        let worker = JobWorker(
            queue: queue,
            actions: [action],
            artifactStore: InMemoryArtifactStore(),
            journal: InMemoryJobJournal([record]),
            clock: clock,
            logger: LogBook().logger
        )
        let run = Task { try await worker.run() }
        guard case .success(_, let result) = await queue.report(of: "1") else {
            Issue.record("it failed")
            return
        }
        #expect(result.executionDetails?.summary == "as it was, 900 s left")
        run.cancel()
        _ = await run.result
    }

    @Test func `so is what an older version has put into a token`() async throws {
        let old = #"{"a":"run-1","c":7,"n":1000000060,"t":1000000000,"v":1}"#
        #expect(try !ContinuationToken(old, for: "run-1").isInServiceTime)
        let queue = InMemoryJobQueue()
        await queue.offer(.job("1", token: old))
        try await RunningWorker.run(queue: queue) { context in
            #expect(context.clock.now.timeIntervalSince(context.job.claimedAt) == 60)
            return JobResult(summary: "\(context.checkpoint ?? 0)")
        } whileRunning: { _ in
            guard case .success(_, let result) = await queue.report(of: "1") else {
                Issue.record("it failed")
                return
            }
            #expect(result.executionDetails?.summary == "7")
        }
    }

    // MARK: Steps of the clock

    @Test func `a step of the host's clock is said once, with its size, and nothing else comes of it`() async {
        let (clock, book) = (SettableClock(), LogBook())
        let watch = Task { await ClockWatch(clock: clock, logger: book.logger).run() }
        await clock.base.wakeNext()
        for step in [-60, 0, 7_200, 1, -31_536_000] as [TimeInterval] {
            clock.set(by: step)
            await clock.base.wakeNext()
            await clock.base.wakeNext()
        }
        watch.cancel()
        await watch.value
        #expect(book.lines.map(\.message) == Array(repeating: "The host's clock was set", count: 3))
        #expect(book.lines.map { $0.metadata["by"] } == ["-0:01:00", "+2:00:00", "-8760:00:00"])
        #expect(book.lines.allSatisfy { $0.level == .notice })
    }

    @Test func `what is told of a worker is in the service's time`() throws {
        let start = Date(timeIntervalSince1970: 1_000_000_000)
        var snapshot = WorkerSnapshot(
            takenAt: start + 100,
            startedAt: start,
            isStopping: false,
            capacity: 1,
            jobs: [],
            ended: [],
            queues: [],
            lab: .init()
        )
        let job = WorkerSnapshot.Job(
            id: "1",
            actionExecutionID: "run-1",
            action: "A",
            place: JobPlace(pipeline: "P", stage: "S", action: "A", pipelineExecutionID: "e"),
            claimedAt: start + 7_250,
            progress: JobProgress("Waits"),
            progressSince: start + 60,
            putBackAt: start + 70
        )
        snapshot.jobs = [job]
        snapshot.ended = [.init(job: job, endedAt: start + 90, ending: .failed, detail: "")]
        snapshot.lab.lastAnswerAt = start + 80
        snapshot.lab.troubleSince = start + 81
        snapshot.queues = [
            .init(action: "A", version: "1", activity: .resting(until: start + 110), service: snapshot.lab)
        ]
        let told = snapshot.inServiceTime(7_200)
        #expect(told.takenAt == start + 7_300)
        #expect(told.startedAt == start + 7_200)
        #expect(told.jobs.map(\.claimedAt) == [start + 7_250])
        #expect(told.jobs.map(\.progressSince) == [start + 7_260])
        #expect(told.jobs.map(\.putBackAt) == [start + 7_270])
        #expect(told.ended.map(\.endedAt) == [start + 7_290])
        #expect(told.lab.lastAnswerAt == start + 7_280)
        #expect(told.lab.troubleSince == start + 7_281)
        #expect(told.queues.map(\.activity) == [.resting(until: start + 7_310)])
        #expect(told.queues.map(\.service) == [told.lab])
        #expect(told.isAlive)
    }
}
