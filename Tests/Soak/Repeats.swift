import LocalCloud
import Synchronization

/// The starts that something on the way to the lab has sent twice.
final class Repeats: Sendable {
    private let requests = Mutex<[(path: String, body: String)]>([])

    /// Notes one.
    ///
    /// - Returns: Always true, so that this is a fault's predicate.
    func add(_ request: LocalRequest) -> Bool {
        requests.withLock { $0.append((request.path, String(decoding: request.body, as: UTF8.self))) }
        return true
    }

    /// How many starts of sandboxes were repeated whose names begin so.
    func sandboxes(named beginning: String) -> Int {
        requests.withLock { $0.count { $0.body.contains("\"\(beginning)") } }
    }

    /// How many starts of a sandbox's commands were repeated that have this argument.
    func commands(of sandboxID: String, with value: String) -> Int {
        requests.withLock { $0.count { $0.path.contains(sandboxID) && $0.body.contains("\"\(value)\"") } }
    }
}
