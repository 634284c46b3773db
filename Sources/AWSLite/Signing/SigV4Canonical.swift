import HTTPTransport

/// The canonical request of AWS Signature Version 4: what both sides of a signature hash.
///
/// It is built from the raw parts of a request, so that a signer and a server that verifies (or a test) share it.
/// Source: "Create a signed AWS API request" of the IAM User Guide, and botocore's `auth.py`.
public struct SigV4CanonicalRequest: Sendable {
    /// How the request's path enters the canonical request.
    package enum PathStyle: Sendable, Hashable {
        /// Dot segments and empty segments removed, then percent-encoded once more: every service but S3.
        case normalized
        /// Exactly as on the request line: S3, whose keys may be any text.
        case verbatim
    }

    /// The text whose digest is signed; the other properties are parts of it.
    public let text: String
    private let methodEnd, pathEnd, queryEnd, namesStart, namesEnd: Int

    /// The method, upper-case.
    package var method: String { String(part(0..<methodEnd)) }
    /// The path as it enters the signature.
    package var path: String { String(part(methodEnd + 1..<pathEnd)) }
    /// The query as it enters the signature: sorted, its escapes as they were written.
    package var query: String { String(part(pathEnd + 1..<queryEnd)) }
    /// The signed header fields: lower-case names, trimmed and merged values, sorted by name.
    package var headers: [(name: String, value: String)] {
        part(queryEnd + 1..<namesStart).utf8.split(separator: UInt8(ascii: "\n")).map { line in
            let parts = line.split(separator: UInt8(ascii: ":"), maxSplits: 1, omittingEmptySubsequences: false)
            return (String(Substring(parts[0])), parts.count > 1 ? String(Substring(parts[1])) : "")
        }
    }
    /// The names of the signed fields, joined by semicolons.
    package var signedHeaders: String { String(signedHeaderNames) }
    /// The hexadecimal SHA-256 digest of the body, or one of S3's literals such as `UNSIGNED-PAYLOAD`.
    package var payloadHash: String { String(part(namesEnd + 1..<text.utf8.count)) }

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
    package init(
        method: String,
        path: String,
        query: String,
        headers: [(name: String, value: String)],
        signedHeaders: [String],
        payloadHash: String,
        pathStyle: PathStyle
    ) {
        let names = Set(signedHeaders.map { $0.lowercased() })
        var missing = names
        var fields = SignedFields(capacity: names.count)
        for (name, value) in headers {
            let name = name.lowercased()
            guard names.contains(name) else { continue }
            missing.remove(name)
            fields.add(name, value)
        }
        for name in missing { fields.add(name, "") }
        self.init(
            method: method,
            path: path,
            query: query,
            fields: fields,
            payloadHash: payloadHash,
            pathStyle: pathStyle
        )
    }

    /// Builds the canonical form out of the fields that take part.
    init(
        method: String,
        path: String,
        query: String,
        fields: SignedFields,
        payloadHash: String,
        pathStyle: PathStyle
    ) {
        let path = Self.canonicalPath(path, style: pathStyle)
        let query = Self.canonicalQuery(query)
        methodEnd = method.utf8.count
        pathEnd = methodEnd + 1 + path.utf8.count
        queryEnd = pathEnd + 1 + query.utf8.count
        namesStart = queryEnd + 1 + fields.linesCount + 1
        namesEnd = namesStart + fields.namesCount
        text = String(capacity: namesEnd + 1 + payloadHash.utf8.count) { text in
            text.write(method)
            text.write(.newline)
            text.write(path)
            text.write(.newline)
            text.write(query)
            text.write(.newline)
            fields.writeLines(to: &text)
            text.write(.newline)
            fields.writeNames(to: &text)
            text.write(.newline)
            text.write(payloadHash)
        }
    }

    /// ``signedHeaders`` without a copy.
    var signedHeaderNames: Substring { part(namesStart..<namesEnd) }

    private func part(_ range: Range<Int>) -> Substring {
        let start = text.utf8.index(text.startIndex, offsetBy: range.lowerBound)
        return text[start..<text.utf8.index(start, offsetBy: range.count)]
    }

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

    /// Sorted by name, then value.
    ///
    /// Escapes and ASCII stay as they are on the request line, as botocore leaves them; what can't stand there is encoded.
    private static func canonicalQuery(_ query: String) -> String {
        if query.isEmpty { return "" }
        return query.utf8.split(separator: UInt8(ascii: "&"), omittingEmptySubsequences: false)
            .map { pair -> (name: String, value: String) in
                let parts = pair.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
                return (encoded(parts[0]), parts.count > 1 ? encoded(parts[1]) : "")
            }
            .sorted { ($0.name, $0.value) < ($1.name, $1.value) }
            .map { "\($0.name)=\($0.value)" }
            .joined(separator: "&")
    }

    private static func encoded(_ part: Substring.UTF8View) -> String {
        if part.allSatisfy({ (0x21...0x7E).contains($0) }) { return String(Substring(part)) }
        return part.map { byte in
            (0x21...0x7E).contains(byte) ? String(UnicodeScalar(byte)) : PercentEncoding.encode(CollectionOfOne(byte))
        }.joined()
    }
}
