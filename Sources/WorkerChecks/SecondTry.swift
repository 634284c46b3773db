import HTTPTransport

/// Sends a request once more whose connection ended before it could carry it, as behind a balancer without a server.
///
/// A check makes one attempt, lest it take long; such a connection is no attempt at all.
struct SecondTry: HTTPClient {
    let base: any HTTPClient

    func send(_ call: HTTPCall) async throws -> HTTPReply {
        do {
            return try await base.send(call)
        } catch let error as HTTPClientError where error.code == .connectionLost && !error.mayHaveBeenProcessed {
            return try await base.send(call)
        }
    }
}
