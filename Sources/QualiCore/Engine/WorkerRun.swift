import AWSLite
import Foundation
import Logging
import ServiceLifecycle

/// One run of a ``JobWorker``, from its start to its stop.
struct WorkerRun: Sendable {
    /// How long the first poll waits for claims of an earlier run to be settled.
    private static let longestReclaim: Duration = .seconds(300)

    let worker: JobWorker
    let journal: PatientJournal
    let reporter: ResultReporter
    let resuming = OutageLog(.resuming)
    let acknowledging = OutageLog(.acknowledging)
    let abandonment: AbandonmentWatch
    let slots: JobSlots
    let held: HeldJobs
    let absent = AbsentJobs()
    let progressBudget = ProgressBudget()
    let pace: PollPace
    let standingBy: JobsStandingBy
    let ended: AsyncStream<Ending>.Continuation

    private let unfinished: [JobRecord]
    private let endings: AsyncStream<Ending>
    private let beginnings: AsyncStream<Beginning>
    private let begun: AsyncStream<Beginning>.Continuation

    /// A job whose handler has ended, and how; `nil` if it stays as it is in the journal.
    struct Ending: Sendable {
        var record: JobRecord
        var outcome: JobOutcome?
        /// Whether an earlier run may have reported this outcome.
        var isRepeat = false
        /// Whether the job was put back while it waits, and not because the worker stops.
        var isLook = false
    }

    init(_ worker: JobWorker, resuming unfinished: [JobRecord]) {
        self.worker = worker
        self.unfinished = unfinished
        journal = PatientJournal(worker.journal, clock: worker.clock, logger: worker.logger)
        reporter = ResultReporter(queue: worker.queue, clock: worker.clock)
        abandonment = AbandonmentWatch(
            queue: worker.queue,
            interval: worker.configuration.abandonmentInterval,
            clock: worker.clock,
            logger: worker.logger
        )
        pace = PollPace(
            pause: worker.configuration.pollInterval,
            longest: worker.configuration.longestPollInterval,
            now: worker.clock.now
        )
        slots = JobSlots(capacity: worker.configuration.maxJobs)
        slots.occupy(unfinished.count)
        held = HeldJobs(unfinished.map(\.id))
        for record in unfinished { worker.monitor.jobBegins(record, isResumed: true) }
        (endings, ended) = AsyncStream.makeStream()
        let (beginnings, begun) = AsyncStream<Beginning>.makeStream()
        self.beginnings = beginnings
        self.begun = begun
        standingBy = JobsStandingBy(abandonment) { begun.yield(.woken($0)) }
    }

    /// Works until a stop, and then until every job is reported, put back, or left to the journal.
    func run() async {
        await firstToEnd(
            { await handleAndReport() },
            {
                // It throws only when it is cancelled.
                try? await gracefulShutdown()
                worker.monitor.workerStops()
                try? await worker.clock.sleep(for: worker.configuration.drain + worker.configuration.reportTime)
            },
            { await abandonment.run() }
        )
    }

    private func handleAndReport() async {
        // Handlers run in a group that a stop cancels; reports run in the one around it, which a stop leaves alone.
        await withDiscardingTaskGroup { reports in
            reports.addTask {
                await handle()
                ended.finish()
            }
            for await ending in endings {
                reports.addTask { await conclude(ending) }
            }
        }
    }

    /// A job to go on with, or to begin.
    private enum Beginning: Sendable {
        case resumed(JobRecord)
        case offered(OfferedJob)
        case woken(JobsStandingBy.Woken)
    }

    /// Polls until a stop, and runs the handlers, which a stop interrupts after the time of the drain.
    private func handle() async {
        await withDiscardingTaskGroup { handlers in
            handlers.addTask {
                await cancelWhenGracefulShutdown { await reclaimAndPoll() }
                // Polling has ended, so the worker is being stopped.
                if worker.configuration.drain > .zero {
                    await firstToEnd(
                        { await slots.emptied() },
                        { try? await worker.clock.sleep(for: worker.configuration.drain) }
                    )
                }
                standingBy.close()
                begun.finish()
            }
            for await beginning in beginnings {
                handlers.addTask { if let ending = await handle(beginning) { ended.yield(ending) } }
            }
            handlers.cancelAll()
        }
    }

    /// Handles a job until its outcome is noted; `nil` if it stands by, or isn't this worker's.
    private func handle(_ beginning: Beginning) async -> Ending? {
        // On a stack of its own, which needn't be kept while the handler runs.
        async let taken = take(beginning)
        switch await taken {
        case .inHand(let job): return await work(job)
        case .over(let ending): return ending
        case nil: return nil
        }
    }

    /// What came of taking a job up.
    enum Taken: Sendable {
        case inHand(JobInHand)
        case over(Ending)
    }

    /// Takes up a job; `nil` if it isn't this worker's.
    private func take(_ beginning: Beginning) async -> Taken? {
        switch beginning {
        case .resumed(let record): await resume(record)
        case .offered(let offer): await begin(offer)
        case .woken(let woken): await goOn(with: woken)
        }
    }

    private func reclaimAndPoll() async {
        await withDiscardingTaskGroup { work in
            let (reclaimed, settled) = AsyncStream<Void>.makeStream()
            work.addTask {
                await reclaim(unfinished) { begun.yield(.resumed($0)) }
                settled.finish()
            }
            // One job's trouble must not keep all others waiting for ever.
            await firstToEnd(
                { for await _ in reclaimed {} },
                { try? await worker.clock.sleep(for: Self.longestReclaim) }
            )
            await poll { begun.yield(.offered($0)) }
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
                    pace: pace,
                    pollers: worker.actions.count,
                    clock: worker.clock,
                    monitor: worker.monitor,
                    logger: worker.logger
                )
                pollers.addTask { await poller.run(deliver) }
            }
        }
    }

    /// A logger whose lines name a job, and what its action has made or works on, once that is known.
    ///
    /// - Parameter outcome: How the job ended, if that isn't in the record.
    func logger(for record: JobRecord, _ outcome: JobOutcome? = nil) -> Logger {
        var logger = worker.logger
        if let action = action(of: record),
            let id = (outcome ?? record.outcome)?.externalExecutionID
                ?? record.checkpoint.flatMap(action.externalExecutionID)
        {
            logger[metadataKey: action.externalExecutionName] = "\(id)"
        }
        logger[metadataKey: "job"] = "\(record.id)"
        logger[metadataKey: "action"] = "\(record.actionTypeID.provider)"
        logger[metadataKey: "pipeline"] = "\(record.place.pipeline)/\(record.place.stage)/\(record.place.action)"
        logger[metadataKey: "execution"] = "\(record.place.pipelineExecutionID)"
        return logger
    }
}
