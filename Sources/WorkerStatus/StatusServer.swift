public import JobEngine
public import Logging
public import ServiceLifecycle

/// Serves a worker's status page, health checks and metrics.
///
/// It is a `Service` to run beside the worker: it answers until everything after it has stopped, and nothing that befalls it
/// ends or holds up the worker.
///
/// ```swift
/// let metrics = MetricsRegistry()
/// let monitor = WorkerMonitor(metrics: metrics)
/// let worker = JobWorker(queue: codePipeline, actions: actions, artifactStore: store, monitor: monitor, logger: logger)
/// let status = try StatusServer(
///     address: StatusAddress(port: 8080),
///     monitor: monitor,
///     metrics: metrics,
///     facts: StatusFacts(region: "eu-west-1"),
///     logger: logger
/// )
/// // They are stopped in reverse, so that the page shows how the worker stops.
/// try await ServiceGroup(services: [status, worker], gracefulShutdownSignals: [.sigterm], logger: logger).run()
/// ```
///
/// It serves `/`, `/status.json`, `/livez`, `/readyz` and `/metrics`, which can be read and nothing else. There is no login.
public struct StatusServer: Service, CustomStringConvertible {
    private let listener: StatusListener
    private let routes: StatusRoutes
    private let logger: Logger

    /// Begins to listen; requests are answered while ``run()`` runs.
    ///
    /// - Parameters:
    ///   - address: Where to listen.
    ///   - monitor: What watches the worker.
    ///   - metrics: The registry that the monitor was made with, and no other worker's; `nil` where the monitor's metrics
    ///     go elsewhere, so that `/metrics` is about the process alone.
    ///   - facts: What is said of the worker besides.
    ///   - logger: Where the address is told, and what fails.
    /// - Throws: ``StatusAddressError`` when the address can't be had.
    public init(
        address: StatusAddress,
        monitor: WorkerMonitor,
        metrics: MetricsRegistry?,
        facts: StatusFacts,
        logger: Logger
    ) throws(StatusAddressError) {
        listener = try StatusListener(address)
        routes = StatusRoutes(
            monitor: monitor,
            registry: metrics ?? MetricsRegistry(),
            facts: facts,
            isLoopback: address.isLoopback
        )
        self.logger = logger
    }

    /// Where it listens, with the real port.
    public var address: String { listener.address }

    /// The name alone, for logs.
    public var description: String { "StatusServer" }

    /// Answers until graceful shutdown, or until its task is cancelled.
    ///
    /// It throws nothing: a server that fails says so in the log, and waits for the shutdown.
    public func run() async {
        logger.info("Status page", metadata: ["url": "http://\(listener.address)/"])
        await withTaskGroup { tasks in
            tasks.addTask {
                // Throws when it is cancelled, only.
                try? await gracefulShutdown()
            }
            tasks.addTask {
                let limits = RequestServer.Limits.fitting(openFiles: ProcessFigures.mostFiles)
                let server = RequestServer(listener: listener, limits: limits, logger: logger) { routes.reply(to: $0) }
                do {
                    try await server.run()
                } catch {
                    if Task.isCancelled { return }
                    logger.error("The status page has failed; the worker goes on", metadata: ["error": "\(error)"])
                }
                // To return early would end the worker.
                try? await gracefulShutdown()
            }
            await tasks.next()
            tasks.cancelAll()
        }
    }
}
