import AWSLite
import Foundation
import Logging

/// What becomes of a job after its handler has ended.
extension WorkerRun {
    /// Tells CodePipeline the outcome, and forgets the job.
    func report(_ ending: Ending) async {
        let record = ending.record
        let logger = logger(for: record)
        defer {
            held.release(record.id)
            slots.release(1)
        }
        guard let outcome = ending.outcome else {
            logger.notice("Job stays in the journal")
            worker.monitor.jobEnds(record, nil, isUnwanted: false)
            return
        }
        var isUnwanted = false
        switch await reporter.report(outcome, of: record.id, isRepeat: ending.isRepeat, logger: logger) {
        case .accepted:
            // A job that waits in the queue is put back at every look, which is no news.
            let isNews = !outcome.isContinuation || worker.configuration.handoff != .always
            logger.log(level: isNews ? .info : .debug, "\(outcome.headline)", metadata: ["detail": "\(outcome.detail)"])
        case .unwanted:
            logger.notice("Nobody wants the job's result any more", metadata: ["detail": "\(outcome.detail)"])
            isUnwanted = true
            guard await abandon(ending, logger) else { return }
        case .interrupted:
            logger.error("Stopped before CodePipeline had the result", metadata: ["outcome": "\(outcome.headline)"])
            return
        }
        worker.monitor.jobEnds(record, outcome, isUnwanted: isUnwanted)
        await forget(record)
    }

    /// Has what a job has begun undone; `false` if the worker was stopped before that was done.
    private func abandon(_ ending: Ending, _ logger: Logger) async -> Bool {
        let record = ending.record
        guard worker.configuration.onAbandoned == .end, let action = action(of: record) else {
            logger.notice("What the job has begun is left as it is")
            return true
        }
        guard await isUnwanted(record) else {
            logger.notice("Its action goes on elsewhere or has succeeded, so what it has begun is left as it is")
            return true
        }
        do {
            if ending.outcome != .abandoned {
                try await journal.write { try await $0.saveOutcome(.abandoned, of: record.id) }
            }
            let assignment = assignment(
                record,
                ActionProperties([:]),
                JobArtifacts(store: worker.artifactStore),
                accountID: "",
                logger
            )
            try await action.abandon(assignment)
            return true
        } catch is CancellationError {
            logger.notice("Stopped before what the job has begun was ended; it stays in the journal")
            return false
        } catch {
            logger.error("What an abandoned job has begun can't be ended", metadata: ["error": "\(error)"])
            return true
        }
    }

    /// Whether the job's action is over without success, as far as CodePipeline tells.
    ///
    /// A result may also be refused because another host has gone on with the action, whose sandbox must then stay.
    private func isUnwanted(_ record: JobRecord) async -> Bool {
        (try? await worker.queue.status(of: record))?.isUnwanted ?? true
    }
}

extension JobOutcome {
    static func failure(_ failure: JobFailure) -> JobOutcome {
        .failure(
            type: failure.type.rawValue,
            message: failure.message,
            externalExecutionID: failure.externalExecutionID
        )
    }

    /// The same with secrets masked in all that people read.
    func redacted(_ redact: (String) -> String) -> JobOutcome {
        switch self {
        case .success(var result):
            result.summary = redact(result.summary)
            result.outputVariables = result.outputVariables.mapValues(redact)
            return .success(result)
        case .failure(let type, let message, let externalExecutionID):
            return .failure(type: type, message: redact(message), externalExecutionID: externalExecutionID)
        case .continuation(let token, var progress):
            progress.summary = redact(progress.summary)
            return .continuation(token: token, progress: progress)
        case .abandoned: return self
        }
    }

    fileprivate var headline: String {
        switch self {
        case .success: "Job succeeded"
        case .failure: "Job failed"
        case .continuation: "Job put back for any worker"
        case .abandoned: "Job abandoned"
        }
    }

    /// What is reported in words.
    var detail: String {
        switch self {
        case .success(let result): result.summary
        case .failure(let type, let message, _): "\(type): \(message)"
        case .continuation(_, let progress): progress.summary
        case .abandoned: ""
        }
    }

    fileprivate var isContinuation: Bool {
        if case .continuation = self { true } else { false }
    }
}
