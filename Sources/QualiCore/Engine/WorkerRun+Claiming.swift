import AWSLite
import Foundation
import Logging

/// How a job becomes this worker's.
extension WorkerRun {
    /// Makes sure of what an earlier run has claimed, and hands on the jobs that are this worker's.
    ///
    /// It comes before the first poll, to which CodePipeline may offer the same jobs again: that makes their nonces
    /// stale.
    func reclaim(_ unfinished: [JobRecord], _ deliver: @escaping @Sendable (JobRecord) -> Void) async {
        await withDiscardingTaskGroup { claims in
            for record in unfinished {
                guard !record.isAcknowledged, record.outcome == nil else {
                    deliver(record)
                    continue
                }
                claims.addTask { [self] in
                    switch await acknowledge(record, isRepeat: true, logger(for: record)) {
                    case .claimed: deliver(record.acknowledged)
                    case .uncertain where Task.isCancelled && worker.journal.isDurable:
                        leave(record)
                    case .uncertain(let failure): await end(record, .failure(failure))
                    case .notOurs, .refused:
                        await forget(record)
                        leave(record)
                    }
                }
            }
        }
    }

    /// Acknowledges a job; `nil` if it isn't this worker's, or can't be begun.
    func begin(_ offer: OfferedJob) async -> JobInHand? {
        let logger = logger(for: offer.record)
        switch await acknowledge(offer.record, isRepeat: false, logger) {
        case .claimed: break
        // The acknowledgement may be on its way still, and a report that comes before it would be refused.
        case .uncertain where Task.isCancelled && worker.journal.isDurable:
            leave(offer.record)
            return nil
        case .uncertain(let failure):
            await end(offer.record, .failure(failure))
            return nil
        case .notOurs:
            await letGo(offer.record)
            return nil
        case .refused:
            held.shun(offer.record.id, until: worker.clock.now.addingTimeInterval(60), now: worker.clock.now)
            await letGo(offer.record)
            return nil
        }
        var record = offer.record.acknowledged
        record.isOwn = true
        worker.monitor.jobBegins(record)
        await absent.returned(record.actionExecutionID)
        let isContinued = record.checkpoint != nil
        let isLook = offer.notBefore != nil
        logger.log(level: isLook ? .debug : .info, "Job begins", metadata: isContinued ? ["continued": "true"] : [:])
        switch offer.content {
        case .success(let data): return jobInHand(record, data, accountID: offer.accountID, offer.mark)
        case .failure(let failure):
            await end(record, .failure(failure))
            return nil
        }
    }

    /// Waits until a job that was put back is to be looked at again.
    func rest(before offer: OfferedJob) async {
        guard let notBefore = offer.notBefore else { return }
        offer.mark?.end()
        // The queue was quicker than the pace of looks at the lab. Another host may be wrong of the time, so not for long.
        let rest = notBefore.timeIntervalSince(worker.serviceClock.now)
        if rest > 0 { try? await worker.clock.sleep(for: min(.seconds(rest), .seconds(60))) }
    }

    private func acknowledge(_ record: JobRecord, isRepeat: Bool, _ logger: Logger) async -> JobAcknowledgement.Answer {
        let acknowledgement = JobAcknowledgement(
            queue: worker.queue,
            certainty: worker.configuration.redispatchInterval,
            clock: worker.clock,
            serviceClock: worker.serviceClock,
            outage: acknowledging,
            logger: logger
        )
        let answer = await acknowledgement.claim(record, isRepeat: isRepeat)
        if case .claimed = answer {
            // Cut off by a stop it stays unnoted, and the next run acknowledges again.
            try? await journal.write { try await $0.noteAcknowledged(record.id) }
        }
        return answer
    }

    private func letGo(_ record: JobRecord) async {
        await forget(record)
        held.release(record.id)
        slots.release(1)
    }

    func forget(_ record: JobRecord) async {
        do {
            try await journal.write { try await $0.forget(record.id) }
        } catch {
            logger(for: record).error("Stopped before the journal could forget a job", metadata: ["error": "\(error)"])
        }
    }
}

extension JobRecord {
    /// The same, as this worker's.
    fileprivate var acknowledged: Self {
        var record = self
        record.isAcknowledged = true
        return record
    }
}
