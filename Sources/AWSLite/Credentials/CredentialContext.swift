import FoundationEssentials
import HTTPTransport

/// What the sources of credentials need from outside.
struct CredentialContext: Sendable {
    /// The environment's variables.
    var variables: [String: String]
    /// Where the shared files are, and the profile.
    var location: AWSProfileFiles.Location
    /// Reaches AWS, through a proxy where one is configured.
    var httpClient: any HTTPClient
    /// Reaches link-local and loopback addresses, never through a proxy.
    var directHTTPClient: any HTTPClient
    /// Where the kernel names the maker of the machine, which for an EC2 instance of today's kinds is Amazon EC2.
    var vendorFiles = ["sys_vendor", "board_vendor"].map { "/sys/devices/virtual/dmi/id/\($0)" }
    /// Tells an operator something, once per occasion.
    var warn: @Sendable (String) -> Void = { _ in }
    /// AWS's time, which expiries are in.
    var clock = AWSClock()
    /// Waits.
    var sleep: @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
    /// A number from 0 up to, but not including, 1: the jitter.
    var random: @Sendable () -> Double = { Double.random(in: 0..<1) }

    init(
        variables: [String: String],
        httpClient: (any HTTPClient)? = nil,
        directHTTPClient: (any HTTPClient)? = nil
    ) {
        self.variables = variables
        location = AWSProfileFiles.Location(environment: variables)
        self.httpClient = httpClient ?? LazyHTTPClient(variables)
        self.directHTTPClient = directHTTPClient ?? LazyHTTPClient(variables, proxy: .none)
    }

    /// The shared files and the profile in use, read anew.
    ///
    /// - Throws: ``AWSCredentialError`` in the name of the source that asks.
    func profile(for provider: String) throws -> (files: AWSProfileFiles, profile: AWSProfile?) {
        try configuration(for: provider) {
            let files = try AWSProfileFiles(location)
            return (files, try files.selectedProfile())
        }
    }

    /// Runs `body` with an ``AWSConfigurationError`` turned into an error of the source that asks.
    func configuration<Result>(for provider: String, _ body: () throws -> Result) throws -> Result {
        do {
            return try body()
        } catch let error as AWSConfigurationError {
            throw AWSCredentialError(.invalid, provider: provider, error.message)
        }
    }

    /// A provider that keeps what a source gives until shortly before it expires.
    func refreshing(
        keepsExpired: Bool = false,
        _ fetch: @escaping @Sendable () async throws -> AWSCredentials
    ) -> RefreshingCredentialProvider {
        RefreshingCredentialProvider(
            keepsExpired: keepsExpired,
            now: { [clock] in clock.now },
            isTimeKnown: { [clock] in clock.offset != nil },
            random: random,
            warn: warn,
            fetch: fetch
        )
    }
}

/// A client with the environment's certificates, whose thread starts with its first call, since most sources never need one.
final class LazyHTTPClient: HTTPClient {
    private let variables: [String: String]
    private let proxy: CurlHTTPClient.Proxy
    private let client = Locked<CurlHTTPClient?>(nil)

    init(_ variables: [String: String], proxy: CurlHTTPClient.Proxy = .environment) {
        self.variables = variables
        self.proxy = proxy
    }

    func send(_ call: HTTPCall) async throws -> HTTPReply {
        try await started().send(call)
    }

    private func started() throws -> CurlHTTPClient {
        if let client = client.withLock({ $0 }) { return client }
        var configuration = CurlHTTPClient.Configuration()
        configuration.proxy = proxy
        configuration.caBundle =
            variables.nonEmpty("AWS_CA_BUNDLE")
            ?? (try? AWSProfileFiles(environment: variables).selectedProfile())?.text("ca_bundle")
        let new = try CurlHTTPClient(configuration)
        return client.withLock { client in
            if let client { return client }
            client = new
            return new
        }
    }
}
