public import Foundation

/// A service's answer to a request.
public struct LocalReply: Sendable {
    /// The HTTP status.
    package var status: Int
    /// The header fields; `Content-Length` and `Date` are added by the server where they're missing.
    package var headers: [(String, String)]
    /// The body.
    package var body: Data

    /// Creates a reply.
    public init(status: Int = 200, headers: [(String, String)] = [], body: Data = Data()) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// Makes a reply whose body is JSON.
    package static func json(
        _ value: JSON,
        status: Int = 200,
        contentType: String = "application/json",
        headers: [(String, String)] = []
    ) -> LocalReply {
        LocalReply(status: status, headers: [("Content-Type", contentType)] + headers, body: value.data)
    }

    /// Makes a reply whose body is text.
    package static func text(
        _ text: String,
        status: Int = 200,
        contentType: String = "text/plain; charset=utf-8",
        headers: [(String, String)] = []
    ) -> LocalReply {
        LocalReply(status: status, headers: [("Content-Type", contentType)] + headers, body: Data(text.utf8))
    }

    /// The value of a header field, whatever the case of its name.
    package subscript(name: String) -> String? {
        headers.first { $0.0.caseInsensitiveCompare(name) == .orderedSame }?.1
    }
}
