public import HTTPTransport

/// What the environment and the shared files say about AWS: region, endpoints, credentials.
public struct AWSEnvironment: Sendable {
    /// The region of `AWS_REGION`, else `AWS_DEFAULT_REGION`, else the profile's; `nil` where nobody names one.
    public let region: String?
    /// The chain of sources of credentials.
    public let credentials: any AWSCredentialProvider
    /// AWS's time, by which the credentials expire, for the clients that use them.
    public let clock = AWSClock()
    private let variables: [String: String]
    private let profile: AWSProfile?
    private let httpClient: any HTTPClient
    private let warn: @Sendable (String) -> Void

    /// Reads the environment, and the files that it names.
    ///
    /// - Parameters:
    ///   - environment: The environment's variables.
    ///   - httpClient: What reaches AWS, for credentials and for ``configuration(of:)``; `nil` for a client of its own, made at
    ///     its first use with the environment's proxy and certificates.
    ///   - directHTTPClient: What they are fetched with from the host or the container; must not use a proxy. `nil`
    ///     for a client of its own.
    ///   - warn: Is told once, in words for a person, when something is wrong that calls survive: credentials that can't be
    ///     renewed while the old ones go on working, or a clock that is off.
    /// - Throws: ``AWSConfigurationError`` when a file is malformed, or `AWS_PROFILE` names a profile that doesn't
    ///   exist.
    public init(
        _ environment: [String: String],
        httpClient: (any HTTPClient)? = nil,
        directHTTPClient: (any HTTPClient)? = nil,
        warn: @escaping @Sendable (String) -> Void = { _ in }
    ) throws {
        let httpClient = httpClient ?? LazyHTTPClient(environment)
        variables = environment
        self.httpClient = httpClient
        self.warn = warn
        profile = try AWSProfileFiles(environment: environment).selectedProfile()
        region = AWSRegion.configured(environment: environment, profile: profile)
        credentials = CredentialProviderChain.default(
            environment: environment,
            httpClient: httpClient,
            directHTTPClient: directHTTPClient,
            clock: clock,
            warn: warn
        )
    }

    /// What a client of a service needs, all of it as the environment says.
    ///
    /// Each service has its own, since an endpoint belongs to a service. They share credentials, AWS's time and connections.
    ///
    /// - Throws: ``AWSConfigurationError`` when no region is configured, or the service's endpoint isn't an address.
    public func configuration(of service: AWSService) throws -> AWSClientConfiguration {
        guard let region else {
            throw AWSConfigurationError("no region is configured; wanted: AWS_REGION, or the profile's region")
        }
        return AWSClientConfiguration(
            region: region,
            credentials: credentials,
            httpClient: httpClient,
            endpoint: try endpoint(of: service),
            usesFIPS: usesFIPS,
            usesDualStack: usesDualStack,
            warn: warn,
            clock: clock
        )
    }

    /// The endpoint configured for a service; `nil` for the region's own.
    ///
    /// - Throws: ``AWSConfigurationError`` when what is configured isn't an address.
    public func endpoint(of service: AWSService) throws -> String? {
        try AWSEndpointResolver.configuredEndpoint(of: service, environment: variables, profile: profile)
    }

    /// Whether `AWS_USE_FIPS_ENDPOINT`, else the profile's `use_fips_endpoint`, says `true`.
    package var usesFIPS: Bool { isOn("AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint") }

    /// Whether `AWS_USE_DUALSTACK_ENDPOINT`, else the profile's `use_dualstack_endpoint`, says `true`.
    package var usesDualStack: Bool { isOn("AWS_USE_DUALSTACK_ENDPOINT", "use_dualstack_endpoint") }

    /// Where buckets stand, by `addressing_style` of the profile's `s3` settings; `auto` where it isn't there.
    ///
    /// - Throws: ``AWSConfigurationError`` when it is none of `auto`, `virtual` and `path`.
    public func s3AddressingStyle() throws -> S3.AddressingStyle {
        guard let profile, let name = profile.text("addressing_style", under: "s3") else { return .auto }
        guard let style = S3.AddressingStyle(name: name) else {
            throw AWSConfigurationError("addressing_style of \(profile.place) has to be auto, virtual or path")
        }
        return style
    }

    private func isOn(_ variable: String, _ setting: String) -> Bool {
        (variables.nonEmpty(variable) ?? profile?.text(setting))?.lowercased() == "true"
    }
}
