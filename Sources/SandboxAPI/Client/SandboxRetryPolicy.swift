import HTTPTransport

/// How often and after which pauses the client repeats a call that may be repeated.
///
/// That is a read after a transient failure, and any call that certainly never reached the lab.
public struct SandboxRetryPolicy: Sendable {
    /// How often a call is sent at most; 1 means no repeats.
    package var attempts: Int
    /// The pause after the first failure; it doubles with each further one.
    ///
    /// The actual pause is random between half
    /// of it and all of it.
    package var base: Duration
    /// The longest pause.
    package var cap: Duration
    /// For how long all calls pause after the lab has said that there are too many; doubles with each further time.
    package var quotaBase: Duration
    /// The longest such pause.
    package var quotaCap: Duration
    /// For how long a refused login stands, the first time, the second, and so on; the last holds from then on.
    ///
    /// Quali's brute-force protection locks a user out after three refused logins, for up to ten hours.
    package var refusedLoginPauses: [Duration]
    /// Waits; throws when the task is cancelled.
    package var sleep: @Sendable (Duration) async throws -> Void
    /// A random number from 0 up to 1.
    package var random: @Sendable () -> Double
    /// The time, for pauses that several calls share.
    package var now: @Sendable () -> ContinuousClock.Instant

    /// Four attempts with pauses from half a second up, eight seconds at most.
    public init(
        attempts: Int = 4,
        base: Duration = .milliseconds(500),
        cap: Duration = .seconds(8),
        quotaBase: Duration = .seconds(2),
        quotaCap: Duration = .seconds(60),
        refusedLoginPauses: [Duration] = [.seconds(600), .seconds(3_600), .seconds(14_400)],
        sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) },
        random: @escaping @Sendable () -> Double = { Double.random(in: 0..<1) },
        now: @escaping @Sendable () -> ContinuousClock.Instant = { ContinuousClock.now }
    ) {
        self.attempts = attempts
        self.base = base
        self.cap = cap
        self.quotaBase = quotaBase
        self.quotaCap = quotaCap
        self.refusedLoginPauses = refusedLoginPauses
        self.sleep = sleep
        self.random = random
        self.now = now
    }

    /// The pause after a number of failures.
    func pause(afterFailures failures: Int) -> Duration {
        GrowingPauses(first: base, longest: cap).pause(after: failures, jitter: .half, random: random())
    }
}
