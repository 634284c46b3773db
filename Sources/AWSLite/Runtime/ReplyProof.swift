import HTTPTransport
import HTTPTypes

/// What shows that a reply of success is the service's own.
///
/// A proxy, a web filter, a portal that wants a login, or a server that doesn't know the host may answer in AWS's place,
/// and with any status: by a page, or by nothing at all.
enum ReplyProof: Sendable {
    /// The members that the reply's document must have in any case.
    case content
    /// AWS's id of the request, where the document has no members.
    case requestID
    /// The entity tag, which S3 and its likes send with whatever they say of an object.
    case eTag

    func isMet(by reply: HTTPReply) -> Bool {
        switch self {
        case .content: true
        case .requestID: ErrorReply.requestID(of: reply) != nil
        case .eTag: reply.response.headerFields[.eTag] != nil
        }
    }
}
