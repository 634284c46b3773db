import Synchronization

/// Which faults hit which requests.
///
/// Rules are tried in the order in which they were given; the first one that matches a request hits it.
public final class FaultPlan: Sendable {
    private struct Rule: Sendable {
        var fault: Fault
        var operation: String?
        var service: String?
        var times: Int
        var skipping: Int
        var predicate: (@Sendable (LocalRequest) -> Bool)?
    }

    private let rules = Mutex<[Rule]>([])

    /// Creates a plan without faults.
    package init() {}

    /// Adds a fault.
    ///
    /// - Parameters:
    ///   - fault: What goes wrong.
    ///   - operation: The operation to hit; any where it's `nil`.
    ///   - service: The name of the service to hit; any where it's `nil`.
    ///   - times: How many requests to hit; `Int.max` for all.
    ///   - skipping: How many matching requests to let pass before the first hit.
    ///   - predicate: Which requests of the operation to hit; all where it's `nil`.
    public func inject(
        _ fault: Fault,
        on operation: String? = nil,
        service: String? = nil,
        times: Int = 1,
        skipping: Int = 0,
        where predicate: (@Sendable (LocalRequest) -> Bool)? = nil
    ) {
        guard times > 0 else { return }
        rules.withLock {
            $0.append(
                Rule(
                    fault: fault,
                    operation: operation,
                    service: service,
                    times: times,
                    skipping: skipping,
                    predicate: predicate
                )
            )
        }
    }

    /// Forgets all faults; those under way stay.
    package func removeAll() {
        rules.withLock { $0.removeAll() }
    }

    /// Takes the fault for a request, counting the hit.
    func take(for request: LocalRequest, operation: String, service: String) -> Fault? {
        rules.withLock { rules in
            for index in rules.indices {
                let rule = rules[index]
                guard rule.operation == nil || rule.operation == operation,
                    rule.service == nil || rule.service == service,
                    rule.predicate?(request) ?? true
                else { continue }
                if rule.skipping > 0 {
                    rules[index].skipping -= 1
                    continue
                }
                if rule.times == 1 {
                    rules.remove(at: index)
                } else if rule.times != .max {
                    rules[index].times -= 1
                }
                return rule.fault
            }
            return nil
        }
    }
}
