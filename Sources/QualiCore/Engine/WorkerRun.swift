import AWSLite
import Foundation
import Logging
import ServiceLifecycle

/// One run of a ``JobWorker``, from its start to its stop.
struct WorkerRun: Sendable {
    /// How long the first poll waits for claims of an earlier run to be settled.
    private static let longestReclaim: Duration = .seconds(300)

    private let worker: JobWorker
    private let unfinished: [JobRecord]
    private let slots: JobSlots
    private let held: HeldJobs
    private let reporter: ResultReporter
    private let endings: AsyncStream<Ending>
    private let ended: AsyncStream<Ending>.Continuation

    /// A job whose handler has ended, and how; `nil` if it stays as it is in the journal.
    private struct Ending: Sendable {
        let record: JobRecord
        let outcome: JobOutcome?
        var isRepeat = false
    }

    init(_ worker: JobWorker, resuming unfinished: [JobRecord]) {
        self.worker = worker
        self.unfinished = unfinished
        slots = JobSlots(capacity: worker.configuration.maxJobs)
        slots.occupy(unfinished.count)
        held = HeldJobs(unfinished.map(\.id))
        reporter = ResultReporter(queue: worker.queue, clock: worker.clock)
        (endings, ended) = AsyncStream.makeStream()
    }

    func run() async {
        // Handlers run in a group that a stop cancels; reports run in the one around it, which a stop leaves alone.
        await withDiscardingTaskGroup { reports in
            reports.addTask {
                await handle()
                ended.finish()
            }
            for await ending in endings {
                reports.addTask { await report(ending) }
            }
        }
    }

    // MARK: Handling

    /// A job to go on with, or to begin.
    private enum Beginning: Sendable {
        case resumed(JobRecord)
        case offered(OfferedJob)
    }

    private func handle() async {
        let (beginnings, begun) = AsyncStream<Beginning>.makeStream()
        await withDiscardingTaskGroup { handlers in
            handlers.addTask {
                await cancelWhenGracefulShutdown {
                    await withDiscardingTaskGroup { work in
                        let (reclaimed, settled) = AsyncStream<Void>.makeStream()
                        work.addTask {
                            await reclaim { begun.yield(.resumed($0)) }
                            settled.finish()
                        }
                        await wait(for: reclaimed)
                        await poll { begun.yield(.offered($0)) }
                    }
                }
                begun.finish()
            }
            for await beginning in beginnings {
                handlers.addTask {
                    switch beginning {
                    case .resumed(let record): ended.yield(await resume(record))
                    case .offered(let offer): if let ending = await begin(offer) { ended.yield(ending) }
                    }
                }
            }
            // Polling has ended, so the worker is being stopped.
            handlers.cancelAll()
        }
    }

    /// Waits for earlier claims to be settled, but not for ever: one job's trouble must not keep all others waiting.
    private func wait(for reclaimed: AsyncStream<Void>) async {
        await withTaskGroup { either in
            either.addTask { for await _ in reclaimed {} }
            either.addTask { try? await worker.clock.sleep(for: Self.longestReclaim) }
            await either.next()
            either.cancelAll()
        }
    }

    /// Makes sure of what an earlier run has claimed, and hands on the jobs that are this worker's.
    ///
    /// It comes before the first poll, to which CodePipeline may offer the same jobs again: that makes their nonces
    /// stale.
    private func reclaim(_ deliver: @escaping @Sendable (JobRecord) -> Void) async {
        await withDiscardingTaskGroup { claims in
            for record in unfinished {
                guard !record.isAcknowledged, record.outcome == nil else {
                    deliver(record)
                    continue
                }
                claims.addTask {
                    switch await acknowledge(record, isRepeat: true, logger(for: record)) {
                    case .claimed: deliver(record)
                    case .uncertain where Task.isCancelled && worker.journal.isDurable:
                        ended.yield(Ending(record: record, outcome: nil))
                    case .uncertain(let failure): ended.yield(await end(record, .failure(failure)))
                    case .notOurs, .refused:
                        try? await shielded { try await worker.journal.forget(record.id) }
                        ended.yield(Ending(record: record, outcome: nil))
                    }
                }
            }
        }
    }

    private func poll(_ deliver: @escaping @Sendable (OfferedJob) -> Void) async {
        await withDiscardingTaskGroup { pollers in
            for action in worker.actions {
                let poller = JobPoller(
                    action: action,
                    queue: worker.queue,
                    journal: worker.journal,
                    slots: slots,
                    held: held,
                    pause: worker.configuration.pollInterval,
                    pollers: worker.actions.count,
                    clock: worker.clock,
                    logger: worker.logger
                )
                pollers.addTask { await poller.run(deliver) }
            }
        }
    }

    /// Acknowledges a job and runs its handler; `nil` if the job isn't this worker's.
    private func begin(_ offer: OfferedJob) async -> Ending? {
        let logger = logger(for: offer.record)
        switch await acknowledge(offer.record, isRepeat: false, logger) {
        case .claimed: break
        case .uncertain(let failure): return await end(offer.record, .failure(failure))
        case .notOurs:
            await letGo(offer.record)
            return nil
        case .refused:
            held.shun(offer.record.id, until: worker.clock.now.addingTimeInterval(60), now: worker.clock.now)
            await letGo(offer.record)
            return nil
        }
        logger.info("Job begins", metadata: offer.record.checkpoint == nil ? [:] : ["continued": "true"])
        switch offer.content {
        case .success(let data): return await work(offer.record, data, accountID: offer.accountID, logger)
        case .failure(let failure): return await end(offer.record, .failure(failure))
        }
    }

    private func acknowledge(_ record: JobRecord, isRepeat: Bool, _ logger: Logger) async -> JobAcknowledgement.Answer {
        let acknowledgement = JobAcknowledgement(
            queue: worker.queue,
            certainty: worker.configuration.redispatchInterval,
            clock: worker.clock,
            logger: logger
        )
        let answer = await acknowledgement.claim(record, isRepeat: isRepeat)
        if case .claimed = answer {
            do {
                try await shielded { try await worker.journal.noteAcknowledged(record.id) }
            } catch {
                logger.error("The journal can't note an acknowledgement", metadata: ["error": "\(error)"])
            }
        }
        return answer
    }

    private func letGo(_ record: JobRecord) async {
        try? await shielded { try await worker.journal.forget(record.id) }
        held.release(record.id)
        slots.release(1)
    }

    /// Goes on with a job of an earlier run, from the journal and what CodePipeline says of it now.
    private func resume(_ record: JobRecord) async -> Ending {
        if let outcome = record.outcome { return Ending(record: record, outcome: outcome, isRepeat: true) }
        let logger = logger(for: record)
        var backoff = Backoff(first: .seconds(1), longest: .seconds(60))
        var outage = OutageLog("Resuming", logger: logger)
        while true {
            do {
                let details = try await worker.queue.getJobDetails(id: record.id)
                logger.info("Job resumes")
                return await work(record, details.data, accountID: details.accountID, logger)
            } catch is CancellationError {
                return Ending(record: record, outcome: nil)
            } catch let error as AWSError where error.code == .jobNotFound {
                logger.warning("CodePipeline has forgotten a job that was begun here", metadata: ["error": "\(error)"])
                let failure = JobFailure(.systemUnavailable, "The worker lost this job while it was not running.")
                return await end(record, .failure(failure))
            } catch {
                outage.failed(error)
            }
            do {
                try await worker.clock.sleep(for: backoff.pause())
            } catch {
                return Ending(record: record, outcome: nil)
            }
        }
    }

    private func work(
        _ record: JobRecord,
        _ data: CodePipeline.JobData,
        accountID: String,
        _ logger: Logger
    ) async -> Ending {
        guard let action = worker.actions.first(where: { $0.typeID == record.actionTypeID }) else {
            logger.error("This worker no longer serves the job's action type")
            return Ending(record: record, outcome: nil)
        }
        let ledger = JobLedger(jobID: record.id, journal: worker.journal, checkpoint: record.checkpoint)
        let assignment = assignment(record, data, accountID: accountID, ledger, logger)
        do {
            return await end(record, .success(try await action.work(assignment)))
        } catch is CancellationError where Task.isCancelled {
            return await handOver(record, ledger, logger)
        } catch let failure as JobFailure {
            return await end(record, .failure(failure))
        } catch {
            return await end(record, .failure(JobFailure(.jobFailed, "The worker failed unexpectedly: \(error)")))
        }
    }

    private func assignment(
        _ record: JobRecord,
        _ data: CodePipeline.JobData,
        accountID: String,
        _ ledger: JobLedger,
        _ logger: Logger
    ) -> JobAction.Assignment {
        let queue = worker.queue
        let credentials = JobCredentials(data.artifactCredentials, clock: worker.clock) {
            try await queue.getJobDetails(id: record.id).data.artifactCredentials
        }
        return JobAction.Assignment(
            job: JobInfo(
                id: record.id,
                actionExecutionID: record.actionExecutionID,
                place: record.place,
                accountID: accountID,
                claimedAt: record.claimedAt
            ),
            properties: ActionProperties(data.configuration),
            checkpoint: record.checkpoint,
            artifacts: JobArtifacts(
                inputs: data.inputArtifacts,
                outputs: data.outputArtifacts,
                encryptionKey: data.encryptionKey,
                store: worker.artifactStore,
                credentials: credentials,
                clock: worker.clock
            ),
            clock: worker.clock,
            logger: logger,
            ledger: ledger
        )
    }

    /// Puts a waiting job back, or leaves it to the journal if that outlives the process.
    private func handOver(_ record: JobRecord, _ ledger: JobLedger, _ logger: Logger) async -> Ending {
        let progress = await ledger.progress
        if worker.configuration.handoff == .onStop {
            let token = ContinuationToken(
                actionExecutionID: record.actionExecutionID,
                claimedAt: record.claimedAt,
                checkpoint: await ledger.checkpoint
            )
            if let text = token.encoded() {
                return await end(record, .continuation(token: text, progress: progress))
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
    private func end(_ record: JobRecord, _ outcome: JobOutcome) async -> Ending {
        let outcome = outcome.redacted(worker.configuration.redact)
        do {
            try await shielded { try await worker.journal.saveOutcome(outcome, of: record.id) }
        } catch {
            logger(for: record).error("The journal can't note an outcome", metadata: ["error": "\(error)"])
        }
        return Ending(record: record, outcome: outcome)
    }

    // MARK: Reporting

    private func report(_ ending: Ending) async {
        let logger = logger(for: ending.record)
        defer {
            held.release(ending.record.id)
            slots.release(1)
        }
        guard let outcome = ending.outcome else {
            logger.notice("Job stays in the journal")
            return
        }
        let result = await reporter.report(
            outcome,
            of: ending.record.id,
            isRepeat: ending.isRepeat,
            logger: logger
        )
        guard result != .interrupted else {
            logger.error("Stopped before CodePipeline had the result", metadata: ["outcome": "\(outcome.headline)"])
            return
        }
        do {
            try await shielded { try await worker.journal.forget(ending.record.id) }
        } catch {
            logger.error("The journal can't forget a job", metadata: ["error": "\(error)"])
        }
        logger.info(
            result == .accepted ? "\(outcome.headline)" : "Job's result not wanted",
            metadata: ["detail": "\(outcome.detail)"]
        )
    }

    private func logger(for record: JobRecord) -> Logger {
        var logger = worker.logger
        logger[metadataKey: "job"] = "\(record.id)"
        logger[metadataKey: "action"] = "\(record.actionTypeID.provider)"
        logger[metadataKey: "pipeline"] = "\(record.place.pipeline)/\(record.place.stage)/\(record.place.action)"
        logger[metadataKey: "execution"] = "\(record.place.pipelineExecutionID)"
        return logger
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
    fileprivate func redacted(_ redact: (String) -> String) -> JobOutcome {
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
        }
    }

    fileprivate var headline: String {
        switch self {
        case .success: "Job succeeded"
        case .failure: "Job failed"
        case .continuation: "Job put back for another worker"
        }
    }

    fileprivate var detail: String {
        switch self {
        case .success(let result): result.summary
        case .failure(let type, let message, _): "\(type): \(message)"
        case .continuation(_, let progress): progress.summary
        }
    }
}
