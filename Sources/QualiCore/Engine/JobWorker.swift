import AWSLite
public import Logging
public import ServiceLifecycle

/// Polls for the jobs of some action types, runs a handler for each, and reports how it ended.
///
/// It is a `Service`: run it in a `ServiceGroup`. On graceful shutdown it stops polling, interrupts handlers where they
/// wait, puts their jobs back (see ``Handoff``), and returns when every report has gone through. When its task is
/// cancelled it ends at once; the journal then holds what a later run needs to resume.
///
/// One failing call, one malformed reply or one bad job never ends the loop.
public struct JobWorker: Service {
    /// What happens to waiting jobs when the worker stops.
    public enum Handoff: String, Sendable, CaseIterable {
        /// They are put back into CodePipeline's queue with a continuation token, for any worker to go on.
        case onStop = "on-stop"
        /// They stay with this worker's journal.
        case never
    }

    /// How a worker behaves.
    public struct Configuration: Sendable {
        /// The most jobs held at once.
        public var maxJobs = 100
        /// The pause between polls while no jobs come.
        public var pollInterval: Duration = .seconds(5)
        /// What happens to waiting jobs on a stop.
        public var handoff = Handoff.onStop
        /// Applied to every text that is reported, to mask secrets in it.
        public var redact: @Sendable (String) -> String = { $0 }

        /// Creates the default configuration.
        public init() {}
    }

    private let queue: any JobQueue
    private let actions: [JobAction]
    private let artifactStore: any ArtifactStore
    private let journal: any JobJournal
    private let configuration: Configuration
    private let clock: any WorkerClock
    private let logger: Logger
    private let slots: JobSlots
    private let reporter: ResultReporter

    /// Creates a worker for `actions`.
    public init(
        queue: any JobQueue,
        actions: [JobAction],
        artifactStore: any ArtifactStore,
        journal: any JobJournal = InMemoryJobJournal(),
        configuration: Configuration = Configuration(),
        clock: any WorkerClock = .system,
        logger: Logger
    ) {
        self.queue = queue
        self.actions = actions
        self.artifactStore = artifactStore
        self.journal = journal
        self.configuration = configuration
        self.clock = clock
        self.logger = logger
        slots = JobSlots(capacity: configuration.maxJobs)
        reporter = ResultReporter(queue: queue, clock: clock, redact: configuration.redact)
    }

    /// Works until graceful shutdown or cancellation.
    ///
    /// - Throws: The journal's error when its unfinished jobs can't be read at the start. Nothing later throws.
    public func run() async throws {
        let unfinished = try await journal.unfinished()
        slots.occupy(unfinished.count)
        logger.info(
            "Polling for jobs",
            metadata: [
                "actions": "\(actions.map { "\($0.typeID.provider) \($0.typeID.version)" }.joined(separator: ", "))",
                "maxJobs": "\(configuration.maxJobs)", "resumed": "\(unfinished.count)",
            ]
        )
        let (endings, ended) = AsyncStream<Ending>.makeStream()
        // Handlers run in a group that a stop cancels; reports run in the one around it, which a stop leaves alone.
        await withDiscardingTaskGroup { reports in
            reports.addTask {
                await handle(unfinished, ended)
                ended.finish()
            }
            for await ending in endings {
                reports.addTask { await report(ending) }
            }
        }
        let kept = try? await journal.unfinished().count
        logger.info("Stopped", metadata: ["kept": "\(kept.map(String.init) ?? "unknown")"])
    }

    // MARK: Handling

    /// A job whose handler has ended, and how; `nil` if it stays as it is in the journal.
    private struct Ending: Sendable {
        let record: JobRecord
        let outcome: JobOutcome?
        var isRepeat = false
    }

    private func handle(_ unfinished: [JobRecord], _ ended: AsyncStream<Ending>.Continuation) async {
        let (offers, offered) = AsyncStream<OfferedJob>.makeStream()
        await withDiscardingTaskGroup { handlers in
            for record in unfinished {
                handlers.addTask { ended.yield(await resume(record)) }
            }
            handlers.addTask {
                await poll(offered)
                offered.finish()
            }
            for await offer in offers {
                handlers.addTask {
                    if let ending = await begin(offer) { ended.yield(ending) }
                }
            }
            // Polling has ended, so the worker is being stopped.
            handlers.cancelAll()
        }
    }

    private func poll(_ offered: AsyncStream<OfferedJob>.Continuation) async {
        await cancelWhenGracefulShutdown {
            await withDiscardingTaskGroup { pollers in
                for action in actions {
                    let poller = JobPoller(
                        action: action,
                        queue: queue,
                        journal: journal,
                        slots: slots,
                        pause: configuration.pollInterval,
                        pollers: actions.count,
                        clock: clock,
                        logger: logger
                    )
                    pollers.addTask { await poller.run { offered.yield($0) } }
                }
            }
        }
    }

    /// Acknowledges a job and runs its handler; `nil` if the job isn't this worker's.
    private func begin(_ offer: OfferedJob) async -> Ending? {
        let logger = logger(for: offer.record)
        let acknowledgement = JobAcknowledgement(queue: queue, clock: clock, logger: logger)
        guard await acknowledgement.claims(offer) else {
            try? await journal.forget(offer.record.id)
            slots.release(1)
            return nil
        }
        logger.info("Job begins", metadata: offer.record.checkpoint == nil ? [:] : ["continued": "true"])
        switch offer.content {
        case .success(let data): return await work(offer.record, data, accountID: offer.accountID, logger)
        case .failure(let failure): return Ending(record: offer.record, outcome: .failure(failure))
        }
    }

    private func resume(_ record: JobRecord) async -> Ending {
        if let outcome = record.outcome { return Ending(record: record, outcome: outcome, isRepeat: true) }
        let logger = logger(for: record)
        var backoff = Backoff(first: .seconds(1), longest: .seconds(60))
        var outage = OutageLog("Resuming", logger: logger)
        while true {
            do {
                let details = try await queue.getJobDetails(id: record.id)
                logger.info("Job resumes")
                return await work(record, details.data, accountID: details.accountID, logger)
            } catch is CancellationError {
                return Ending(record: record, outcome: nil)
            } catch let error as AWSError where error.code == .jobNotFound {
                logger.warning("CodePipeline has forgotten a job that was begun here", metadata: ["error": "\(error)"])
                let failure = JobFailure(.systemUnavailable, "The worker lost this job while it was not running.")
                return Ending(record: record, outcome: .failure(failure))
            } catch {
                outage.failed(error)
            }
            do { try await clock.sleep(for: backoff.pause()) } catch { return Ending(record: record, outcome: nil) }
        }
    }

    private func work(
        _ record: JobRecord,
        _ data: CodePipeline.JobData,
        accountID: String,
        _ logger: Logger
    ) async -> Ending {
        guard let action = actions.first(where: { $0.typeID == record.actionTypeID }) else {
            logger.error("This worker no longer serves the job's action type")
            return Ending(record: record, outcome: nil)
        }
        let ledger = JobLedger(jobID: record.id, journal: journal, checkpoint: record.checkpoint)
        let credentials = JobCredentials(data.artifactCredentials, clock: clock) { [queue] in
            try await queue.getJobDetails(id: record.id).data.artifactCredentials
        }
        let assignment = JobAction.Assignment(
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
                store: artifactStore,
                credentials: credentials
            ),
            clock: clock,
            logger: logger,
            ledger: ledger
        )
        let outcome: JobOutcome?
        do {
            outcome = .success(try await action.work(assignment))
        } catch is CancellationError where Task.isCancelled {
            outcome = await handOver(record, ledger)
        } catch let failure as JobFailure {
            outcome = .failure(failure)
        } catch {
            outcome = .failure(JobFailure(.jobFailed, "The worker failed unexpectedly: \(error)"))
        }
        return Ending(record: record, outcome: outcome)
    }

    private func handOver(_ record: JobRecord, _ ledger: JobLedger) async -> JobOutcome? {
        guard configuration.handoff == .onStop else { return nil }
        let token = ContinuationToken(
            actionExecutionID: record.actionExecutionID,
            claimedAt: record.claimedAt,
            checkpoint: await ledger.checkpoint
        )
        guard let text = token.encoded() else { return nil }
        return .continuation(token: text, progress: await ledger.progress)
    }

    // MARK: Reporting

    private func report(_ ending: Ending) async {
        let logger = logger(for: ending.record)
        defer { slots.release(1) }
        guard let outcome = ending.outcome else {
            logger.notice("Job stays in the journal")
            return
        }
        do {
            try await journal.saveOutcome(outcome, of: ending.record.id)
        } catch {
            logger.error("The journal can't note an outcome", metadata: ["error": "\(error)"])
        }
        let result = await reporter.report(
            outcome,
            of: ending.record.id,
            isRepeat: ending.isRepeat,
            logger: logger
        )
        guard result != .interrupted else {
            logger.warning("Stopped before CodePipeline had the result; it stays in the journal")
            return
        }
        do {
            try await journal.forget(ending.record.id)
        } catch {
            logger.error("The journal can't forget a job", metadata: ["error": "\(error)"])
        }
        logger.info("\(outcome.headline)", metadata: ["detail": "\(configuration.redact(outcome.detail))"])
    }

    private func logger(for record: JobRecord) -> Logger {
        var logger = logger
        logger[metadataKey: "job"] = "\(record.id)"
        logger[metadataKey: "action"] = "\(record.actionTypeID.provider)"
        logger[metadataKey: "pipeline"] = "\(record.place.pipeline)/\(record.place.stage)/\(record.place.action)"
        logger[metadataKey: "execution"] = "\(record.place.pipelineExecutionID)"
        return logger
    }
}

extension JobOutcome {
    fileprivate static func failure(_ failure: JobFailure) -> JobOutcome {
        .failure(
            type: failure.type.rawValue,
            message: failure.message,
            externalExecutionID: failure.externalExecutionID
        )
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
