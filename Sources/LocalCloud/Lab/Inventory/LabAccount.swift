/// A user of the lab.
public struct LabAccount: Sendable {
    /// The name.
    package var username: String
    /// The password.
    package var password: String
    /// The domains that the user may log in to.
    package var domains: [String]
    /// Whether the user sees and handles other users' sandboxes.
    package var isAdmin: Bool
    /// What the identity provider issues, for a login without a password; `nil` where there's no such login.
    package var identityToken: String?

    /// Creates a user.
    public init(
        username: String,
        password: String,
        domains: [String] = ["Global"],
        isAdmin: Bool = true,
        identityToken: String? = nil
    ) {
        self.username = username
        self.password = password
        self.domains = domains
        self.isAdmin = isAdmin
        self.identityToken = identityToken
    }
}
