import FoundationEssentials
import HTTPTransport

/// The JSON in which metadata services and processes give credentials.
struct CredentialDocument: Decodable {
    var accessKeyID: String?
    var secretAccessKey: String?
    /// Called `Token` by metadata services and `SessionToken` by processes.
    var token: String?
    var sessionToken: String?
    var expiration: String?
    var version: Int?
    /// What a service says in place of credentials.
    var code: String?
    var message: String?

    enum CodingKeys: String, CodingKey {
        case accessKeyID = "AccessKeyId"
        case secretAccessKey = "SecretAccessKey"
        case token = "Token"
        case sessionToken = "SessionToken"
        case expiration = "Expiration"
        case version = "Version"
        case code = "Code"
        case message = "Message"
    }

    /// Reads a document.
    ///
    /// - Throws: ``AWSCredentialError`` that doesn't repeat the text, which may hold a secret.
    init(_ data: Data, provider: String) throws {
        do {
            self = try JSONDecoder().decode(Self.self, from: data)
        } catch {
            throw AWSCredentialError(.unavailable, provider: provider, "the reply isn't the JSON of credentials")
        }
    }

    /// The credentials.
    ///
    /// Where `expires` is set, they must say until when they are good, and have a token.
    ///
    /// - Throws: ``AWSCredentialError`` naming what is missing.
    func credentials(provider: String, expires: Bool) throws -> AWSCredentials {
        func missing(_ key: CodingKeys) -> AWSCredentialError {
            var text = "the reply has no \(key.rawValue)"
            if let code { text += ", but the code \(Limits.truncate(code, to: 100))" }
            if let message { text += ": \(Limits.truncate(message, to: 300))" }
            return AWSCredentialError(.unavailable, provider: provider, text)
        }
        guard let accessKeyID, !accessKeyID.isEmpty else { throw missing(.accessKeyID) }
        guard let secretAccessKey, !secretAccessKey.isEmpty else { throw missing(.secretAccessKey) }
        let token = token ?? sessionToken
        if expires, token == nil { throw missing(.token) }
        if expires, expiration == nil { throw missing(.expiration) }
        return AWSCredentials(
            accessKeyID: accessKeyID,
            secretAccessKey: Secret(secretAccessKey),
            sessionToken: token.map { Secret($0) },
            expiration: try expiration.map { try Self.date($0, provider: provider) }
        )
    }

    /// A time as AWS writes it.
    static func date(_ text: String, provider: String) throws -> Date {
        // The older command-line tool wrote "UTC" into its cache.
        let text = text.hasSuffix("UTC") ? text.dropLast(3) + "Z" : text
        for fraction in [false, true] {
            let style = Date.ISO8601FormatStyle(includingFractionalSeconds: fraction)
            if let date = try? style.parse(text) { return date }
        }
        throw AWSCredentialError(.unavailable, provider: provider, "the time of expiry isn't in ISO 8601's form")
    }
}
