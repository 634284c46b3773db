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
    /// - Parameters:
    ///   - fromAPI: Whether the API itself wrote the reply, not a web server or a gateway before it.
    ///   - isPage: Whether the reply is a web page, as filters and gateways write them.
    static func find(status: Int, fromAPI: Bool, isPage: Bool = false) -> Finding {
        switch status {
        case 401: Finding(code: .authentication, refusesToken: true)
        // A filter's page tells nothing of what the lab permits.
        case 403: Finding(code: isPage ? .server : .forbidden)
        // A gateway's own 404 says that it has no way to the API, not that a sandbox is gone.
        case 404: Finding(code: fromAPI ? .notFound : .server)
        case 409: Finding(code: .conflict)
        case 429: Finding(code: .rateQuota)
        case _ where status == 408 || HTTPStatus.passesByItself(status): Finding(code: .server)
        case 300..<400, 500...599: Finding(code: .configuration)
        default: Finding(code: .badRequest)
        }
    }
}
