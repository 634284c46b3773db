import AWSLite
import Foundation
import Logging

/// A job that a worker would have, and what it knows of whose it is.
struct JobClaim: Sendable {
    /// With the nonce that was tried last.
    var record: JobRecord
    /// When the poll was sent that has brought that.
    fileprivate var asked: JobTable.Moment
    /// What was tried without an answer before a newer offer came, the newest last.
    fileprivate var spares: [JobTable.Offer] = []
    /// The last acknowledgement that may have been taken, though its answer got lost.
    fileprivate(set) var doubt: Doubt?
    /// How long after the offer the last answer came, in seconds.
    fileprivate(set) var age = TimeInterval.infinity

    /// An acknowledgement that may have been taken.
    struct Doubt: Sendable {
        let nonce: String
        /// When that came to light.
        let since: JobTable.Moment
    }

    /// Begins with a job's offer.
    ///
    /// `doubt` is when an earlier run may have acknowledged it.
    init(_ record: JobRecord, isRepeatSince doubt: JobTable.Moment? = nil) {
        self.record = record
        asked = JobTable.Moment(number: 0, time: record.offeredAt)
        self.doubt = doubt.map { Doubt(nonce: record.nonce, since: $0) }
    }

    /// Goes on with a newer offer.
    fileprivate mutating func renew(_ offer: JobTable.Offer) {
        // A job that is taken isn't offered any more. An offer that was under way before the acknowledgement tells
        // nothing, nor does the same nonce, whose acknowledgement may arrive late.
        if let doubt, doubt.nonce != offer.nonce, offer.asked > doubt.since { self.doubt = nil }
        asked = offer.asked
        record.nonce = offer.nonce
        record.offeredAt = offer.asked.time
    }
}

/// Takes a job that was offered.
///
/// A poll is no claim: two workers may be offered the same job, and the acknowledgement decides. When its reply is lost
/// it is sent again until there is a definite answer, with the nonce of the newest offer that this worker has seen.
struct JobAcknowledgement: Sendable {
    let queue: any JobQueue
    /// Where a newer nonce is noted before it is used; `nil` if it needn't be.
    let journal: RetryingJournal?
    let table: JobTable
    let clock: any WorkerClock
    let serviceClock: ServiceClock
    /// What all jobs say of a service that takes no acknowledgements.
    let outage: OutageLog
    /// Makes the logger of a job, which few need.
    let logger: @Sendable (JobRecord) -> Logger

    /// Whose the job is.
    enum Answer: Sendable {
        /// This worker's.
        case claimed
        /// Another worker's, or nobody's any more, or nobody's yet.
        case notOurs
        /// The service refuses this worker's acknowledgements, so that asking again at once is of no use.
        case refused
        /// An acknowledgement whose answer got lost may have been taken.
        case doubtful
    }

    /// What one try tells.
    private enum Reply {
        case claimed
        /// The nonce isn't good, or isn't any more.
        case stale
        /// Nobody has acknowledged the job.
        case unclaimed
        case over
        case unknown
        case refused
        case cutOff
    }

    /// Acknowledges a job.
    func decide(_ claim: inout JobClaim) async -> Answer {
        let answer = await find(&claim)
        switch answer {
        case .claimed: table.apply(.claimed, to: claim.record.id)
        case .notOurs, .refused: table.apply(.lost, to: claim.record.id)
        case .doubtful: table.apply(.doubted, to: claim.record.id)
        }
        return answer
    }

    private func find(_ claim: inout JobClaim) async -> Answer {
        var backoff = Backoff(first: .milliseconds(200), longest: .seconds(5))
        let id = claim.record.id
        var isStale = false
        while true {
            table.apply(.asks, to: id)
            // The newest offer is tried first, and those without an answer again where it is no better.
            if let offer = table.nextOffer(of: id) ?? (isStale ? claim.spares.popLast() : nil) {
                claim.renew(offer)
                let record = claim.record
                do {
                    try await journal?.write { try await $0.claim([record]) }
                } catch {
                    return end(claim)
                }
            }
            if Task.isCancelled, claim.doubt == nil { return .notOurs }
            let reply = await ask(&claim)
            switch reply {
            case .claimed: return .claimed
            case .over: return .notOurs
            case .refused: return claim.doubt == nil ? .refused : end(claim)
            case .cutOff: return .doubtful
            case .unclaimed, .stale:
                isStale = true
                if table.isOffered(id) || !claim.spares.isEmpty { continue }
                if case .unclaimed = reply { claim.doubt = nil }
                return end(claim)
            case .unknown:
                isStale = false
                table.apply(.unanswered, to: id)
                await table.waitForOffer(of: id, within: backoff.pause())
                if Task.isCancelled { return end(claim) }
                if table.isOffered(id) {
                    claim.spares.append(JobTable.Offer(nonce: claim.record.nonce, asked: claim.asked))
                }
            }
        }
    }

    private func end(_ claim: JobClaim) -> Answer {
        if claim.doubt != nil { return .doubtful }
        table.noteReturn(of: claim.record, serviceClock.now)
        logger(claim.record).debug("Another worker has the job, or it is to be offered again")
        return .notOurs
    }

    private func ask(_ claim: inout JobClaim) async -> Reply {
        let (id, nonce) = (claim.record.id, claim.record.nonce)
        do {
            let status = try await shielded { try await queue.acknowledgeJob(id: id, nonce: nonce) }
            outage.succeeded(at: clock.now, logger(claim.record))
            if status == .inProgress { return .claimed }
            logger(claim.record).debug("Job isn't to be worked on", metadata: ["status": "\(status.rawValue)"])
            return status.isUnclaimed ? .unclaimed : .over
        } catch let error as AWSError {
            if error.mayHaveBeenProcessed || error.earlierAttemptMayHaveBeenProcessed {
                claim.doubt = JobClaim.Doubt(nonce: nonce, since: table.moment(serviceClock.now))
            }
            claim.age = abs(serviceClock.now.timeIntervalSince(claim.record.offeredAt))
            switch error.code {
            case .invalidNonce, .invalidJobState:
                if error.namedJobState?.isUnclaimed == true { return .unclaimed }
                return .stale
            case .jobNotFound: return .over
            case _ where error.isThrottling || error.mayHaveBeenProcessed || error.code == .transport:
                outage.failed(error, at: clock.now, logger(claim.record))
                return .unknown
            default:
                outage.failed(error, at: clock.now, logger(claim.record))
                return .refused
            }
        } catch is CancellationError {
            // Cut off by a stop: whether it was taken is unknown, and nothing has been done.
            return .cutOff
        } catch {
            outage.failed(error, at: clock.now, logger(claim.record))
            return .refused
        }
    }
}
