import CLibcurl

/// What the loop's thread drives: one handle of curl's, and whoever waits for its end.
///
/// Created on its caller's thread, then touched by the loop's alone.
protocol CurlJob: AnyObject, Sendable {
    var state: CurlJobState { get }
    /// The handle while it runs.
    var handle: CurlHandle? { get }
    /// Takes a handle, and tells it what to do.
    func prepare(_ handle: CurlHandle) throws
    /// Tells whoever waits how it went, and lets go of the handle.
    func finish(_ result: CURLcode)
    /// Tells whoever waits that it didn't come to its end, and lets go of the handle.
    func abandon(_ error: any Error)
}

/// How far a job is.
enum CurlJobState {
    case new, running, ended
}
