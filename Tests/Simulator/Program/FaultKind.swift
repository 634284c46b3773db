/// What goes wrong with one request.
enum FaultKind: String, CaseIterable {
    /// The connection is refused.
    case refused
    /// The connection breaks before the request is acted upon, which the caller can't know.
    case reset
    /// The request is acted upon, and the reply lost.
    case lostReply = "reply lost"
    /// The connection breaks, and the request is acted upon all the same a little later.
    case late = "acted upon late"
    /// Nothing comes back until the caller's patience is over, and nothing is done.
    case hang
    /// The request is acted upon, and nothing comes back until the caller's patience is over.
    case hangAfter = "hang after processing"
    /// All goes well, only slowly.
    case slow
    /// The service is in trouble.
    case serverError = "500"
    /// The service is in trouble after it has acted.
    case serverErrorAfter = "500 after processing"
    /// A proxy answers for the service.
    case html = "502 page"
    /// A proxy gives up waiting, and the service acts.
    case htmlAfter = "504 page after processing"
    /// A proxy's page that looks like a success.
    case htmlSuccess = "200 page"
    /// Too many requests.
    case throttling

    /// Whether the service may act and the caller not know it.
    var isAmbiguous: Bool {
        switch self {
        case .refused, .slow, .throttling: false
        default: true
        }
    }
}
