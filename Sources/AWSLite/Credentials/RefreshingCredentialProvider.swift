package import FoundationEssentials
import HTTPTransport

/// Keeps temporary credentials and renews them ahead of their expiry.
///
/// As in botocore, credentials with less than 15 minutes left are renewed while they are still handed out, and with
/// less than 10 minutes left, callers wait for new ones. For credentials that live shortly, neither window is longer
/// than half or a third of their life; botocore would renew those at every call.
///
/// All callers share one renewal, which a caller's cancellation doesn't end. A renewal that fails is never final:
/// credentials that haven't expired stay in use and the next attempt follows after half a minute. So it does after new
/// credentials that seem to have expired while AWS's time isn't known.
public final class RefreshingCredentialProvider: AWSCredentialProvider {
    /// The time left below which credentials are renewed while they are in use, in seconds.
    static let advisoryWindow: TimeInterval = 15 * 60
    /// The time left below which callers wait for new ones, in seconds.
    static let mandatoryWindow: TimeInterval = 10 * 60
    /// The pause after a renewal that failed while there are usable credentials, in seconds.
    static let pauseAfterFailure: TimeInterval = 30
    /// The time between the first two warnings of renewals that fail; it grows threefold each time, up to six hours.
    private static let firstPauseBetweenWarnings: TimeInterval = 1_200

    private typealias Waiter = CheckedContinuation<AWSCredentials, any Error>

    private struct State {
        var current: AWSCredentials?
        var fetched = Date.distantPast
        /// No attempt within this time, as long as there is something to use.
        ///
        /// It has a beginning, since the time may be set right meanwhile.
        var pause: Range<Date>?
        var task: Task<Void, Never>?
        var waiters: [Int: Waiter] = [:]
        var nextWaiter = 0
        /// How many renewals have failed in a row, from when on, and when that is worth the next warning.
        var failures = 0
        var failingSince = Date.distantPast
        var nextWarning = Date.distantPast
        var pauseBetweenWarnings = firstPauseBetweenWarnings

        /// How long the credentials had when they came; `nil` where they seemed to have expired by then, which tells
        /// nothing.
        var life: TimeInterval? {
            let life = current?.expiration?.timeIntervalSince(fetched) ?? .infinity
            return life > 0 ? life : nil
        }

        /// How long the credentials have, from a time on.
        func left(_ time: Date) -> TimeInterval { current?.expiration?.timeIntervalSince(time) ?? .infinity }

        /// Whether AWS may take the credentials.
        func isUsable(_ time: Date, isTimeKnown: Bool, keepsExpired: Bool) -> Bool {
            left(time) > 0 || keepsExpired || (life == nil && !isTimeKnown)
        }
    }

    private enum Plan {
        case use(AWSCredentials)
        case wait
    }

    private let keepsExpired: Bool
    private let now: @Sendable () -> Date
    private let isTimeKnown: @Sendable () -> Bool
    private let random: @Sendable () -> Double
    private let warn: @Sendable (String) -> Void
    private let fetch: @Sendable () async throws -> AWSCredentials
    private let state = Locked(State())

    /// Creates a provider; nothing is fetched before somebody asks.
    ///
    /// - Parameters:
    ///   - warn: Is told when renewals begin to fail, from time to time that they still do, and when one succeeds again.
    ///   - fetch: Gets new credentials.
    public convenience init(
        warn: @escaping @Sendable (String) -> Void = { _ in },
        fetch: @escaping @Sendable () async throws -> AWSCredentials
    ) {
        self.init(now: { SteadyTime.ofProcess.now }, warn: warn, fetch: fetch)
    }

    /// Creates a provider with a time of its own.
    ///
    /// - Parameters:
    ///   - keepsExpired: Whether expired credentials are better than none (the "static stability" of EC2's
    ///     metadata service, whose keys AWS honours beyond their time while it can't renew them). The next attempt
    ///     follows after 5 to 10 minutes.
    ///   - now: The time, which has to pass evenly: AWS's, as expiries are in it.
    ///   - isTimeKnown: Whether that is so; as long as it is this host's idea alone, new credentials that seem to have
    ///     expired are used.
    ///   - random: A number from 0 up to, but not including, 1.
    ///   - warn: Is told when renewals begin to fail, from time to time that they still do, and when one succeeds again.
    ///   - fetch: Gets new credentials.
    package init(
        keepsExpired: Bool = false,
        now: @escaping @Sendable () -> Date,
        isTimeKnown: @escaping @Sendable () -> Bool = { true },
        random: @escaping @Sendable () -> Double = { Double.random(in: 0..<1) },
        warn: @escaping @Sendable (String) -> Void = { _ in },
        fetch: @escaping @Sendable () async throws -> AWSCredentials
    ) {
        self.keepsExpired = keepsExpired
        self.now = now
        self.isTimeKnown = isTimeKnown
        self.random = random
        self.warn = warn
        self.fetch = fetch
    }

    deinit {
        // Nobody waits any more: a waiter would hold a reference.
        state.withLock { $0.task }?.cancel()
    }

    /// The credentials that are kept, or new ones where these are missing or about to expire.
    ///
    /// - Throws: What `fetch` throws, when there is nothing usable; `CancellationError` when the caller was
    ///   cancelled while it waited, which leaves the renewal going for the others.
    public func credentials() async throws -> AWSCredentials {
        let time = now()
        let plan: Plan = state.withLock { state in
            guard let current = state.current else { return .wait }
            let left = state.left(time)
            let isUsable = state.isUsable(time, isTimeKnown: isTimeKnown(), keepsExpired: keepsExpired)
            if left >= min(Self.advisoryWindow, (state.life ?? .infinity) / 2) { return .use(current) }
            if isUsable, state.pause?.contains(time) == true { return .use(current) }
            if state.life.map({ left >= min(Self.mandatoryWindow, $0 / 3) }) ?? isUsable {
                startIfNeeded(&state)
                return .use(current)
            }
            return .wait
        }
        if case .use(let credentials) = plan { return credentials }
        return try await newCredentials()
    }

    private func newCredentials() async throws -> AWSCredentials {
        let id = state.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let isCancelled = state.withLock { state in
                    // A cancellation before this point found no waiter to wake.
                    if Task.isCancelled { return true }
                    state.waiters[id] = continuation
                    startIfNeeded(&state)
                    return false
                }
                if isCancelled { continuation.resume(throwing: CancellationError()) }
            }
        } onCancel: {
            state.withLock { $0.waiters.removeValue(forKey: id) }?.resume(throwing: CancellationError())
        }
    }

    /// Starts a renewal, unless one is going on.
    private func startIfNeeded(_ state: inout State) {
        guard state.task == nil else { return }
        // Unstructured on purpose: it belongs to all callers, so it must outlive the one that happened to start it.
        // It holds no reference to the provider, whose deinit cancels it.
        let renewal = Renewal(
            state: self.state,
            keepsExpired: keepsExpired,
            now: now,
            isTimeKnown: isTimeKnown,
            random: random,
            warn: warn,
            fetch: fetch
        )
        state.task = Task { await renewal.run() }
    }

    /// One renewal.
    private struct Renewal: Sendable {
        let state: Locked<State>
        let keepsExpired: Bool
        let now: @Sendable () -> Date
        let isTimeKnown: @Sendable () -> Bool
        let random: @Sendable () -> Double
        let warn: @Sendable (String) -> Void
        let fetch: @Sendable () async throws -> AWSCredentials

        func run() async {
            let result: Result<AWSCredentials, any Error>
            do {
                result = .success(try await fetch())
            } catch {
                result = .failure(error)
            }
            let (waiters, answer, warning) = state.withLock { state in
                let (answer, warning) = settle(result, &state)
                let waiters = state.waiters
                state.waiters = [:]
                state.task = nil
                return (waiters, answer, warning)
            }
            if let warning { warn(warning) }
            for waiter in waiters.values { waiter.resume(with: answer) }
        }

        /// What is to be said of a failure: the first time, then ever more rarely.
        private func warning(_ problem: any Error, _ state: inout State, _ time: Date) -> String? {
            if state.failures == 1 {
                (state.failingSince, state.pauseBetweenWarnings) = (time, firstPauseBetweenWarnings)
            } else if time < state.nextWarning {
                return nil
            } else {
                state.pauseBetweenWarnings = min(state.pauseBetweenWarnings * 3, 21_600)
            }
            state.nextWarning = time + state.pauseBetweenWarnings
            guard state.failures > 1 else { return "AWS credentials couldn't be renewed: \(problem)" }
            let minutes = Int(time.timeIntervalSince(state.failingSince) / 60)
            return "AWS credentials still can't be renewed, \(state.failures) times in \(minutes) minutes: \(problem)"
        }

        /// For how long what there is has to do.
        private func pause(from time: Date) -> Range<Date> {
            time..<time + (keepsExpired ? 300 + 300 * random() : RefreshingCredentialProvider.pauseAfterFailure)
        }

        /// What the waiters get, and what an operator has to know.
        private func settle(
            _ result: Result<AWSCredentials, any Error>,
            _ state: inout State
        ) -> (Result<AWSCredentials, any Error>, String?) {
            let time = now()
            let problem: any Error
            switch result {
            case .success(let new):
                let seemsExpired = new.expiration.map { $0 <= time } ?? false
                let isExpired = seemsExpired && isTimeKnown()
                if !isExpired || keepsExpired {
                    state.current = new
                    state.fetched = time
                }
                guard isExpired else {
                    state.pause = seemsExpired ? pause(from: time) : nil
                    let failures = state.failures
                    state.failures = 0
                    return (
                        .success(new), failures == 0 ? nil : "AWS credentials are renewed again; failures: \(failures)"
                    )
                }
                problem = AWSCredentialError(
                    .unavailable,
                    provider: "temporary credentials",
                    "were renewed, but the new ones have expired already"
                )
            case .failure(let error):
                problem = error
            }
            guard let current = state.current,
                state.isUsable(time, isTimeKnown: isTimeKnown(), keepsExpired: keepsExpired)
            else { return (.failure(problem), nil) }
            state.pause = pause(from: time)
            state.failures += 1
            return (.success(current), warning(problem, &state, time))
        }
    }
}
