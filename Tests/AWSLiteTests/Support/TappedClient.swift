import HTTPTransport
import HTTPTypes

/// A client that something happens in before each request.
struct TappedClient: HTTPClient {
    private let client: any HTTPClient
    private let tap: @Sendable (HTTPRequest) async throws -> Void

    init(_ client: any HTTPClient, tap: @escaping @Sendable (HTTPRequest) async throws -> Void) {
        self.client = client
        self.tap = tap
    }

    func send(_ call: HTTPCall) async throws -> HTTPReply {
        try await tap(call.request)
        return try await client.send(call)
    }
}
