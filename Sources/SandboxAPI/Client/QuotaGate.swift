import HTTPTransport

/// Holds all calls of a client back for a while after the lab has said that there are too many.
actor QuotaGate {
    private let policy: SandboxRetryPolicy
    private var opens: ContinuousClock.Instant?
    private var closings = 0
    private var refusals = 0

    init(_ policy: SandboxRetryPolicy) {
        self.policy = policy
    }

    /// Waits until calls may be sent.
    func pass() async throws {
        var seen = -1
        // Once per closing: it may have been closed anew meanwhile.
        while seen != closings, let opens {
            seen = closings
            let rest = policy.now().duration(to: opens)
            guard rest > .zero else { return }
            // Spread, lest all that wait return at the same instant and run into the quota again.
            try await policy.sleep(rest + rest / 4 * policy.random())
        }
    }

    /// Closes the gate after a refusal.
    ///
    /// - Parameter pause: What the lab asked for, if it did.
    func close(for pause: Duration?) {
        let now = policy.now()
        // Calls that were under way when the gate closed tell nothing new.
        let isClosed = opens.map { $0 > now } ?? false
        if !isClosed { refusals += 1 }
        let own = GrowingPauses(first: policy.quotaBase, longest: policy.quotaCap).whole(after: refusals)
        let until = now.advanced(by: isClosed ? pause ?? .zero : max(pause ?? own, own))
        guard until > opens ?? now else { return }
        opens = until
        closings += 1
    }

    /// Notes that the lab has taken a call.
    func succeeded() {
        refusals = 0
    }
}
