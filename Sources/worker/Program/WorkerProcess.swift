import Foundation
import HTTPTransport
import Logging
import QualiCore
import SandboxAPI
import ServiceLifecycle
import UnixSignals
import WorkerSettings
import WorkerStatus

/// A worker as `run` and `demo` have it: made from settings, stopped by signals.
struct WorkerProcess: Sendable {
    /// How long a stop may take after its drain before what is left is cut off.
    static let standardGracePeriod: Duration = .seconds(25)

    private let group: ServiceGroup
    private let monitor: WorkerMonitor
    private let serviceManager: ServiceManager?
    private let gracePeriod: Duration
    private let exitAfterIdle: Duration?
    private let live: LiveSettings
    private let operatorWatch: OperatorWatch?
    private let watchdog: StopWatchdog
    private let stopBegan = Locked<ContinuousClock.Instant?>(nil)
    private let logger: Logger

    /// Makes a worker from settings.
    ///
    /// - Parameters:
    ///   - settings: The settings.
    ///   - journal: Where claimed jobs are kept; `nil` for the state folder of the settings.
    ///   - logger: Where the worker says what it does.
    ///   - gracePeriod: How long a stop may take after its drain.
    ///   - serviceManager: Who is told what the worker does.
    ///   - endProcess: Ends the process where a stop outlives its grace for long; by default nothing does.
    ///   - learn: Is told secrets that come up later.
    ///   - redact: Masks secrets.
    /// - Throws: ``ProgramFailure`` when the journal can't be used or a client can't be made.
    init(
        _ settings: WorkerSettings,
        journal: (any JobJournal)? = nil,
        logger: Logger,
        gracePeriod: Duration = standardGracePeriod,
        serviceManager: ServiceManager? = nil,
        endProcess: @escaping @Sendable () -> Void = {},
        learn: @escaping @Sendable (Secret) -> Void = { _ in },
        redact: @escaping @Sendable (String) -> String
    ) throws {
        let metrics = MetricsRegistry()
        let monitor = WorkerMonitor(metrics: metrics)
        let page = try StatusServer.listening(settings, monitor, metrics, logger: logger)
        let worker: QualiWorker
        let control = WorkerControl()
        let live = LiveSettings(settings, logger: logger, learn: learn)
        do {
            let httpClient = try settings.aws.httpClient()
            var aws = settings.aws
            aws.credentials = live
            var lab = settings.lab.client
            lab.onLogin = learn
            lab.currentCredentials = { await live.labCredentials() }
            var configuration = QualiWorker.Configuration(
                lab: lab,
                codePipeline: aws.client(httpClient, endpoint: aws.codePipelineEndpoint),
                s3: aws.client(httpClient, endpoint: aws.s3Endpoint)
            )
            settings.aws.warnings.connect { text in
                logger.warning("AWS is reached with a difficulty", metadata: ["detail": "\(text)"])
            }
            configuration.s3AddressingStyle = settings.aws.s3AddressingStyle
            configuration.actions = settings.actions.names
            configuration.portal = settings.actions.portal
            configuration.propertyDefaults = settings.actions.propertyDefaults
            configuration.componentMatch = settings.actions.componentMatch
            configuration.parameters = .settings
            configuration.secretNames = settings.lab.secretNames
            configuration.statusInterval = settings.jobs.statusInterval
            if settings.status.isWatched { configuration.labProbeInterval = settings.status.labInterval }
            configuration.jobs.maxJobs = settings.jobs.maxJobs
            configuration.jobs.pollInterval = settings.jobs.pollInterval
            configuration.jobs.longestPollInterval = settings.jobs.longestPollInterval
            configuration.jobs.progressInterval = settings.jobs.progressInterval
            configuration.jobs.handoff = settings.jobs.handoff
            configuration.jobs.onAbandoned = settings.jobs.onAbandoned
            configuration.endWithPipeline = settings.jobs.endWithPipeline
            configuration.endGrace = settings.jobs.endGrace
            configuration.jobs.pipelinePollInterval = settings.jobs.pipelinePollInterval
            configuration.jobs.drain = settings.jobs.drain
            configuration.jobs.redact = redact
            configuration.jobs.control = control
            let labHTTPClient = try settings.lab.httpClient(currentProxy: { await live.labProxy() })
            configuration.lab.maxConcurrentCalls = labHTTPClient.connectionsPerHost
            worker = try QualiWorker(
                configuration,
                labHTTPClient: labHTTPClient,
                journal: journal
                    ?? SQLiteJobJournal(
                        folder: settings.jobs.stateDirectory,
                        clock: ServiceClock(aws: settings.aws.clock)
                    ),
                monitor: monitor,
                logger: logger
            )
        } catch let error as JournalError {
            throw ProgramFailure(error)
        } catch {
            throw ProgramFailure(.software, "the worker can't start: \(redact("\(error)"))")
        }
        self.monitor = monitor
        self.live = live
        let folder = OperatorFolder(stateFolder: settings.jobs.stateDirectory)
        operatorWatch = journal == nil ? OperatorWatch(folder, control, logger: logger) : nil
        // A pause counts before the first poll.
        operatorWatch?.look()
        self.serviceManager = serviceManager
        // They are stopped in reverse, so that the page shows how the worker stops.
        let services: [(any Service)?] = [page, MetricsLog(settings, monitor, metrics), worker]
        var configuration = ServiceGroupConfiguration(services: services.compactMap { $0 }, logger: logger)
        self.gracePeriod = settings.jobs.drain + gracePeriod
        exitAfterIdle = settings.jobs.exitAfterIdle
        watchdog = StopWatchdog(grace: self.gracePeriod, expire: endProcess)
        configuration.maximumGracefulShutdownDuration = self.gracePeriod
        group = ServiceGroup(configuration: configuration)
        self.logger = logger
    }

    /// Keeps SIGTERM, SIGINT and SIGHUP from ending the process, and collects them for ``run(until:)``.
    ///
    /// A SIGHUP that is ignored, as nohup(1) has it, stays so. It stops a worker that has a terminal, since that is gone
    /// then; any other reads its settings anew.
    static func trapSignals() async -> UnixSignalsSequence {
        // The files that the runtime's clocks take are taken with those of the signals: it can't do without them later.
        try? await Task.sleep(for: .nanoseconds(1), clock: .continuous)
        try? await Task.sleep(for: .nanoseconds(1), clock: .suspending)
        return await UnixSignalsSequence(trapping: [.sigterm, .sigint] + (Program.ignores(SIGHUP) ? [] : [.sighup]))
    }

    /// Works until a signal or ``stop()``.
    ///
    /// SIGTERM, SIGINT and the end of its terminal stop the worker gracefully; a second SIGTERM or SIGINT ends the process at
    /// once. Without a terminal SIGHUP has the settings read anew.
    ///
    /// - Parameter signals: The trapped signals; those that came before count too.
    /// - Throws: ``ProgramFailure`` when the worker fails, or can't stop within the grace period.
    func run(until signals: UnixSignalsSequence) async throws {
        try await Self.run(until: signals, WorkerStart(serviceManager, logger: logger)) { _ in self }
    }

    /// Makes a worker, which then works until a signal; one that comes before there is a worker ends the process.
    ///
    /// - Parameters:
    ///   - signals: The trapped signals; those that came before count too.
    ///   - start: What tells what is waited for.
    ///   - make: Makes the worker.
    /// - Throws: What `make` throws, and ``ProgramFailure`` when the worker fails, or can't stop within the grace period.
    static func run(
        until signals: UnixSignalsSequence,
        _ start: WorkerStart,
        _ make: @escaping @Sendable (WorkerStart) async throws -> WorkerProcess
    ) async throws {
        try await withThrowingTaskGroup { tasks in
            tasks.addTask { try await start.run(make).work() }
            tasks.addTask { await obey(signals, start) }
            // Signals are obeyed until this task is cancelled, so what ends first is the worker.
            try await tasks.next()
            tasks.cancelAll()
        }
    }

    private func work() async throws {
        let signalSources = watchdog.watch([SIGTERM, SIGINT] + (Program.stopsAtHangup ? [SIGHUP] : []))
        defer {
            for source in signalSources { source.cancel() }
            watchdog.end()
        }
        // Ends with this function.
        async let _: Void = HeapMemory.keepSmall()
        try await withThrowingTaskGroup { tasks in
            tasks.addTask {
                do {
                    try await group.run()
                } catch let error as JournalError {
                    throw ProgramFailure(error)
                } catch {
                    throw ProgramFailure(.software, "the worker failed: \(error)")
                }
            }
            if let operatorWatch { tasks.addTask { await operatorWatch.run() } }
            if let serviceManager { tasks.addTask { await serviceManager.follow(monitor.snapshot) } }
            if let exitAfterIdle { tasks.addTask { await stopOnceIdle(for: exitAfterIdle) } }
            // All others go on until this task is cancelled, so what ends first is the worker.
            try await tasks.next()
            tasks.cancelAll()
        }
        if let began = stopBegan.withLock({ $0 }), ContinuousClock.now - began >= gracePeriod {
            throw ProgramFailure(.software, "the worker couldn't report everything before it had to stop")
        }
    }

    /// Stops the worker once it has had no job for a while, and goes on until the task is cancelled.
    private func stopOnceIdle(for limit: Duration) async {
        var watch = IdleWatch(limit: limit)
        while !watch.isOver(monitor.snapshot()) {
            do { try await Task.sleep(for: .milliseconds(500)) } catch { return }
        }
        logger.notice("Stopping, since there was no job for long enough", metadata: ["idle": "\(limit)"])
        await stop()
        // What ends first ends the others, and that is the worker.
        try? await Task.sleep(for: .seconds(86_400))
    }

    /// Begins a graceful stop, for which ``run(until:)`` ends.
    func stop() async {
        stopBegan.withLock { if $0 == nil { $0 = .now } }
        watchdog.begin()
        serviceManager?.tellStop()
        await group.triggerGracefulShutdown()
    }

    private static func obey(_ signals: UnixSignalsSequence, _ start: WorkerStart) async {
        var isStopping = false
        var isUrged = false
        for await signal in signals {
            if signal == .sighup, !Program.stopsAtHangup {
                await start.process?.reload()
                continue
            }
            guard let process = start.process else { start.end("\(signal)") }
            // A terminal that goes may say so more than once, and isn't in a hurry.
            if isUrged, signal != .sighup { process.end(at: signal) }
            isUrged = isUrged || signal != .sighup
            guard !isStopping else { continue }
            isStopping = true
            process.logger.notice("Stopping", metadata: ["signal": "\(signal)", "grace": "\(process.gracePeriod)"])
            await process.stop()
        }
    }

    private func reload() async {
        await live.reload(ServiceUnit.ofProcess(ProcessEnvironment.variables)?.environmentFiles ?? [])
    }

    private func end(at signal: UnixSignal) -> Never {
        logger.warning("Stopped at once by a second signal", metadata: ["signal": "\(signal)"])
        Program.tidyUp()
        _exit(128 + signal.rawValue)
    }
}
