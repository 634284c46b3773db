public import FoundationEssentials

/// What was seen while a connection was made; what didn't happen is `nil` or empty.
public struct ConnectionReport: Sendable {
    /// A certificate that the server sent.
    public struct Certificate: Sendable, Hashable {
        /// Whose it is, such as `CN = lab.example.com`.
        public var subject: String
        /// Who signed it.
        public var issuer: String
        /// The host names and addresses that it is good for.
        public var names: [String]
        /// When it ends.
        public var expires: Date?
    }

    /// Why a server's certificates aren't accepted.
    public enum Distrust: Sendable, Hashable {
        /// Nobody who is trusted vouches for them.
        case untrusted
        /// One of them has ended.
        case expired
        /// One of them begins later than now.
        case notYetValid
        /// They are another host's.
        case wrongHost
    }

    /// The proxy in between, without its user and password; `nil` for none.
    public var proxy: String?
    /// The variable of the environment that named it.
    public var proxyVariable: String?
    /// The addresses that were tried, those of the proxy where there is one.
    public var addresses: [String] = []
    /// How long the name's lookup took.
    public var lookupTime: Duration?
    /// Whether a server, or the proxy, has taken the connection.
    public var isConnected = false
    /// After how long the connection stood; `nil` where TLS failed afterwards.
    public var connectTime: Duration?
    /// After how long TLS stood.
    public var handshakeTime: Duration?
    /// The proxy's answer when it was asked for a tunnel.
    public var tunnelStatus: Int?
    /// The version of TLS, such as `TLSv1.3`.
    public var tlsVersion: String?
    /// The file of the certificates that are trusted.
    public var trustedFile: String?
    /// The server's certificates, its own first.
    public var certificates: [Certificate] = []
    /// Why they aren't accepted, where that is what failed.
    public var distrust: Distrust?
    /// Why there is no connection; `nil` where there was one.
    public var failure: HTTPClientError?

    /// Creates an empty report.
    public init() {}
}
