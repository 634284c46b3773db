import CoreMetrics
import HTTPTransport

/// One series of a metric: a number, or for a histogram the counts of its buckets.
final class MetricSeries: CounterHandler, MeterHandler, RecorderHandler, TimerHandler {
    /// What a series has come to.
    struct Value: Sendable, Hashable {
        /// The number; of a histogram, the sum of all that was recorded.
        var number = 0.0
        /// How many of a histogram's values are in each bucket and in none of those before; the last has no bound.
        var counts: [Int] = []
    }

    /// The upper bounds of a histogram's buckets, in seconds; none of another kind.
    private let bounds: [Double]
    private let state: Locked<Value>

    /// What it has come to.
    var value: Value { state.withLock { $0 } }

    /// Creates a series at zero.
    init(_ family: MetricsRegistry.Family) {
        bounds = family.bounds
        state = Locked(Value(counts: bounds.isEmpty ? [] : Array(repeating: 0, count: bounds.count + 1)))
    }

    func increment(by amount: Int64) { increment(by: Double(amount)) }
    func increment(by amount: Double) { state.withLock { $0.number += amount } }
    func decrement(by amount: Double) { state.withLock { $0.number -= amount } }
    func set(_ value: Int64) { set(Double(value)) }
    func set(_ value: Double) { state.withLock { $0.number = value } }
    func reset() { set(0.0) }

    func record(_ value: Int64) { record(Double(value)) }

    func record(_ value: Double) {
        state.withLock { state in
            guard !state.counts.isEmpty else {
                state.number = value
                return
            }
            state.number += value
            state.counts[bounds.firstIndex { value <= $0 } ?? bounds.count] += 1
        }
    }

    func recordNanoseconds(_ duration: Int64) { record(Double(duration) / 1e9) }
}
