package import FoundationEssentials

/// What was seen while a connection was made; what didn't happen is `nil` or empty.
package struct ConnectionReport: Sendable {
    /// A certificate that the server sent.
    package struct Certificate: Sendable, Hashable {
        /// Whose it is, such as `CN = lab.example.com`.
        package var subject: String
        /// Who signed it.
        package var issuer: String
        /// The host names and addresses that it is good for.
        package var names: [String]
        /// When it ends.
        package var expires: Date?
    }

    /// Why a server's certificates aren't accepted.
    package enum Distrust: Sendable, Hashable {
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
    package var proxy: String?
    /// The variable of the environment that named it.
    package var proxyVariable: String?
    /// The addresses that were tried, those of the proxy where there is one.
    package var addresses: [String] = []
    /// How long the name's lookup took.
    package var lookupTime: Duration?
    /// Whether a server, or the proxy, has taken the connection.
    package var isConnected = false
    /// After how long the connection stood; `nil` where TLS failed afterwards.
    package var connectTime: Duration?
    /// After how long TLS stood.
    package var handshakeTime: Duration?
    /// The proxy's answer when it was asked for a tunnel.
    package var tunnelStatus: Int?
    /// The version of TLS, such as `TLSv1.3`.
    package var tlsVersion: String?
    /// The file of the certificates that are trusted.
    package var trustedFile: String?
    /// The server's certificates, its own first.
    package var certificates: [Certificate] = []
    /// Why they aren't accepted, where that is what failed.
    package var distrust: Distrust?
    /// Why there is no connection; `nil` where there was one.
    package var failure: HTTPClientError?

    /// Creates an empty report.
    package init() {}
}
