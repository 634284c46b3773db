import FoundationEssentials
import HTTPTransport

/// One element of a small XML document: name, text and children; attributes are skipped.
///
/// Reads what AWS's services send, and refuses the rest: no document type, so no entities but the five standard ones
/// and numeric ones, and a bounded depth. The caller bounds the size.
struct XMLElement: Equatable, Sendable {
    /// Why a text isn't such a document; without the text, which may hold secrets.
    struct Malformed: Error, CustomStringConvertible {
        var reason: String
        var description: String { "not the expected XML: \(reason)" }
    }

    /// The name without a namespace's prefix.
    var name: String
    /// The text between its tags, without that of its children and without white space around it.
    var text = ""
    var children: [XMLElement] = []

    /// The first child of a name.
    func child(_ name: String) -> XMLElement? {
        children.first { $0.name == name }
    }

    /// Reads a document.
    static func parse(_ data: Data) throws -> XMLElement {
        var reader = Reader(rest: Array(data)[...])
        return try reader.document()
    }
}

private struct Reader {
    private static let deepest = 32

    var rest: ArraySlice<UInt8>

    mutating func document() throws -> XMLElement {
        var open: [XMLElement] = []
        var bytes: [[UInt8]] = []
        while let next = rest.first {
            if next != UInt8(ascii: "<") {
                let text = rest.prefix { $0 != UInt8(ascii: "<") }
                rest = rest[text.endIndex...]
                if bytes.isEmpty {
                    guard text.allSatisfy(isBlank) || text.elementsEqual([0xEF, 0xBB, 0xBF]) else {
                        throw malformed("text outside the root")
                    }
                } else {
                    bytes[bytes.count - 1] += try expanded(text)
                }
            } else if skip("<!--") {
                _ = try content(until: "-->")
            } else if skip("<![CDATA[") {
                guard !bytes.isEmpty else { throw malformed("text outside the root") }
                bytes[bytes.count - 1] += try content(until: "]]>")
            } else if skip("<?") {
                _ = try content(until: "?>")
            } else if skip("<!") {
                throw malformed("a document type")
            } else if skip("</") {
                let name = localName(try content(until: ">"))
                guard var element = open.popLast(), let text = bytes.popLast(), element.name == name else {
                    throw malformed("an end tag without its start")
                }
                element.text = trimmed(text)
                guard !open.isEmpty else {
                    try finish()
                    return element
                }
                open[open.count - 1].children.append(element)
            } else {
                rest = rest.dropFirst()
                var tag = try tag()
                let isEmpty = tag.last == UInt8(ascii: "/")
                if isEmpty { tag = tag.dropLast() }
                let element = XMLElement(name: localName(tag))
                guard !element.name.isEmpty else { throw malformed("a tag without a name") }
                if !isEmpty {
                    guard open.count < Self.deepest else { throw malformed("too deep") }
                    open.append(element)
                    bytes.append([])
                } else if open.isEmpty {
                    try finish()
                    return element
                } else {
                    open[open.count - 1].children.append(element)
                }
            }
        }
        throw malformed("it ends too early")
    }

    /// After the root only comments and white space may follow.
    private mutating func finish() throws {
        while let next = rest.first {
            if isBlank(next) {
                rest = rest.dropFirst()
            } else if skip("<!--") {
                _ = try content(until: "-->")
            } else {
                throw malformed("something after the root")
            }
        }
    }

    private mutating func skip(_ text: StaticString) -> Bool {
        guard text.lend({ rest.starts(with: $0) }) else { return false }
        rest = rest.dropFirst(text.utf8CodeUnitCount)
        return true
    }

    private mutating func content(until end: String) throws -> ArraySlice<UInt8> {
        guard let found = rest.firstRange(of: Array(end.utf8)) else { throw malformed("it ends too early") }
        defer { rest = rest[found.upperBound...] }
        return rest[..<found.lowerBound]
    }

    /// A start tag's inside; a `>` in an attribute's value doesn't end it.
    private mutating func tag() throws -> ArraySlice<UInt8> {
        var quote: UInt8?
        for index in rest.indices {
            let byte = rest[index]
            if let open = quote {
                if byte == open { quote = nil }
            } else if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
                quote = byte
            } else if byte == UInt8(ascii: ">") {
                defer { rest = rest[(index + 1)...] }
                return rest[..<index]
            } else if byte == UInt8(ascii: "<") {
                break
            }
        }
        throw malformed("a tag without its end")
    }

    private func localName(_ tag: ArraySlice<UInt8>) -> String {
        let name = tag.prefix { !isBlank($0) }
        let colon = name.lastIndex(of: UInt8(ascii: ":"))
        return String(decoding: colon.map { name[($0 + 1)...] } ?? name, as: UTF8.self)
    }

    private func expanded(_ text: ArraySlice<UInt8>) throws -> [UInt8] {
        let (text, isWhole) = XMLEntities.expand(text)
        guard isWhole else { throw malformed("an unknown entity") }
        return text
    }

    private func trimmed(_ bytes: [UInt8]) -> String {
        guard let start = bytes.firstIndex(where: { !isBlank($0) }), let end = bytes.lastIndex(where: { !isBlank($0) })
        else { return "" }
        return String(decoding: bytes[start...end], as: UTF8.self)
    }

    private func isBlank(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D
    }

    private func malformed(_ reason: String) -> XMLElement.Malformed {
        XMLElement.Malformed(reason: reason)
    }
}
