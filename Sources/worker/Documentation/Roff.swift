/// A text in the language of manual pages: the macros of man(7).
struct Roff {
    /// The text so far.
    private(set) var text = ""

    mutating func title(_ name: String, date: String, source: String) {
        raw(".TH \(name) 1 \"\(Self.escaped(date))\" \"\(Self.escaped(source))\" \"User Commands\"")
        // Names are to be found and copied as they are, so no line is filled up and no word broken.
        raw(".nh\n.ad l")
    }

    mutating func section(_ title: String) { raw(".SH \(Self.escaped(title))") }

    mutating func subsection(_ title: String) { raw(".SS \(Self.escaped(title))") }

    mutating func paragraph(_ text: String) {
        raw(".PP")
        raw(Self.escaped(text))
    }

    /// A line of its own, which begins with bold words.
    mutating func line(bold: String, _ rest: String) {
        raw("\\fB\(Self.escaped(bold))\\fR \(Self.escaped(rest))")
        raw(".br")
    }

    /// A term with its explanation.
    mutating func item(_ term: String, _ text: String) {
        raw(".TP")
        raw("\\fB\(Self.escaped(term))\\fR")
        raw(Self.escaped(text))
    }

    /// Lines that stay as they are.
    mutating func example(_ text: String) {
        raw(".PP\n.EX")
        for line in text.split(separator: "\n") { raw(Self.escaped(String(line))) }
        raw(".EE")
    }

    /// Adds a line that is in the language already.
    mutating func raw(_ line: String) { text += line + "\n" }

    /// A text in which nothing is special, in a line.
    static func escaped(_ text: String) -> String {
        var escaped = ""
        for scalar in text.split(whereSeparator: \.isNewline).joined(separator: " ").unicodeScalars {
            switch scalar {
            case "\\": escaped += "\\(rs"
            case "-": escaped += "\\-"
            case "'": escaped += "\\(aq"
            case "\"": escaped += "\\(dq"
            case "~": escaped += "\\(ti"
            case "^": escaped += "\\(ha"
            case "`": escaped += "\\(ga"
            case _ where scalar.isASCII: escaped.unicodeScalars.append(scalar)
            default:
                let code = String(scalar.value, radix: 16, uppercase: true)
                escaped += "\\[u\(String(repeating: "0", count: max(0, 4 - code.count)))\(code)]"
            }
        }
        // A dot at its beginning would make a line a macro.
        return escaped.hasPrefix(".") ? "\\&" + escaped : escaped
    }
}
