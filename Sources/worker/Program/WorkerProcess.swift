import Foundation
import HTTPTransport
import Logging
import QualiCore
import SandboxAPI
import ServiceLifecycle
import UnixSignals

/// A worker as `run` and `demo` have it: made from settings, stopped by signals.
struct WorkerProcess: Sendable {
    /// How long a stop may take after its drain before what is left is cut off.
    static let standardGracePeriod: Duration = .seconds(25)

    private let group: ServiceGroup
    private let monitor: WorkerMonitor
    private let serviceManager: ServiceManager?
    private let gracePeriod: Duration
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
    ///   - learn: Is told secrets that come up later.
    ///   - redact: Masks secrets.
    /// - Throws: ``ProgramFailure`` when the journal can't be used or a client can't be made.
    init(
        _ settings: WorkerSettings,
        journal: (any JobJournal)? = nil,
        logger: Logger,
        gracePeriod: Duration = standardGracePeriod,
        serviceManager: ServiceManager? = nil,
        learn: @escaping @Sendable (Secret) -> Void = { _ in },
        redact: @escaping @Sendable (String) -> String
    ) throws {
        let listener = try settings.status.address.map { try StatusListener($0) }
        let metrics = MetricsRegistry()
        let worker: QualiWorker
        do {
            let aws = try settings.aws.httpClient()
            var lab = settings.lab.client
            lab.onLogin = learn
            var configuration = QualiWorker.Configuration(
                lab: lab,
                codePipeline: settings.aws.client(aws, endpoint: settings.aws.codePipelineEndpoint),
                s3: settings.aws.client(aws, endpoint: settings.aws.s3Endpoint)
            )
            settings.aws.warnings.connect { text in
                logger.warning("AWS is reached with a difficulty", metadata: ["detail": "\(text)"])
            }
            configuration.s3AddressingStyle = settings.aws.s3AddressingStyle
            configuration.actions = settings.actions.names
            configuration.portal = settings.actions.portal
            configuration.statusInterval = settings.jobs.statusInterval
            if listener != nil { configuration.labProbeInterval = settings.status.labInterval }
            configuration.jobs.maxJobs = settings.jobs.maxJobs
            configuration.jobs.pollInterval = settings.jobs.pollInterval
            configuration.jobs.longestPollInterval = settings.jobs.longestPollInterval
            configuration.jobs.progressInterval = settings.jobs.progressInterval
            configuration.jobs.handoff = settings.jobs.handoff
            configuration.jobs.onAbandoned = settings.jobs.onAbandoned
            configuration.jobs.drain = settings.jobs.drain
            configuration.jobs.redact = redact
            worker = try QualiWorker(
                configuration,
                labHTTPClient: settings.lab.httpClient(),
                journal: journal ?? SQLiteJobJournal(folder: settings.jobs.stateDirectory),
                monitor: WorkerMonitor(metrics: metrics),
                logger: logger
            )
        } catch let error as JournalError {
            throw ProgramFailure(error)
        } catch {
            throw ProgramFailure(.software, "the worker can't start: \(redact("\(error)"))")
        }
        monitor = worker.monitor
        self.serviceManager = serviceManager
        let page = listener.map { listener in
            let routes = StatusRoutes(
                monitor: worker.monitor,
                registry: metrics,
                facts: StatusFacts(settings),
                isLoopback: listener.isLoopback
            )
            return StatusService(listener: listener, routes: routes, logger: logger)
        }
        // They are stopped in reverse, so that the page shows how the worker stops.
        let services: [(any Service)?] = [page, worker]
        var configuration = ServiceGroupConfiguration(services: services.compactMap { $0 }, logger: logger)
        self.gracePeriod = settings.jobs.drain + gracePeriod
        configuration.maximumGracefulShutdownDuration = self.gracePeriod
        group = ServiceGroup(configuration: configuration)
        self.logger = logger
    }

    /// Keeps SIGTERM and SIGINT from ending the process, and collects them for ``run(until:)``.
    static func trapSignals() async -> UnixSignalsSequence {
        await UnixSignalsSequence(trapping: .sigterm, .sigint)
    }

    /// Works until a signal or ``stop()``.
    ///
    /// SIGTERM and SIGINT stop the worker gracefully; a second signal ends the process at once.
    ///
    /// - Parameter signals: The trapped signals; those that came before count too.
    /// - Throws: ``ProgramFailure`` when the worker fails, or can't stop within the grace period.
    func run(until signals: UnixSignalsSequence) async throws {
        // Ends with this function.
        async let _: Void = ResidentMemory.keepSmall()
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
            tasks.addTask { await obey(signals) }
            if let serviceManager { tasks.addTask { await serviceManager.follow(monitor.snapshot) } }
            // All others go on until this task is cancelled, so what ends first is the worker.
            try await tasks.next()
            tasks.cancelAll()
        }
        if let began = stopBegan.withLock({ $0 }), ContinuousClock.now - began >= gracePeriod {
            throw ProgramFailure(.software, "the worker couldn't report everything before it had to stop")
        }
    }

    /// Begins a graceful stop, for which ``run(until:)`` ends.
    func stop() async {
        stopBegan.withLock { if $0 == nil { $0 = .now } }
        serviceManager?.tellStop()
        await group.triggerGracefulShutdown()
    }

    private func obey(_ signals: UnixSignalsSequence) async {
        var isStopping = false
        for await signal in signals {
            if isStopping {
                logger.warning("Stopped at once by a second signal", metadata: ["signal": "\(signal)"])
                _exit(128 + (signal == .sigint ? SIGINT : SIGTERM))
            }
            isStopping = true
            logger.notice("Stopping", metadata: ["signal": "\(signal)", "grace": "\(gracePeriod)"])
            await stop()
        }
    }
}
