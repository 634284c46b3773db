import HTTPTransport

/// How often a call is tried, and how long it waits between attempts.
///
/// Which failures are worth another attempt is each operation's own affair, not the policy's. All clients of one
/// configuration share a retry quota as botocore's do: 500 units, of which a retry costs 5, or 10 after a time-out;
/// success gives back what its last retry cost, or 1 where it needed none.
///
/// Differences to botocore's standard mode: `LimitExceededException` is final, since for CodePipeline it is a quota;
/// HTTP 429 without a known code, any 5xx but 501, 505 and 509, the codes `InternalFailure`, `InternalError` and
/// `ServiceUnavailable` under any lower status, an unreadable reply of success and one that isn't AWS's are retried; `Retry-After` is obeyed; and an operation that isn't safe
/// to repeat isn't repeated after a lost reply.
public struct AWSRetryPolicy: Sendable {
    /// The number of attempts in all; 1 means no retry.
    package var attempts: Int
    /// The longest wait before the second attempt; each further one doubles it.
    package var base: Duration
    /// The longest wait that the doubling leads to.
    package var cap: Duration
    /// The longest wait that a server's `Retry-After` is obeyed for; when it asks for more, the call fails at
    /// once and its error says how long the server wants to be left alone.
    public var longestRetryAfter: Duration
    /// Waits; a test's may return at once.
    package var sleep: @Sendable (Duration) async throws -> Void
    /// A number from 0 up to, but not including, 1: the jitter.
    package var random: @Sendable () -> Double
    /// The time that deadlines are measured with.
    package var now: @Sendable () -> ContinuousClock.Instant

    /// Creates a policy; what isn't given is as in AWS's standard mode.
    public init(
        attempts: Int = 3,
        base: Duration = .seconds(1),
        cap: Duration = .seconds(20),
        longestRetryAfter: Duration = .seconds(60),
        sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) },
        random: @escaping @Sendable () -> Double = { Double.random(in: 0..<1) },
        now: @escaping @Sendable () -> ContinuousClock.Instant = { ContinuousClock().now }
    ) {
        self.attempts = attempts
        self.base = base
        self.cap = cap
        self.longestRetryAfter = longestRetryAfter
        self.sleep = sleep
        self.random = random
        self.now = now
    }

    /// Three attempts with full jitter.
    public static var standard: AWSRetryPolicy { AWSRetryPolicy() }

    /// One attempt.
    package static var none: AWSRetryPolicy { AWSRetryPolicy(attempts: 1) }

    /// The wait after a failed attempt: full jitter up to the doubled base, and never less than the server asks.
    ///
    /// `attempt` is the number of the attempt that failed, from 1.
    package func delay(afterAttempt attempt: Int, retryAfter: Duration? = nil) -> Duration {
        let pauses = GrowingPauses(first: base, longest: cap)
        return max(pauses.pause(after: attempt, jitter: .full, random: random()), retryAfter ?? .zero)
    }
}
