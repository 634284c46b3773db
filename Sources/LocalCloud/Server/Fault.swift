import Foundation

/// What goes wrong with a request, on demand.
public struct Fault: Sendable {
    enum Kind: Sendable {
        case status(Int, code: String, message: String, headers: [(String, String)])
        case reply(@Sendable (LocalRequest) -> LocalReply)
        case resetBeforeProcessing
        case loseReply
        case hang(processing: Bool)
        case delay(Duration)
        case truncateBody
        case sendRepeatedly(Int, passingFirst: Bool)
    }

    let kind: Kind
    /// A short name for the journal.
    package let name: String

    /// Answers with an error in the service's own shape and does nothing else.
    ///
    /// - Parameters:
    ///   - status: The HTTP status.
    ///   - code: The service's error code, such as `ThrottlingException` or `SlowDown`.
    ///   - message: The text that comes with it.
    ///   - headers: Further header fields, such as `Retry-After`.
    /// - Returns: A fault for a ``FaultPlan``.
    public static func status(
        _ status: Int,
        code: String = "InternalFailure",
        message: String = "Injected fault",
        headers: [(String, String)] = []
    ) -> Fault {
        Fault(kind: .status(status, code: code, message: message, headers: headers), name: "status \(status) \(code)")
    }

    /// Answers with just this reply and does nothing else.
    public static func reply(_ reply: LocalReply) -> Fault {
        Fault(kind: .reply { _ in reply }, name: "reply \(reply.status)")
    }

    /// Answers with a reply that is made of the request, as a server does that repeats what it was sent.
    public static func echo(_ reply: @escaping @Sendable (LocalRequest) -> LocalReply) -> Fault {
        Fault(kind: .reply(reply), name: "echo")
    }

    /// Answers as a proxy in the way does: an HTML page that no client of the service can parse.
    package static func html(_ status: Int = 502) -> Fault {
        let text = "<html><head><title>\(status)</title></head><body><h1>\(status) from a proxy</h1></body></html>"
        return Fault(kind: page(status, type: "text/html", body: text).kind, name: "html \(status)")
    }

    /// Answers as whoever stands in between may, with nothing of the service's own in the reply.
    ///
    /// `type` is the content's type, `nil` for none, and `body` is the page; empty as Caddy's, by default, for a host
    /// that it doesn't know.
    package static func page(_ status: Int, type: String? = nil, body: String = "") -> Fault {
        let headers = [("Server", "Box")] + (type.map { [("Content-Type", $0)] } ?? [])
        let reply = LocalReply(status: status, headers: headers, body: Data(body.utf8))
        return Fault(kind: .reply { _ in reply }, name: "page \(status), \(body.utf8.count) bytes")
    }

    /// Closes the connection without a byte; the request is not acted upon.
    public static var resetBeforeProcessing: Fault { Fault(kind: .resetBeforeProcessing, name: "reset") }

    /// Acts on the request, then closes the connection without a byte.
    public static var loseReply: Fault { Fault(kind: .loseReply, name: "reply lost") }

    /// Leaves the request without an answer until the server stops; it's not acted upon.
    public static var hang: Fault { Fault(kind: .hang(processing: false), name: "hang") }

    /// Acts on the request, then leaves it without an answer until the server stops.
    package static var hangAfterProcessing: Fault {
        Fault(kind: .hang(processing: true), name: "hang after processing")
    }

    /// Waits this long, in real time, then acts and answers as usual.
    public static func delay(_ duration: Duration) -> Fault {
        Fault(kind: .delay(duration), name: "delay \(duration)")
    }

    /// Acts on the request several times and passes on one of the replies, as a box in the way does that repeats requests.
    ///
    /// `times` is how often the service is asked, and `passingFirst` says whether the first reply is passed on, and not
    /// the last.
    package static func sendRepeatedly(_ times: Int = 2, passingFirst: Bool = false) -> Fault {
        Fault(kind: .sendRepeatedly(times, passingFirst: passingFirst), name: "sent \(times) times")
    }

    /// Acts on the request and announces the whole body, but closes the connection after half of it.
    public static var truncateBody: Fault { Fault(kind: .truncateBody, name: "body truncated") }
}
