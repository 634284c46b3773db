public import HTTPTransport

/// Asks one source after the other until one has credentials, and from then on that one alone.
public final class CredentialProviderChain: AWSCredentialProvider {
    private let providers: [any AWSCredentialProvider]
    private let chosen = Locked<Int?>(nil)

    /// Creates a chain.
    public init(_ providers: [any AWSCredentialProvider]) {
        self.providers = providers
    }

    /// The credentials of the first source that is set up; once one has given some, of that source for ever.
    ///
    /// - Throws: What a source that is set up throws; or, when none is, an ``AWSCredentialError`` that says which
    ///   were asked and why each had nothing.
    public func credentials() async throws -> AWSCredentials {
        if let index = chosen.withLock({ $0 }) { return try await providers[index].credentials() }
        var reasons: [String] = []
        for (index, provider) in providers.enumerated() {
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
    ///   - warn: Is told when credentials can't be renewed but the old ones go on working; once per occasion.
    public static func `default`(
        environment: [String: String],
        httpClient: (any HTTPClient)? = nil,
        directHTTPClient: (any HTTPClient)? = nil,
        warn: @escaping @Sendable (String) -> Void = { _ in }
    ) -> CredentialProviderChain {
        var context = CredentialContext(
            variables: environment,
            httpClient: httpClient,
            directHTTPClient: directHTTPClient
        )
        context.warn = warn
        return CredentialProviderChain(sources(context))
    }

    static func sources(_ context: CredentialContext) -> [any AWSCredentialProvider] {
        let (role, container) = (AssumedRoleSource(context: context), ContainerSource(context: context))
        let instance = InstanceMetadataSource(context: context)
        return [
            EnvironmentCredentialProvider(environment: context.variables, now: context.now),
            context.refreshing { try await role.fetch() },
        ] + profileSources(context) + [
            context.refreshing { try await container.fetch() },
            context.refreshing(keepsExpired: true) { try await instance.fetch() },
        ]
    }

    /// The sources that a `source_profile` may have, too.
    static func profileSources(_ context: CredentialContext) -> [any AWSCredentialProvider] {
        let webIdentity = WebIdentitySource(context: context)
        let singleSignOn = SingleSignOnSource(context: context)
        let process = ProcessSource(context: context)
        return [
            context.refreshing { try await webIdentity.fetch() },
            context.refreshing { try await singleSignOn.fetch() },
            ProfileCredentialProvider(context.location, file: .credentials),
            UnsupportedCredentialSource.login(context.location),
            context.refreshing { try await process.fetch() },
            ProfileCredentialProvider(context.location, file: .configuration),
        ]
    }
}
