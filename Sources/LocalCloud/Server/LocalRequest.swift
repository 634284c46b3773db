package import Foundation

/// A request as it came over the wire.
public struct LocalRequest: Sendable {
    /// The method, in capitals.
    package var method: String
    /// The path as the client sent it: percent-encoded, not normalised.
    public var path: String
    /// The query as the client sent it, without the question mark; empty where there is none.
    package var query: String
    /// The header fields; a repeated field is one entry, its values joined with commas.
    package var headers: [(name: String, value: String)]
    /// The body, after any transfer coding is undone.
    package var body: Data
    /// The name of the operation that the service sees in this request, once it's known.
    package var operation: String?

    /// Creates a request, as a test that needs no socket does.
    package init(
        method: String,
        path: String,
        query: String = "",
        headers: [(name: String, value: String)] = [],
        body: Data = Data(),
        operation: String? = nil
    ) {
        self.method = method
        self.path = path
        self.query = query
        self.headers = headers
        self.body = body
        self.operation = operation
    }

    /// The value of a header field, whatever the case of its name.
    package subscript(name: String) -> String? {
        let name = name.lowercased()
        return headers.first { $0.name.lowercased() == name }?.value
    }

    /// The path's segments, percent-decoded, without the leading empty one.
    package var pathSegments: [String] {
        path.split(separator: "/", omittingEmptySubsequences: true).map {
            $0.removingPercentEncoding ?? String($0)
        }
    }

    /// The query's items in order, percent-decoded, a plus sign read as it is.
    package var queryItems: [(name: String, value: String)] {
        query.split(separator: "&").map { item in
            let parts = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let value = parts.count > 1 ? String(parts[1]) : ""
            return (
                String(parts[0]).removingPercentEncoding ?? String(parts[0]), value.removingPercentEncoding ?? value
            )
        }
    }

    /// The first value of a query item, or `nil` where there's no such item.
    package func queryValue(_ name: String) -> String? {
        queryItems.first { $0.name == name }?.value
    }
}
