import CoreMetrics
import HTTPTransport

/// The place of a worker's metrics at a factory that other workers of the process may use, too.
///
/// Two workers with the same series would add their counts up, and the one that is well would hide that the other is away.
final class MetricsPlace: Sendable {
    /// The numbers that are taken, by the factory; by none for those that are no object and can't be told apart.
    private static let taken = Locked<[ObjectIdentifier?: Set<Int>]>([:])

    /// Where the metrics go.
    let factory: any MetricsFactory
    /// What the worker's metrics have as their label `worker`; `nil` where they are the only ones without a name.
    let worker: String?
    private let key: ObjectIdentifier?
    private let number: Int?

    /// Takes a place until the end of this object.
    ///
    /// - Parameters:
    ///   - name: The worker's name; `nil` for none, as the first has it, or a number from 2 on.
    ///   - factory: Where the metrics go.
    init(_ name: String?, at factory: any MetricsFactory) {
        self.factory = factory
        let key = type(of: factory) is AnyClass ? ObjectIdentifier(factory as AnyObject) : nil
        self.key = key
        guard name == nil else {
            (worker, number) = (name, nil)
            return
        }
        let number = Self.taken.withLock { taken in
            var number = 1
            while taken[key]?.contains(number) == true { number += 1 }
            taken[key, default: []].insert(number)
            return number
        }
        self.number = number
        worker = number == 1 ? nil : "\(number)"
    }

    /// The labels that all of the worker's metrics have.
    var labels: [(String, String)] { worker.map { [("worker", $0)] } ?? [] }

    /// A counter, with the worker's labels unless told otherwise.
    func counter(_ metric: WorkerMetric, _ labels: [(String, String)]? = nil) -> Counter {
        Counter(label: metric.rawValue, dimensions: labels ?? self.labels, factory: factory)
    }

    /// A number, with the worker's labels unless told otherwise.
    func meter(_ metric: WorkerMetric, _ labels: [(String, String)]? = nil) -> Meter {
        Meter(label: metric.rawValue, dimensions: labels ?? self.labels, factory: factory)
    }

    deinit {
        guard let number else { return }
        Self.taken.withLock { taken in
            taken[key]?.remove(number)
            if taken[key]?.isEmpty == true { taken[key] = nil }
        }
    }
}
