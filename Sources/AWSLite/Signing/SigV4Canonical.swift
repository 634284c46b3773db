import HTTPTransport

/// The canonical request of AWS Signature Version 4: what both sides of a signature hash.
///
/// It is built from the raw parts of a request, so that a signer and a server that verifies (or a test) share it.
/// Source: "Create a signed AWS API request" of the IAM User Guide, and botocore's `auth.py`.
public struct SigV4CanonicalRequest: Sendable, Hashable {
    /// How the request's path enters the canonical request.
    public enum PathStyle: Sendable, Hashable {
        /// Dot segments and empty segments removed, then percent-encoded once more: every service but S3.
        case normalized
        /// Exactly as on the request line: S3, whose keys may be any text.
        case verbatim
    }

    /// The method, upper-case.
    public let method: String
    /// The path as it enters the signature.
    public let path: String
    /// The query as it enters the signature: encoded anew and sorted.
    public let query: String
    /// The signed header fields: lower-case names, trimmed and merged values, sorted by name.
    public let headers: [(name: String, value: String)]
    /// The names of the signed fields, joined by semicolons.
    public let signedHeaders: String
    /// The hexadecimal SHA-256 digest of the body, or one of S3's literals such as `UNSIGNED-PAYLOAD`.
    public let payloadHash: String

    /// Builds the canonical form of a request.
    ///
    /// - Parameters:
    ///   - method: The request's method.
    ///   - path: The raw path, percent-encoded as on the request line, without the query.
    ///   - query: The raw query without its question mark; empty for none.
    ///   - headers: Every header field, in the order of the wire; `host` among them.
    ///   - signedHeaders: The names of the fields that take part, in any case and order. A name that `headers`
    ///     lacks takes part with an empty value.
    ///   - payloadHash: The digest of the body as ``SigV4PayloadHash/text`` gives it.
    ///   - pathStyle: ``PathStyle/verbatim`` for S3, else ``PathStyle/normalized``.
    public init(
        method: String,
        path: String,
        query: String,
        headers: [(name: String, value: String)],
        signedHeaders: [String],
        payloadHash: String,
        pathStyle: PathStyle
    ) {
        let names = Set(signedHeaders.map { $0.lowercased() })
        var fields = headers.map { (name: $0.name.lowercased(), value: $0.value) }.filter { names.contains($0.name) }
        fields += names.subtracting(fields.map(\.name)).map { ($0, "") }
        self.init(
            method: method,
            path: path,
            query: query,
            signedFields: fields,
            payloadHash: payloadHash,
            pathStyle: pathStyle
        )
    }

    /// Builds the canonical form out of the fields that take part: lower-case names, in the order of the wire.
    init(
        method: String,
        path: String,
        query: String,
        signedFields: [(name: String, value: String)],
        payloadHash: String,
        pathStyle: PathStyle
    ) {
        self.method = method
        self.path = Self.canonicalPath(path, style: pathStyle)
        self.query = Self.canonicalQuery(query)
        self.payloadHash = payloadHash
        var merged: [(name: String, value: String)] = []
        merged.reserveCapacity(signedFields.count)
        // Swift's sort is stable, so that the values of one name stay in order.
        for field in signedFields.sorted(by: { bytewise($0.name, $1.name) }) {
            let value = Self.canonicalValue(field.value)
            if let last = merged.indices.last, merged[last].name == field.name {
                merged[last].value += "," + value
            } else {
                merged.append((field.name, value))
            }
        }
        headers = merged
        var names: [UInt8] = []
        for header in merged {
            if !names.isEmpty { names.append(UInt8(ascii: ";")) }
            names += header.name.utf8
        }
        signedHeaders = String(decoding: names, as: UTF8.self)
    }

    /// The text whose digest is signed.
    public var text: String { String(decoding: bytes, as: UTF8.self) }

    /// The bytes of ``text``.
    var bytes: [UInt8] {
        let newline = UInt8(ascii: "\n")
        var bytes: [UInt8] = []
        bytes.reserveCapacity(1_024)
        for line in [method, path, query] {
            bytes += line.utf8
            bytes.append(newline)
        }
        for header in headers {
            bytes += header.name.utf8
            bytes.append(UInt8(ascii: ":"))
            bytes += header.value.utf8
            bytes.append(newline)
        }
        bytes.append(newline)
        bytes += signedHeaders.utf8
        bytes.append(newline)
        bytes += payloadHash.utf8
        return bytes
    }

    /// Two canonical requests are equal when their texts are.
    public static func == (left: Self, right: Self) -> Bool { left.bytes == right.bytes }

    /// Hashes the text.
    public func hash(into hasher: inout Hasher) { hasher.combine(bytes) }

    private static func canonicalPath(_ path: String, style: PathStyle) -> String {
        switch style {
        case .verbatim: return path.isEmpty ? "/" : path
        case .normalized where path == "/": return path
        case .normalized: return PercentEncoding.encode(removingDotSegments(path), keeping: "/")
        }
    }

    /// RFC 3986, section 5.2.4, and empty segments removed as AWS does.
    private static func removingDotSegments(_ path: String) -> String {
        var segments: [Substring.UTF8View] = []
        for segment in path.utf8.split(separator: UInt8(ascii: "/")) {
            if segment.elementsEqual(".".utf8) { continue }
            if segment.elementsEqual("..".utf8) { _ = segments.popLast() } else { segments.append(segment) }
        }
        let joined = segments.map { String(Substring($0)) }.joined(separator: "/")
        let closing = path.utf8.last == UInt8(ascii: "/") && !segments.isEmpty ? "/" : ""
        return "/" + joined + closing
    }

    /// Decodes and encodes anew, so that a raw character and its escape sign alike; sorts by encoded name, then value.
    private static func canonicalQuery(_ query: String) -> String {
        if query.isEmpty { return "" }
        return query.utf8.split(separator: UInt8(ascii: "&"))
            .map { pair -> (name: String, value: String) in
                let parts = pair.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
                let name = PercentEncoding.encode(PercentEncoding.decode(parts[0]))
                let value = parts.count > 1 ? PercentEncoding.encode(PercentEncoding.decode(parts[1])) : ""
                return (name, value)
            }
            .sorted { $0.name == $1.name ? bytewise($0.value, $1.value) : bytewise($0.name, $1.name) }
            .map { "\($0.name)=\($0.value)" }
            .joined(separator: "&")
    }

    /// Without white space at the ends, and with one space for each run of it inside.
    private static func canonicalValue(_ value: String) -> String {
        // Nearly every value is in this form already.
        var afterSpace = true
        var isCanonical = true
        for byte in value.utf8 {
            if (0x09...0x0D).contains(byte) || byte == 0x20 && afterSpace { isCanonical = false }
            afterSpace = byte == 0x20
        }
        if value.isEmpty || isCanonical && !afterSpace { return value }
        return value.utf8
            .split { $0 == 0x20 || (0x09...0x0D).contains($0) }
            .map { String(Substring($0)) }
            .joined(separator: " ")
    }
}

/// Orders texts by their bytes, whatever Unicode thinks of them.
func bytewise(_ left: String, _ right: String) -> Bool {
    left.utf8.lexicographicallyPrecedes(right.utf8)
}
