public import HTTPTransport

/// Asks one source after the other until one has credentials, and from then on that one alone.
public final class CredentialProviderChain: AWSCredentialProvider {
    private let providers: [any AWSCredentialProvider]
    private let chosen = Locked<Int?>(nil)
    private let asked = Locked<Int?>(nil)

    /// Creates a chain.
    public init(_ providers: [any AWSCredentialProvider]) {
        self.providers = providers
    }

    /// The source that has given credentials, in words; `nil` before the first, or where the source has no name.
    package var sourceName: String? {
        chosen.withLock { $0 }.flatMap { (providers[$0] as? NamedCredentialProvider)?.name }
    }

    /// The source that is being asked for the chain's first credentials, in words; `nil` where none is.
    package var askedSourceName: String? {
        asked.withLock { $0 }.flatMap { (providers[$0] as? NamedCredentialProvider)?.name }
    }

    /// The credentials of the first source that is set up; once one has given some, of that source for ever.
    ///
    /// - Throws: What a source that is set up throws; or, when none is, an ``AWSCredentialError`` that says which
    ///   were asked and why each had nothing.
    public func credentials() async throws -> AWSCredentials {
        if let index = chosen.withLock({ $0 }) { return try await providers[index].credentials() }
        var reasons: [String] = []
        defer { asked.withLock { $0 = nil } }
        for (index, provider) in providers.enumerated() {
            asked.withLock { $0 = index }
            do {
                let credentials = try await provider.credentials()
                chosen.withLock { $0 = $0 ?? index }
                return credentials
            } catch let error as AWSCredentialError where error.code == .notConfigured {
                reasons.append(error.description)
            }
        }
        throw AWSCredentialError(
            .notConfigured,
            provider: "no AWS credentials found",
            reasons.isEmpty ? "there is no source to ask" : reasons.joined(separator: "; ")
        )
    }
}

extension CredentialProviderChain {
    /// The sources that every AWS tool reads, in botocore's order.
    ///
    /// The environment, an assumed role of the profile, web identity, single sign-on, the profile's key pair in the
    /// credentials file, a process, the key pair in the configuration file, the container's endpoint, the EC2
    /// instance's metadata. `aws login` has its place but isn't supported; where a profile asks for it, that is an
    /// error, so that nobody works under another identity unawares. botocore's oldest sources (`AWS_CREDENTIAL_FILE`,
    /// boto 2's files) are left out.
    ///
    /// - Parameters:
    ///   - environment: The environment's variables.
    ///   - httpClient: Reaches AWS; `nil` for a client of its own, with the environment's proxy and certificates.
    ///   - directHTTPClient: Reaches link-local addresses and must not use a proxy; `nil` for a client of its own.
    ///   - clock: AWS's time, by which credentials expire; best that of the clients that use them.
    ///   - warn: Is told when credentials can't be renewed but the old ones go on working; once per occasion.
    /// - Returns: A chain of these sources.
    public static func `default`(
        environment: [String: String],
        httpClient: (any HTTPClient)? = nil,
        directHTTPClient: (any HTTPClient)? = nil,
        clock: AWSClock = AWSClock(),
        warn: @escaping @Sendable (String) -> Void = { _ in }
    ) -> CredentialProviderChain {
        var context = CredentialContext(
            variables: environment,
            httpClient: httpClient,
            directHTTPClient: directHTTPClient
        )
        context.clock = clock
        context.warn = warn
        return CredentialProviderChain(sources(context))
    }

    static func sources(_ context: CredentialContext) -> [any AWSCredentialProvider] {
        let (role, container) = (AssumedRoleSource(context: context), ContainerSource(context: context))
        let instance = InstanceMetadataSource(context: context)
        return [
            NamedCredentialProvider(
                "the environment",
                EnvironmentCredentialProvider(
                    environment: context.variables,
                    now: { [clock = context.clock] in clock.now }
                )
            ),
            NamedCredentialProvider("the profile's role", context.refreshing { try await role.fetch() }),
        ] + profileSources(context) + [
            NamedCredentialProvider("the container's role", context.refreshing { try await container.fetch() }),
            NamedCredentialProvider(
                "the instance's role",
                context.refreshing(keepsExpired: true) { try await instance.fetch() }
            ),
        ]
    }

    /// The sources that a `source_profile` may have, too.
    static func profileSources(_ context: CredentialContext) -> [any AWSCredentialProvider] {
        let webIdentity = WebIdentitySource(context: context)
        let singleSignOn = SingleSignOnSource(context: context)
        let process = ProcessSource(context: context)
        return [
            NamedCredentialProvider("a web identity's role", context.refreshing { try await webIdentity.fetch() }),
            NamedCredentialProvider("single sign-on", context.refreshing { try await singleSignOn.fetch() }),
            NamedCredentialProvider(
                "the credentials file",
                ProfileCredentialProvider(context.location, file: .credentials)
            ),
            LoginSessionSource(location: context.location),
            NamedCredentialProvider("the profile's process", context.refreshing { try await process.fetch() }),
            NamedCredentialProvider(
                "the configuration file",
                ProfileCredentialProvider(context.location, file: .configuration)
            ),
        ]
    }
}

/// A source with a name for people.
struct NamedCredentialProvider: AWSCredentialProvider {
    let name: String
    private let provider: any AWSCredentialProvider

    init(_ name: String, _ provider: any AWSCredentialProvider) {
        self.name = name
        self.provider = provider
    }

    func credentials() async throws -> AWSCredentials { try await provider.credentials() }
}
