public import FoundationEssentials
public import HTTPTypes

/// Sends one HTTP request and returns the whole reply.
///
/// Bodies are bytes in memory or, for large ones, files: see ``HTTPBody``.
///
/// This is the seam between the clients of a service and the network: ``CurlHTTPClient`` is the real one; a test
/// may answer from memory.
public protocol HTTPClient: Sendable {
    /// Sends a request and reads its reply.
    ///
    /// Any HTTP status is a reply, not an error. Redirects are not followed and nothing is retried.
    ///
    /// - Returns: The reply with its whole body.
    /// - Throws: ``HTTPClientError`` when no complete reply came; its ``HTTPClientError/mayHaveBeenProcessed``
    ///   tells whether the server may have acted on the request. `CancellationError` when the task was
    ///   cancelled, in which case the connection has been given up and the server may have acted as well.
    func send(_ call: HTTPCall) async throws -> HTTPReply
}

/// A request to send, with the limits within which its reply has to come.
public struct HTTPCall: Sendable {
    /// Method, scheme, authority, path with query (already percent-encoded; sent byte for byte) and fields.
    public var request: HTTPRequest
    /// The request's body, or `nil` for none.
    ///
    /// The transport adds `Content-Length`.
    public var body: HTTPBody?
    /// The longest time that the whole exchange may take: name lookup, connection, TLS, request and reply.
    public var timeout: Duration
    /// The longest time for which hardly anything may move once the connection stands; `nil` for no such limit.
    ///
    /// That is less than a KiB per second, either way, the wait for the reply included; whole seconds, rounded up. It is
    /// for large bodies, for which no ``timeout`` is right.
    package var stallTimeout: Duration?
    /// Where the reply's body goes.
    package var destination: HTTPDestination
    /// The largest body accepted, in bytes; a longer one is an error with the code
    /// ``HTTPClientError/Code/responseTooLarge``.
    public var responseLimit: Int
    /// Whether the beginning of a successful reply's body will do, ``responseLimit`` bytes of it, where it is longer.
    ///
    /// The rest is given up, and with HTTP/1.1 the connection. Whether there was a rest, `Content-Length` tells.
    package var acceptsBeginning: Bool
    /// Whether it goes out on a connection made for it: a kept one may be dead, by which a reply is lost that was none.
    ///
    /// It is for requests that mustn't be repeated unless it is known what became of them.
    package var usesFreshConnection: Bool

    /// Creates a call whose reply's body goes into memory.
    public init(
        _ request: HTTPRequest,
        body: HTTPBody? = nil,
        timeout: Duration = .seconds(30),
        responseLimit: Int = 16 << 20
    ) {
        self.init(request, body: body, timeout: timeout, stallTimeout: nil, responseLimit: responseLimit)
    }

    /// Creates a call.
    package init(
        _ request: HTTPRequest,
        body: HTTPBody? = nil,
        timeout: Duration = .seconds(30),
        stallTimeout: Duration? = nil,
        destination: HTTPDestination = .memory,
        responseLimit: Int = 16 << 20,
        acceptsBeginning: Bool = false,
        usesFreshConnection: Bool = false
    ) {
        self.request = request
        self.body = body
        self.timeout = timeout
        self.stallTimeout = stallTimeout
        self.destination = destination
        self.responseLimit = responseLimit
        self.acceptsBeginning = acceptsBeginning
        self.usesFreshConnection = usesFreshConnection
    }
}

/// A server's reply.
public struct HTTPReply: Sendable {
    /// Status and fields.
    public var response: HTTPResponse
    /// The whole body; empty where it went into a file.
    public var body: Data

    /// Creates a reply, as a stand-in for a server does.
    public init(_ response: HTTPResponse, body: Data = Data()) {
        self.response = response
        self.body = body
    }
}

/// No complete reply came, for the reason that ``code`` names.
public struct HTTPClientError: Error, Sendable, Hashable {
    /// What went wrong, as far as a caller may want to act on it.
    public struct Code: Sendable, Hashable, CustomStringConvertible {
        private enum Kind: String {
            case invalidRequest = "invalid request"
            case nameNotResolved = "host name not resolved"
            case connectionFailed = "connection failed"
            case tlsFailed = "TLS failed"
            case proxyFailed = "proxy failed"
            case timedOut = "timed out"
            case connectionLost = "connection lost"
            case responseTooLarge = "response too large"
            case malformedResponse = "malformed response"
            case fileFailed = "file failed"
            case other = "transfer failed"
        }
        private let kind: Kind

        /// The request can't be sent as it is: no such scheme, a malformed address.
        package static var invalidRequest: Code { Code(kind: .invalidRequest) }
        /// The host's name, or the proxy's, is unknown to the resolver.
        public static var nameNotResolved: Code { Code(kind: .nameNotResolved) }
        /// Nobody answers at the address, or it refuses the connection.
        public static var connectionFailed: Code { Code(kind: .connectionFailed) }
        /// The certificate isn't trusted, has expired or is another host's; or one side refuses the other's TLS.
        ///
        /// A connection that merely ends within the handshake is ``connectionLost``, before the request was sent.
        public static var tlsFailed: Code { Code(kind: .tlsFailed) }
        /// The proxy refused or broke the connection.
        public static var proxyFailed: Code { Code(kind: .proxyFailed) }
        /// The exchange took longer than ``HTTPCall/timeout``, the connection took longer than its own limit, or the
        /// exchange stalled for ``HTTPCall/stallTimeout``.
        public static var timedOut: Code { Code(kind: .timedOut) }
        /// The connection ended before the reply was complete, or within the handshake of TLS.
        public static var connectionLost: Code { Code(kind: .connectionLost) }
        /// The reply's head or body is larger than allowed.
        public static var responseTooLarge: Code { Code(kind: .responseTooLarge) }
        /// What came isn't HTTP.
        package static var malformedResponse: Code { Code(kind: .malformedResponse) }
        /// The file to send can't be read, or the file for the reply can't be written.
        package static var fileFailed: Code { Code(kind: .fileFailed) }
        /// Anything else.
        public static var other: Code { Code(kind: .other) }

        /// A short text, fit for a log line or a metric's label.
        public var description: String { kind.rawValue }
    }

    /// The kind of failure.
    public var code: Code
    /// What happened, in words for a person; never holds a header or a body.
    public var message: String
    /// Whether the server may have acted on the request: `false` only where it can't have been sent.
    public var mayHaveBeenProcessed: Bool

    /// Creates an error, as a stand-in for the network does.
    public init(_ code: Code, _ message: String, mayHaveBeenProcessed: Bool) {
        self.code = code
        self.message = message
        self.mayHaveBeenProcessed = mayHaveBeenProcessed
    }
}

extension HTTPClientError: CustomStringConvertible {
    /// The code and the message in one line.
    public var description: String { "\(code): \(message)" }
}
