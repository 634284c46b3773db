import Foundation

/// A regular expression as Python 2 reads it, in the words of ICU's engine.
///
/// What Python 2 knows means what it means there; what it refused, such as possessive repetition, is ICU's. So are escapes
/// that Python 2 took for the letter alone, such as `\p`, and `[:alpha:]` in a set: nobody can have meant the letters. Sources:
/// Python 2.7's `sre_parse.py`, tried beside it, and the ICU User Guide, "Regular Expressions".
struct PythonPattern: Sendable {
    /// Why a text can't be used.
    enum Problem: Error, Hashable {
        /// It is no regular expression.
        case invalid
        /// ICU has nothing for a construct; what to write instead.
        case unsupported(String, instead: String)
    }

    /// The pattern in ICU's dialect, without the options.
    let pattern: String
    /// The flags of `(?i)` and the like, which in Python 2 count from the beginning, wherever they stand.
    let options: NSRegularExpression.Options

    /// Translates a pattern.
    ///
    /// - Throws: ``Problem``; much that is invalid is left to ICU to find.
    init(_ text: String) throws(Problem) {
        var reader = Reader(Array(text.unicodeScalars), flags: [])
        try reader.read()
        while reader.flags != reader.givenFlags {
            reader = Reader(reader.scalars, flags: reader.flags)
            try reader.read()
        }
        pattern = String(reader.result)
        // For Python a line ends with LF alone.
        var options: NSRegularExpression.Options = .useUnixLineSeparators
        if reader.flags.contains("i") { options.insert(.caseInsensitive) }
        if reader.flags.contains("m") { options.insert(.anchorsMatchLines) }
        if reader.flags.contains("s") { options.insert(.dotMatchesLineSeparators) }
        self.options = options
    }
}

private struct Reader {
    typealias Problem = PythonPattern.Problem

    let scalars: [Unicode.Scalar]
    let givenFlags: Set<Unicode.Scalar>
    var flags: Set<Unicode.Scalar>
    var result = String.UnicodeScalarView()
    private var position = 0
    private var groups = 0
    /// How many groups are open; a text such as `a)|(b` mustn't become valid by what is put around it.
    private var depth = 0
    private var names: [String: Int] = [:]

    init(_ scalars: [Unicode.Scalar], flags: Set<Unicode.Scalar>) {
        self.scalars = scalars
        givenFlags = flags
        self.flags = flags
    }

    mutating func read() throws(Problem) {
        let isVerbose = givenFlags.contains("x")
        while let scalar = take() {
            switch scalar {
            case _ where isVerbose && (scalar == " " || ("\t"..."\r").contains(scalar)): break
            case "#" where isVerbose: while let next = take(), next != "\n" {}
            case "\\": try escape()
            case "[": try set()
            case "(": try group()
            case "{": interval()
            case ")":
                depth -= 1
                guard depth >= 0 else { throw .invalid }
                write(")")
            case "*", "+", "?", "|", "^", "$", ".": result.append(scalar)
            default: write(Self.literal(scalar))
            }
        }
        if depth != 0 { throw .invalid }
    }

    // MARK: Groups and repetitions

    private mutating func group() throws(Problem) {
        guard skip("?") else {
            groups += 1
            return open("(")
        }
        if skip("P") {
            if skip("<") {
                try name(take(through: ">"))
                open("(")
            } else if skip("="), let number = names[try take(through: ")")] {
                write("(?:\\\(number))")
            } else {
                throw .invalid
            }
        } else if skip("#") {
            _ = try take(through: ")")
        } else if skip("(") {
            let name = try take(through: ")")
            throw .unsupported("(?(\(name))…)", instead: "both cases with '|' between them")
        } else if skip("<") {
            if let next = peek, next == "=" || next == "!" {
                position += 1
                return open("(?<\(next)")
            }
            let text = try take(through: ">")
            try name(text)
            open("(?<\(text)>")
        } else if let next = peek, ":=!>".unicodeScalars.contains(next) {
            position += 1
            open("(?\(next)")
        } else {
            try readFlags()
        }
    }

    private mutating func open(_ text: String) {
        depth += 1
        write(text)
    }

    /// Names the group that begins.
    private mutating func name(_ name: String) throws(Problem) {
        groups += 1
        let isName = name.utf8.enumerated().allSatisfy { $1.isLetterOrLine || $0 > 0 && (48...57).contains($1) }
        guard isName, !name.isEmpty, names.updateValue(groups, forKey: name) == nil else { throw .invalid }
    }

    private mutating func readFlags() throws(Problem) {
        var letters = String.UnicodeScalarView()
        while let next = peek, next != ")", next != ":" {
            letters.append(next)
            position += 1
        }
        if !letters.isEmpty, letters.allSatisfy("iLmsux".unicodeScalars.contains), skip(")") {
            // L goes by the locale, which for Python 2 is that of plain ASCII.
            flags.formUnion(letters)
        } else if letters.contains("x") {
            throw .unsupported("(?\(String(letters))…)", instead: "(?x), which counts for the whole")
        } else if skip(":") {
            open("(?\(String(letters)):")
        } else {
            open("(?\(String(letters))")
        }
    }

    private mutating func interval() {
        let start = position
        let least = digits()
        var text = least
        if skip(",") { text = "\(least.isEmpty ? "0" : least),\(digits())" }
        if position > start, skip("}") {
            write("{\(text)}")
        } else {
            position = start
            write(Self.literal("{"))
        }
    }

    // MARK: Escapes

    private mutating func escape() throws(Problem) {
        guard let scalar = take() else { throw .invalid }
        switch scalar {
        case "A": write("\\A")
        case "Z": write("\\z")
        case "b": write("(?:(?<=\(word))(?!\(word))|(?<!\(word))(?=\(word)))")
        case "B": write("(?:(?<=\(word))(?=\(word))|(?<!\(word))(?!\(word)))")
        case "1"..."9": try reference(scalar)
        case "0": write(try octal(atMost: 2, after: 0))
        case "Q":
            while let next = take() {
                if next == "\\", skip("E") { break }
                write(Self.literal(next))
            }
        case "G", "R", "X", "k", "z":
            write("\\\(scalar)")
            if scalar == "k", peek == "<" { write(try take(through: ">") + ">") }
        default: write(try member(escaped: scalar).text)
        }
    }

    /// A group that matched before, or a character's number with three octal digits.
    private mutating func reference(_ first: Unicode.Scalar) throws(Problem) {
        var digits = [first.value - 48]
        if let next = peek, ("0"..."9").contains(next) {
            position += 1
            digits.append(next.value - 48)
            if digits.allSatisfy({ $0 < 8 }), let last = peek, ("0"..."7").contains(last) {
                position += 1
                return write(Self.number((digits[0] * 64 + digits[1] * 8 + last.value - 48) & 255))
            }
        }
        let number = digits.reduce(0) { $0 * 10 + $1 }
        guard number <= groups else { throw .invalid }
        write("(?:\\\(number))")
    }

    private mutating func octal(atMost count: Int, after first: UInt32) throws(Problem) -> String {
        var value = first
        for _ in 0..<count {
            guard let next = peek, ("0"..."7").contains(next) else { break }
            position += 1
            value = value * 8 + next.value - 48
        }
        return Self.number(value & 255)
    }

    /// What an escape means outside and inside of sets, and whether that is more than one character.
    private mutating func member(escaped scalar: Unicode.Scalar) throws(Problem) -> (text: String, isClass: Bool) {
        switch scalar {
        case "a": return (Self.number(7), false)
        case "f": return (Self.number(12), false)
        case "n": return (Self.number(10), false)
        case "r": return (Self.number(13), false)
        case "t": return (Self.number(9), false)
        case "v": return (Self.number(11), false)
        case "d": return ("[\(isUnicode ? "\\p{Nd}" : "0-9")]", true)
        case "D": return ("[^\(isUnicode ? "\\p{Nd}" : "0-9")]", true)
        case "s": return ("[\(space)]", true)
        case "S": return ("[^\(space)]", true)
        case "w": return (word, true)
        case "W": return ("[^" + word.dropFirst(), true)
        case "x":
            if peek == "{" { return ("\\x" + (try take(through: "}")) + "}", false) }
            let start = position
            while position < start + 2, let next = peek, next.properties.isASCIIHexDigit { position += 1 }
            guard position > start else { throw .invalid }
            return ("\\x{" + text(from: start) + "}", false)
        case "N", "P", "p":
            guard peek == "{" else { return (Self.literal(scalar), false) }
            return ("\\\(scalar)" + (try take(through: "}")) + "}", scalar != "N")
        case "c":
            guard let next = take() else { throw .invalid }
            return ("\\c\(next)", false)
        case "H", "V", "h": return ("\\\(scalar)", true)
        case "U", "e", "u": return ("\\\(scalar)", false)
        default: return (Self.literal(scalar), false)
        }
    }

    // MARK: Sets

    private mutating func set() throws(Problem) {
        write("[")
        if skip("^") { write("^") }
        let start = position
        while position == start || peek != "]" {
            if let name = posixClass() {
                write(name)
                continue
            }
            let low = try member()
            write(low.text)
            guard peek == "-", position + 1 < scalars.count, scalars[position + 1] != "]" else { continue }
            position += 1
            let high = try member()
            // Python refused a class at an end of a range.
            write(low.isClass || high.isClass ? Self.literal("-") : "-")
            write(high.text)
        }
        position += 1
        write("]")
    }

    private mutating func member() throws(Problem) -> (text: String, isClass: Bool) {
        guard let scalar = take() else { throw .invalid }
        guard scalar == "\\" else { return (Self.literal(scalar), false) }
        guard let escaped = take() else { throw .invalid }
        switch escaped {
        case "b": return (Self.number(8), false)
        case "0"..."7": return (try octal(atMost: 2, after: escaped.value - 48), false)
        case "8", "9": throw .invalid
        default: return try member(escaped: escaped)
        }
    }

    /// A class such as `[:alpha:]` at this place in a set.
    private mutating func posixClass() -> String? {
        guard scalars[position...].starts(with: "[:".unicodeScalars) else { return nil }
        var end = position + 2
        while end < scalars.count, scalars[end] == "^" || scalars[end].properties.isAlphabetic { end += 1 }
        guard scalars[end...].starts(with: ":]".unicodeScalars) else { return nil }
        let start = position
        position = end + 2
        return text(from: start)
    }

    // MARK: Words

    private var isUnicode: Bool { givenFlags.contains("u") }
    private var word: String { isUnicode ? "[\\p{L}\\p{N}_]" : "[A-Za-z0-9_]" }
    private var space: String { isUnicode ? "\\p{Z}\\t-\\r\\x1c-\\x1f\\x85" : "\\x20\\t-\\r" }

    /// A character that means itself, in a set or not.
    private static func literal(_ scalar: Unicode.Scalar) -> String {
        scalar.properties.isASCIIHexDigit || scalar.properties.isAlphabetic ? String(scalar) : number(scalar.value)
    }

    private static func number(_ value: UInt32) -> String { "\\x{\(String(value, radix: 16))}" }

    private mutating func write(_ text: String) { result.append(contentsOf: text.unicodeScalars) }

    // MARK: Reading

    private var peek: Unicode.Scalar? { position < scalars.count ? scalars[position] : nil }

    private func text(from start: Int) -> String {
        var text = String.UnicodeScalarView()
        text.append(contentsOf: scalars[start..<position])
        return String(text)
    }

    private mutating func take() -> Unicode.Scalar? {
        guard let scalar = peek else { return nil }
        position += 1
        return scalar
    }

    private mutating func skip(_ scalar: Unicode.Scalar) -> Bool {
        guard peek == scalar else { return false }
        position += 1
        return true
    }

    /// The text before a character, which is passed, too.
    private mutating func take(through end: Unicode.Scalar) throws(Problem) -> String {
        let start = position
        while peek != end {
            guard take() != nil else { throw .invalid }
        }
        defer { position += 1 }
        return text(from: start)
    }

    private mutating func digits() -> String {
        let start = position
        while let next = peek, ("0"..."9").contains(next) { position += 1 }
        return text(from: start)
    }
}

extension UInt8 {
    /// Whether it is a letter of ASCII or `_`.
    fileprivate var isLetterOrLine: Bool { self == 95 || (65...90).contains(self & 0xDF) }
}
