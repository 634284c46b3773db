import FoundationEssentials

/// An HTTP client on libcurl.
///
/// One thread of its own drives all transfers, so no call blocks Swift's cooperative pool and thousands of calls cost
/// one thread. Connections are kept and reused per client. TLS 1.2 is the floor; certificates and host names are
/// always verified. A request that has a body reaches a server at most once: libcurl's silent second try on a kept
/// connection that turns out dead is prevented, because a caller has to know that a request may have been processed.
///
/// Over TLS, HTTP/2 is used where the server offers it, with one call at a time on each connection. Redirects are never followed: no call of this package needs one,
/// so no credentials can follow one to another host.
///
/// Files are read and written on the same thread, in steps of at most 256 KiB, at the speed of the page cache.
///
/// When the last reference goes, the thread ends and the connections close.
public final class CurlHTTPClient: HTTPClient {
    /// What all calls of a client have in common.
    public struct Configuration: Sendable {
        /// Path of a PEM file with the certificates to trust instead of the system's; `nil` for the system's.
        public var caBundle: String?
        /// How servers are reached.
        public var proxy: Proxy = .environment
        /// Tells before each call how servers are reached, where that may change; `nil` for ``proxy``.
        package var currentProxy: (@Sendable () async -> Proxy)?
        /// The longest time that name lookup, connection and TLS handshake may take together.
        package var connectTimeout: Duration = .seconds(10)
        /// `User-Agent` of requests that bring none.
        public var userAgent: String = "quali-worker"
        /// How many connections to one host are open at once; further calls wait for one, within their time-out.
        ///
        /// Where the process may open few files there are fewer, so that 64 are left to the rest of it.
        public var connectionsPerHost: Int = 32
        /// What tells whether the file of the certificates has changed; the client's.
        var trustedFile: TrustedFile?

        /// Creates a configuration with the system's certificates and the environment's proxy.
        public init() {}
    }

    /// How servers are reached.
    public struct Proxy: Sendable, Hashable {
        enum Kind: Sendable, Hashable {
            case environment
            case none
            case url(Secret)
        }

        let kind: Kind

        /// As `https_proxy`, `http_proxy`, `all_proxy` and `no_proxy` in the environment say, read as curl does.
        public static var environment: Self { Self(kind: .environment) }
        /// Directly, whatever the environment says.
        public static var none: Self { Self(kind: .none) }
        /// Through this proxy for every host: `http://`, `https://` or `socks5h://`, with user and password if needed.
        public static func url(_ url: Secret) -> Self { Self(kind: .url(url)) }
    }

    private let loop: TransferLoop
    private let configuration: Configuration

    /// Creates a client and starts its thread.
    ///
    /// - Throws: ``HTTPClientError`` when the CA bundle can't be used or libcurl can't start.
    public init(_ configuration: Configuration = Configuration()) throws {
        if let path = configuration.caBundle {
            guard let pem = try? String(contentsOfFile: path, encoding: .utf8), pem.contains("-----BEGIN") else {
                throw HTTPClientError(
                    .tlsFailed,
                    "the CA bundle '\(path)' can't be read or holds no PEM certificate",
                    mayHaveBeenProcessed: false
                )
            }
        }
        var configuration = configuration
        configuration.trustedFile = TrustedFile(configuration.caBundle)
        self.configuration = configuration
        loop = try TransferLoop.start(connectionsPerHost: configuration.connectionsPerHost)
    }

    deinit {
        loop.stop()
    }

    /// How many connections to a host there may be, which are fewer than were wanted where the process may open few files.
    package var connectionsPerHost: Int { loop.connectionsPerHost }

    /// How many transfers hold a handle of libcurl's; for tests.
    package var liveTransfers: Int { loop.liveTransfers }

    /// Sends a request and reads its reply, as ``HTTPClient/send(_:)`` says.
    ///
    /// - Throws: As ``HTTPClient/send(_:)`` does.
    public func send(_ call: HTTPCall) async throws -> HTTPReply {
        var configuration = configuration
        if let currentProxy = configuration.currentProxy { configuration.proxy = await currentProxy() }
        let transfer = Transfer(call, configuration)
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                transfer.attach(continuation)
                loop.submit(transfer)
            }
        } onCancel: {
            loop.cancel(transfer)
        }
    }

    /// Makes a connection as ``send(_:)`` would, closes it without a request, and tells all that was seen on the way.
    ///
    /// Through a proxy an https address costs a `CONNECT` to it. Where the server's certificates aren't trusted, a second
    /// handshake without verification reads them; nothing is sent over that connection.
    ///
    /// - Parameter url: An http or https address; only its host and port count.
    /// - Returns: The report, which also tells a failure; within ``Configuration/connectTimeout``, or twice that for a
    ///   certificate that isn't trusted.
    /// - Throws: `CancellationError` when the task was cancelled.
    package func probe(_ url: String) async throws -> ConnectionReport {
        var report = try await probe(url, isVerified: true)
        if report.failure?.code == .tlsFailed, report.certificates.isEmpty {
            report.certificates = try await probe(url, isVerified: false).certificates
        }
        return report
    }

    private func probe(_ url: String, isVerified: Bool) async throws -> ConnectionReport {
        let probe = ConnectionProbe(url, configuration, isVerified: isVerified)
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                probe.attach(continuation)
                loop.submit(probe)
            }
        } onCancel: {
            loop.cancel(probe)
        }
    }
}
