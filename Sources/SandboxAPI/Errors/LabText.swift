import HTTPTransport

/// Makes texts of the lab fit for a person: they may hold HTML, control characters and whole error pages.
package enum LabText {
    /// A text on one line: without HTML and control characters, white space folded, cut to a length.
    ///
    /// `limit` is the most Unicode scalars; a cut text ends with `…`.
    package static func line(_ text: String, limit: Int = 1_000) -> String {
        var line = String.UnicodeScalarView()
        var count = 0
        var gap = false
        for scalar in withoutHTML(text).unicodeScalars {
            if scalar.properties.isWhitespace || scalar.properties.generalCategory == .control {
                gap = count > 0
                continue
            }
            for scalar in gap ? [" ", scalar] : [scalar] {
                count += 1
                line.append(scalar)
            }
            gap = false
            if count > limit { break }
        }
        guard count > limit else { return String(line) }
        return String(String.UnicodeScalarView(line.prefix(max(0, limit - 1)))) + "…"
    }

    /// A text without HTML elements, with its entities as characters; the ends of lines are kept.
    package static func withoutHTML(_ text: String) -> String {
        text.lend { bytes in
            guard bytes.contains(where: { $0 == UInt8(ascii: "<") || $0 == UInt8(ascii: "&") }) else { return nil }
            var page = HTMLPage(bytes)
            return page.text()
        } ?? text
    }
}

/// What is to be read of a page of HTML, however broken, in one pass: what isn't found once isn't looked for again.
private struct HTMLPage {
    /// Elements whose content isn't meant to be read.
    private static let hidden: Set<String> = ["script", "style", "head"]
    /// Elements that are known for sure, so that `<input name>` in a message survives.
    private static let elements: Set<String> = [
        "a", "address", "b", "blockquote", "body", "br", "center", "code", "dd", "div", "dl", "dt", "em", "font",
        "footer", "h1", "h2", "h3", "h4", "h5", "h6", "head", "header", "hr", "html", "i", "img", "li", "link", "meta",
        "ol", "p", "pre", "script", "section", "small", "span", "strong", "style", "sub", "sup", "table", "tbody", "td",
        "th", "thead", "title", "tr", "tt", "u", "ul", "!doctype",
    ]
    /// Elements after which a new line begins.
    private static let blocks: Set<String> = [
        "address", "blockquote", "body", "br", "center", "dd", "div", "dl", "dt", "footer", "h1", "h2", "h3", "h4",
        "h5", "h6", "header", "hr", "html", "li", "ol", "p", "pre", "section", "table", "tr", "ul",
    ]
    /// More letters than any of their names has.
    private static let longestName = 12

    private let bytes: BorrowedBytes
    private var position = 0
    /// After these there is no end of a tag, and none of a comment.
    private let lastClose: Int
    private let lastCommentEnd: Int

    init(_ bytes: BorrowedBytes) {
        self.bytes = bytes
        lastClose = bytes.lastIndex(of: UInt8(ascii: ">")) ?? -1
        lastCommentEnd = Self.lastCommentEnd(bytes)
    }

    private static func lastCommentEnd(_ bytes: BorrowedBytes) -> Int {
        var index = bytes.count - 3
        while index >= 0, !bytes[index...].starts(with: "-->".utf8) { index -= 1 }
        return index
    }

    mutating func text() -> String {
        var plain: [UInt8] = []
        plain.reserveCapacity(bytes.count)
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: "<"):
                guard let (name, isEnd) = takeTag() else { break }
                if Self.blocks.contains(name) { plain.append(UInt8(ascii: "\n")) }
                if Self.hidden.contains(name), !isEnd { skip(past: name) }
                continue
            case UInt8(ascii: "&"):
                guard let scalar = takeEntity() else { break }
                plain += UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter
                continue
            default: break
            }
            plain.append(bytes[position])
            position += 1
        }
        return String(decoding: plain, as: UTF8.self)
    }

    /// Reads a tag, a comment or a document type; `nil` where there is none.
    private mutating func takeTag() -> (name: String, isEnd: Bool)? {
        if bytes[position...].starts(with: "<!--".utf8) {
            guard position + 4 <= lastCommentEnd else { return nil }
            position += 4
            while !bytes[position...].starts(with: "-->".utf8) { position += 1 }
            position += 3
            return ("", false)
        }
        let isEnd = position + 1 < bytes.count && bytes[position + 1] == UInt8(ascii: "/")
        let start = position + (isEnd ? 2 : 1)
        let name = name(at: start)
        guard Self.elements.contains(name), start <= lastClose else { return nil }
        position = start
        while bytes[position] != UInt8(ascii: ">") { position += 1 }
        position += 1
        return (name, isEnd)
    }

    private func name(at start: Int) -> String {
        let name = bytes[min(start, bytes.count)..<min(start + Self.longestName, bytes.count)].prefix { byte in
            (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || byte == UInt8(ascii: "!")
                || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
        }
        return String(decoding: name, as: UTF8.self).lowercased()
    }

    /// Goes behind the end of a hidden element; of one that doesn't end all is hidden.
    private mutating func skip(past hidden: String) {
        while position < bytes.count {
            if bytes[position] == UInt8(ascii: "<"), position + 1 < bytes.count,
                bytes[position + 1] == UInt8(ascii: "/"), name(at: position + 2) == hidden, takeTag() != nil
            {
                return
            }
            position += 1
        }
    }

    private static let entities: [String: Unicode.Scalar] = [
        "amp": "&", "lt": "<", "gt": ">", "quot": "\"", "apos": "'", "nbsp": " ",
    ]

    private mutating func takeEntity() -> Unicode.Scalar? {
        let start = position + 1
        guard let end = bytes[start..<min(start + 10, bytes.count)].firstIndex(of: UInt8(ascii: ";")) else {
            return nil
        }
        let name = String(decoding: bytes[start..<end], as: UTF8.self)
        var scalar = Self.entities[name]
        if scalar == nil, name.hasPrefix("#") {
            let digits = name.dropFirst()
            let isHex = digits.first == "x" || digits.first == "X"
            let number = isHex ? UInt32(digits.dropFirst(), radix: 16) : UInt32(digits)
            scalar = number.flatMap(Unicode.Scalar.init)
        }
        guard let scalar else { return nil }
        position = end + 1
        return scalar
    }
}
