import AWSLite
import Foundation
import Logging

/// What becomes of a job after its handler has ended.
extension WorkerRun {
    /// How long a job that nobody has acknowledged is waited for until it is offered again.
    private static let longestAbsence: Duration = .seconds(900)

    /// Tells CodePipeline the outcome, and forgets the job; or undoes what one has begun that waits in the queue, from where
    /// CodePipeline may never offer it again.
    func conclude(_ ending: Ending) async {
        guard ending.isUndone else { return await report(ending) }
        let logger = logger(for: ending.record)
        logger.notice("The pipeline of a job that waits in the queue was stopped")
        await undo(ending.record, logger)
        table.apply(.released, to: ending.record.id)
    }

    /// Tells CodePipeline the outcome, and forgets the job.
    private func report(_ ending: Ending) async {
        let record = ending.record
        let logger = logger(for: record, ending.outcome)
        var isRequeued = false
        // Unless it is told otherwise, the job stays in the journal.
        var tell: (any JobObserver, WorkerSnapshot.Job) -> Void = { $0.jobLeft($1) }
        defer {
            if isRequeued { requeue(ending) }
            observe(record.id, tell)
            if !isRequeued { table.apply(.released, to: record.id) }
            pace.noteWork(worker.clock.now)
        }
        guard let outcome = ending.outcome else { return logger.notice("Job stays in the journal") }
        var isUnwanted = false
        // One that has come meanwhile goes on from here, since nobody knows more of the action.
        defer { if table.hasSibling(record) { table.leave(record.checkpoint, of: record.actionExecutionID) } }
        table.apply(.reports, to: record.id)
        var answer = await reporter.report(outcome, of: record.id, isRepeat: ending.isRepeat, logger: logger)
        while case .unclaimed = answer, !ending.isProbe, await claimAnew(record) {
            table.apply(.reports, to: record.id)
            answer = await reporter.report(outcome, of: record.id, isRepeat: ending.isRepeat, logger: logger)
        }
        switch answer {
        case .accepted:
            // A job that waits in the queue is put back at every look, which is no news.
            logger.log(
                level: ending.isLook ? .debug : .info,
                "\(outcome.headline)",
                metadata: ["detail": "\(outcome.detail)"]
            )
        case .unwanted where ending.isProbe, .unclaimed where ending.isProbe:
            logger.notice("The job wasn't this worker's")
            isUnwanted = true
        case .unwanted where table.hasSibling(record):
            logger.notice("The job's action goes on with another job of this worker")
        case .unwanted:
            logger.notice("Nobody wants the job's result any more", metadata: ["detail": "\(outcome.detail)"])
            isUnwanted = true
            table.apply(.unwanted, to: record.id)
            guard await abandon(ending, logger) else { return }
        case .unclaimed where !Task.isCancelled:
            // Another worker may have it by now, and need what this one has begun.
            logger.warning("The job wasn't offered again, so what it has begun is left as it is")
            isUnwanted = true
        case .interrupted, .unclaimed:
            logger.error("Stopped before CodePipeline had the result", metadata: ["outcome": "\(outcome.headline)"])
            return
        }
        let (end, now) = (outcome.ending(isUnwanted: isUnwanted), worker.clock.now)
        tell = { observer, job in
            guard let end else { return observer.jobRequeued(job) }
            observer.jobEnded(.init(job: job, endedAt: now, ending: end, detail: outcome.detail))
        }
        await forget(record)
        isRequeued = end == nil && !table.hasSibling(record)
    }

    /// Keeps an action in view whose job was put back.
    ///
    /// From the queue CodePipeline may never offer it again, if its pipeline is stopped. Then what a job has begun that only
    /// waits there is undone from here.
    private func requeue(_ ending: Ending) {
        let isWatched =
            ending.isLook && worker.configuration.onAbandoned == .end
            && worker.configuration.pipelinePollInterval != nil
        table.transition(ending.record.id, .requeued) { job in
            job.work = isWatched ? undoable(ending.record) : nil
            job.requeuedAt = worker.clock.now
            job.watchedSince = isWatched ? worker.clock.now : nil
        }
    }

    /// Acknowledges a job with a result that CodePipeline takes for nobody's, once it is offered again; `false` if it isn't.
    ///
    /// Its result is reported then, so what it has begun isn't begun a second time. The next job of the action would go on
    /// from there, too.
    private func claimAnew(_ record: JobRecord) async -> Bool {
        table.apply(.unclaimed, to: record.id)
        table.leave(record.checkpoint, of: record.actionExecutionID)
        while !Task.isCancelled {
            await table.waitForNext(after: record, within: Self.longestAbsence)
            guard table.isOffered(record.id) else { return false }
            var claim = JobClaim(record)
            guard case .claimed = await acknowledge(&claim, isNoted: false) else { continue }
            _ = table.takeBegun(by: record.actionExecutionID)
            return true
        }
        return false
    }

    /// Has what a job has begun undone; `false` if the worker was stopped before that was done.
    private func abandon(_ ending: Ending, _ logger: Logger) async -> Bool {
        let record = ending.record
        // Early, so that the next run goes on with it; but never without the proof, for which that run takes the note.
        let isToBeNoted = ending.outcome != .abandoned
        if isToBeNoted, record.isOwn, await !noteAbandoned(record, logger) { return false }
        guard worker.configuration.onAbandoned == .end, action(of: record) != nil else {
            logger.notice("What the job has begun is left as it is")
            return true
        }
        do {
            guard try await pipelines.isUnwanted(record) else {
                logger.notice(
                    "Its action isn't known to be over without success, so what it has begun is left as it is"
                )
                return true
            }
        } catch {
            logger.notice("Stopped before it was known whether the job's action goes on; it stays in the journal")
            return false
        }
        if isToBeNoted, !record.isOwn, await !noteAbandoned(record, logger) { return false }
        return await undo(record, logger)
    }

    private func noteAbandoned(_ record: JobRecord, _ logger: Logger) async -> Bool {
        do {
            try await journal.write { try await $0.saveOutcome(.abandoned, of: record.id) }
            return true
        } catch {
            logger.notice("Stopped before what the job has begun was ended; it stays in the journal")
            return false
        }
    }

    /// Undoes what a job has begun; `false` if the worker was stopped before that was done.
    @discardableResult
    private func undo(_ record: JobRecord, _ logger: Logger) async -> Bool {
        guard let action = action(of: record) else { return true }
        do {
            try await action.abandon(assignment(undoable(record)))
            return true
        } catch is CancellationError {
            logger.notice("Stopped before what the job has begun was ended; it stays in the journal")
            return false
        } catch {
            logger.error("What an abandoned job has begun can't be ended", metadata: ["error": "\(error)"])
            return true
        }
    }

    /// A job as far as it is needed to undo what it has begun.
    func undoable(_ record: JobRecord) -> ClaimedJob {
        ClaimedJob(
            record: record,
            properties: ActionProperties([:]),
            artifacts: JobArtifacts(store: worker.artifactStore),
            accountID: "",
            ledger: ledger(record)
        )
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

    /// The bytes of all that people read.
    var size: Int {
        switch self {
        case .success(let result):
            result.outputVariables.values.reduce(result.summary.utf8.count) { $0 + $1.utf8.count }
        case .failure(_, let message, _): message.utf8.count
        case .continuation(_, let progress): progress.summary.utf8.count
        case .abandoned: 0
        }
    }

    /// What the console's link opens, if that is known.
    var externalExecutionID: String? {
        switch self {
        case .success(let result): result.externalExecutionID
        case .failure(_, _, let id): id
        case .continuation(_, let progress): progress.externalExecutionID
        case .abandoned: nil
        }
    }

    /// How a job ends with it; `nil` if it goes on.
    fileprivate func ending(isUnwanted: Bool) -> WorkerSnapshot.Ending? {
        switch self {
        case _ where isUnwanted, .abandoned: .abandoned
        case .success: .succeeded
        case .failure: .failed
        case .continuation: nil
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
}
