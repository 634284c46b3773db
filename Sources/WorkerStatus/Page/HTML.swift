/// Text in HTML: what is written in the source stands as it is, and what is inserted is escaped.
struct HTML: Sendable, ExpressibleByStringInterpolation {
    /// The text.
    private(set) var text: String

    init(stringLiteral text: String) { self.text = text }
    init(stringInterpolation: StringInterpolation) { text = stringInterpolation.text }

    /// Joins pieces.
    init(_ pieces: [HTML]) { text = pieces.map(\.text).joined() }

    struct StringInterpolation: StringInterpolationProtocol, Sendable {
        fileprivate var text = ""

        init(literalCapacity: Int, interpolationCount: Int) { text.reserveCapacity(literalCapacity) }

        mutating func appendLiteral(_ literal: String) { text += literal }
        mutating func appendInterpolation(_ number: Int) { text += String(number) }
        mutating func appendInterpolation(_ html: HTML?) { text += html?.text ?? "" }
        mutating func appendInterpolation(_ pieces: [HTML]) { for piece in pieces { text += piece.text } }

        /// Escapes a text for an element's content and for an attribute in quotation marks alike.
        mutating func appendInterpolation(_ outside: String) {
            for scalar in outside.unicodeScalars {
                switch scalar {
                case "&": text += "&amp;"
                case "<": text += "&lt;"
                case ">": text += "&gt;"
                case "\"": text += "&quot;"
                case "'": text += "&#39;"
                case "\n", "\t": text.unicodeScalars.append(scalar)
                // Characters that turn the direction of what follows could make a name look like another.
                case "\u{202A}"..."\u{202E}", "\u{2066}"..."\u{2069}": text += "\u{FFFD}"
                case _ where scalar.properties.generalCategory == .control: text += "\u{FFFD}"
                default: text.unicodeScalars.append(scalar)
                }
            }
        }

        /// Makes a link of a text, but for an address that isn't one of the web.
        mutating func appendInterpolation(_ outside: String, link: String?) {
            let address = link ?? ""
            guard ["http://", "https://"].contains(where: { address.lowercased().hasPrefix($0) }) else {
                return appendInterpolation(outside)
            }
            text += "<a href=\""
            appendInterpolation(address)
            text += "\">"
            appendInterpolation(outside)
            text += "</a>"
        }
    }
}
