public import HTTPTransport

/// A client of a lab: Quali CloudShell's Sandbox REST API, version 2.
///
/// A client is one session of one user in one domain. It logs in when first needed, shares the token among all calls
/// and logs in anew, once for all, when the lab no longer accepts it. A login that the lab refuses stands for all calls,
/// which fail with it and without a request, for ten minutes, then an hour, then four hours each, or until user or
/// password change: labs lock out who tries a wrong password again and again.
///
/// ```swift
/// let lab = try SandboxClient(
///     .init(url: "https://lab.example.com:3443", username: "ci", password: Secret(password), domain: "Global"),
///     httpClient: CurlHTTPClient()
/// )
/// let sandbox = try await lab.startSandbox(
///     blueprint: "Web", .init(name: "nightly", duration: .seconds(7_200))
/// )
/// ```
///
/// Every call throws ``SandboxAPIError``, or `CancellationError` when its task was cancelled, in which case the lab
/// may have done what was asked. Reads are repeated after transient failures, as the configuration's retry policy says. Other
/// calls are sent again only where the lab certainly hasn't seen the first: the connection couldn't be made, or the
/// token was refused.
public final class SandboxClient: Sendable {
    /// Where the lab is and who calls.
    public struct Configuration: Sendable {
        /// The lab's address, with or without a slash or `/api` at its end.
        package var url: String
        /// The user's name; empty for a single sign-on.
        package var username: String
        /// The user's password; for a single sign-on the identity provider's token.
        package var password: Secret
        /// The domain to work in.
        package var domain: String
        /// The longest time for one request and its reply.
        package var timeout: Duration
        /// When calls are repeated.
        package var retry: SandboxRetryPolicy
        /// How many calls are on their way at once at most; others wait for that, no longer than twice the time-out.
        ///
        /// There are fewer while the lab slows down or refuses calls. The HTTP client needs as many connections to a host:
        /// calls that wait for one in it do so within their time-out.
        public var maxConcurrentCalls: Int = 32
        /// Tells user and password before each login, where they may change, as those in a file do; `nil` for
        /// ``username`` and ``password``.
        package var currentCredentials: (@Sendable () async -> SandboxCredentials)?
        /// Is given the token of each login, to keep it out of logs.
        package var onLogin: @Sendable (Secret) -> Void = { _ in }
        /// Is told each login that fails, and of one that the lab refuses how long it isn't tried again.
        package var onLoginFailure: @Sendable (SandboxAPIError, Duration?) -> Void = { _, _ in }
        /// Is told each request that was sent, and what came of it; `nil` for nobody.
        package var onRequest: (@Sendable (SandboxRequestReport) -> Void)?

        /// Describes a session of a user with a password.
        public init(
            url: String,
            username: String,
            password: Secret,
            domain: String = "Global",
            timeout: Duration = .seconds(60),
            retry: SandboxRetryPolicy = .init()
        ) {
            self.url = url
            self.username = username
            self.password = password
            self.domain = domain
            self.timeout = timeout
            self.retry = retry
        }

        /// Describes a session of a user whom an identity provider vouches for.
        public init(
            url: String,
            singleSignOnToken token: Secret,
            domain: String = "Global",
            timeout: Duration = .seconds(60),
            retry: SandboxRetryPolicy = .init()
        ) {
            self.init(
                url: url,
                username: "",
                password: token,
                domain: domain,
                timeout: timeout,
                retry: retry
            )
        }
    }

    /// The lab's address.
    package let url: LabURL
    /// The domain to which the session belongs.
    package let domain: String
    let calls: CallRunner

    /// Creates a client; nothing is sent yet.
    ///
    /// - Throws: ``SandboxAPIError`` with the code ``SandboxAPIError/Code/configuration`` where the address makes no
    ///   sense.
    public init(_ configuration: Configuration, httpClient: any HTTPClient) throws {
        url = try LabURL(configuration.url)
        domain = configuration.domain
        calls = CallRunner(configuration, url: url, httpClient: httpClient)
    }

    private init(_ other: SandboxClient, calls: CallRunner) {
        url = other.url
        domain = other.domain
        self.calls = calls
    }

    /// Whether user and password are others now than those that the lab has refused, so that another login makes sense.
    ///
    /// `false` where the latest login went well, or failed for another reason than a refusal.
    package func hasNewCredentials() async -> Bool {
        await calls.session.hasNewCredentials()
    }

    /// A client of the same session whose calls go before others that wait: those that give equipment back.
    package var urgent: SandboxClient { SandboxClient(self, calls: calls.urgent) }

    /// A client of the same session that sends each call once, for reads that are repeated anyway.
    ///
    /// One whose connection broke before it was sent goes out once more.
    ///
    /// `timeout` is the longest time for a request and its reply; `nil` for the configuration's.
    package func unrepeated(timeout: Duration? = nil) -> SandboxClient {
        SandboxClient(self, calls: calls.unrepeated(timeout: timeout))
    }
}
