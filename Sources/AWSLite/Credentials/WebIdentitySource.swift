import FoundationEssentials
import HTTPTransport

/// A role taken by an identity provider's token in a file, as EKS gives it to pods.
struct WebIdentitySource: Sendable {
    static let name = "web identity"

    let context: CredentialContext

    /// Takes the role with the token that the file holds now.
    ///
    /// Each setting comes from the environment before the profile.
    ///
    /// - Throws: ``AWSCredentialError``: not configured where nobody names a token file.
    func fetch() async throws -> AWSCredentials {
        let (_, profile) = try context.profile(for: Self.name)
        func setting(_ variable: String, _ name: String) -> String? {
            context.variables.nonEmpty(variable) ?? profile?.text(name)
        }
        guard let path = setting("AWS_WEB_IDENTITY_TOKEN_FILE", "web_identity_token_file") else {
            throw AWSCredentialError(.notConfigured, provider: Self.name, "AWS_WEB_IDENTITY_TOKEN_FILE isn't set")
        }
        guard let arn = setting("AWS_ROLE_ARN", "role_arn") else {
            throw AWSCredentialError(
                .invalid,
                provider: Self.name,
                "there is a token file, but neither AWS_ROLE_ARN nor role_arn of the profile"
            )
        }
        let token = Secret(try TokenFile.read(path, provider: Self.name))
        let role = STS.Role(
            arn: arn,
            sessionName: setting("AWS_ROLE_SESSION_NAME", "role_session_name") ?? context.sessionName()
        )
        return try await STS(context, signedBy: nil, provider: Self.name).assumeRole(role, webIdentityToken: token)
    }
}
