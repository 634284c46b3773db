public import FoundationEssentials
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
    /// How often calls are tried.
    public var retry: AWSRetryPolicy
    /// The longest time that one attempt may take; for an object from or to a file, the longest time that it may stall.
    public var timeout: Duration
    /// The time, for signatures.
    public var now: @Sendable () -> Date

    /// Creates a configuration.
    public init(
        region: String,
        credentials: any AWSCredentialProvider,
        httpClient: any HTTPClient,
        endpoint: String? = nil,
        retry: AWSRetryPolicy = .standard,
        timeout: Duration = .seconds(30),
        now: @escaping @Sendable () -> Date = { Date() }
    ) {
        self.region = region
        self.credentials = credentials
        self.httpClient = httpClient
        self.endpoint = endpoint
        self.retry = retry
        self.timeout = timeout
        self.now = now
    }
}
