/// Asks one source after the other until one has credentials.
public struct CredentialProviderChain: AWSCredentialProvider {
    private let providers: [any AWSCredentialProvider]

    /// Creates a chain.
    public init(_ providers: [any AWSCredentialProvider]) {
        self.providers = providers
    }

    /// The credentials of the first source that is set up.
    ///
    /// - Throws: What a source that is set up throws; or, when none is, an ``AWSCredentialError`` that says which
    ///   were asked and why each had nothing.
    public func credentials() async throws -> AWSCredentials {
        var reasons: [String] = []
        for provider in providers {
            do {
                return try await provider.credentials()
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
    /// The environment, then the profile's key pair in the credentials file, then in the configuration file. What
    /// stands between these in botocore's order and isn't supported yet (roles, web identity, SSO, processes,
    /// containers) is an error where it is set up, so that nobody works under another identity unawares.
    ///
    /// - Parameter environment: The environment's variables.
    public static func `default`(environment: [String: String]) -> CredentialProviderChain {
        let location = AWSProfileFiles.Location(environment: environment)
        return CredentialProviderChain([
            EnvironmentCredentialProvider(environment: environment),
            UnsupportedCredentialSource.assumedRole(location),
            UnsupportedCredentialSource.webIdentity(environment),
            UnsupportedCredentialSource.singleSignOn(location),
            ProfileCredentialProvider(location, file: .credentials),
            UnsupportedCredentialSource.login(location),
            UnsupportedCredentialSource.process(location),
            ProfileCredentialProvider(location, file: .configuration),
            UnsupportedCredentialSource.container(environment),
            UnsupportedCredentialSource.instance,
        ])
    }
}
