import Foundation
import HTTPTransport
import HTTPTypes

/// Answers each call with the next scripted reply, and keeps the calls.
actor StubHTTPClient: HTTPClient {
    enum Step {
        /// A reply of AWS's: with a request's id, and the tag of an object where it is a success.
        case reply(Int, String, HTTPFields = [:])
        /// Just this reply.
        case page(Int, String = "", HTTPFields = [:])
        case failure(HTTPClientError)
    }

    private var steps: [Step]
    private(set) var calls: [HTTPCall] = []

    init(_ steps: [Step]) {
        self.steps = steps
    }

    /// Replaces what is left of the script.
    func script(_ steps: [Step]) { self.steps = steps }

    func send(_ call: HTTPCall) async throws -> HTTPReply {
        calls.append(call)
        guard !steps.isEmpty else {
            throw HTTPClientError(.other, "the script has no more replies", mayHaveBeenProcessed: false)
        }
        switch steps.removeFirst() {
        case .reply(let status, let body, let fields):
            var fields = fields
            if let id = HTTPField.Name("x-amzn-RequestId"), fields[id] == nil { fields[id] = "r" }
            if status < 300, fields[.eTag] == nil { fields[.eTag] = "\"e\"" }
            return HTTPReply(HTTPResponse(status: .init(code: status), headerFields: fields), body: Data(body.utf8))
        case .page(let status, let body, let fields):
            return HTTPReply(HTTPResponse(status: .init(code: status), headerFields: fields), body: Data(body.utf8))
        case .failure(let error):
            throw error
        }
    }

    /// The JSON object that a call sent.
    nonisolated func json(_ index: Int = 0) async throws -> NSDictionary {
        let body = await calls[index].body?.data ?? Data()
        return try JSONSerialization.jsonObject(with: body) as? NSDictionary ?? [:]
    }

    func field(_ name: String, _ index: Int = 0) -> String? {
        HTTPField.Name(name).flatMap { calls[index].request.headerFields[$0] }
    }
}

extension StubHTTPClient.Step {
    static let refused = Self.failure(.init(.connectionFailed, "connection refused", mayHaveBeenProcessed: false))
    static let lost = Self.failure(.init(.connectionLost, "connection reset", mayHaveBeenProcessed: true))
    static let timedOut = Self.failure(.init(.timedOut, "no reply in 30 s", mayHaveBeenProcessed: true))
    static let throttled = Self.error("ThrottlingException")

    static func error(_ code: String, status: Int = 400, fields: HTTPFields = [:]) -> Self {
        .reply(status, #"{"__type":"\#(code)","message":"said so"}"#, fields)
    }
}
