package import HTTPTransport

/// Who logs in to a lab.
package struct SandboxCredentials: Sendable, Hashable {
    /// The user's name; empty for a single sign-on.
    package var username: String
    /// The user's password; for a single sign-on the identity provider's token.
    package var password: Secret

    /// Names a user.
    package init(username: String, password: Secret) {
        self.username = username
        self.password = password
    }
}

extension SandboxClient.Configuration {
    /// User and password as they are now.
    func credentials() async -> SandboxCredentials {
        await currentCredentials?() ?? SandboxCredentials(username: username, password: password)
    }
}
