/// Makes texts of the lab fit for a person: they may hold HTML, control characters and whole error pages.
package enum LabText {
    /// Elements whose content isn't meant to be read.
    private static let hidden: Set<String> = ["script", "style", "head"]
    /// Elements that are known for sure, so that `<input name>` in a message survives.
    private static let elements: Set<String> = [
        "a", "address", "b", "blockquote", "body", "br", "center", "code", "dd", "div", "dl", "dt", "em", "font",
        "footer", "h1", "h2", "h3", "h4", "h5", "h6", "head", "header", "hr", "html", "i", "img", "li", "link", "meta",
        "ol", "p", "pre", "script", "section", "small", "span", "strong", "style", "sub", "sup", "table", "tbody", "td",
        "th", "thead", "title", "tr", "tt", "u", "ul",
    ]
    /// Elements after which a new line begins.
    private static let blocks: Set<String> = [
        "address", "blockquote", "body", "br", "center", "dd", "div", "dl", "dt", "footer", "h1", "h2", "h3", "h4",
        "h5", "h6", "header", "hr", "html", "li", "ol", "p", "pre", "section", "table", "tr", "ul",
    ]

    /// A text on one line: without HTML and control characters, white space folded, cut to a length.
    ///
    /// - Parameter limit: The most characters; a cut text ends with `…`.
    package static func line(_ text: String, limit: Int = 1_000) -> String {
        let plain = withoutHTML(text)
        var line = ""
        var gap = false
        for character in plain {
            if character.isWhitespace
                || character.unicodeScalars.allSatisfy({ $0.properties.generalCategory == .control })
            {
                gap = true
            } else {
                if gap, !line.isEmpty { line.append(" ") }
                gap = false
                line.append(character)
            }
        }
        return line.count <= limit ? line : line.prefix(max(0, limit - 1)) + "…"
    }

    /// A text without HTML elements, with its entities as characters; the ends of lines are kept.
    package static func withoutHTML(_ text: String) -> String {
        guard text.contains("<") || text.contains("&") else { return text }
        var plain = ""
        var rest = Substring(text)
        while let next = rest.firstIndex(where: { $0 == "<" || $0 == "&" }) {
            plain += rest[..<next]
            rest = rest[next...]
            if rest.first == "<" {
                guard let (name, isEnd, after) = tag(rest) else {
                    plain.append("<")
                    rest.removeFirst()
                    continue
                }
                rest = after
                if blocks.contains(name) { plain.append("\n") }
                if hidden.contains(name), !isEnd { rest = skip(past: name, in: rest) }
            } else if let (character, after) = entity(rest) {
                plain += character
                rest = after
            } else {
                plain.append("&")
                rest.removeFirst()
            }
        }
        return plain + rest
    }

    /// Reads a tag, a comment or a document type at the start of a text.
    private static func tag(_ text: Substring) -> (name: String, isEnd: Bool, after: Substring)? {
        if text.hasPrefix("<!--") {
            guard let end = text.firstRange(of: "-->") else { return nil }
            return ("", false, text[end.upperBound...])
        }
        var rest = text.dropFirst()
        let isEnd = rest.first == "/"
        if isEnd { rest.removeFirst() }
        let name = rest.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "!") }.lowercased()
        guard elements.contains(name) || name == "!doctype" else { return nil }
        guard let close = rest.firstIndex(of: ">") else { return nil }
        return (name, isEnd, rest[rest.index(after: close)...])
    }

    private static func skip(past name: String, in text: Substring) -> Substring {
        var rest = text
        while let next = rest.firstIndex(of: "<") {
            rest = rest[next...]
            if let (found, isEnd, after) = tag(rest), found == name, isEnd { return after }
            rest.removeFirst()
        }
        return ""
    }

    private static let entities = [
        "amp": "&", "lt": "<", "gt": ">", "quot": "\"", "apos": "'", "nbsp": " ",
    ]

    private static func entity(_ text: Substring) -> (String, Substring)? {
        let rest = text.dropFirst()
        guard let end = rest.prefix(10).firstIndex(of: ";") else { return nil }
        let name = rest[..<end]
        let after = rest[rest.index(after: end)...]
        if let known = entities[String(name)] { return (known, after) }
        guard name.first == "#" else { return nil }
        let digits = name.dropFirst()
        let number = digits.first == "x" || digits.first == "X" ? UInt32(digits.dropFirst(), radix: 16) : UInt32(digits)
        guard let number, let scalar = Unicode.Scalar(number) else { return nil }
        return (String(Character(scalar)), after)
    }
}
