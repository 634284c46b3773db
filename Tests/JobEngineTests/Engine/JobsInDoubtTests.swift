import AWSLite
import Foundation
import Logging
import TestSupport
import Testing

@testable import JobEngine

@Suite("Jobs of a journal that is a copy", .timeLimit(.minutes(1)))
struct JobsInDoubtTests {
    /// Records as a copy has them: one under way, one that wasn't acknowledged, one whose outcome wasn't reported, and one
    /// of which nobody wanted a result.
    private static var records: [JobRecord] {
        var records = ["1", "2", "3", "4"].map { JobRecord.record($0, checkpoint: Data("5".utf8)) }
        records[1].isAcknowledged = false
        records[2].outcome = .success(JobResult(summary: "done"))
        records[3].outcome = .abandoned
        for index in records.indices { records[index].isInDoubt = true }
        return records
    }

    /// Runs a worker over them that must touch none.
    private func run(
        _ queue: InMemoryJobQueue,
        _ journal: any JobJournal,
        logger: LogBook = LogBook(),
        whileRunning body: (RunningWorker) async throws -> Void
    ) async throws {
        try await RunningWorker.run(queue: queue, journal: journal, logger: logger.logger) { context in
            if context.job.id != "9" { Issue.record("another worker may have it") }
            return JobResult(summary: "done")
        } abandoned: { _ in
            Issue.record("another worker may need it")
        } whileRunning: { worker in
            try await body(worker)
        }
    }

    @Test(arguments: [AWSError.Code.accessDeniedException, nil])
    func `are only looked at, while others are done`(code: AWSError.Code?) async throws {
        let (queue, book) = (InMemoryJobQueue(), LogBook())
        for record in Self.records { await queue.hold(.job(record.id)) }
        if let code { await queue.fail(.statuses, with: Array(repeating: AWSError(code, "no"), count: 100)) }
        let journal = InMemoryJobJournal(Self.records, isDurable: true)
        await queue.offer(.job("9"))
        try await run(queue, journal, logger: book) { worker in
            await worker.clock.running {
                _ = await queue.report(of: "9")
                _ = await queue.call(9) { if case .statuses = $0 { true } else { false } }
            }
        }
        let touched = await queue.calls.compactMap { call in
            switch call {
            case .acknowledge(let id, _), .success(let id, _), .failure(let id, _): id
            default: nil
            }
        }
        #expect(Set(touched) == ["9"])
        #expect(await journal.unfinished().map(\.id).sorted() == ["1", "2", "3", "4"])
        let warned = book.lines(from: .warning).filter { $0.message.hasPrefix("The state folder is a copy") }
        #expect(Set(warned.compactMap { $0.metadata["job"] }) == ["1", "2", "3", "4"])
    }

    @Test func `are forgotten once they are over`() async throws {
        let queue = InMemoryJobQueue()
        let journal = WatchedJournal(Self.records, isDurable: true)
        // One has succeeded, one has failed, one goes on, and CodePipeline knows nothing of the last.
        await queue.tell("run-1", is: .succeeded)
        await queue.tell("run-2", is: .failed)
        await queue.tell("run-3", is: .inProgress)
        await queue.hold(.job("3"))
        try await run(queue, journal) { worker in
            await worker.clock.running {
                await journal.wait { $0.map(\.id) == ["3"] }
                await queue.tell("run-3", is: .succeeded)
                await journal.wait { $0.isEmpty }
            }
        }
        #expect(await !queue.calls.contains { $0.success != nil || $0.failure != nil || $0.isAcknowledgement })
    }

    @Test func `are this worker's when they are offered to it`() async throws {
        let (queue, journal) = (InMemoryJobQueue(), InMemoryJobJournal([Self.records[1]], isDurable: true))
        await queue.offer(.job("2", nonce: "8"))
        try await RunningWorker.run(queue: queue, journal: journal) { _ in
            JobResult(summary: "done")
        } whileRunning: { worker in
            let report = await worker.clock.running { await queue.report(of: "2") }
            #expect(report.success != nil)
            #expect(await queue.calls.contains(.acknowledge(id: "2", nonce: "8")))
        }
        #expect(await journal.unfinished().isEmpty)
    }
}
