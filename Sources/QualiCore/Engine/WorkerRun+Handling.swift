import AWSLite
import Foundation
import Logging

/// How a job's work is done, up to its outcome.
extension WorkerRun {
    /// Goes on with a job of an earlier run, from the journal and what CodePipeline says of it now.
    func resume(_ record: JobRecord) async -> Ending {
        if let outcome = record.outcome { return Ending(record: record, outcome: outcome, isRepeat: true) }
        let logger = logger(for: record)
        var backoff = Backoff(first: .seconds(1), longest: .seconds(60))
        while true {
            do {
                let details = try await worker.queue.getJobDetails(id: record.id)
                resuming.succeeded(at: worker.clock.now, worker.logger)
                logger.info("Job resumes")
                await journal.note(JobProgress("Taken up again after a restart"), of: record.id)
                return await work(record, details.data, accountID: details.accountID, logger)
            } catch is CancellationError {
                return Ending(record: record, outcome: nil)
            } catch let error as AWSError where error.code == .jobNotFound {
                logger.warning("CodePipeline has forgotten a job that was begun here", metadata: ["error": "\(error)"])
                let failure = JobFailure(.systemUnavailable, "The worker lost this job while it was not running.")
                return await end(record, .failure(failure))
            } catch {
                resuming.failed(error, at: worker.clock.now, logger)
            }
            do {
                try await worker.clock.sleep(for: backoff.pause())
            } catch {
                return Ending(record: record, outcome: nil)
            }
        }
    }

    /// Runs the handler of a job that is this worker's.
    func work(
        _ record: JobRecord,
        _ data: CodePipeline.JobData,
        accountID: String,
        _ logger: Logger
    ) async -> Ending {
        guard let action = action(of: record) else {
            logger.error("This worker no longer serves the job's action type")
            return Ending(record: record, outcome: nil)
        }
        let queue = worker.queue
        let artifacts = JobArtifacts(
            inputs: data.inputArtifacts,
            outputs: data.outputArtifacts,
            encryptionKey: data.encryptionKey,
            store: worker.artifactStore,
            credentials: JobCredentials(data.artifactCredentials, clock: worker.clock) {
                try await queue.getJobDetails(id: record.id).data.artifactCredentials
            },
            clock: worker.clock
        )
        let properties = ActionProperties(data.configuration)
        let assignment = assignment(record, properties, artifacts, accountID: accountID, logger)
        let ledger = assignment.ledger
        var record = record
        do {
            let result = try await abandonment.whileWanted(record) { try await action.work(assignment) }
            record.checkpoint = await ledger.checkpoint
            return await end(record, result.map(JobOutcome.success) ?? .abandoned)
        } catch is CancellationError {
            record.checkpoint = await ledger.checkpoint
            if let token = await ledger.waitingToken {
                var progress = await ledger.progress
                let minutes = Int(worker.clock.now.timeIntervalSince(record.claimedAt) / 60)
                if minutes > 0 { progress.summary += ", \(minutes) min" }
                var ending = await end(record, .continuation(token: token, progress: progress))
                ending.isLook = true
                return ending
            }
            if Task.isCancelled { return await handOver(record, ledger, self.logger(for: record)) }
            return await end(record, .failure(Self.unexpected(CancellationError())))
        } catch {
            record.checkpoint = await ledger.checkpoint
            return await end(record, .failure(error as? JobFailure ?? Self.unexpected(error)))
        }
    }

    private static func unexpected(_ error: any Error) -> JobFailure {
        JobFailure(.jobFailed, "The worker failed unexpectedly: \(error)")
    }

    /// How the progress of jobs is shown, if it is.
    private var showing: JobLedger.Showing? {
        guard worker.configuration.handoff != .never, let interval = worker.configuration.progressInterval else {
            return nil
        }
        return JobLedger.Showing(interval: interval, budget: progressBudget)
    }

    func action(of record: JobRecord) -> JobAction? {
        worker.actions.first { $0.typeID == record.actionTypeID }
    }

    func assignment(
        _ record: JobRecord,
        _ properties: ActionProperties,
        _ artifacts: JobArtifacts,
        accountID: String,
        _ logger: Logger
    ) -> JobAction.Assignment {
        let job = JobInfo(
            id: record.id,
            actionExecutionID: record.actionExecutionID,
            place: record.place,
            accountID: accountID,
            claimedAt: record.claimedAt
        )
        return JobAction.Assignment(
            job: job,
            properties: properties,
            checkpoint: record.checkpoint,
            artifacts: artifacts,
            clock: worker.clock,
            log: JobLog(logger, externalExecutionName: action(of: record)?.externalExecutionName),
            ledger: JobLedger(
                job,
                checkpoint: record.checkpoint,
                journal: journal,
                waitsInQueue: worker.configuration.handoff == .always,
                showing: showing,
                shows: record.shows ?? ProgressShows(),
                monitor: worker.monitor,
                redact: worker.configuration.redact,
                clock: worker.clock
            ),
            actions: { [queue = worker.queue] in
                try await queue.actionExecutions(
                    pipeline: record.place.pipeline,
                    pipelineExecutionID: record.place.pipelineExecutionID
                )
            }
        )
    }

    /// Puts a waiting job back, or leaves it to the journal if that outlives the process.
    private func handOver(_ record: JobRecord, _ ledger: JobLedger, _ logger: Logger) async -> Ending {
        let progress = await ledger.progress
        if worker.configuration.handoff != .never {
            if let token = await ledger.token() {
                return await end(record, .continuation(token: token, progress: progress))
            }
            logger.warning("The job's state is too long to be handed over")
        }
        guard !worker.journal.isDurable else { return Ending(record: record, outcome: nil) }
        // Nobody would ever go on with it, and its action would hang until CodePipeline's limit of a day.
        let failure = JobFailure(
            .systemUnavailable,
            """
            The worker was stopped while this job was under way (\(progress.summary)) and could not hand it over. Look \
            for what it left in the lab, then run the action again.
            """,
            externalExecutionID: progress.externalExecutionID
        )
        return await end(record, .failure(failure))
    }

    /// Notes how a job ended, without secrets, so that the report survives a crash before it goes out.
    ///
    /// Nothing is reported that isn't noted: after a crash it would be taken for a result that nobody wants.
    func end(_ record: JobRecord, _ outcome: JobOutcome) async -> Ending {
        let outcome = outcome.redacted(worker.configuration.redact)
        do {
            try await journal.write { try await $0.saveOutcome(outcome, of: record.id) }
            return Ending(record: record, outcome: outcome)
        } catch {
            logger(for: record).error("Stopped before an outcome could be noted", metadata: ["error": "\(error)"])
            return Ending(record: record, outcome: nil)
        }
    }
}
