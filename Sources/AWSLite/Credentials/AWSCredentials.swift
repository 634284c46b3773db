public import FoundationEssentials
public import HTTPTransport

/// An access key pair, with a session token where the credentials are temporary.
public struct AWSCredentials: Sendable, Hashable {
    /// The access key's id, which isn't secret.
    public var accessKeyID: String
    /// The secret half of the pair.
    public var secretAccessKey: Secret
    /// The token of temporary credentials.
    public var sessionToken: Secret?
    /// When the credentials stop working; `nil` where they don't, or where nobody said.
    public var expiration: Date?

    /// Creates credentials.
    public init(
        accessKeyID: String,
        secretAccessKey: Secret,
        sessionToken: Secret? = nil,
        expiration: Date? = nil
    ) {
        self.accessKeyID = accessKeyID
        self.secretAccessKey = secretAccessKey
        self.sessionToken = sessionToken
        self.expiration = expiration
    }
}

/// A source of credentials.
public protocol AWSCredentialProvider: Sendable {
    /// Credentials to sign the next request with; asked for before every attempt.
    ///
    /// - Throws: ``AWSCredentialError``: with the code ``AWSCredentialError/Code/notConfigured`` when this source
    ///   has nothing to offer, so that a chain asks the next one; with any other code, or as any other error,
    ///   when it should have had something, which ends the chain.
    func credentials() async throws -> AWSCredentials
}

/// No credentials came from a source, or from any of a chain.
public struct AWSCredentialError: Error, Sendable, Hashable, CustomStringConvertible {
    /// Why there are none.
    public struct Code: Sendable, Hashable, CustomStringConvertible {
        private enum Kind: String {
            case notConfigured = "not configured"
            case invalid = "invalid"
            case unsupported = "not supported"
            case unavailable = "unavailable"
        }
        private let kind: Kind

        /// The source isn't set up; the next one may be.
        public static var notConfigured: Code { Code(kind: .notConfigured) }
        /// The source is set up wrongly: half a key pair, a profile that doesn't exist, a malformed file.
        public static var invalid: Code { Code(kind: .invalid) }
        /// The source is set up for a kind of credentials that this library doesn't know yet.
        public static var unsupported: Code { Code(kind: .unsupported) }
        /// The source is set up but couldn't be reached, or failed; later it may not.
        public static var unavailable: Code { Code(kind: .unavailable) }

        /// A short text, fit for a log line.
        public var description: String { kind.rawValue }
    }

    /// Why there are no credentials.
    public var code: Code
    /// The source, in words such as `environment`.
    public var provider: String
    /// What is missing or wrong, in words for a person; never a secret.
    public var message: String

    /// Creates an error.
    public init(_ code: Code, provider: String, _ message: String) {
        self.code = code
        self.provider = provider
        self.message = message
    }

    /// Whether it may pass by itself, so that asking again later makes sense: the source is set up, but it or what it
    /// depends on can't be reached, fails, or has nothing yet.
    public var isTransient: Bool { code == .unavailable }

    /// The source and the message in one line.
    public var description: String { "\(provider): \(message)" }
}

/// Credentials that never change.
public struct StaticCredentialProvider: AWSCredentialProvider {
    private let value: AWSCredentials

    /// Creates a provider of these credentials.
    public init(_ credentials: AWSCredentials) {
        value = credentials
    }

    /// The credentials that were given.
    ///
    /// - Throws: Never; other providers may.
    public func credentials() async throws -> AWSCredentials { value }
}
