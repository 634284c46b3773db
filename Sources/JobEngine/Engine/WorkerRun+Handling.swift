import AWSLite
import Foundation
import HTTPTransport
import Logging

/// How a job's work is done, up to its outcome.
extension WorkerRun {
    /// Goes on with a job of an earlier run, from the journal and what CodePipeline says of it now.
    func resume(_ record: JobRecord) async -> ClaimedJob? {
        if let outcome = record.outcome, record.damage == nil {
            var record = record
            // It was noted with the proof that the action is over.
            if outcome == .abandoned { record.isOwn = record.isAcknowledged }
            table.apply(.completes, to: record.id)
            endings.put(Ending(record: record, outcome: outcome, isRepeat: true))
            return nil
        }
        if let damage = record.damage {
            await end(record, .failure(Self.illegible(damage)))
            return nil
        }
        let logger = logger(for: record)
        var backoff = Backoff(first: .seconds(1), longest: .seconds(60))
        while !Task.isCancelled {
            do {
                let details = try await worker.queue.getJobDetails(id: record.id)
                resuming.succeeded(at: worker.clock.now, worker.logger)
                logger.info("Job resumes")
                await journal.note(JobProgress("Taken up again after a restart"), of: record.id)
                let record = record.inServiceTime(now: worker.serviceClock.now, action(of: record))
                return claimedJob(record, details.data, accountID: details.accountID)
            } catch is CancellationError {
                break
            } catch let error as AWSError where error.code == .jobNotFound {
                logger.warning("CodePipeline has forgotten a job that was begun here", metadata: ["error": "\(error)"])
                let failure = JobFailure(.systemUnavailable, "The worker lost this job while it was not running.")
                await end(record, .failure(failure))
                return nil
            } catch {
                resuming.failed(error, at: worker.clock.now, logger)
            }
            try? await worker.clock.sleep(for: backoff.pause())
        }
        leave(record)
        return nil
    }

    /// A job that is this worker's, with what CodePipeline says of it.
    func claimedJob(
        _ record: JobRecord,
        _ data: CodePipeline.JobData,
        accountID: String
    ) -> ClaimedJob {
        let queue = worker.queue
        let artifacts = JobArtifacts(
            inputs: data.inputArtifacts,
            outputs: data.outputArtifacts,
            encryptionKey: data.encryptionKey,
            store: worker.artifactStore,
            // The id alone, since the closure lives as long as the job.
            credentials: JobCredentials(data.artifactCredentials, clock: worker.clock) { [id = record.id] in
                try await queue.getJobDetails(id: id).data.artifactCredentials
            },
            outage: storing,
            clock: worker.clock
        )
        return ClaimedJob(
            record: record,
            properties: ActionProperties(
                data.configuration,
                defaults: action(of: record)?.propertyDefaults ?? [:]
            ),
            artifacts: artifacts,
            accountID: accountID,
            ledger: ledger(record)
        )
    }

    /// Goes on with a job that has waited.
    func goOn(with woken: JobTable.Woken) async {
        await woken.wait.giveUp?()
        let job = woken.job
        await journal.note(JobWaitInfo?.none, of: job.record.id)
        switch woken.reason {
        case .event(let event): await work(job, after: event)
        // To say how far it has come, before that is shown.
        case .givesWay where job.ledger.takesTurn(): await work(job)
        case .givesWay: await wait(job, woken.wait.value, hasLooked: true)
        case .abandoned: await giveUp(job)
        case .stopped: await handOver(job)
        }
    }

    /// Runs the handler of a job until its outcome is noted, or the job waits.
    ///
    /// While the handler runs, the stack has this frame alone.
    func work(_ job: ClaimedJob, after event: (any Sendable)? = nil) async {
        guard let work = action(of: job.record)?.work else {
            logger(for: job.record).error("This worker no longer serves the job's action type")
            return leave(job.record)
        }
        let result: Result<JobStep<any Sendable>?, any Error>
        do {
            result = .success(try await whileWanted(job) { try await work(self.assignment(job), event) })
        } catch {
            result = .failure(error)
        }
        await settle(job, result)
    }

    /// Runs `body` as long as somebody wants its result.
    ///
    /// - Returns: What `body` returns; `nil` if its job was abandoned, in which case it was cancelled.
    /// - Throws: What `body` throws.
    private func whileWanted<Value: Sendable>(
        _ job: ClaimedJob,
        _ body: @escaping @Sendable () async throws -> Value
    ) async throws -> Value? {
        let id = job.record.id
        let isWatched = worker.configuration.pipelinePollInterval != nil
        let abandonment = isWatched ? AsyncStream<Void>.makeStream() : nil
        table.transition(id, .runs) { entry in
            entry.work = job
            entry.isHandled = true
            guard let abandonment else { return }
            entry.watchedSince = entry.watchedSince ?? worker.clock.now
            entry.cancel = { abandonment.continuation.yield() }
        }
        defer { table.noteEnd(of: id) }
        // Else nobody finds out.
        guard let abandonment else { return try await tracing.run(job.record) { try await body() } }
        return try await withThrowingTaskGroup(of: HandlerEnd<Value>.self) { group in
            group.addTask { [tracing] in .returned(try await tracing.run(job.record) { try await body() }) }
            group.addTask { await abandonment.stream.first { _ in true } == nil ? .unwatched : .abandoned }
            defer { group.cancelAll() }
            for try await end in group {
                switch end {
                case .returned(let value): return value
                case .abandoned: return nil
                case .unwatched: continue
                }
            }
            return nil
        }
    }

    /// Notes what became of a job whose handler has ended, or has it wait.
    // Else its frame would be a part of the caller's, which stays while the handler runs.
    @inline(never)
    private func settle(_ job: ClaimedJob, _ result: Result<JobStep<any Sendable>?, any Error>) async {
        table.hasBegun(job.record.id)
        let job = job.upToDate()
        switch result {
        case .success(.done(let result)): await end(job, .success(result))
        case .success(.wait(let wait)):
            let redact = worker.configuration.redact
            await self.wait(job, wait.telling { redact(job.ledger.secrets.redact($0)) })
        case .success(nil): await giveUp(job)
        case .failure(is Requeue):
            guard let token = job.ledger.takeRequeueToken() else { return await handOver(job) }
            await putBack(job, token)
        case .failure(is CancellationError) where Task.isCancelled: await handOver(job)
        case .failure(let error):
            await end(job, .failure(error as? JobFailure ?? Self.unexpected(error)))
        }
    }

    /// Ends a job that nobody wants any more.
    ///
    /// One that somebody has cancelled fails, after what it has begun was undone.
    private func giveUp(_ job: ClaimedJob) async {
        let record = job.record
        guard let reason = table.cancellation(of: record.id) else { return await end(record, .abandoned) }
        logger(for: record).notice("Job cancelled", metadata: ["reason": "\(reason)"])
        var rest = "What it had begun is left as it is."
        if worker.configuration.onAbandoned == .end, let action = action(of: record) {
            do {
                try await action.abandon(assignment(undoable(record)))
                rest = "What it had begun was ended."
            } catch is CancellationError {
                // The next run cancels it again, if that is still wanted.
                return leave(record)
            } catch {
                logger(for: record)
                    .error("What a cancelled job has begun can't be ended", metadata: ["error": "\(error)"])
                rest = "What it had begun can't be ended: \(error)"
            }
        }
        let failure = JobFailure(
            .jobFailed,
            "Cancelled: \(reason). \(rest)",
            externalExecutionID: job.ledger.progress.externalExecutionID
        )
        await end(job, .failure(failure))
    }

    /// Has a job wait here or in the queue.
    ///
    /// `hasLooked` says whether the wait has begun here already; only what doesn't look may go into the queue at once.
    private func wait(_ job: ClaimedJob, _ wait: JobWait<any Sendable>, hasLooked: Bool = false) async {
        let mayLeave = hasLooked || job.ledger.isProgressDue || !wait.looks
        if mayLeave, let token = job.ledger.requeueToken(for: wait.pause) { return await putBack(job, token) }
        let (alarms, clock) = (alarms, worker.serviceClock)
        // What is too long for the queue stays here.
        await journal.note(JobWaitInfo(wait), of: job.record.id)
        let isKept = await table.keep(job, wait) { wake in
            // Before anything can end the wait.
            observe(job.record.id) { $0.jobWaits($1) }
            return await wait.begin(of: job, mayGiveWay: !mayLeave, alarms, clock, wake)
        }
        if !isKept { await handOver(job) }
    }

    /// Notes how a job ended whose handler has run, without the secrets that it was given.
    private func end(_ job: ClaimedJob, _ outcome: JobOutcome) async {
        await end(job.record, job.ledger.secrets.redact(outcome))
    }

    /// Puts a job into the queue, to wait there.
    private func putBack(_ job: ClaimedJob, _ token: String) async {
        var progress = job.ledger.progress
        let minutes = Int(worker.serviceClock.now.timeIntervalSince(job.record.claimedAt) / 60)
        if minutes > 0 { progress.summary += ", \(minutes) min" }
        await end(job.record, .continuation(token: token, progress: progress), isLook: true)
    }

    private static func illegible(_ damage: String) -> JobFailure {
        JobFailure(
            .systemUnavailable,
            """
            The worker can't read what it has noted of this job (\(damage)), so it isn't known what was already done. Look \
            for what it left in the lab, then run the action again.
            """
        )
    }

    private static func unexpected(_ error: any Error) -> JobFailure {
        JobFailure(.jobFailed, "The worker failed unexpectedly: \(error)")
    }

    func action(of record: JobRecord) -> JobAction? {
        worker.actions.first { $0.typeID == record.actionTypeID }
    }

    func assignment(_ job: ClaimedJob) -> JobAction.Assignment {
        let record = job.record
        return JobAction.Assignment(
            job: JobInfo(record, accountID: job.accountID),
            properties: job.properties,
            checkpoint: record.checkpoint,
            artifacts: job.artifacts,
            clock: BeginningClock(base: worker.serviceClock, jobID: record.id, table: table),
            log: JobLog(self.logger(for: job.record), externalExecutionName: action(of: record)?.externalExecutionName),
            ledger: job.ledger,
            actions: { [queue = worker.queue, place = record.place] in
                try await queue.actionExecutions(
                    pipeline: place.pipeline,
                    pipelineExecutionID: place.pipelineExecutionID
                )
            },
            isOver: { [queue = worker.queue, id = record.id] in
                do {
                    _ = try await queue.getJobDetails(id: id)
                    return false
                } catch {
                    return (error as? AWSError)?.code == .jobNotFound
                }
            }
        )
    }

    func ledger(_ record: JobRecord) -> JobLedger {
        JobLedger(
            JobInfo(record, accountID: ""),
            checkpoint: record.checkpoint,
            shows: record.shows ?? RequeueSchedule(),
            surroundings
        )
    }

    /// Puts a waiting job back, or leaves it to the journal if that outlives the process.
    private func handOver(_ job: ClaimedJob) async {
        let progress = job.ledger.progress
        let isPaused = worker.configuration.control.pause(at: worker.clock.timeOfDay) != nil
        if worker.configuration.handoff != .never, !isPaused || !worker.journal.isDurable {
            if let token = job.ledger.token() {
                return await end(job.record, .continuation(token: token, progress: progress))
            }
            logger(for: job.record).warning("The job's state is too long to be handed over")
        }
        guard !worker.journal.isDurable else { return leave(job.record) }
        // Nobody would ever go on with it, and its action would hang until CodePipeline's limit of a day.
        let failure = JobFailure(
            .systemUnavailable,
            """
            The worker was stopped while this job was under way (\(progress.summary)) and could not hand it over. Look \
            for what it left in the lab, then run the action again.
            """,
            externalExecutionID: progress.externalExecutionID
        )
        await end(job.record, .failure(failure))
    }

    /// Notes how a job ended, without secrets, so that the report survives a crash before it goes out.
    ///
    /// Nothing is reported that isn't noted: after a crash it would be taken for a result that nobody wants.
    func end(_ record: JobRecord, _ outcome: JobOutcome, isLook: Bool = false, isProbe: Bool = false) async {
        let outcome = await masked(outcome)
        do {
            try await journal.write { [id = record.id] in try await $0.saveOutcome(outcome, of: id) }
            table.apply(.completes, to: record.id)
            endings.put(Ending(record: record, outcome: outcome, isLook: isLook, isProbe: isProbe))
        } catch {
            logger(for: record).error("Stopped before an outcome could be noted", metadata: ["error": "\(error)"])
            leave(record)
        }
    }

    private func masked(_ outcome: JobOutcome) async -> JobOutcome {
        let redact = worker.configuration.redact
        do {
            return try await HeavyWork.ofJobs.run(size: outcome.size) { outcome.redacted(redact) }
        } catch {
            // The worker is being stopped, and this is to be noted before.
            return outcome.redacted(redact)
        }
    }

    /// Leaves a job as it is in the journal.
    func leave(_ record: JobRecord) {
        endings.put(Ending(record: record, outcome: nil))
    }
}

private enum HandlerEnd<Value: Sendable>: Sendable {
    case returned(Value)
    case abandoned
    /// The task is cancelled, and the handler about to end.
    case unwatched
}
