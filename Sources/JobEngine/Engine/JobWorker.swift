public import AWSLite
public import Logging
public import ServiceLifecycle
public import Tracing

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
        /// As ``onStop``, and a job also waits in the queue whenever it has nothing else to do: at each look it is taken,
        /// and put back with its progress. So a host may vanish with its disk.
        case always
        /// They stay with this worker's journal.
        case never
    }

    /// What happens to what a job has begun when nobody wants its result any more.
    public enum AbandonedJobs: String, Sendable, CaseIterable {
        /// It is ended: ``WaitingActionHandler/abandon(_:)``.
        case end
        /// It is left as it is.
        case keep
    }

    /// How a worker behaves.
    public struct Configuration: Sendable {
        /// The most jobs held at once.
        public var maxJobs = 100
        /// The pause between polls while no jobs come.
        public var pollInterval: Duration = .seconds(5)
        /// The longest pause between polls, to which it grows while nothing happens: to a sixtieth of that time.
        public var longestPollInterval: Duration = .seconds(15)
        /// What happens to waiting jobs on a stop.
        public var handoff = Handoff.onStop
        /// How long a stop waits for jobs to end by themselves before it interrupts those that are left.
        public var drain: Duration = .zero
        /// How long a stop goes on to report and to put back jobs after that; what doesn't fit stays in the journal.
        public var reportTime: Duration = .seconds(20)
        /// What happens to what a job has begun when its pipeline was stopped or the action's time is over.
        public var onAbandoned = AbandonedJobs.end
        /// The pause between looks how far the executions of pipelines have come, if there are to be any.
        ///
        /// A job whose pipeline was stopped is noticed by them. There is none for a job that is shorter. It takes the rights
        /// `ListPipelineExecutions` and `ListActionExecutions`; without the first each execution is looked at by itself.
        public var pipelinePollInterval: Duration? = .seconds(60)
        /// Who else is told how far the executions of pipelines have come.
        package var pipelineFollower: (any PipelineFollower)?
        /// The first pause between two shows of a waiting job's progress in CodePipeline's console; `nil` for none.
        ///
        /// The pause grows to five times as long. A job has to be put back for it, which takes a ``Handoff`` other than ``Handoff/never``.
        public var progressInterval: Duration? = .seconds(60)
        /// How long after its offer a job is hardly offered to another worker, if nothing speaks against it; AWS doesn't
        /// document it.
        package var redispatchInterval: Duration = .seconds(20)
        /// How long a job whose acknowledgement may have been taken waits for a sign of whose it is, before it is put back.
        package var doubtInterval: Duration = .seconds(10)
        /// Where spans of handlers' runs go; what the process has bootstrapped, unless told otherwise.
        ///
        /// There is one for each run of a handler, from its beginning to its result or its wait, and one trace for each
        /// execution of a pipeline, with the execution's id as the trace's.
        public var tracer: any Tracer = InstrumentationSystem.tracer
        /// Who is told what becomes of jobs, beside the worker's monitor.
        public var observers: [any JobObserver] = []
        /// What pauses the worker and cancels jobs while it runs.
        public var control = WorkerControl()
        /// Applied to every text that is reported, to mask secrets in it.
        public var redact: @Sendable (String) -> String = { $0 }

        /// Creates the default configuration.
        public init() {}
    }

    /// How many of the jobs that are kept are named.
    private static let mostNamed = 50

    let queue: any JobQueue
    let actions: [JobAction]
    let artifactStore: any ArtifactStore
    let journal: any JobJournal
    let configuration: Configuration
    let monitor: WorkerMonitor
    /// What pauses and outages are measured by.
    let clock: any WorkerClock
    /// What jobs' dates are in.
    let serviceClock: ServiceClock
    let logger: Logger
    /// The monitor and the configuration's observers.
    let observers: [any JobObserver]
    private let singleRun = SingleRun()

    /// Creates a worker for `actions`.
    ///
    /// - Parameters:
    ///   - queue: Where jobs come from and results go to.
    ///   - actions: Which action types are served, and by what.
    ///   - artifactStore: Where jobs' artifacts are.
    ///   - journal: Where claimed jobs are kept; `nil` for memory, which a crash takes with it.
    ///   - configuration: How the worker behaves.
    ///   - monitor: What watches the worker.
    ///   - logger: Where the worker says what it does.
    public init(
        queue: CodePipeline,
        actions: [JobAction],
        artifactStore: S3ArtifactStore,
        journal: SQLiteJobJournal? = nil,
        configuration: Configuration = Configuration(),
        monitor: WorkerMonitor = WorkerMonitor(),
        logger: Logger
    ) {
        let queue: any JobQueue = CodePipeline(monitor.watched(queue.configuration))
        let journal: any JobJournal = if let journal { journal } else { InMemoryJobJournal() }
        self.init(
            queue: queue,
            actions: actions,
            artifactStore: artifactStore.watched(by: monitor),
            journal: journal,
            configuration: configuration,
            monitor: monitor,
            logger: logger
        )
    }

    /// Creates a worker that takes its jobs from a stand-in of CodePipeline, or keeps them in one of a journal.
    package init(
        queue: any JobQueue,
        actions: [JobAction],
        artifactStore: any ArtifactStore,
        journal: any JobJournal = InMemoryJobJournal(),
        configuration: Configuration = Configuration(),
        monitor: WorkerMonitor = WorkerMonitor(),
        clock: any WorkerClock = .system,
        logger: Logger
    ) {
        self.queue = queue
        self.actions = actions
        self.artifactStore = artifactStore
        self.journal = journal
        self.configuration = configuration
        self.monitor = monitor
        observers = [monitor.observer] + configuration.observers
        self.clock = clock
        serviceClock = ServiceClock(clock) { queue.clockOffset }
        self.logger = logger
    }

    /// Works until graceful shutdown or cancellation.
    ///
    /// - Throws: ``WorkerIsRunning`` where it runs already; the journal's error when its unfinished jobs can't be read at the
    ///   start, or when the next run wouldn't find it any more; what could be handed over by then is. Nothing else throws.
    public func run() async throws {
        try await singleRun { try await work() }
    }

    private func work() async throws {
        monitor.workerStarts(
            actions.map(\.typeID),
            capacity: configuration.maxJobs,
            clockOffset: { [queue] in queue.clockOffset ?? 0 },
            pause: { [control = configuration.control, clock] in control.pause(at: clock.timeOfDay) },
            redact: configuration.redact
        )
        let patient = RetryingJournal(journal, clock: clock, logger: logger) { [monitor] in
            monitor.journal(isTroubledBy: $0, isFailure: $1)
        }
        let found: [JobRecord]
        do {
            // A full disk is waited for, and nothing is asked for meanwhile.
            found = try await cancelWhenGracefulShutdown { try await patient.unfinished() }
        } catch is CancellationError {
            return logger.info("Stopped", metadata: ["kept": "unknown"])
        }
        let resumed = found.filter { !$0.isInDoubt }
        logger.info(
            "Polling for jobs",
            metadata: [
                "actions": "\(actions.map { "\($0.typeID.provider) \($0.typeID.version)" }.joined(separator: ", "))",
                "maxJobs": "\(configuration.maxJobs)", "resumed": "\(resumed.count)",
            ]
        )
        for record in resumed {
            guard let damage = record.damage else { continue }
            logger.error("A job in the journal can't be read", metadata: ["job": "\(record.id)", "error": "\(damage)"])
        }
        let run = WorkerRun(self, patient, resuming: found)
        defer { monitor.workerStops() }
        let result: Result<Void, any Error>
        do { result = .success(try await run.run()) } catch { result = .failure(error) }
        await sayWhatIsKept(run)
        try result.get()
    }

    /// Says which jobs a later run has to go on with, or nobody will.
    private func sayWhatIsKept(_ run: WorkerRun) async {
        let journal = journal
        let kept = await leaving {
            (try? await journal.unfinished())?.map(\.id)
        } after: {
            try? await Task.sleep(for: .seconds(2))
        }
        let ids = kept.flatMap(\.self) ?? run.table.ids.sorted()
        var metadata: Logger.Metadata = ["kept": kept.flatMap(\.self).map { "\($0.count)" } ?? "unknown"]
        if !ids.isEmpty {
            let more = ids.count > Self.mostNamed ? " and \(ids.count - Self.mostNamed) more" : ""
            metadata["jobs"] = "\(ids.prefix(Self.mostNamed).joined(separator: ", "))\(more)"
        }
        // To keep jobs may be what was wanted of an orderly stop.
        let isMeant = ids.isEmpty || journal.isDurable && !run.stop.isGiven(.hurried)
        logger.log(level: isMeant ? .info : .warning, "Stopped", metadata: metadata)
    }
}

extension JobWorker: CustomStringConvertible {
    /// The name alone: a service's description goes into logs, and the configuration has no place there.
    public var description: String { "JobWorker" }
}
