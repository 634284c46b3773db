import AWSLite
import Logging

/// Takes a job that was offered.
///
/// A poll is no claim: two workers may be offered the same job, and the acknowledgement decides. When its reply is lost
/// it is sent again with the same nonce until there is a definite answer. `InvalidNonceException` after such a loss means
/// that the first one was taken: the service hands out a new nonce with each offer, so another worker's acknowledgement
/// would have needed a later offer, within the seconds that this takes.
struct JobAcknowledgement: Sendable {
    let queue: any JobQueue
    let clock: any WorkerClock
    let logger: Logger

    /// Whether the job is this worker's now.
    func claims(_ offer: OfferedJob) async -> Bool {
        var mayHaveBeenTaken = false
        var backoff = Backoff(first: .milliseconds(200), longest: .seconds(5))
        while true {
            do {
                if Task.isCancelled, !mayHaveBeenTaken { return false }
                let status = try await acknowledge(offer)
                if status == .inProgress { return true }
                logger.debug("Job isn't to be worked on", metadata: ["status": "\(status.rawValue)"])
                return false
            } catch let error as AWSError {
                mayHaveBeenTaken =
                    mayHaveBeenTaken || error.mayHaveBeenProcessed
                    || error.earlierAttemptMayHaveBeenProcessed
                switch error.code {
                case .invalidNonce:
                    if mayHaveBeenTaken {
                        logger.warning("The reply to an acknowledgement was lost; the job is taken as acknowledged")
                    } else {
                        logger.debug("Another worker has the job")
                    }
                    return mayHaveBeenTaken
                case .jobNotFound:
                    logger.debug("The job is gone")
                    return false
                case _ where error.isThrottling || error.mayHaveBeenProcessed || error.code == .transport:
                    logger.debug("An acknowledgement is repeated", metadata: ["error": "\(error)"])
                default:
                    logger.error("A job can't be acknowledged", metadata: ["error": "\(error)"])
                    return mayHaveBeenTaken
                }
            } catch {
                logger.error("A job can't be acknowledged", metadata: ["error": "\(error)"])
                return mayHaveBeenTaken
            }
            do { try await clock.sleep(for: backoff.pause()) } catch { return mayHaveBeenTaken }
        }
    }

    private func acknowledge(_ offer: OfferedJob) async throws -> CodePipeline.JobStatus {
        // An interrupted acknowledgement would be one whose fate is unknown. This task is awaited at once.
        try await Task { try await queue.acknowledgeJob(id: offer.record.id, nonce: offer.nonce) }.value
    }
}
