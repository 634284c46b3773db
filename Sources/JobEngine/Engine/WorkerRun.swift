import AWSLite
import Foundation
import HTTPTransport
import Logging
import ServiceLifecycle

/// One run of a ``JobWorker``, from its start to its stop.
final class WorkerRun: Sendable {
    /// How long a run whose task is cancelled goes on to hand over and to report.
    private static let hurry: Duration = .seconds(5)
    /// How long the first poll waits for claims of an earlier run to be settled.
    private static let longestReclaim: Duration = .seconds(300)

    let worker: JobWorker
    let journal: RetryingJournal
    let reporter: ResultReporter
    let resuming = OutageLog(.resuming)
    let acknowledging = OutageLog(.acknowledging)
    let storing = OutageLog(.storing)
    let pipelines: PipelineWatch
    let table: JobTable
    let stop = StopSignal()
    let pace: PollPace
    let alarms: Alarms
    let tracing: JobTracing
    let surroundings: JobLedger.Surroundings
    /// Where jobs wait until CodePipeline can be asked about them.
    private let entrance = AsyncSemaphore(width: 64)
    /// Jobs to go on with, or to begin.
    let beginnings = Inbox<Beginning>()
    /// Jobs whose handlers have ended.
    let endings = Inbox<Ending>()

    private let unfinished: [JobRecord]
    private let inDoubt: JobsInDoubt

    /// A job whose handler has ended, and how; `nil` if it stays as it is in the journal.
    struct Ending: Sendable {
        var record: JobRecord
        var outcome: JobOutcome?
        /// Whether an earlier run may have reported this outcome.
        var isRepeat = false
        /// Whether the job was put back while it waits, and not because the worker stops.
        var isLook = false
        /// Whether the job was put back to find out whose it is.
        var isProbe = false
        /// Whether it isn't reported, since it waits in the queue, but what it has begun is to be undone.
        var isUndone = false
    }

    init(_ worker: JobWorker, _ journal: RetryingJournal, resuming records: [JobRecord]) {
        let unfinished = records.filter { !$0.isInDoubt }
        self.worker = worker
        self.unfinished = unfinished
        self.journal = journal
        reporter = ResultReporter(queue: worker.queue, clock: worker.clock)
        pace = PollPace(
            pause: worker.configuration.pollInterval,
            longest: worker.configuration.longestPollInterval,
            now: worker.clock.now
        )
        table = JobTable(
            capacity: worker.configuration.maxJobs,
            clock: worker.clock,
            wake: { [beginnings] in beginnings.put(.woken($0)) },
            undo: { [endings] in endings.put(Ending(record: $0, isUndone: true)) }
        )
        surroundings = JobLedger.Surroundings(worker, journal, table)
        table.resume(unfinished)
        pipelines = PipelineWatch(
            table: table,
            queue: worker.queue,
            follower: worker.configuration.pipelineFollower,
            interval: worker.configuration.pipelinePollInterval,
            clock: worker.clock,
            logger: worker.logger
        )
        inDoubt = JobsInDoubt(
            records.filter(\.isInDoubt),
            queue: worker.queue,
            journal: journal,
            table: table,
            clock: worker.clock,
            logger: worker.logger
        )
        alarms = Alarms(worker.clock)
        tracing = JobTracing(tracer: worker.configuration.tracer)
        worker.configuration.control.serve { [weak table] id, reason in table?.cancel(id, because: reason) ?? false }
        worker.monitor.show({ [table] in table.shown }, { [table] in table.census })
        for record in unfinished { observe(record.id) { $0.jobClaimed($1, as: .resumed) } }
    }

    /// Works until a stop, and then until every job is reported, put back, or left to the journal.
    ///
    /// A cancellation is a stop in a hurry. When the time of a stop is over, it returns whatever still runs: a handler may be
    /// anybody's code, and ignore that it is cancelled. What such a handler achieves later is noted for the next run.
    ///
    /// - Throws: What is wrong, if it has stopped since the next run wouldn't find the journal.
    func run() async throws {
        let loss = Locked<(any Error)?>(nil)
        await withTaskCancellationHandler {
            let isOver: Void? = await leaving { [self] in
                await race(
                    { [self] in await handleAndReport() },
                    { [self] in await listen(loss) },
                    { [self] in await pipelines.run() },
                    { [self] in await alarms.run() },
                    { [self] in await inDoubt.run() },
                    { [self] in await worker.monitor.measureRegularly() }
                )
            } after: { [self] in
                await stop.given()
                worker.monitor.workerStops()
                await race(
                    { [self] in
                        try? await worker.clock.sleep(for: worker.configuration.drain + worker.configuration.reportTime)
                    },
                    { [self] in
                        await stop.given(.hurried)
                        // By the real time: it is what the host service has little of.
                        try? await Task.sleep(for: Self.hurry)
                    }
                )
            }
            if isOver == nil {
                for job in table.running {
                    logger(for: job.record).error("The job's handler ignores its cancellation and is left to itself")
                }
            }
        } onCancel: {
            stop.stop(.hurried)
        }
        if let error = loss.withLock({ $0 }) { throw error }
    }

    /// Waits for what makes a run stop in good order: a graceful shutdown, and a journal that is lost.
    private func listen(_ loss: Locked<(any Error)?>) async {
        await withDiscardingTaskGroup { listeners in
            listeners.addTask { [self] in
                // It throws only when it is cancelled.
                if (try? await gracefulShutdown()) != nil { stop.stop(.orderly) }
            }
            listeners.addTask { [self] in
                do { try await journal.watch() } catch {
                    guard !(error is CancellationError), !stop.isGiven() else { return }
                    worker.logger.error("The worker stops, since its journal is lost", metadata: ["error": "\(error)"])
                    loss.withLock { $0 = error }
                    stop.stop(.orderly)
                }
            }
            // The others end with the run, of which this is a part.
            let (never, end) = AsyncStream<Void>.makeStream()
            for await _ in never {}
            end.finish()
        }
    }

    private func handleAndReport() async {
        // Handlers run in a group that a stop cancels; reports run in the one around it, which a stop leaves alone.
        await withDiscardingTaskGroup { reports in
            reports.addTask { [self] in
                await handle()
                endings.close()
            }
            while let next = await endings.next() {
                for ending in next { reports.addTask { await self.conclude(ending) } }
            }
        }
    }

    /// A job to go on with, or to begin.
    indirect enum Beginning: Sendable {
        case resumed(JobRecord)
        case offered(OfferedJob)
        /// Whose acknowledgement may have been taken.
        case doubted(JobClaim, OfferedJob?)
        /// While another job of its action is in hand.
        case following(JobRecord, OfferedJob)
        case woken(JobTable.Woken)
    }

    /// Polls until a stop, and runs the handlers, which a stop interrupts after the time of the drain.
    private func handle() async {
        await withDiscardingTaskGroup { handlers in
            handlers.addTask { [self] in
                await race({ [self] in await reclaimAndPoll() }, { [self] in await stop.given() })
                if worker.configuration.drain > .zero {
                    await race(
                        { [self] in await table.emptied() },
                        { [self] in try? await worker.clock.sleep(for: worker.configuration.drain) },
                        { [self] in await stop.given(.hurried) }
                    )
                }
                table.close()
                beginnings.close()
            }
            while let next = await beginnings.next() {
                for beginning in next { handlers.addTask { await self.handle(beginning) } }
            }
            handlers.cancelAll()
        }
    }

    /// Handles a job until its outcome is noted, or it waits.
    private func handle(_ beginning: Beginning) async {
        if case .woken(let woken) = beginning { return await goOn(with: woken) }
        // On a stack of its own, which needn't be kept while the handler runs.
        async let taken = take(beginning)
        if let job = await taken { await work(job) }
    }

    /// Takes up a job; `nil` if there is nothing to do for its handler.
    private func take(_ beginning: Beginning) async -> ClaimedJob? {
        switch beginning {
        case .resumed(let record): return await entrance.pass { await resume(record) }
        case .offered(let offer):
            guard let job = await entrance.pass({ await begin(offer) }) else { return nil }
            // Not in the entrance, where it would hold others up.
            await rest(before: offer)
            return job
        case .doubted(let claim, let offer):
            // Nor here.
            guard let job = await settle(claim, offer) else { return nil }
            if let offer { await rest(before: offer) }
            return job
        case .following(let record, let offer):
            guard let job = await follow(offer, record) else { return nil }
            await rest(before: offer)
            return job
        // It has been taken up before.
        case .woken: return nil
        }
    }

    private func reclaimAndPoll() async {
        await withDiscardingTaskGroup { work in
            let (reclaimed, settled) = AsyncStream<Void>.makeStream()
            work.addTask { [self] in
                await reclaim(unfinished) { [beginnings] in beginnings.put($0) }
                settled.finish()
            }
            // One job's trouble must not keep all others waiting for ever.
            await race(
                { for await _ in reclaimed {} },
                { [self] in try? await worker.clock.sleep(for: Self.longestReclaim) }
            )
            await poll { [beginnings] in beginnings.put(.offered($0)) }
        }
    }

    private func poll(_ deliver: @escaping @Sendable (OfferedJob) -> Void) async {
        await withDiscardingTaskGroup { pollers in
            for action in worker.actions {
                let poller = JobPoller(
                    action: action,
                    queue: worker.queue,
                    journal: journal,
                    table: table,
                    pace: pace,
                    pollers: worker.actions.count,
                    clock: worker.clock,
                    serviceClock: worker.serviceClock,
                    monitor: worker.monitor,
                    control: worker.configuration.control,
                    logger: worker.logger
                )
                pollers.addTask { await poller.run(deliver) }
            }
        }
    }

    /// Tells the observers of a job, if people are told of it.
    func observe(_ id: String, _ tell: (any JobObserver, WorkerSnapshot.Job) -> Void) {
        guard let job = table.shown(id) else { return }
        for observer in worker.observers { tell(observer, job) }
    }

    /// A logger whose lines name a job, and what its action has made or works on, once that is known.
    ///
    /// `outcome` is how the job ended, if that isn't in the record.
    func logger(for record: JobRecord, _ outcome: JobOutcome? = nil) -> Logger {
        // At once, since each change of a logger looks whether anybody else has it.
        var handler = worker.logger.handler
        let id = (outcome ?? record.outcome)?.externalExecutionID
        if id != nil || record.checkpoint != nil, let action = action(of: record),
            let id = id ?? record.checkpoint.flatMap(action.externalExecutionID)
        {
            handler[metadataKey: action.externalExecutionName] = .string(id)
        }
        let place = record.place
        handler[metadataKey: "job"] = .string(record.id)
        handler[metadataKey: "action"] = .string(record.actionTypeID.provider)
        handler[metadataKey: "pipeline"] = .string("\(place.pipeline)/\(place.stage)/\(place.action)")
        handler[metadataKey: "execution"] = .string(place.pipelineExecutionID)
        var logger = worker.logger
        logger.handler = handler
        return logger
    }
}

extension JobLedger.Surroundings {
    /// What a worker's configuration makes of them.
    fileprivate convenience init(_ worker: JobWorker, _ journal: RetryingJournal, _ table: JobTable) {
        let configuration = worker.configuration
        let interval = configuration.handoff == .never ? nil : configuration.progressInterval
        self.init(
            journal: journal,
            waitsInQueue: configuration.handoff == .always,
            showing: interval.map { JobLedger.Showing(interval: $0, budget: RequeueBudget()) },
            tell: { [observers = worker.observers] progress, id in
                guard let job = table.note(progress, of: id) else { return }
                for observer in observers { observer.jobProgressed(job) }
            },
            hasBegun: { table.hasBegun($0) },
            isPaused: { [control = configuration.control, clock = worker.clock] in
                control.pause(at: clock.timeOfDay) != nil
            },
            redact: configuration.redact,
            clock: worker.serviceClock
        )
    }
}
