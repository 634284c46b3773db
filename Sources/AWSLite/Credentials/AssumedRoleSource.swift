import FoundationEssentials
import HTTPTransport

/// The role that a profile's `role_arn` names, taken by the identity of `source_profile` or `credential_source`.
struct AssumedRoleSource: Sendable {
    static let name = "assumed role"

    let context: CredentialContext

    /// Takes the role of the profile in use.
    ///
    /// - Throws: ``AWSCredentialError``: not configured where the profile has no role, or has one for web identity.
    func fetch() async throws -> AWSCredentials {
        let (files, selected) = try context.profile(for: Self.name)
        guard let profile = selected, Self.isRole(profile) else {
            throw error(.notConfigured, "the profile has no role_arn")
        }
        return try await role(of: profile, files, visited: [profile.name])
    }

    /// Whether a profile's role is this source's, rather than web identity's.
    private static func isRole(_ profile: AWSProfile) -> Bool {
        // An empty one is a mistake to be told, not a reason to work under another identity.
        profile.settings["role_arn"] != nil && profile.text("web_identity_token_file") == nil
    }

    private static func hasKeys(_ profile: AWSProfile) -> Bool {
        profile.text("aws_access_key_id") != nil || profile.text("aws_secret_access_key") != nil
    }

    private func role(of profile: AWSProfile, _ files: AWSProfileFiles, visited: [String]) async throws
        -> AWSCredentials
    {
        guard let arn = profile.text("role_arn") else { throw error(.invalid, "\(profile.place) has no role_arn") }
        if profile.text("mfa_serial") != nil {
            throw error(.unsupported, "\(profile.place) has an mfa_serial, and nobody is there to be asked for a code")
        }
        let source: AWSCredentials
        switch (profile.text("source_profile"), profile.text("credential_source")) {
        case (let name?, nil): source = try await identity(ofProfile: name, for: profile, files, visited: visited)
        case (nil, let name?): source = try await identity(ofSource: name, for: profile)
        case (nil, nil): throw error(.invalid, "\(profile.place) lacks source_profile or credential_source")
        case (_?, _?): throw error(.invalid, "\(profile.place) has both source_profile and credential_source")
        }
        let role = STS.Role(
            arn: arn,
            sessionName: profile.text("role_session_name") ?? context.sessionName(),
            externalID: profile.text("external_id"),
            // As in botocore, what isn't a number counts for nothing.
            duration: profile.text("duration_seconds").flatMap { Int($0) }
        )
        return try await STS(context, signedBy: source, provider: Self.name).assumeRole(role)
    }

    private func identity(
        ofProfile name: String,
        for parent: AWSProfile,
        _ files: AWSProfileFiles,
        visited: [String]
    ) async throws -> AWSCredentials {
        guard let profile = files.profile(name) else {
            throw error(.invalid, "the source_profile \"\(name)\" of \(parent.place) doesn't exist")
        }
        let hasKeys = Self.hasKeys(profile)
        // A profile may name itself, to keep its key pair and its role in one place; nothing else may come twice.
        if visited.contains(name), name != parent.name || !hasKeys {
            throw error(.invalid, "the source_profile of \(parent.place) leads back to \"\(name)\"")
        }
        if !hasKeys, Self.isRole(profile) {
            return try await role(of: profile, files, visited: visited + [name])
        }
        var inner = context
        inner.location.profile = name
        // The environment's identity isn't the profile's.
        for variable in ["AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_ARN", "AWS_ROLE_SESSION_NAME"] {
            inner.variables[variable] = nil
        }
        return try await CredentialProviderChain(CredentialProviderChain.profileSources(inner)).credentials()
    }

    private func identity(ofSource name: String, for profile: AWSProfile) async throws -> AWSCredentials {
        do {
            switch name {
            case "Environment":
                let provider = EnvironmentCredentialProvider(
                    environment: context.variables,
                    now: { [clock = context.clock] in clock.now }
                )
                return try await provider.credentials()
            case "Ec2InstanceMetadata":
                return try await InstanceMetadataSource(context: context, isInstance: true).fetch()
            case "EcsContainer": return try await ContainerSource(context: context).fetch()
            default: break
            }
        } catch let failure as AWSCredentialError where failure.code == .notConfigured {
            throw error(.invalid, "the credential_source \(name) of \(profile.place) has nothing: \(failure)")
        }
        throw error(
            .invalid,
            "the credential_source of \(profile.place) has to be Environment, Ec2InstanceMetadata or EcsContainer"
        )
    }

    private func error(_ code: AWSCredentialError.Code, _ message: String) -> AWSCredentialError {
        AWSCredentialError(code, provider: Self.name, message)
    }
}

extension CredentialContext {
    /// The name of a session that nobody named: botocore's form, so that audits recognise it.
    func sessionName() -> String {
        "botocore-session-\(Int(clock.now.timeIntervalSince1970))"
    }
}
