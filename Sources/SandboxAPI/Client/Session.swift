import HTTPTransport

/// The session of a client: its token, and the one login that all calls share when there is none.
actor Session {
    /// A token, with the number of the login that brought it.
    struct Token: Sendable {
        var secret: Secret
        fileprivate var login: Int
    }

    /// A login that the lab has refused.
    private struct Refusal {
        var error: SandboxAPIError
        var credentials: SandboxCredentials
        /// How often these were refused in a row.
        var count: Int
        /// Until when it is of no use, and may do harm, to try them again.
        var end: ContinuousClock.Instant
    }

    private let credentials: @Sendable () async -> SandboxCredentials
    private let logIn: @Sendable (SandboxCredentials) async throws -> Secret
    private let retry: SandboxRetryPolicy
    private let onRefusal: @Sendable (SandboxAPIError, Duration) -> Void
    private var token: Token?
    private var login: (number: Int, task: Task<Void, Never>)?
    private var waiters: [Int: CheckedContinuation<Token, any Error>] = [:]
    private var lastWaiter = 0
    private var onWait: @Sendable (Int) -> Void = { _ in }
    private var loginsStarted = 0
    private var refusal: Refusal?
    private var pastSecrets: [Secret] = []

    /// Creates a session; nobody logs in yet.
    ///
    /// - Parameters:
    ///   - credentials: Tells user and password before each login.
    ///   - retry: How long a refused login stands.
    ///   - onRefusal: Told each refused login, and how long it stands.
    ///   - logIn: Logs in; returns the token.
    init(
        credentials: @escaping @Sendable () async -> SandboxCredentials,
        retry: SandboxRetryPolicy,
        onRefusal: @escaping @Sendable (SandboxAPIError, Duration) -> Void,
        logIn: @escaping @Sendable (SandboxCredentials) async throws -> Secret
    ) {
        self.credentials = credentials
        self.retry = retry
        self.onRefusal = onRefusal
        self.logIn = logIn
    }

    /// The token, after a login where there is none.
    ///
    /// `refused` is the token that the lab has refused, so that it isn't given out again.
    ///
    /// - Throws: What the shared login threw. A login that the lab has refused counts for all calls, until its pause is over
    ///   or user or password are others: whoever tries a wrong password again and again is locked out.
    func token(insteadOf refused: Token? = nil) async throws -> Token {
        if let token = usable(refused) { return token }
        if isStanding(refusal) {
            let now = await credentials()
            // Somebody may have logged in meanwhile, or tried to.
            if let token = usable(refused) { return token }
            if let refusal, isStanding(refusal), refusal.credentials == now { throw refusal.error }
        }
        return try await waitForLogin()
    }

    private func usable(_ refused: Token?) -> Token? {
        guard let token else { return nil }
        // Compared by login, for a lab may give out the same token again.
        if token.login > refused?.login ?? 0 { return token }
        self.token = nil
        return nil
    }

    private func isStanding(_ refusal: Refusal?) -> Bool { refusal.map { retry.now() < $0.end } ?? false }

    /// Logs in anew, whatever token there is.
    func renew() async throws {
        token = nil
        _ = try await waitForLogin()
    }

    /// Forgets the token.
    func takeToken() -> Secret? {
        defer { token = nil }
        return token?.secret
    }

    /// All passwords and tokens that may still show up in a reply.
    var knownSecrets: [Secret] { pastSecrets }

    /// Whether user and password are others now than those of the login that the lab has refused.
    func hasNewCredentials() async -> Bool {
        guard let refused = refusal?.credentials else { return false }
        return await credentials() != refused
    }

    /// Has `tell` told how many calls wait for the login that is under way, now and whenever one more does.
    func watchWaiters(_ tell: @escaping @Sendable (Int) -> Void) {
        onWait = tell
        tell(waiters.count)
    }

    private func waitForLogin() async throws -> Token {
        try Task.checkCancellation()
        lastWaiter += 1
        let waiter = lastWaiter
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                waiters[waiter] = continuation
                onWait(waiters.count)
                startLogin()
            }
        } onCancel: {
            // A hop to the actor and nothing more; it finds the waiter in place, because nothing suspends between
            // the check above and the continuation.
            Task { await self.giveUp(waiter) }
        }
    }

    private func startLogin() {
        guard login == nil else { return }
        loginsStarted += 1
        let number = loginsStarted
        let (credentials, logIn) = (self.credentials, self.logIn)
        // Not a child of the call that happens to be first: its cancellation must not fail the others. Every login
        // is awaited by its waiters and cancelled when the last of them has gone.
        let task = Task {
            let credentials = await credentials()
            remember(credentials.password)
            do {
                let token = try await logIn(credentials)
                loginEnded(number, credentials, .success(token))
            } catch {
                loginEnded(number, credentials, .failure(error))
            }
        }
        login = (number, task)
    }

    private func loginEnded(_ number: Int, _ credentials: SandboxCredentials, _ result: Result<Secret, any Error>) {
        if case .success(let token) = result { remember(token) }
        if case .failure(let error as SandboxAPIError) = result, error.isRefusedLogin { note(error, credentials) }
        // Given up by all who waited, perhaps with another login begun since.
        guard login?.number == number else { return }
        login = nil
        let result = result.map { Token(secret: $0, login: number) }
        if case .success(let token) = result {
            self.token = token
            refusal = nil
        }
        let waiting = waiters.values
        waiters = [:]
        for waiter in waiting { waiter.resume(with: result) }
    }

    private func note(_ error: SandboxAPIError, _ credentials: SandboxCredentials) {
        let count = refusal?.credentials == credentials ? (refusal?.count ?? 0) + 1 : 1
        let pauses = retry.refusedLoginPauses
        let pause = pauses.isEmpty ? .zero : pauses[min(count, pauses.count) - 1]
        refusal = Refusal(error: error, credentials: credentials, count: count, end: retry.now() + pause)
        onRefusal(error, pause)
    }

    private func giveUp(_ waiter: Int) {
        guard let continuation = waiters.removeValue(forKey: waiter) else { return }
        continuation.resume(throwing: CancellationError())
        if waiters.isEmpty {
            login?.task.cancel()
            login = nil
        }
    }

    private func remember(_ secret: Secret) {
        pastSecrets.removeAll { $0 == secret }
        pastSecrets.append(secret)
        // A reply to a call made with an older password or token than these is long since in.
        if pastSecrets.count > 16 { pastSecrets.removeFirst() }
    }
}
