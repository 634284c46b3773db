import FoundationEssentials

/// Finds code and message in S3's error document, whatever else a server sent instead.
///
/// Not an XML parser: it knows one shape, `<Error><Code>…</Code><Message>…</Message>…</Error>`, looks at no more
/// than the first 64 KiB, expands only the predefined and numeric entities and never fails.
enum XMLErrorScanner {
    struct Result: Equatable {
        var code: String?
        var message: String?
        /// The bucket's region, which some errors tell.
        var region: String?
    }

    static func scan(_ body: Data) -> Result {
        let text = Array(body.prefix(64 << 10))
        guard let start = content(of: "Error", in: text[...]) else { return Result() }
        return Result(
            code: content(of: "Code", in: start).map(decode),
            message: content(of: "Message", in: start).map(decode),
            region: content(of: "Region", in: start).map(decode)
        )
    }

    /// The text of the first element of this name, in any document of S3's.
    static func text(of name: String, in body: Data) -> String? {
        content(of: name, in: Array(body.prefix(64 << 10))[...]).map(decode)
    }

    /// The bytes between the first `<name>` or `<name …>` and the `</name>` after it.
    private static func content(of name: String, in text: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        let opening = Array("<\(name)".utf8)
        var rest = text
        while let found = rest.firstRange(of: opening) {
            rest = rest[found.upperBound...]
            guard let next = rest.first else { return nil }
            guard next == UInt8(ascii: ">") || next == UInt8(ascii: " ") else { continue }
            guard let end = rest.firstIndex(of: UInt8(ascii: ">")) else { return nil }
            if rest[..<end].last == UInt8(ascii: "/") { return rest[end..<end] }
            let inner = rest[(end + 1)...]
            guard let closing = inner.firstRange(of: Array("</\(name)>".utf8)) else { return nil }
            return inner[..<closing.lowerBound]
        }
        return nil
    }

    /// Text with its entities expanded; an unknown entity stays as it is.
    private static func decode(_ bytes: ArraySlice<UInt8>) -> String {
        String(decoding: XMLEntities.expand(bytes).text, as: UTF8.self)
    }
}
