/// The place in the chain of a profile with a session of `aws login`, which this library doesn't renew.
///
/// It has never credentials. Where somebody has set a session up, it says how else that can be used, rather than letting
/// the chain go on to another identity.
struct LoginSessionSource: AWSCredentialProvider {
    let location: AWSProfileFiles.Location

    func credentials() async throws -> AWSCredentials {
        let profile: AWSProfile?
        do {
            profile = try AWSProfileFiles(location).selectedProfile()
        } catch let error as AWSConfigurationError {
            throw AWSCredentialError(.invalid, provider: "login", error.message)
        }
        guard let profile, profile.text("login_session") != nil else {
            throw AWSCredentialError(.notConfigured, provider: "login", "the profile has no login_session")
        }
        throw AWSCredentialError(
            .unsupported,
            provider: "login",
            """
            profile "\(profile.name)" has login_session, which only AWS's own tools can renew. Use another profile, with the \
            line: credential_process = aws configure export-credentials --profile \(ShellWords.quoted(profile.name)) \
            --format process
            """
        )
    }
}
