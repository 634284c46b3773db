import CoreMetrics
import HTTPTransport

/// Keeps what swift-metrics is told, for ``PrometheusText``.
final class MetricsRegistry: MetricsFactory {
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
        var series: [[Label]: MetricSeries] = [:]
    }

    private let families = Locked<[String: Family]>([:])

    /// What there is now.
    var all: [String: Family] { families.withLock { $0 } }

    /// The series of a name and labels; a new one that nobody sees, where the name stands for another kind already.
    private func series(_ name: String, _ dimensions: [(String, String)], _ kind: Kind) -> MetricSeries {
        let labels = dimensions.map { Label(name: $0.0, value: $0.1) }
        return families.withLock { families in
            var family = families[name] ?? Family(kind: kind)
            guard family.kind == kind else { return MetricSeries(kind) }
            let series = family.series[labels] ?? MetricSeries(kind)
            family.series[labels] = series
            families[name] = family
            return series
        }
    }

    func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        series(label, dimensions, .counter)
    }

    func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        series(label, dimensions, .gauge)
    }

    func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        series(label, dimensions, aggregate ? .histogram : .gauge)
    }

    func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        series(label, dimensions, .histogram)
    }

    // What was counted stays counted: a series that vanished would look like a restart.
    func destroyCounter(_ handler: any CounterHandler) {}
    func destroyMeter(_ handler: any MeterHandler) {}
    func destroyRecorder(_ handler: any RecorderHandler) {}
    func destroyTimer(_ handler: any TimerHandler) {}
}
