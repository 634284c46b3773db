/// A file of `NAME=value` lines as systemd reads an `EnvironmentFile`.
///
/// Comments begin with `#` or `;`. A value may be quoted, in part or as a whole, with `'` (nothing is special inside)
/// or `"` (a backslash before `"`, `\`, `` ` `` or `$` takes them literally). A backslash at the end of a line goes on
/// with the next line. Where systemd drops a line that it can't read, this is a problem. Source: systemd.exec(5) and
/// `parse_env_file_internal` of systemd.
struct EnvironmentFile: Sendable, Hashable {
    /// The values by name; of a name that comes twice, the last.
    private(set) var values: [String: String] = [:]
    /// What can't be read.
    private(set) var malformedLines: [MalformedLine] = []

    /// A line that can't be read, without its text, which may be secret.
    struct MalformedLine: Sendable, Hashable {
        /// The line's number, from 1.
        let number: Int
        /// Why it can't be read.
        let reason: String
    }

    /// Reads a file's text; its lines may end with CR and LF.
    init(_ text: String) {
        let text = text.replacing("\r\n", with: "\n").replacing("\r", with: "\n")
        var parser = Parser(rest: Array(text.unicodeScalars)[...])
        while let entry = parser.next() {
            switch entry {
            case .value(let name, let value): values[name] = value
            case .malformed(let line): malformedLines.append(line)
            }
        }
    }

    private enum Entry {
        case value(name: String, String)
        case malformed(MalformedLine)
    }

    private struct Parser {
        var rest: ArraySlice<Unicode.Scalar>
        var line = 1

        mutating func next() -> Entry? {
            while let scalar = rest.first {
                switch scalar {
                case "\n", " ", "\t", "\u{FEFF}": take()
                case "#", ";":
                    while rest.first.map({ $0 != "\n" }) ?? false { take() }
                default: return entry()
                }
            }
            return nil
        }

        @discardableResult
        private mutating func take() -> Unicode.Scalar? {
            let scalar = rest.popFirst()
            if scalar == "\n" { line += 1 }
            return scalar
        }

        private mutating func entry() -> Entry {
            let start = line
            var name = String.UnicodeScalarView()
            while let scalar = rest.first, scalar != "=", scalar != "\n" {
                name.append(scalar)
                take()
            }
            guard rest.first == "=" else { return .malformed(.init(number: start, reason: "it has no '='")) }
            take()
            let trimmed = String(String(name).reversed().drop { $0 == " " || $0 == "\t" }.reversed())
            guard let value = value() else { return .malformed(.init(number: start, reason: "a quote isn't closed")) }
            if trimmed.hasPrefix("export ") {
                return .malformed(
                    .init(number: start, reason: "it begins with 'export', which belongs in a shell script")
                )
            }
            guard Self.isName(trimmed) else {
                return .malformed(.init(number: start, reason: "what stands before the '=' can't be a name"))
            }
            return .value(name: trimmed, value)
        }

        private mutating func value() -> String? {
            var value = String.UnicodeScalarView()
            // White space counts only once something follows it.
            var space = String.UnicodeScalarView()
            func flush() {
                value.append(contentsOf: space)
                space.removeAll()
            }
            while let scalar = take() {
                switch scalar {
                case "\n": return String(value)
                case " ", "\t": if !value.isEmpty { space.append(scalar) }
                case "'":
                    flush()
                    guard quoted(until: "'", into: &value) else { return nil }
                case "\"":
                    flush()
                    guard quoted(until: "\"", into: &value) else { return nil }
                case "\\":
                    guard let next = take() else { break }
                    if next == "\n" { break }
                    flush()
                    value.append(next)
                default:
                    flush()
                    value.append(scalar)
                }
            }
            return String(value)
        }

        private mutating func quoted(until quote: Unicode.Scalar, into value: inout String.UnicodeScalarView) -> Bool {
            while let scalar = take() {
                if scalar == quote { return true }
                guard quote == "\"", scalar == "\\" else {
                    value.append(scalar)
                    continue
                }
                guard let next = take() else { return false }
                if next == "\n" { continue }
                if !"\"\\`$".unicodeScalars.contains(next) { value.append(scalar) }
                value.append(next)
            }
            return false
        }

        private static func isName(_ text: String) -> Bool {
            guard let first = text.unicodeScalars.first, first.isASCII, !("0"..."9").contains(first) else {
                return false
            }
            return text.unicodeScalars.allSatisfy { scalar in
                ("A"..."Z").contains(scalar) || ("a"..."z").contains(scalar) || ("0"..."9").contains(scalar)
                    || scalar == "_"
            }
        }
    }
}
