import AWSLite
import Foundation
import Logging

/// Takes a job that was offered.
///
/// A poll is no claim: two workers may be offered the same job, and the acknowledgement decides. When its reply is lost
/// it is sent again with the same nonce until there is a definite answer. `InvalidNonceException` after such a loss means
/// that the first one was taken, if the job was offered only just now: the service hands out a new nonce with each offer,
/// and offers a job again only after a while. Later it may as well mean that another worker has the job, so nothing is
/// done and the job fails.
struct JobAcknowledgement: Sendable {
    let queue: any JobQueue
    /// How long after the offer, after a lost reply, a stale nonce still means that the job is this worker's.
    let certainty: Duration
    let clock: any WorkerClock
    let serviceClock: ServiceClock
    /// What all jobs say of a service that takes no acknowledgements.
    let outage: OutageLog
    let logger: Logger

    /// Whose the job is.
    enum Answer: Sendable {
        /// This worker's.
        case claimed
        /// Another worker's, or nobody's any more.
        case notOurs
        /// The service refuses this worker's acknowledgements, so that asking again at once is of no use.
        case refused
        /// It can't be known.
        case uncertain(JobFailure)
    }

    /// Acknowledges a job.
    ///
    /// - Parameter isRepeat: Whether an earlier run may have acknowledged it.
    func claim(_ record: JobRecord, isRepeat: Bool) async -> Answer {
        var mayBeTaken = isRepeat
        var backoff = Backoff(first: .milliseconds(200), longest: .seconds(5))
        while true {
            do {
                if Task.isCancelled, !mayBeTaken { return .notOurs }
                let status = try await shielded { try await queue.acknowledgeJob(id: record.id, nonce: record.nonce) }
                outage.succeeded(at: clock.now, logger)
                if status == .inProgress { return .claimed }
                logger.debug("Job isn't to be worked on", metadata: ["status": "\(status.rawValue)"])
                return .notOurs
            } catch let error as AWSError {
                if error.mayHaveBeenProcessed || error.earlierAttemptMayHaveBeenProcessed {
                    mayBeTaken = true
                }
                switch error.code {
                case .invalidNonce: return staleNonce(of: record, mayBeTaken)
                case .jobNotFound: return .notOurs
                case _ where error.isThrottling || error.mayHaveBeenProcessed || error.code == .transport:
                    outage.failed(error, at: clock.now, logger)
                default:
                    outage.failed(error, at: clock.now, logger)
                    return mayBeTaken ? staleNonce(of: record, mayBeTaken) : .refused
                }
            } catch is CancellationError {
                // Cut off by a stop: whether it was taken is unknown, and nothing has been done.
                return .uncertain(Self.unknown)
            } catch {
                outage.failed(error, at: clock.now, logger)
                return .refused
            }
            do {
                try await clock.sleep(for: backoff.pause())
            } catch {
                return mayBeTaken ? .uncertain(Self.unknown) : .notOurs
            }
        }
    }

    private func staleNonce(of record: JobRecord, _ mayBeTaken: Bool) -> Answer {
        guard mayBeTaken else {
            logger.debug("Another worker has the job")
            return .notOurs
        }
        // Not since the loss: the offer may be much older, and be another worker's by now.
        let age = serviceClock.now.timeIntervalSince(record.offeredAt)
        guard (0...certainty.timeInterval).contains(age) else {
            logger.error("The reply to an acknowledgement was lost, and it is unknown who has the job")
            return .uncertain(Self.unknown)
        }
        logger.warning("The reply to an acknowledgement was lost; the job is taken as acknowledged")
        return .claimed
    }

    private static let unknown = JobFailure(
        .systemUnavailable,
        """
        The worker lost its connection to CodePipeline while it took this job, and it can't be known whether another \
        worker has it. Nothing was done here; run the action again.
        """
    )
}
