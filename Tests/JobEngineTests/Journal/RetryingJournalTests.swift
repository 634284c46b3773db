import AWSLite
import Foundation
import Logging
import MetricsTestKit
import TestSupport
import Testing

@testable import JobEngine

@Suite("A journal that can't be written", .timeLimit(.minutes(1)))
struct RetryingJournalTests {
    @Test func `delays a report until the outcome is noted, and a note of its end until that is`() async throws {
        let queue = InMemoryJobQueue()
        await queue.offer(.job("1"))
        let journal = FaultyJournal(["noteAcknowledged": 2, "saveOutcome": 2, "forget": 2])
        try await RunningWorker.run(queue: queue, journal: journal) { _ in
            #expect(await journal.writes == ["claim", "noteAcknowledged"])
            return JobResult(summary: "done")
        } whileRunning: { worker in
            _ = await worker.clock.running { await queue.report(of: "1") }
            #expect(await journal.writes.starts(with: ["claim", "noteAcknowledged", "saveOutcome"]))
            await worker.clock.running { await journal.base.wait { $0.isEmpty } }
        }
        #expect(await journal.writes == ["claim", "noteAcknowledged", "saveOutcome", "forget"])
        #expect(await queue.calls.count { $0.success != nil } == 1)
    }

    @Test func `ends the claiming of jobs, but not the polling, and all goes on when it is well again`() async throws {
        let queue = InMemoryJobQueue()
        await queue.offer(.job("1"))
        let journal = FaultyJournal(["claim": 1])
        try await RunningWorker.run(queue: queue, journal: journal) { _ in
            JobResult(summary: "done")
        } whileRunning: { worker in
            await worker.clock.running { await queue.call(3, where: \.isPoll) }
            #expect(await !queue.calls.contains(where: \.isAcknowledgement))
            await queue.offer(.job("1", nonce: "4"))
            #expect(await worker.clock.running { await queue.report(of: "1") }.success != nil)
        }
    }

    @Test func `is written to before jobs are asked for again, and makes the worker unready`() async throws {
        let queue = InMemoryJobQueue()
        await queue.offer(.job("1"))
        let metrics = TestMetrics()
        let (journal, monitor, book) = (FaultyJournal(["claim": .max]), WorkerMonitor(metrics: metrics), LogBook())
        let begun = Gate()
        try await RunningWorker.run(queue: queue, journal: journal, monitor: monitor, logger: book.logger) { _ in
            begun.open()
            return JobResult(summary: "done")
        } whileRunning: { worker in
            await worker.clock.running { await journal.failures.wait { $0 >= 50 } }
            #expect(await queue.calls.count(where: \.isPoll) == 1)
            #expect(monitor.snapshot().journalTrouble?.contains("DiskFull") == true)
            await queue.offer(.job("1", nonce: "4"))
            await journal.mend("claim")
            // The pause between two tries, and nothing else.
            async let _ = worker.clock.wakeSleeper(of: .milliseconds(900))
            await begun.wait()
            #expect(monitor.snapshot().journalTrouble == nil)
        }
        let errors = try metrics.expectCounter("quali_worker_journal_errors_total").totalValue
        #expect(Int(errors) == journal.failures.withLock { $0 })
        let said = book.lines(from: .notice).map(\.message)
        #expect(said == ["Writing to the journal fails", "Writing to the journal recovered"])
    }

    @Test func `is waited for at the start, if its disk is full, and nothing is asked for`() async throws {
        let queue = InMemoryJobQueue()
        await queue.hold(.job("1"))
        let (journal, monitor) = (FaultyJournal(["unfinished": .max], [.record()]), WorkerMonitor())
        try await RunningWorker.run(queue: queue, journal: journal, monitor: monitor) { _ in
            JobResult(summary: "done")
        } whileRunning: { worker in
            await worker.clock.running { await journal.failures.wait { $0 >= 20 } }
            #expect(await queue.calls.isEmpty)
            #expect(monitor.snapshot().journalTrouble?.contains("/state") == true)
            await journal.mend("unfinished")
            #expect(await worker.clock.running { await queue.report(of: "1") }.success != nil)
        }
    }

    @Test func `can be waited for in vain, until the worker is stopped`() async throws {
        let queue = InMemoryJobQueue()
        let journal = FaultyJournal(["unfinished": .max])
        try await RunningWorker.run(queue: queue, journal: journal) { _ in
            JobResult(summary: "done")
        } whileRunning: { worker in
            await worker.clock.running { await journal.failures.wait { $0 >= 10 } }
        }
        #expect(await queue.calls.isEmpty)
    }

    @Test func `leaves a job in it, unreported, when the worker is stopped meanwhile`() async throws {
        let queue = InMemoryJobQueue()
        await queue.offer(.job("1"))
        let journal = FaultyJournal(["saveOutcome": .max])
        let done = Gate()
        try await RunningWorker.run(queue: queue, journal: journal) { context in
            try await context.save(5)
            done.open()
            return JobResult(summary: "done")
        } whileRunning: { _ in
            await done.wait()
        }
        #expect(await !queue.calls.contains { $0.success != nil || $0.failure != nil })
        #expect(try await journal.unfinished().map(\.checkpoint) == [Data("5".utf8)])
    }
}

/// A journal some of whose writes fail for a number of times.
private actor FaultyJournal: JobJournal {
    struct DiskFull: Error {}

    nonisolated let isDurable = true
    /// The writes that went through.
    private(set) var writes: [String] = []
    nonisolated let base: WatchedJournal
    private var faults: [String: Int]
    /// How often it has failed.
    nonisolated let failures = Watched(0)

    init(_ faults: [String: Int], _ records: [JobRecord] = []) {
        self.faults = faults
        base = WatchedJournal(records, isDurable: true)
    }

    /// Lets an operation go through from now on.
    func mend(_ name: String) { faults[name] = nil }

    private func fail(_ name: String, with error: any Error) throws {
        guard let left = faults[name], left > 0 else { return }
        faults[name] = left - 1
        failures.withLock { $0 += 1 }
        throw error
    }

    private func write(_ name: String) throws {
        try fail(name, with: DiskFull())
        writes.append(name)
    }

    func claim(_ records: [JobRecord]) async throws {
        try write("claim")
        await base.claim(records)
    }

    func noteAcknowledged(_ jobID: String) async throws {
        try write("noteAcknowledged")
        await base.noteAcknowledged(jobID)
    }

    func saveCheckpoint(_ checkpoint: Data, of jobID: String) async throws {
        try await base.saveCheckpoint(checkpoint, of: jobID)
    }

    func saveOutcome(_ outcome: JobOutcome, of jobID: String) async throws {
        try write("saveOutcome")
        await base.saveOutcome(outcome, of: jobID)
    }

    func forget(_ jobID: String) async throws {
        try write("forget")
        await base.forget(jobID)
    }

    func unfinished() async throws -> [JobRecord] {
        try fail("unfinished", with: StateFolder.failure("/state", "can't be written", ENOSPC))
        return await base.unfinished()
    }
}
