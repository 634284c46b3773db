import HTTPTransport

/// The session of a client: its token, and the one login that all calls share when there is none.
actor Session {
    /// A token, with the number of the login that brought it.
    struct Token: Sendable {
        var secret: Secret
        fileprivate var login: Int
    }

    /// What a call has to show when it asks for a token: how many logins had ended when the call began.
    struct Ticket: Sendable {
        fileprivate var loginsEnded: Int
    }

    private let credentials: @Sendable () async -> SandboxCredentials
    private let logIn: @Sendable (SandboxCredentials) async throws -> Secret
    private var token: Token?
    private var login: (number: Int, task: Task<Void, Never>)?
    private var waiters: [Int: CheckedContinuation<Token, any Error>] = [:]
    private var lastWaiter = 0
    private var loginsStarted = 0
    private var loginsEnded = 0
    private var refusal: (number: Int, error: SandboxAPIError, credentials: SandboxCredentials)?
    private var pastSecrets: [Secret] = []

    /// Creates a session; nobody logs in yet.
    ///
    /// - Parameters:
    ///   - credentials: Tells user and password before each login.
    ///   - logIn: Logs in; returns the token.
    init(
        credentials: @escaping @Sendable () async -> SandboxCredentials,
        logIn: @escaping @Sendable (SandboxCredentials) async throws -> Secret
    ) {
        self.credentials = credentials
        self.logIn = logIn
    }

    /// What a call takes at its beginning.
    func ticket() -> Ticket {
        Ticket(loginsEnded: loginsEnded)
    }

    /// The token, after a login where there is none.
    ///
    /// - Parameter refused: The token that the lab has refused, so that it isn't given out again.
    /// - Throws: What the shared login threw. A login that the lab has refused since the call began counts for the
    ///   call as well: many calls that find their token dead try a wrong password once. The next call tries anew.
    func token(_ ticket: Ticket, insteadOf refused: Token? = nil) async throws -> Token {
        if let token {
            // Compared by login, for a lab may give out the same token again.
            if token.login > refused?.login ?? 0 { return token }
            self.token = nil
        }
        if let refusal, refusal.number > ticket.loginsEnded { throw refusal.error }
        return try await waitForLogin()
    }

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

    /// How many calls wait for the login that is under way.
    var waiterCount: Int { waiters.count }

    private func waitForLogin() async throws -> Token {
        try Task.checkCancellation()
        lastWaiter += 1
        let waiter = lastWaiter
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                waiters[waiter] = continuation
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
        // Given up by all who waited, perhaps with another login begun since.
        guard login?.number == number else { return }
        login = nil
        loginsEnded += 1
        let result = result.map { Token(secret: $0, login: number) }
        switch result {
        case .success(let token):
            self.token = token
            refusal = nil
        case .failure(let error as SandboxAPIError) where error.code == .authentication:
            refusal = (loginsEnded, error, credentials)
        case .failure:
            break
        }
        let waiting = waiters.values
        waiters = [:]
        for waiter in waiting { waiter.resume(with: result) }
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
