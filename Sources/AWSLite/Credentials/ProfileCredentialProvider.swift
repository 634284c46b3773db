import HTTPTransport

/// An access key pair from a profile of the shared files.
///
/// The file is read at each call, so a pair that another tool renews there is used at once.
package struct ProfileCredentialProvider: AWSCredentialProvider {
    /// Which of the two files to look in.
    package enum File: Sendable, Hashable {
        /// `~/.aws/credentials`.
        case credentials
        /// `~/.aws/config`.
        case configuration
    }

    private let location: AWSProfileFiles.Location
    private let file: File

    /// Creates a provider.
    ///
    /// - Parameters:
    ///   - location: Where the files are, and the profile.
    ///   - file: The file to look in.
    package init(_ location: AWSProfileFiles.Location, file: File = .credentials) {
        self.location = location
        self.file = file
    }

    private var name: String {
        file == .credentials ? "shared credentials file" : "configuration file"
    }

    /// The profile's key pair.
    ///
    /// - Throws: ``AWSCredentialError``: invalid when a file is malformed, the profile was asked for and doesn't
    ///   exist, or has half a pair; not configured when it has none.
    package func credentials() async throws -> AWSCredentials {
        let path = file == .credentials ? location.credentials : location.configuration
        let profile: AWSProfile?
        do {
            let files = try AWSProfileFiles(location)
            guard (file == .credentials ? files.credentials : files.configuration) != nil else {
                // A profile that nobody has is an error even so.
                _ = try files.selectedProfile()
                throw AWSCredentialError(.notConfigured, provider: name, "there is no \(path)")
            }
            profile = try files.selectedProfile()
        } catch let error as AWSConfigurationError {
            throw AWSCredentialError(.invalid, provider: name, error.message)
        }
        let section = file == .credentials ? profile?.credentials : profile?.configuration
        let wanted = location.profile ?? "default"
        func text(_ setting: String) -> String? {
            guard case .text(let text)? = section?[setting], !text.isEmpty else { return nil }
            return text
        }
        let keyID = text("aws_access_key_id")
        let secret = text("aws_secret_access_key")
        guard keyID != nil || secret != nil else {
            let message = "profile \"\(wanted)\" in \(path) has no aws_access_key_id"
            throw AWSCredentialError(.notConfigured, provider: name, message)
        }
        guard let keyID, let secret else {
            let missing = keyID == nil ? "aws_access_key_id" : "aws_secret_access_key"
            throw AWSCredentialError(.invalid, provider: name, "profile \"\(wanted)\" in \(path) lacks \(missing)")
        }
        let token = text("aws_security_token") ?? text("aws_session_token")
        return AWSCredentials(
            accessKeyID: keyID,
            secretAccessKey: Secret(secret),
            sessionToken: token.map { Secret($0) }
        )
    }
}
