import AWSLite
import Logging

/// Tells CodePipeline how a job ended, for as long as it takes.
struct ResultReporter: Sendable {
    let queue: any JobQueue
    let clock: any WorkerClock
    private let outage = OutageLog(.reporting)

    init(queue: any JobQueue, clock: any WorkerClock) {
        self.queue = queue
        self.clock = clock
    }

    /// What became of a report.
    enum Ending {
        /// CodePipeline has the result.
        case accepted
        /// It wants no result for this job: the pipeline was stopped, or the action's time is over.
        case unwanted
        /// It says that nobody has acknowledged this job.
        case unclaimed
        /// The worker was stopped before the report went through.
        case interrupted
    }

    /// Reports until the service has taken the result, says that it wants none, or the task is cancelled.
    ///
    /// `isRepeat` says whether an earlier worker may have reported this outcome already.
    func report(_ outcome: JobOutcome, of jobID: String, isRepeat: Bool, logger: Logger) async -> Ending {
        if outcome == .abandoned { return .unwanted }
        var outcome = outcome
        var mayHaveBeenReported = isRepeat
        var backoff = Backoff(first: .seconds(1), longest: .seconds(60))
        while true {
            do {
                try await put(outcome, of: jobID)
                outage.succeeded(at: clock.now, logger)
                return .accepted
            } catch is CancellationError {
                return .interrupted
            } catch let error as AWSError {
                switch error.code {
                case .invalidJobState, .jobNotFound:
                    if error.namedJobState?.isUnclaimed == true {
                        logger.warning(
                            "CodePipeline says that this job isn't acknowledged",
                            metadata: ["error": "\(error)"]
                        )
                        return .unclaimed
                    }
                    // Most likely it refuses because it has this worker's earlier report, whose reply was lost.
                    if mayHaveBeenReported || error.earlierAttemptMayHaveBeenProcessed { return .accepted }
                    logger.warning("CodePipeline wants no result for this job", metadata: ["error": "\(error)"])
                    return .unwanted
                case .validation, .outputVariablesSizeExceeded, .invalidRequest:
                    guard let shorter = shortened(outcome, error) else {
                        logger.error("CodePipeline refuses even the shortest report", metadata: ["error": "\(error)"])
                        return .unwanted
                    }
                    logger.error(
                        "CodePipeline refuses a report; sending a shorter one",
                        metadata: ["error": "\(error)", "report": "\(outcome)"]
                    )
                    outcome = shorter
                    continue
                default:
                    mayHaveBeenReported =
                        mayHaveBeenReported || error.mayHaveBeenProcessed
                        || error.earlierAttemptMayHaveBeenProcessed
                    outage.failed(error, at: clock.now, logger)
                }
            } catch {
                outage.failed(error, at: clock.now, logger)
            }
            do { try await clock.sleep(for: backoff.pause()) } catch { return .interrupted }
        }
    }

    private func put(_ outcome: JobOutcome, of jobID: String) async throws {
        switch outcome {
        case .success(let result):
            try await queue.putJobSuccessResult(
                jobID: jobID,
                result: .init(
                    executionDetails: .init(
                        summary: result.summary,
                        externalExecutionID: result.externalExecutionID,
                        percentComplete: 100
                    ),
                    outputVariables: result.outputVariables
                )
            )
        case .failure(let type, let message, let externalExecutionID):
            try await queue.putJobFailureResult(
                jobID: jobID,
                failure: .init(
                    type: .init(rawValue: type),
                    message: message,
                    externalExecutionID: externalExecutionID
                )
            )
        case .continuation(let token, let progress):
            try await queue.putJobSuccessResult(
                jobID: jobID,
                result: .init(
                    continuationToken: token,
                    executionDetails: .init(
                        summary: progress.summary,
                        externalExecutionID: progress.externalExecutionID,
                        percentComplete: progress.percentComplete
                    )
                )
            )
        case .abandoned: break
        }
    }

    /// The same outcome with less in it, or `nil` if there is no less.
    private func shortened(_ outcome: JobOutcome, _ error: AWSError) -> JobOutcome? {
        let apology = "The full report was refused by CodePipeline (\(error.code)); the worker's log has it."
        switch outcome {
        case .success(var result):
            if result.summary != apology, error.code != .outputVariablesSizeExceeded {
                result.summary = apology
            } else if !result.outputVariables.isEmpty {
                result.outputVariables = [:]
            } else if result.externalExecutionID != nil {
                result.externalExecutionID = nil
            } else {
                return nil
            }
            return .success(result)
        case .failure(let type, let message, _):
            return message == apology ? nil : .failure(type: type, message: apology, externalExecutionID: nil)
        case .continuation(let token, let progress):
            let least = JobProgress("In progress")
            // A job that can't be put back fails, because nobody else would ever end it.
            return progress == least
                ? .failure(
                    type: CodePipeline.FailureType.systemUnavailable.rawValue,
                    message: apology,
                    externalExecutionID: nil
                )
                : .continuation(token: token, progress: least)
        case .abandoned: return nil
        }
    }
}
