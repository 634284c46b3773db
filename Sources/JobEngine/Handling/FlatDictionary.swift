/// Reads a flat JSON dictionary whose values keep their spelling: the lab gets `1.10` as it was written, and not as `1.1`.
struct FlatDictionary {
    /// What is wrong with a text, in words that name the place.
    struct Flaw: Error {
        let words: String
    }

    private let scalars: [Unicode.Scalar]
    private var position = 0

    private init(_ text: String) {
        scalars = Array(text.unicodeScalars)
    }

    /// The pairs of a text, in its order; numbers and booleans as they are written.
    ///
    /// - Throws: ``Flaw`` where the text isn't JSON, or no flat dictionary, or has a name twice.
    static func read(_ text: String) throws(Flaw) -> [(name: String, value: String)] {
        var reader = FlatDictionary(text)
        return try reader.dictionary { reader, name throws(Flaw) in
            let value = try reader.value()
            guard let text = value.text else {
                throw Flaw(words: "the value of '\(name)' is neither text, number nor boolean")
            }
            return text
        }
    }

    /// The pairs of a text, in its order, whose values may be lists as well.
    ///
    /// - Throws: ``Flaw`` where the text isn't a JSON dictionary, or has a name twice.
    static func readOptions(_ text: String) throws(Flaw) -> [(name: String, value: OptionValue)] {
        var reader = FlatDictionary(text)
        return try reader.dictionary { reader, _ throws(Flaw) in
            reader.skipBlanks()
            return try reader.next == "[" ? .list(reader.list()) : reader.value()
        }
    }

    private mutating func dictionary<Value>(
        _ value: (inout FlatDictionary, String) throws(Flaw) -> Value
    ) throws(Flaw) -> [(name: String, value: Value)] {
        var pairs: [(name: String, value: Value)] = []
        var names: Set<String> = []
        skip { $0.properties.isWhitespace }
        try take("{", or: "'{'")
        if !takes("}") {
            repeat {
                skipBlanks()
                let start = position
                let name = try text(or: "a name in quotation marks")
                guard names.insert(name).inserted else {
                    throw Flaw(words: "it has the name '\(name)' twice, the second time at \(place(of: start))")
                }
                try take(":", or: "':'")
                pairs.append((name, try value(&self, name)))
            } while takes(",")
            try take("}", or: "',' or '}'")
        }
        skip { $0.properties.isWhitespace }
        guard position == scalars.count else { throw unexpected("nothing more") }
        return pairs
    }

    private mutating func list() throws(Flaw) -> [OptionValue] {
        try take("[", or: "'['")
        var values: [OptionValue] = []
        if takes("]") { return values }
        repeat { values.append(try value()) } while takes(",")
        try take("]", or: "',' or ']'")
        return values
    }

    private mutating func value() throws(Flaw) -> OptionValue {
        skipBlanks()
        let start = position
        switch next {
        case "\"": return .text(try text(or: "a text"))
        case let digit? where digit == "-" || ("0"..."9").contains(digit): return .number(try number())
        case "{", "[": return .nested(try nested())
        default:
            skip { ("a"..."z").contains($0) }
            switch written(from: start) {
            case "true": return .truth(true)
            case "false": return .truth(false)
            case "null": return .null
            default:
                position = start
                throw unexpected("a text in quotation marks, a number, true or false")
            }
        }
    }

    /// A list or a dictionary as it is written: no more of it is looked at than where it ends.
    private mutating func nested() throws(Flaw) -> String {
        let start = position
        var depth = 0
        repeat {
            switch next {
            case "\"":
                _ = try text(or: "a text")
                continue
            case "{", "[": depth += 1
            case "}", "]": depth -= 1
            case nil: throw unexpected("the end of the value")
            default: break
            }
            position += 1
        } while depth > 0
        return written(from: start)
    }

    private func written(from start: Int) -> String {
        String(String.UnicodeScalarView(scalars[start..<position]))
    }

    private mutating func number() throws(Flaw) -> String {
        let start = position
        if next == "-" { position += 1 }
        if next == "0" { position += 1 } else { try digits() }
        if next == "." {
            position += 1
            try digits()
        }
        if next == "e" || next == "E" {
            position += 1
            if next == "+" || next == "-" { position += 1 }
            try digits()
        }
        return written(from: start)
    }

    private mutating func digits() throws(Flaw) {
        let start = position
        skip { ("0"..."9").contains($0) }
        guard position > start else { throw unexpected("a digit") }
    }

    private mutating func text(or wanted: String) throws(Flaw) -> String {
        try take("\"", or: wanted)
        var text = String.UnicodeScalarView()
        while let scalar = next, scalar != "\"" {
            guard scalar.value >= 0x20 else { throw unexpected("an escape, such as \\n") }
            if scalar == "\\" {
                text.append(try escaped())
            } else {
                text.append(scalar)
                position += 1
            }
        }
        try take("\"", or: "the text's closing quotation mark")
        return String(text)
    }

    private mutating func escaped() throws(Flaw) -> Unicode.Scalar {
        let start = position
        position += 2
        switch scalars[safely: start + 1] {
        case "\"": return "\""
        case "\\": return "\\"
        case "/": return "/"
        case "b": return "\u{8}"
        case "f": return "\u{C}"
        case "n": return "\n"
        case "r": return "\r"
        case "t": return "\t"
        case "u":
            if let code = code() {
                if let scalar = Unicode.Scalar(code) { return scalar }
                // Two escapes make one character beyond the first 65,536.
                if code < 0xDC00, next == "\\", scalars[safely: position + 1] == "u" {
                    position += 2
                    if let low = self.code(), (0xDC00...0xDFFF).contains(low),
                        let scalar = Unicode.Scalar(0x10000 + (code - 0xD800) << 10 + (low - 0xDC00))
                    {
                        return scalar
                    }
                }
            }
            position = start
            throw unexpected("an escape of a whole character, such as \\u00e9")
        default:
            position = start
            throw unexpected("an escape that JSON knows, such as \\\\ for itself")
        }
    }

    private mutating func code() -> UInt32? {
        let digits = scalars.dropFirst(position).prefix(4)
        guard digits.count == 4, digits.allSatisfy({ $0.properties.isASCIIHexDigit }) else { return nil }
        position += 4
        return UInt32(String(String.UnicodeScalarView(digits)), radix: 16)
    }

    // MARK: Characters and places

    private var next: Unicode.Scalar? { scalars[safely: position] }

    private mutating func skip(while isSkipped: (Unicode.Scalar) -> Bool) {
        while let next, isSkipped(next) { position += 1 }
    }

    private mutating func skipBlanks() {
        skip { $0 == " " || $0 == "\n" || $0 == "\r" || $0 == "\t" }
    }

    private mutating func takes(_ wanted: Unicode.Scalar) -> Bool {
        skipBlanks()
        guard next == wanted else { return false }
        position += 1
        return true
    }

    private mutating func take(_ wanted: Unicode.Scalar, or words: String) throws(Flaw) {
        guard takes(wanted) else { throw unexpected(words) }
    }

    private func unexpected(_ wanted: String) -> Flaw {
        guard let next else {
            return Flaw(words: "it ends at \(place(of: position)), where \(wanted) should be")
        }
        let number = String(next.value, radix: 16, uppercase: true)
        let code = "U+" + String(repeating: "0", count: max(0, 4 - number.count)) + number
        let found =
            switch next {
            case "\n", "\r": "the line's end"
            case " "..."~": "'\(next)'"
            case _ where next.value < 0xA1: code
            default: "'\(next)' (\(code))"
            }
        return Flaw(words: "at \(place(of: position)) is \(found), where \(wanted) should be")
    }

    private func place(of position: Int) -> String {
        var (line, column) = (1, 1)
        for index in 0..<position {
            let ends = scalars[index] == "\n" || scalars[index] == "\r" && scalars[safely: index + 1] != "\n"
            (line, column) = ends ? (line + 1, 1) : (line, column + 1)
        }
        return "line \(line), column \(column)"
    }
}

extension Array {
    fileprivate subscript(safely index: Int) -> Element? { indices.contains(index) ? self[index] : nil }
}
