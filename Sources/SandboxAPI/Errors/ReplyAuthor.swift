import FoundationEssentials
import HTTPTransport
import HTTPTypes

/// Who has written a reply that reports an error, as far as that can be told.
///
/// The lab's API answers in JSON alone, and gives each of its errors a category. What stands before it (a proxy, a gateway,
/// a filter, a portal that wants a login) answers in its place with pages or nothing.
enum ReplyAuthor {
    case lab
    case somebodyElse
    /// Either of them: a text or JSON without a category, or a bare 401, for which the lab's own server may have no words.
    case unknown

    /// `body` is the reply's body, if it is a JSON object, and `isKnownWord` says whether it has words that are known
    /// to be the lab's.
    init(of reply: HTTPReply, _ body: ErrorBody?, isKnownWord: Bool) {
        let status = reply.response.status.code
        if body?.isError == true || isKnownWord && !(body == nil && reply.isPage) {
            self = .lab
        } else if body == nil && reply.isPage || status == 404 || (300..<400).contains(status) {
            // A gateway's own 404 says that it has no way to the API, not that a sandbox is gone.
            self = .somebodyElse
        } else if status == 401 {
            // The lab gives its tokens out itself, and asks for no way to log in that a browser knows.
            self = reply.response.headerFields[.wwwAuthenticate] == nil ? .unknown : .somebodyElse
        } else {
            self = Reply.isBlank(reply.body) ? .somebodyElse : .unknown
        }
    }
}

extension HTTPReply {
    /// Whether the body is a web page, or another document of tags.
    var isPage: Bool {
        let type = response.headerFields[.contentType]?.lowercased() ?? ""
        guard !body.isEmpty, !type.contains("html") else { return !body.isEmpty }
        let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
        return body.dropFirst(body.starts(with: mark) ? mark.count : 0).first { $0 > 0x20 } == UInt8(ascii: "<")
    }
}
