import AWSLite
import Foundation
import Logging

/// The jobs of a journal that is a copy: another worker may have them in hand, or have ended them long ago.
///
/// They are only looked at. To go on with one could do its work twice, to report it could make the worker that has it end
/// a sandbox which is needed, and what it has begun isn't this worker's to end. A job that is over is forgotten; the others
/// stay in the journal, in doubt, until a person says that the folder was moved.
struct JobsInDoubt: Sendable {
    /// The pause between two rounds of looks.
    private static let pause: Duration = .seconds(60)
    /// The pause between two looks, which spares the account's request rate.
    private static let pauseBetweenLooks: Duration = .seconds(1)

    private let records: [JobRecord]
    private let queue: any JobQueue
    private let journal: RetryingJournal
    private let table: JobTable
    private let clock: any WorkerClock
    private let logger: Logger

    init(
        _ records: [JobRecord],
        queue: any JobQueue,
        journal: RetryingJournal,
        table: JobTable,
        clock: any WorkerClock,
        logger: Logger
    ) {
        self.records = records
        self.queue = queue
        self.journal = journal
        self.table = table
        self.clock = clock
        self.logger = logger
    }

    /// Says what is in doubt, and looks at it until the task is cancelled.
    func run() async {
        var left = records
        for record in left {
            logger(for: record).warning(
                "The state folder is a copy, so this job is only looked at: another worker may have it"
            )
        }
        while !left.isEmpty, !Task.isCancelled {
            var still: [JobRecord] = []
            for record in left {
                if await !settle(record) { still.append(record) }
                try? await clock.sleep(for: Self.pauseBetweenLooks)
            }
            left = still
            if !left.isEmpty { try? await clock.sleep(for: Self.pause) }
        }
        let (never, end) = AsyncStream<Void>.makeStream()
        for await _ in never {}
        end.finish()
    }

    /// Looks at a job once; whether it needn't be looked at again.
    private func settle(_ record: JobRecord) async -> Bool {
        guard await isOver(record) else { return false }
        // It may have been offered to this worker meanwhile, and then its row is the worker's own.
        guard table.take(record, asked: table.moment(clock.now), takesRoom: false) == .new else { return true }
        defer { table.apply(.released, to: record.id) }
        do {
            try await journal.write { try await $0.forget(record.id) }
            logger(for: record).notice("A job of the copied state folder is over, and forgotten")
            return true
        } catch {
            return false
        }
    }

    private func isOver(_ record: JobRecord) async -> Bool {
        do {
            switch try await queue.action(of: record)?.status {
            case .some(let status) where status.isUnwanted || status == .succeeded: return true
            case .some: return false
            case nil: break
            }
        } catch let error as AWSError where error.code.isVerdict {
        } catch {
            return false
        }
        // Where the execution's actions can't be seen, the job at least may be gone.
        do {
            _ = try await queue.getJobDetails(id: record.id)
            return false
        } catch {
            return (error as? AWSError)?.code == .jobNotFound
        }
    }

    private func logger(for record: JobRecord) -> Logger {
        var logger = logger
        logger[metadataKey: "job"] = "\(record.id)"
        logger[metadataKey: "pipeline"] = "\(record.place.pipeline)/\(record.place.stage)/\(record.place.action)"
        logger[metadataKey: "execution"] = "\(record.place.pipelineExecutionID)"
        return logger
    }
}
