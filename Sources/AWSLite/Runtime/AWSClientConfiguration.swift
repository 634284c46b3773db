import FoundationEssentials
public import HTTPTransport

/// What a client of any service needs.
public struct AWSClientConfiguration: Sendable {
    /// The region, such as `eu-west-1`.
    public var region: String
    /// Where credentials come from; asked before every attempt.
    public var credentials: any AWSCredentialProvider
    /// What sends requests.
    public var httpClient: any HTTPClient
    /// An endpoint to use in place of the region's own, such as `http://127.0.0.1:4566`.
    public var endpoint: String?
    /// Whether only FIPS endpoints will do.
    public var usesFIPS: Bool
    /// Whether only endpoints with IPv6 addresses as well will do.
    public var usesDualStack: Bool
    /// How often calls are tried.
    public var retry: AWSRetryPolicy
    /// The longest time that one attempt may take; for an object from or to a file, the longest time that it may stall.
    public var timeout: Duration
    /// The longest time that a call may take with all its attempts and waits; `nil` for no such limit.
    ///
    /// Each attempt still has its ``timeout``. Credentials have deadlines of their own.
    public var callTimeout: Duration?
    /// Told once, in words for a person, when something is wrong that calls survive: a clock that is off.
    public var warn: @Sendable (String) -> Void
    /// The time, for signatures; clients that share one learn AWS's time together.
    public var clock: AWSClock
    /// Is told each request that was sent, and what came of it; `nil` for nobody.
    ///
    /// Requests for credentials are none of a client's own.
    package var onRequest: (@Sendable (AWSRequestReport) -> Void)?
    /// What the copies of this configuration learn together.
    let memory = ClientMemory()

    /// Creates a configuration.
    public init(
        region: String,
        credentials: any AWSCredentialProvider,
        httpClient: any HTTPClient,
        endpoint: String? = nil,
        usesFIPS: Bool = false,
        usesDualStack: Bool = false,
        retry: AWSRetryPolicy = .standard,
        timeout: Duration = .seconds(30),
        callTimeout: Duration? = nil,
        warn: @escaping @Sendable (String) -> Void = { _ in },
        clock: AWSClock = AWSClock()
    ) {
        self.region = region
        self.credentials = credentials
        self.httpClient = httpClient
        self.endpoint = endpoint
        self.usesFIPS = usesFIPS
        self.usesDualStack = usesDualStack
        self.retry = retry
        self.timeout = timeout
        self.callTimeout = callTimeout
        self.warn = warn
        self.clock = clock
    }

    /// Finds the endpoints of this configuration.
    var resolver: AWSEndpointResolver {
        AWSEndpointResolver(
            region: region,
            override: endpoint,
            usesFIPS: usesFIPS,
            usesDualStack: usesDualStack
        )
    }
}
