import FoundationEssentials
import HTTPTransport

/// Sends calls: with the session's token, past the gate, again where that is safe.
struct CallRunner: Sendable {
    /// How many tokens in a row may be refused after as many logins that went well.
    private static let renewals = 3

    let session: Session
    private var exchange: Exchange
    private var retry: Retry
    /// Whether a call is repeated only where its connection broke before it was sent, and once.
    private var sendsOnce = false

    init(_ configuration: SandboxClient.Configuration, url: LabURL, httpClient: any HTTPClient) {
        let exchange = Exchange(
            url: url,
            httpClient: httpClient,
            limit: CallLimit(most: configuration.maxConcurrentCalls, now: configuration.retry.now),
            timeout: configuration.timeout,
            now: configuration.retry.now,
            onRequest: configuration.onRequest
        )
        let urgentExchange = exchange.urgent
        let retry = Retry(policy: configuration.retry, gate: QuotaGate(configuration.retry))
        self.exchange = exchange
        self.retry = retry
        session = Session(
            credentials: configuration.credentials,
            retry: configuration.retry,
            onRefusal: { configuration.onLoginFailure($0, $1) }
        ) { credentials in
            // A login changes nothing and leaves but a token behind, so it may be repeated as a read is.
            let token = try await retry.run(mayRepeat: { $0.isTransient }) {
                do {
                    return try await Login(credentials: credentials, domain: configuration.domain).run(urgentExchange)
                } catch let error as SandboxAPIError where !error.isRefusedLogin {
                    configuration.onLoginFailure(error, nil)
                    throw error
                }
            }
            configuration.onLogin(token)
            return token
        }
    }

    /// The same session and gate, for calls that are sent once.
    func unrepeated(timeout: Duration?) -> CallRunner {
        var runner = self
        runner.exchange.timeout = timeout ?? exchange.timeout
        runner.retry.policy.attempts = min(2, retry.policy.attempts)
        runner.sendsOnce = true
        return runner
    }

    /// The same session and gate, for calls that go before others.
    var urgent: CallRunner {
        var runner = self
        runner.exchange = exchange.urgent
        return runner
    }

    /// Sends a call and reads its reply.
    ///
    /// `read` makes a value of the reply's body; it throws ``MalformedReply``, `JSONSize.TooManyValues` or
    /// `DecodingError`.
    func run<Reply: Sendable>(
        _ call: APICall,
        read: @escaping @Sendable (Data) throws -> Reply
    ) async throws -> Reply {
        try await Exchange.reading(read) { try await run(call, take: $0) }
    }

    private func run(_ call: APICall, take: @escaping @Sendable (Data) throws -> Void) async throws {
        var refused: Session.Token?
        try await retry.run(mayRepeat: { $0.mayRepeat(call, sendsOnce: sendsOnce) }) {
            var renewals = 0
            while true {
                let token = try await session.token(insteadOf: refused)
                let secrets = await session.knownSecrets + call.secrets
                do {
                    return try await exchange.run(call, token: token.secret, secrets: secrets, take: take)
                } catch var error as SandboxAPIError where error.refusesToken {
                    // Refused before anything was done, so any call may go out again; and a lab that has just forgotten
                    // its sessions may do so again.
                    refused = token
                    renewals += 1
                    guard renewals > Self.renewals else { continue }
                    // It has taken the logins, so nothing is wrong with user and password: a lab that starts anew, or
                    // several behind one address of which each knows its own sessions.
                    error.isTransient = true
                    error.message = "the login succeeds, but its session is refused at once: \(error.message)"
                    throw error
                }
            }
        }
    }

    /// Sends a call once, with a token of one's own and without any repeat.
    func runOnce<Reply: Sendable>(
        _ call: APICall,
        token: Secret,
        read: @escaping @Sendable (Data) throws -> Reply
    ) async throws -> Reply {
        let secrets = await session.knownSecrets + call.secrets
        return try await Exchange.reading(read) {
            try await exchange.run(call, token: token, secrets: secrets, take: $0)
        }
    }
}

/// Repeats what may be repeated.
struct Retry: Sendable {
    var policy: SandboxRetryPolicy
    let gate: QuotaGate

    func run<Reply>(mayRepeat: (SandboxAPIError) -> Bool, _ attempt: () async throws -> Reply) async throws -> Reply {
        var failures = 0
        while true {
            try await gate.pass()
            do {
                let reply = try await attempt()
                await gate.succeeded()
                return reply
            } catch let error as SandboxAPIError {
                failures += 1
                try await pause(after: error, failures: failures, mayRepeat: mayRepeat)
            }
        }
    }

    /// Waits until the next attempt.
    ///
    /// - Throws: The error, if there is none.
    private func pause(
        after error: SandboxAPIError,
        failures: Int,
        mayRepeat: (SandboxAPIError) -> Bool
    ) async throws {
        var error = error
        if error.code == .rateQuota { await gate.close(for: error.retryAfter) }
        error.attempts = max(error.attempts, failures)
        guard failures < policy.attempts, mayRepeat(error) else { throw error }
        // After a quota the gate does the waiting.
        if error.code != .rateQuota {
            try await policy.sleep(max(policy.pause(afterFailures: failures), error.retryAfter ?? .zero))
        }
    }
}

extension SandboxAPIError {
    /// Whether a call may be sent again after this error, which it, or the login that it needed, has met.
    ///
    /// `sendsOnce` says whether it may only where its connection broke before it was sent.
    func mayRepeat(_ call: APICall, sendsOnce: Bool) -> Bool {
        // A login has had its own repeats.
        guard isTransient, operation == call.operation.rawValue else { return false }
        let wasNotSent = underlying != nil && !mayHaveBeenProcessed
        return sendsOnce ? wasNotSent && underlying?.code == .connectionLost : call.isRead || wasNotSent
    }
}
