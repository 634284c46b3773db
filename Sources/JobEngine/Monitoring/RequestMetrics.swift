import AWSLite
import CoreMetrics

/// Counts the requests to a service by operation and result, and measures how long they take.
///
/// All series are made at the beginning, so that a request takes no lock here, and no label comes from outside.
package struct RequestMetrics: Sendable {
    /// What came of a request.
    package enum Result: String, Sendable, CaseIterable {
        /// The service has done what was asked.
        case answered
        /// The service refuses it, whatever its reason.
        case refused
        /// There were too many requests.
        case throttled
        /// There was no reply, or that of a server in trouble, or one of somebody before the service.
        case failed
    }

    private struct Operation: Sendable {
        let results: [Result: Counter]
        let duration: CoreMetrics.Timer
    }

    private let operations: [String: Operation]

    /// - Parameters:
    ///   - requests: The metric that counts.
    ///   - duration: The metric of the time that a request takes.
    ///   - operations: What may be asked for; nothing else is counted.
    ///   - place: Where the metrics go.
    init(_ requests: WorkerMetric, _ duration: WorkerMetric, operations: [String], at place: MetricsPlace) {
        self.operations = Dictionary(
            operations.map { name in
                let labels = [("operation", name)] + place.labels
                let results = Result.allCases.map { result in
                    (result, place.counter(requests, labels + [("result", result.rawValue)]))
                }
                let timer = Timer(label: duration.rawValue, dimensions: labels, factory: place.factory)
                return (name, Operation(results: Dictionary(uniqueKeysWithValues: results), duration: timer))
            }
        ) { first, _ in first }
    }

    /// Counts a request.
    package func count(_ operation: String, _ result: Result, _ duration: Duration) {
        guard let operation = operations[operation] else { return }
        operation.results[result]?.increment()
        operation.duration.recordSeconds(duration.timeInterval)
    }
}

extension RequestMetrics.Result {
    /// What came of a request to AWS.
    init(_ error: AWSError?) {
        guard let error else {
            self = .answered
            return
        }
        let isRefusal = error.httpStatus.map { (300..<500).contains($0) } == true && !error.isForeign
        self = error.isThrottling ? .throttled : isRefusal ? .refused : .failed
    }

    /// What came of a request whose reply has this status.
    package init(status: Int) {
        switch status {
        case 429: self = .throttled
        case 400..<500: self = .refused
        case 500...: self = .failed
        default: self = .answered
        }
    }
}
