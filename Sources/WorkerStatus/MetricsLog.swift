import Foundation
package import JobEngine
import ServiceLifecycle

/// Writes a worker's metrics into its log, in CloudWatch's embedded metric format.
///
/// It is a `Service` to run beside the worker: it writes until everything after it has stopped, and a last time then.
package struct MetricsLog: Service, CustomStringConvertible {
    private let interval: Duration
    private let monitor: WorkerMonitor
    private let registry: MetricsRegistry
    private let facts: StatusFacts
    private let write: @Sendable (String) -> Void

    /// Creates a log of metrics.
    ///
    /// `interval` is the time from one line to the next, `metrics` is the registry of the monitor, `facts` are what is said
    /// of the worker besides, and `write` takes each line with its end.
    package init(
        every interval: Duration,
        monitor: WorkerMonitor,
        metrics: MetricsRegistry,
        facts: StatusFacts,
        write: @escaping @Sendable (String) -> Void
    ) {
        self.interval = interval
        self.monitor = monitor
        registry = metrics
        self.facts = facts
        self.write = write
    }

    /// The name alone, for logs.
    package var description: String { "MetricsLog" }

    /// Writes until graceful shutdown, or until its task is cancelled.
    package func run() async {
        var metrics = EmbeddedMetrics()
        var isOver = false
        repeat {
            do {
                try await cancelWhenGracefulShutdown { try await Task.sleep(for: interval) }
            } catch {
                isOver = true
            }
            monitor.measure()
            let facts = WorkerFacts(monitor, facts)
            // Numbers and a few texts can always be written down.
            if let line = try? metrics.line(registry, facts, host: self.facts.host, at: Date()) { write(line) }
        } while !isOver
    }
}
