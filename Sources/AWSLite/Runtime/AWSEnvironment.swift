/// What the environment and the shared files say about AWS: region, endpoints, credentials.
public struct AWSEnvironment: Sendable {
    /// The region of `AWS_REGION`, else `AWS_DEFAULT_REGION`, else the profile's; `nil` where nobody names one.
    public let region: String?
    /// The chain of sources of credentials.
    public let credentials: any AWSCredentialProvider
    private let variables: [String: String]
    private let profile: AWSProfile?

    /// Reads the environment, and the files that it names.
    ///
    /// - Throws: ``AWSConfigurationError`` when a file is malformed, or `AWS_PROFILE` names a profile that doesn't
    ///   exist.
    public init(_ environment: [String: String]) throws {
        variables = environment
        profile = try AWSProfileFiles(environment: environment).selectedProfile()
        region = AWSRegion.configured(environment: environment, profile: profile)
        credentials = CredentialProviderChain.default(environment: environment)
    }

    /// The endpoint configured for a service; `nil` for the region's own.
    ///
    /// - Throws: ``AWSConfigurationError`` when what is configured isn't an address.
    public func endpoint(of service: AWSService) throws -> String? {
        try AWSEndpointResolver.configuredEndpoint(of: service, environment: variables, profile: profile)
    }
}
