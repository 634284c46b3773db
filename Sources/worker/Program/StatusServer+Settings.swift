import HTTPTransport
import Logging
import QualiCore
import WorkerSettings
import WorkerStatus

extension StatusServer {
    /// Begins to listen where the settings say.
    ///
    /// - Returns: `nil` where they say nowhere.
    /// - Throws: ``ProgramFailure`` when the address can't be had.
    static func listening(
        _ settings: WorkerSettings,
        _ monitor: WorkerMonitor,
        _ metrics: MetricsRegistry,
        logger: Logger
    ) throws(ProgramFailure) -> StatusServer? {
        guard let address = settings.status.address else { return nil }
        do {
            return try StatusServer(
                address: address,
                monitor: monitor,
                metrics: metrics,
                facts: StatusFacts(settings),
                logger: logger
            )
        } catch {
            throw ProgramFailure(
                .unavailable,
                "\(Setting.statusAddress.name) is \(error.address), which can't be had: \(error.reason). "
                    + "Wanted: an address of this host and a port that nobody else uses, or off."
            )
        }
    }
}

extension MetricsLog {
    /// Writes to standard error, as the log does; `nil` where the settings want no metrics in it.
    init?(_ settings: WorkerSettings, _ monitor: WorkerMonitor, _ metrics: MetricsRegistry) {
        guard let interval = settings.status.metricsLogInterval else { return nil }
        self.init(every: interval, monitor: monitor, metrics: metrics, facts: StatusFacts(settings)) {
            StandardError.write($0)
        }
    }
}

extension StatusFacts {
    /// Gathers the facts of the settings.
    init(_ settings: WorkerSettings) {
        let portal = settings.portal
        var polling = JobWorker.Configuration()
        polling.pollInterval = settings.jobs.pollInterval
        polling.longestPollInterval = settings.jobs.longestPollInterval
        let lab = Lab(
            address: settings.lab.url,
            home: portal.home,
            patience: settings.jobs.statusInterval * 3 + settings.status.labInterval + settings.status.patience,
            sandboxLink: { portal.sandbox($0) }
        )
        self.init(region: settings.aws.region, polling: polling, lab: lab, patience: settings.status.patience)
        version = Program.version
    }
}
