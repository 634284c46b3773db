/// The place in the chain of a source that this library doesn't know yet.
///
/// It has never credentials. Where somebody has set the source up, it says that it isn't supported, rather
/// than letting the chain go on to another identity.
struct UnsupportedCredentialSource: AWSCredentialProvider {
    let name: String
    /// Why there is nothing here.
    let absence: String
    /// The setting that asks for this source, in words, if there is one.
    let demand: @Sendable () throws -> String?

    func credentials() async throws -> AWSCredentials {
        let demand: String?
        do {
            demand = try self.demand()
        } catch let error as AWSConfigurationError {
            throw AWSCredentialError(.invalid, provider: name, error.message)
        }
        guard let demand else { throw AWSCredentialError(.notConfigured, provider: name, absence) }
        throw AWSCredentialError(.unsupported, provider: name, "\(demand), which isn't supported yet")
    }

    static func login(_ location: AWSProfileFiles.Location) -> Self {
        profile("login", location, asksBy: ["login_session"])
    }

    private static func profile(
        _ name: String,
        _ location: AWSProfileFiles.Location,
        asksBy settings: [String]
    ) -> Self {
        Self(name: name, absence: "the profile has no \(settings.joined(separator: " or "))") {
            guard let profile = try AWSProfileFiles(location).selectedProfile() else { return nil }
            return settings.first { profile.text($0) != nil }.map { "profile \"\(profile.name)\" has \($0)" }
        }
    }
}
