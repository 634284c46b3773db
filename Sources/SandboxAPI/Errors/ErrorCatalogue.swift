import HTTPTransport

/// Knows the lab's errors by their messages.
///
/// The message decides before the status: several statuses are undocumented, and some releases answer an invalid
/// token with another code than 401.
enum ErrorCatalogue {
    struct Finding: Equatable {
        var code: SandboxAPIError.Code
        /// Whether the lab has refused the session's token, so that a new login helps.
        var refusesToken = false
    }

    /// Stable fragments of messages, in lower case, the surest first.
    private static let fragments: [(fragment: String, finding: Finding)] = [
        ("login failed for token", Finding(code: .authentication, refusesToken: true)),
        ("contain authentication", Finding(code: .authentication, refusesToken: true)),
        ("login failed for user", Finding(code: .authentication)),
        ("rate quota", Finding(code: .rateQuota)),
        ("conflicting resources", Finding(code: .conflict)),
        ("blueprint has invalid inputs", Finding(code: .invalidInputs)),
        ("following mandatory inputs", Finding(code: .invalidInputs)),
        ("invalid api call", Finding(code: .unsupported)),
        ("entity could not be found", Finding(code: .notFound)),
        ("not allowed to view this entity", Finding(code: .forbidden)),
        ("must be specified in request body", Finding(code: .badRequest)),
        ("duration format must be", Finding(code: .badRequest)),
        ("parameter is not a valid", Finding(code: .badRequest)),
    ]

    /// Looks for a known message.
    static func find(message: String) -> Finding? {
        let lower = message.lowercased()
        return fragments.first { lower.contains($0.fragment) }?.finding
    }

    /// Goes by the status, for want of a known message.
    ///
    /// `author` is who wrote the reply: what somebody else says tells nothing of the user, of what the lab permits or
    /// has, nor of the request.
    static func find(status: Int, by author: ReplyAuthor) -> Finding {
        switch status {
        case 429: Finding(code: .rateQuota)
        case _ where author == .somebodyElse || status == 408 || HTTPStatus.passesByItself(status), 300..<400:
            Finding(code: .server)
        case 500...599: Finding(code: .configuration)
        case 401: Finding(code: .authentication, refusesToken: true)
        case 403: Finding(code: .forbidden)
        case 404: Finding(code: .notFound)
        case 409: Finding(code: .conflict)
        default: Finding(code: .badRequest)
        }
    }
}
