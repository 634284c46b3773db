/// A client of the Security Token Service that tells whose the credentials are.
///
/// Roles are taken by the sources of credentials themselves; see ``CredentialProviderChain``.
package struct SecurityTokenService: Sendable {
    /// Who signs requests.
    package struct CallerIdentity: Sendable, Hashable {
        /// The account's number.
        package var account: String
        /// The user's or the role session's name in AWS, such as
        /// `arn:aws:sts::111122223333:assumed-role/Worker/i-0123`.
        package var arn: String
        /// The user's or the role's unique id.
        package var userID: String

        /// Describes a caller.
        package init(account: String, arn: String, userID: String) {
            self.account = account
            self.arn = arn
            self.userID = userID
        }
    }

    /// What the client works with.
    package var configuration: AWSClientConfiguration

    /// Creates a client.
    package init(_ configuration: AWSClientConfiguration) {
        self.configuration = configuration
    }

    /// Asks whose the credentials are (`GetCallerIdentity`).
    ///
    /// Any valid credentials may; no policy can forbid it.
    ///
    /// - Throws: ``AWSError``, or `CancellationError` when the task is cancelled.
    package func callerIdentity() async throws -> CallerIdentity {
        let name = AWSOperationName.getCallerIdentity
        let endpoint: AWSEndpoint
        do {
            endpoint = try configuration.resolver.endpoint(of: .sts)
        } catch let error as AWSConfigurationError {
            throw AWSError.unsent(.invalidConfiguration, error.message, AWSOperation(service: .sts, name: name))
        }
        return try await STSQuery(configuration: configuration, endpoint: endpoint).call(name) { result in
            guard let account = result.child("Account")?.text, !account.isEmpty,
                let arn = result.child("Arn")?.text, !arn.isEmpty
            else { throw XMLElement.Malformed(reason: "no account or no ARN in it") }
            return CallerIdentity(account: account, arn: arn, userID: result.child("UserId")?.text ?? "")
        }
    }
}
