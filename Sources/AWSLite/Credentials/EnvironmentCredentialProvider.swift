package import FoundationEssentials
import HTTPTransport

/// Credentials from `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and a token.
///
/// The token is `AWS_SECURITY_TOKEN`'s value, or else that of `AWS_SESSION_TOKEN`, in botocore's order.
/// An empty variable counts as absent. After the time of `AWS_CREDENTIAL_EXPIRATION` they are an error.
package struct EnvironmentCredentialProvider: AWSCredentialProvider {
    private let environment: [String: String]
    private let now: @Sendable () -> Date

    /// Creates a provider that reads a snapshot of the environment.
    ///
    /// - Parameters:
    ///   - environment: The environment's variables.
    ///   - now: The time.
    package init(environment: [String: String], now: @escaping @Sendable () -> Date = { SteadyTime.ofProcess.now }) {
        self.environment = environment
        self.now = now
    }

    /// The credentials of the environment.
    ///
    /// - Throws: ``AWSCredentialError``; half a pair is invalid, none at all is not configured.
    package func credentials() async throws -> AWSCredentials {
        let keyID = environment.nonEmpty("AWS_ACCESS_KEY_ID")
        let secret = environment.nonEmpty("AWS_SECRET_ACCESS_KEY")
        switch (keyID, secret) {
        case (let keyID?, let secret?):
            let token = environment.nonEmpty("AWS_SECURITY_TOKEN") ?? environment.nonEmpty("AWS_SESSION_TOKEN")
            let expiration = try environment.nonEmpty("AWS_CREDENTIAL_EXPIRATION")
                .map { try CredentialDocument.date($0, provider: "environment") }
            if let expiration, expiration <= now() {
                throw AWSCredentialError(.invalid, provider: "environment", "AWS_CREDENTIAL_EXPIRATION has passed")
            }
            return AWSCredentials(
                accessKeyID: keyID,
                secretAccessKey: Secret(secret),
                sessionToken: token.map { Secret($0) },
                expiration: expiration
            )
        case (nil, nil):
            throw AWSCredentialError(.notConfigured, provider: "environment", "AWS_ACCESS_KEY_ID isn't set")
        case (_?, nil):
            throw AWSCredentialError(
                .invalid,
                provider: "environment",
                "AWS_ACCESS_KEY_ID is set, but AWS_SECRET_ACCESS_KEY isn't"
            )
        case (nil, _?):
            throw AWSCredentialError(
                .invalid,
                provider: "environment",
                "AWS_SECRET_ACCESS_KEY is set, but AWS_ACCESS_KEY_ID isn't"
            )
        }
    }
}

extension [String: String] {
    /// The value of a name, or `nil` where it is absent or empty.
    func nonEmpty(_ name: String) -> String? {
        guard let value = self[name], !value.isEmpty else { return nil }
        return value
    }
}
