public import CoreMetrics
import HTTPTransport
import JobEngine

/// Keeps the metrics of a worker, for ``StatusServer`` to show.
///
/// Where several workers have one, all but the first have a label `worker` that tells their metrics apart.
public final class MetricsRegistry: MetricsFactory {
    /// What Prometheus calls a metric's type.
    enum Kind: String, Sendable {
        case counter
        case gauge
        case histogram
    }

    /// A label of a series.
    struct Label: Sendable, Hashable {
        let name: String
        let value: String
    }

    /// All series of one name.
    struct Family: Sendable {
        let kind: Kind
        /// The upper bounds of a histogram's buckets, in seconds; none of another kind.
        let bounds: [Double]
        var series: [[Label]: MetricSeries] = [:]

        init(_ name: String, _ kind: Kind) {
            self.kind = kind
            bounds = kind == .histogram ? (WorkerMetric(rawValue: name) ?? .jobDuration).bounds : []
        }
    }

    private let families = Locked<[String: Family]>([:])

    /// Creates a registry with nothing in it.
    public init() {}

    /// What there is now.
    var all: [String: Family] { families.withLock { $0 } }

    /// The series of a name and labels; a new one that nobody sees, where the name stands for another kind already.
    private func series(_ name: String, _ dimensions: [(String, String)], _ kind: Kind) -> MetricSeries {
        let labels = dimensions.map { Label(name: $0.0, value: $0.1) }
        return families.withLock { families in
            var family = families[name] ?? Family(name, kind)
            guard family.kind == kind else { return MetricSeries(Family(name, kind)) }
            let series = family.series[labels] ?? MetricSeries(family)
            family.series[labels] = series
            families[name] = family
            return series
        }
    }

    /// Makes or finds a series.
    public func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        series(label, dimensions, .counter)
    }

    /// Makes or finds a series.
    public func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        series(label, dimensions, .gauge)
    }

    /// Makes or finds a series.
    public func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        series(label, dimensions, aggregate ? .histogram : .gauge)
    }

    /// Makes or finds a series.
    public func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        series(label, dimensions, .histogram)
    }

    // What was counted stays counted: a series that vanished would look like a restart.
    /// Does nothing.
    public func destroyCounter(_ handler: any CounterHandler) {}
    /// Does nothing.
    public func destroyMeter(_ handler: any MeterHandler) {}
    /// Does nothing.
    public func destroyRecorder(_ handler: any RecorderHandler) {}
    /// Does nothing.
    public func destroyTimer(_ handler: any TimerHandler) {}
}
