import FoundationEssentials
import HTTPTransport
import HTTPTypes

/// A call of the API, before it is sent.
struct APICall: Sendable {
    /// What is called, for errors too.
    var operation: SandboxOperation
    /// What it is about, such as `sandbox 1234`.
    var subject: String?
    var method: HTTPRequest.Method
    /// The segments after `/api`, not yet encoded.
    var path: [String]
    var query: [(name: String, value: String)] = []
    var body: Data?
    /// What must not show up in an error, beside the session's own secrets.
    var secrets: [Secret] = []
    /// The largest reply that is read, in bytes.
    var replyLimit = 16 << 20
    /// What takes the list of a successful reply while it comes; without one the reply is read as a whole.
    var search: SandboxSearch?

    /// Whether it begins something in the lab that must begin once.
    var isStart = false

    /// Whether it changes nothing, so that it may be repeated at will.
    var isRead: Bool { method == .get }

    static func get(
        _ operation: SandboxOperation,
        _ path: [String],
        query: [(name: String, value: String)] = [],
        about subject: String? = nil
    ) -> APICall {
        APICall(operation: operation, subject: subject, method: .get, path: ["v2"] + path, query: query)
    }

    static func post(
        _ operation: SandboxOperation,
        _ path: [String],
        body: (any Encodable)? = nil,
        about subject: String? = nil,
        hiding secrets: [Secret] = []
    ) throws -> APICall {
        APICall(
            operation: operation,
            subject: subject,
            method: .post,
            path: ["v2"] + path,
            body: try body.map { try JSON.encode($0) },
            secrets: secrets
        )
    }

    /// A POST that begins something.
    static func start(
        _ operation: SandboxOperation,
        _ path: [String],
        body: any Encodable,
        about subject: String,
        hiding secrets: [Secret]
    ) throws -> APICall {
        var call = try post(operation, path, body: body, about: subject, hiding: secrets)
        call.isStart = true
        return call
    }

    static func delete(_ operation: SandboxOperation, _ path: [String], about subject: String? = nil) -> APICall {
        APICall(operation: operation, subject: subject, method: .delete, path: ["v2"] + path)
    }

    /// Whether a segment of a path means another path to who decodes its escapes.
    static func isFragile(_ segment: String) -> Bool {
        segment == "." || segment == ".." || segment.contains { "/\\%?#;".contains($0) }
    }

    /// A segment of a path; `.` and `..`, which a server would take for steps in the tree, are encoded too.
    static func encode(segment: String) -> String {
        segment == "." || segment == ".." ? segment.replacing(".", with: "%2E") : PercentEncoding.encode(segment)
    }

    /// Whether an address is this call's own in another place.
    func leadsToItself(_ address: String) -> Bool {
        address.prefix { $0 != "?" && $0 != "#" }.hasSuffix("/" + path.map(Self.encode).joined(separator: "/"))
    }

    /// The request to send.
    func request(to url: LabURL, token: String?) -> HTTPRequest {
        var target = url.root
        for segment in path { target += "/" + Self.encode(segment: segment) }
        var separator = "?"
        for (name, value) in query {
            target += separator + name + "=" + PercentEncoding.encode(value)
            separator = "&"
        }
        var request = HTTPRequest(method: method, scheme: url.scheme, authority: url.authority, path: target)
        // The scheme is called Basic, yet takes the token as it is.
        if let token { request.headerFields[.authorization] = "Basic \(token)" }
        request.headerFields[.accept] = "application/json"
        request.headerFields[.contentType] = "application/json"
        return request
    }
}

/// JSON as this module writes it, with sorted members and plain slashes, so that the same call is the same bytes, and as it
/// reads it.
enum JSON {
    /// Reads a value; a character that isn't Unicode costs no more than itself.
    static func decode<Value: Decodable>(_ type: Value.Type = Value.self, from data: Data) throws -> Value {
        try PlainJSON.decode(type, from: data, mendsTexts: true)
    }

    static func encode(_ value: any Encodable) throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return try encoder.encode(value)
    }
}
