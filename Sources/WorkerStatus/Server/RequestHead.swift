/// The first lines of a request: all that a page needs which nobody can change.
struct RequestHead: Sendable, Hashable {
    /// The longest head that is read.
    static let longest = 8_192

    /// The method.
    var method: String
    /// The path, without its query.
    var path: String
    /// The query; empty where there is none.
    var query: String
    /// The host that was asked for, as the client spells it.
    var host: String?

    /// What the bytes that have come so far are.
    enum Reading: Sendable, Hashable {
        /// A whole head.
        case head(RequestHead)
        /// The beginning of one.
        case incomplete
        /// More than is read.
        case tooLong
        /// No request of HTTP.
        case malformed
    }

    /// Reads the bytes that have come so far.
    static func read(_ bytes: [UInt8]) -> Reading {
        guard let end = end(of: bytes) else { return bytes.count < longest ? .incomplete : .tooLong }
        guard end <= longest else { return .tooLong }
        guard let text = String(validating: bytes[..<end], as: UTF8.self) else { return .malformed }
        return RequestHead(text).map { .head($0) } ?? .malformed
    }

    /// Where the empty line begins that ends a head.
    private static func end(of bytes: [UInt8]) -> Int? {
        let mark: [UInt8] = [13, 10, 13, 10]
        guard bytes.count >= mark.count else { return nil }
        return (0...(bytes.count - mark.count)).first { bytes[$0] == 13 && bytes[$0..<($0 + 4)].elementsEqual(mark) }
    }

    private init?(_ text: String) {
        // A carriage return and a line feed are one character.
        var lines = text.split(separator: "\r\n", omittingEmptySubsequences: false)
        let words = lines.removeFirst().split(separator: " ", omittingEmptySubsequences: false)
        guard words.count == 3, words[2] == "HTTP/1.1" || words[2] == "HTTP/1.0", Self.isToken(words[0]),
            words[1].hasPrefix("/"), words[1].utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else { return nil }
        method = String(words[0])
        let parts = words[1].split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        path = String(parts[0])
        query = parts.count > 1 ? String(parts[1]) : ""
        for line in lines {
            guard let colon = line.firstIndex(of: ":"), Self.isToken(line[..<colon]),
                line.unicodeScalars.allSatisfy({ $0.value >= 0x20 || $0 == "\t" })
            else { return nil }
            guard line[..<colon].lowercased() == "host" else { continue }
            // Which of two is meant, different programs answer differently.
            guard host == nil else { return nil }
            host = line[line.index(after: colon)...].trimmingSpaces
        }
        guard host != nil || words[2] == "HTTP/1.0" else { return nil }
    }

    private static func isToken(_ text: Substring) -> Bool {
        let others = Set("!#$%&'*+-.^_`|~".utf8)
        return !text.isEmpty
            && text.utf8.allSatisfy { byte in
                (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
                    || others.contains(byte)
            }
    }
}

extension RequestHead {
    /// Whether a browser that was led here by a foreign name mustn't read the reply.
    ///
    /// A name that leads to the loopback address can belong to anybody, whose pages could then read this one.
    var namesForeignHost: Bool {
        guard var name = host?.lowercased() else { return false }
        if name.hasPrefix("[") { return false }
        if let colon = name.lastIndex(of: ":") { name = String(name[..<colon]) }
        let isLiteral = StatusAddress("\(name):0") != nil && !name.isEmpty
        return !(isLiteral || name == "localhost" || name.hasSuffix(".localhost"))
    }
}

extension Substring {
    fileprivate var trimmingSpaces: String {
        var text = self
        while let first = text.first, first == " " || first == "\t" { text.removeFirst() }
        while let last = text.last, last == " " || last == "\t" { text.removeLast() }
        return String(text)
    }
}
