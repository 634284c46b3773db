import HTTPTransport

/// What the clients of one configuration, and of its copies, have learned from replies.
final class ClientMemory: Sendable {
    private struct State {
        var quota = ClientMemory.quota
        var bucketRegions: [String: String] = [:]
    }

    /// The retries that a client may owe, in units of cost: botocore's `RetryQuota`.
    static let quota = 500
    private static let mostBuckets = 100

    private let state = Locked(State())

    /// Pays for a retry; `false` when too many have failed of late.
    func payForRetry(_ cost: Int) -> Bool {
        state.withLock { state in
            guard cost <= state.quota else { return false }
            state.quota -= cost
            return true
        }
    }

    /// Gives back what a retry has cost that led to success, or one unit for a success without one.
    func refund(_ cost: Int) {
        state.withLock { $0.quota = min(Self.quota, $0.quota + cost) }
    }

    /// The region that a bucket was found in, where that wasn't the client's.
    func region(ofBucket bucket: String) -> String? {
        state.withLock { $0.bucketRegions[bucket] }
    }

    /// Remembers a bucket's region; a full memory starts anew.
    func remember(region: String, ofBucket bucket: String) {
        state.withLock { state in
            if state.bucketRegions.count >= Self.mostBuckets { state.bucketRegions = [:] }
            state.bucketRegions[bucket] = region
        }
    }
}
