public import AWSLite
public import HTTPTransport
public import Logging
public import SandboxAPI
public import ServiceLifecycle

/// The whole worker: the three CloudShell actions, served from one CodePipeline region, against one lab.
///
/// ```swift
/// let worker = try QualiWorker(
///     QualiWorker.Configuration(lab: lab, codePipeline: aws, s3: aws),
///     labHTTPClient: CurlHTTPClient(),
///     logger: logger
/// )
/// try await ServiceGroup(services: [worker], gracefulShutdownSignals: [.sigterm], logger: logger).run()
/// ```
public struct QualiWorker: Service {
    /// What a worker needs to know.
    public struct Configuration: Sendable {
        /// The lab's address and user.
        public var lab: SandboxClient.Configuration
        /// How CodePipeline is called.
        public var codePipeline: AWSClientConfiguration
        /// How S3 is called; its credentials aren't used, since each job brings its own.
        public var s3: AWSClientConfiguration
        /// Where buckets stand in an S3 address.
        public var s3AddressingStyle = S3.AddressingStyle.auto
        /// Which action types are served.
        public var actions = QualiActions()
        /// The CloudShell portal for links; `nil` for the one that runs beside the Sandbox API.
        public var portal: PortalLinks?
        /// What the lab's attributes, inputs, arguments and items of addresses are called whose values are neither stored nor
        /// shown; those of a password's type never are.
        public var secretNames = SecretNames.standard
        /// How run actions find their components.
        public var componentMatch = ComponentMatch.whole
        /// What optional properties of the three actions say where a job doesn't.
        public var propertyDefaults = PropertyDefaults()
        /// What the messages of failed jobs call the parameters here, where those who read them know other names.
        package var parameters = ParameterNames()
        /// The pause between reads of the lab's state.
        public var statusInterval: Duration = .seconds(5)
        /// How often a lab of which no job wants anything is asked whether it is there; `nil` for never.
        public var labProbeInterval: Duration?
        /// How long a lab in passing trouble is asked again before a job fails.
        public var labPatience: Duration = .seconds(300)
        /// Whether a sandbox is ended when its pipeline's execution is over, where its action doesn't say it.
        public var endWithPipeline = EndWithPipeline.onFailure
        /// How long an execution has to be over before its sandboxes are ended: time for a retry, and for a look.
        public var endGrace: Duration = .seconds(3_600)
        /// How jobs are claimed and handed over.
        ///
        /// Without a ``JobWorker/Configuration/pipelinePollInterval`` no sandbox is ended with its pipeline, or extended.
        public var jobs = JobWorker.Configuration()

        /// Creates a configuration with the default names and paces.
        public init(
            lab: SandboxClient.Configuration,
            codePipeline: AWSClientConfiguration,
            s3: AWSClientConfiguration
        ) {
            self.lab = lab
            self.codePipeline = codePipeline
            self.s3 = s3
        }
    }

    private let watcher: SandboxWatcher
    private let executionWatcher: ExecutionWatcher
    private let door: LabDoor
    private let probe: LabProbe?
    private let keeper: SandboxKeeper?
    private let clockWatch: ClockWatch
    private let client: SandboxClient
    private let worker: JobWorker
    private let singleRun = SingleRun()
    /// What the worker does; the lab's part of it, too.
    public let monitor: WorkerMonitor

    /// Creates a worker.
    ///
    /// - Parameters:
    ///   - configuration: Where the services are and how to use them.
    ///   - labHTTPClient: Reaches the lab, which often has a CA and a proxy of its own.
    ///   - otherActions: Actions of your own, to be served beside the three.
    ///   - journal: Where claimed jobs are kept; `nil` for memory, which a crash takes with it.
    ///   - monitor: What watches the worker.
    ///   - logger: Where the worker says what it does.
    /// - Throws: `SandboxAPIError` for a lab's address that is none.
    public init(
        _ configuration: Configuration,
        labHTTPClient: any HTTPClient,
        otherActions: [JobAction] = [],
        journal: SQLiteJobJournal? = nil,
        monitor: WorkerMonitor = WorkerMonitor(),
        logger: Logger
    ) throws {
        let journal: any JobJournal = if let journal { journal } else { InMemoryJobJournal() }
        try self.init(
            configuration,
            labHTTPClient: labHTTPClient,
            otherActions: otherActions,
            journal: journal,
            monitor: monitor,
            logger: logger
        )
    }

    /// Creates a worker with any journal, and a clock by which `codePipeline` has to measure, too.
    package init(
        _ configuration: Configuration,
        labHTTPClient: any HTTPClient,
        otherActions: [JobAction] = [],
        journal: any JobJournal,
        monitor: WorkerMonitor = WorkerMonitor(),
        clock: any WorkerClock = .system,
        logger: Logger
    ) throws {
        self.monitor = monitor
        let labMetrics = monitor.labMetrics(operations: LabMetrics.operations)
        let redactOwn = SecretMask([configuration.lab.password])
        let interval = configuration.statusInterval
        let door = LabDoor(interval: interval, monitor: monitor, clock: clock, logger: logger)
        self.door = door
        var session = configuration.lab
        if let current = configuration.lab.currentCredentials {
            session.currentCredentials = {
                let credentials = await current()
                redactOwn.learn(credentials.password)
                return credentials
            }
        }
        session.onLogin = { token in
            redactOwn.learn(token)
            configuration.lab.onLogin(token)
            door.accepted()
        }
        session.onLoginFailure = { error, pause in
            configuration.lab.onLoginFailure(error, pause)
            door.failed(error, pause: pause)
        }
        session.onRequest = { labMetrics.note($0, monitor) }
        client = try SandboxClient(session, httpClient: labHTTPClient)
        clockWatch = ClockWatch(clock: clock, logger: logger)
        // Jobs' deadlines are in it.
        let serviceClock = ServiceClock(clock, aws: configuration.codePipeline.clock)
        watcher = SandboxWatcher(client: client, interval: interval, clock: serviceClock, logger: logger)
        executionWatcher = ExecutionWatcher(
            client: client,
            interval: interval,
            clock: serviceClock,
            logger: logger
        )
        probe = configuration.labProbeInterval.map { [client] interval in
            LabProbe(client: client, interval: interval, monitor: monitor, clock: clock, logger: logger)
        }
        var lab = LabAccess(
            client: client,
            watcher: watcher,
            executionWatcher: executionWatcher,
            portal: configuration.portal ?? PortalLinks(besideAPI: configuration.lab.url),
            statusInterval: interval,
            patience: configuration.labPatience
        )
        var jobs = configuration.jobs
        let redactOthers = jobs.redact
        jobs.redact = { redactOthers(redactOwn($0)) }
        lab.redact = jobs.redact
        lab.secretNames = configuration.secretNames
        lab.componentMatch = configuration.componentMatch
        lab.parameters = configuration.parameters
        lab.metrics = labMetrics
        let codePipeline = CodePipeline(monitor.watched(configuration.codePipeline))
        keeper = jobs.pipelinePollInterval.map { [lab] interval in
            SandboxKeeper(
                lab: lab.urgent,
                codePipeline: codePipeline,
                rules: LifetimeRules(endWithPipeline: configuration.endWithPipeline, grace: configuration.endGrace),
                interval: interval,
                journal: journal,
                monitor: monitor,
                clock: serviceClock,
                terms: { StartSandbox.terms(of: $0) },
                logger: logger
            )
        }
        jobs.pipelineFollower = keeper
        var actions = configuration.actions.jobActions(
            lab: lab,
            keeper: keeper,
            defaults: configuration.propertyDefaults
        )
        for index in actions.indices { actions[index].gate = door.gate }
        worker = JobWorker(
            queue: codePipeline,
            actions: actions + otherActions,
            artifactStore: S3ArtifactStore(
                monitor.watched(configuration.s3),
                addressingStyle: configuration.s3AddressingStyle
            ),
            journal: journal,
            configuration: jobs,
            monitor: monitor,
            clock: clock,
            logger: logger
        )
    }

    /// Works until graceful shutdown or cancellation, then logs out of the lab.
    ///
    /// A lab that doesn't answer the logout within three seconds isn't waited for.
    ///
    /// - Throws: ``WorkerIsRunning`` where it runs already; the journal's error when its unfinished jobs can't be read at the
    ///   start, or when the next run wouldn't find it any more.
    public func run() async throws {
        try await singleRun { try await work() }
    }

    private func work() async throws {
        try await withThrowingTaskGroup { group in
            group.addTask { await watcher.run() }
            group.addTask { await executionWatcher.run() }
            group.addTask { await door.run(client) }
            if let probe { group.addTask { await probe.run() } }
            if let keeper { group.addTask { await keeper.run() } }
            group.addTask { await clockWatch.run() }
            group.addTask { try await worker.run() }
            // The others end only when they are cancelled, so the first to end, or to fail, is the worker.
            try await group.next()
            group.cancelAll()
        }
        await race({ await client.logout() }, { try? await Task.sleep(for: .seconds(3)) })
    }
}

extension QualiWorker: CustomStringConvertible {
    /// The name alone: a service's description goes into logs, and the configuration has no place there.
    public var description: String { "QualiWorker" }
}
