public import CoreMetrics

/// Hands metrics on to another factory with more labels, so that several workers can use one backend without adding up
/// their counts.
///
/// ```swift
/// let east = WorkerMonitor(metrics: LabelledMetrics([("worker", "east")]))
/// let west = WorkerMonitor(metrics: LabelledMetrics([("worker", "west")]))
/// ```
public final class LabelledMetrics: MetricsFactory {
    private let labels: [(String, String)]
    private let base: any MetricsFactory

    /// Creates a factory in front of another.
    ///
    /// - Parameters:
    ///   - labels: The names and values that each metric gets besides its own.
    ///   - base: Where the metrics go; what the process has bootstrapped, unless told otherwise.
    public init(_ labels: [(String, String)], in base: any MetricsFactory = MetricsSystem.factory) {
        self.labels = labels
        self.base = base
    }

    /// Has the other factory make a counter.
    public func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        base.makeCounter(label: label, dimensions: dimensions + labels)
    }

    /// Has the other factory make a counter of fractions.
    public func makeFloatingPointCounter(
        label: String,
        dimensions: [(String, String)]
    ) -> any FloatingPointCounterHandler {
        base.makeFloatingPointCounter(label: label, dimensions: dimensions + labels)
    }

    /// Has the other factory make a meter.
    public func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        base.makeMeter(label: label, dimensions: dimensions + labels)
    }

    /// Has the other factory make a recorder.
    public func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        base.makeRecorder(label: label, dimensions: dimensions + labels, aggregate: aggregate)
    }

    /// Has the other factory make a timer.
    public func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        base.makeTimer(label: label, dimensions: dimensions + labels)
    }

    /// Has the other factory forget a counter.
    public func destroyCounter(_ handler: any CounterHandler) { base.destroyCounter(handler) }
    /// Has the other factory forget a counter of fractions.
    public func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) {
        base.destroyFloatingPointCounter(handler)
    }
    /// Has the other factory forget a meter.
    public func destroyMeter(_ handler: any MeterHandler) { base.destroyMeter(handler) }
    /// Has the other factory forget a recorder.
    public func destroyRecorder(_ handler: any RecorderHandler) { base.destroyRecorder(handler) }
    /// Has the other factory forget a timer.
    public func destroyTimer(_ handler: any TimerHandler) { base.destroyTimer(handler) }
}
