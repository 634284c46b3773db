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
        var reader = try Reader(text, flags: [])
        while reader.flags != reader.givenFlags { reader = try Reader(text, flags: reader.flags) }
        pattern = reader.result
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

    let givenFlags: Set<Unicode.Scalar>
    private(set) var flags: Set<Unicode.Scalar>
    private(set) var result = ""
    /// What is still to be read.
    private var rest: Substring.UnicodeScalarView
    private var groups = 0
    /// How many groups are open; a text such as `a)|(b` mustn't become valid by what is put around it.
    private var depth = 0
    private var names: [String: Int] = [:]

    init(_ text: String, flags: Set<Unicode.Scalar>) throws(Problem) {
        rest = text.unicodeScalars[...]
        givenFlags = flags
        self.flags = flags
        let isVerbose = flags.contains("x")
        while let scalar = rest.popFirst() {
            switch scalar {
            case " " where isVerbose, "\t"..."\r" where isVerbose: break
            case "#" where isVerbose: _ = take { $0 != "\n" }
            case "\\": try escape()
            case "[": try set()
            case "(": try group()
            case "{": interval()
            case ")":
                depth -= 1
                guard depth >= 0 else { throw .invalid }
                result += ")"
            case "*", "+", "?", "|", "^", "$", ".": result.unicodeScalars.append(scalar)
            default: result += Self.literal(scalar)
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
        for kind in [":", "=", "!", ">", "<=", "<!"] where skip(kind) { return open("(?" + kind) }
        if skip("P<") {
            try name(take(through: ">"))
            open("(")
        } else if skip("P=") {
            guard let number = names[try take(through: ")")] else { throw .invalid }
            result += "(?:\\\(number))"
        } else if skip("P") {
            throw .invalid
        } else if skip("<") {
            let text = try take(through: ">")
            try name(text)
            open("(?<\(text)>")
        } else if skip("#") {
            _ = try take(through: ")")
        } else if skip("(") {
            let name = try take(through: ")")
            throw .unsupported("(?(\(name))…)", instead: "both cases with '|' between them")
        } else {
            try readFlags()
        }
    }

    private mutating func open(_ text: String) {
        depth += 1
        result += text
    }

    /// Names the group that begins.
    private mutating func name(_ name: String) throws(Problem) {
        groups += 1
        let isName = name.allSatisfy { $0 == "_" || $0.isASCII && ($0.isLetter || $0.isNumber) }
        guard isName, name.first?.isNumber == false, names.updateValue(groups, forKey: name) == nil else {
            throw .invalid
        }
    }

    private mutating func readFlags() throws(Problem) {
        let letters = take { $0 != ")" && $0 != ":" }
        if !letters.isEmpty, letters.unicodeScalars.allSatisfy("iLmsux".unicodeScalars.contains), skip(")") {
            // L goes by the locale, which for Python 2 is that of plain ASCII.
            flags.formUnion(letters.unicodeScalars)
        } else if letters.contains("x") {
            throw .unsupported("(?\(letters)…)", instead: "(?x), which counts for the whole")
        } else {
            open("(?" + letters + (skip(":") ? ":" : ""))
        }
    }

    private mutating func interval() {
        let start = rest
        let least = take(while: Self.isDigit)
        let text = skip(",") ? "\(least.isEmpty ? "0" : least),\(take(while: Self.isDigit))" : least
        if !text.isEmpty, skip("}") {
            result += "{\(text)}"
        } else {
            rest = start
            result += Self.literal("{")
        }
    }

    // MARK: Escapes

    private mutating func escape() throws(Problem) {
        guard let scalar = rest.popFirst() else { throw .invalid }
        switch scalar {
        case "A": result += "\\A"
        case "Z": result += "\\z"
        case "b": result += "(?:(?<=\(word))(?!\(word))|(?<!\(word))(?=\(word)))"
        case "B": result += "(?:(?<=\(word))(?=\(word))|(?<!\(word))(?!\(word)))"
        case "1"..."9": try reference(String(scalar))
        case "0": result += octal("0")
        case "Q": while !skip("\\E"), let next = rest.popFirst() { result += Self.literal(next) }
        case "G", "R", "X", "k", "z":
            result += "\\\(scalar)"
            if scalar == "k", rest.first == "<" { result += try take(through: ">") + ">" }
        default: result += try member(escaped: scalar).text
        }
    }

    /// A group that matched before, or a character's number with three octal digits.
    private mutating func reference(_ first: String) throws(Problem) {
        let start = rest
        let digits = first + take(atMost: 2, while: Self.isDigit)
        if digits.utf8.count == 3, let value = UInt32(digits, radix: 8) {
            result += Self.number(value & 255)
            return
        }
        rest = start
        guard let number = Int(first + take(atMost: 1, while: Self.isDigit)), number <= groups else { throw .invalid }
        result += "(?:\\\(number))"
    }

    /// A character's number that begins with an octal digit and has three at most.
    private mutating func octal(_ first: String) -> String {
        let digits = first + take(atMost: 2) { ("0"..."7").contains($0) }
        return Self.number((UInt32(digits, radix: 8) ?? 0) & 255)
    }

    /// What an escape means outside and inside of sets, and whether that is more than one character.
    private mutating func member(escaped scalar: Unicode.Scalar) throws(Problem) -> (text: String, isClass: Bool) {
        switch scalar {
        case "U", "a", "e", "f", "n", "r", "t", "u": return ("\\\(scalar)", false)
        case "v": return (Self.number(11), false)
        case "d": return ("[\(digit)]", true)
        case "D": return ("[^\(digit)]", true)
        case "s": return ("[\(space)]", true)
        case "S": return ("[^\(space)]", true)
        case "w": return (word, true)
        case "W": return ("[^" + word.dropFirst(), true)
        case "x":
            let isOpen = skip("{")
            let digits = isOpen ? try take(through: "}") : take(atMost: 2) { $0.properties.isASCIIHexDigit }
            guard isOpen || !digits.isEmpty else { throw .invalid }
            return ("\\x{\(digits)}", false)
        case "N", "P", "p":
            guard rest.first == "{" else { return (Self.literal(scalar), false) }
            return ("\\\(scalar)" + (try take(through: "}")) + "}", scalar != "N")
        case "c":
            guard let next = rest.popFirst() else { throw .invalid }
            return ("\\c\(next)", false)
        case "H", "V", "h": return ("\\\(scalar)", true)
        default: return (Self.literal(scalar), false)
        }
    }

    // MARK: Sets

    private mutating func set() throws(Problem) {
        result += skip("^") ? "[^" : "["
        repeat {
            if let name = posixClass() {
                result += name
                continue
            }
            let low = try member()
            result += low.text
            guard rest.dropFirst().first != "]", skip("-") else { continue }
            let high = try member()
            // Python refused a class at an end of a range.
            result += (low.isClass || high.isClass ? Self.literal("-") : "-") + high.text
        } while !skip("]")
        result += "]"
    }

    private mutating func member() throws(Problem) -> (text: String, isClass: Bool) {
        guard let scalar = rest.popFirst() else { throw .invalid }
        guard scalar == "\\" else { return (Self.literal(scalar), false) }
        guard let escaped = rest.popFirst() else { throw .invalid }
        switch escaped {
        case "b": return (Self.number(8), false)
        case "0"..."7": return (octal(String(escaped)), false)
        case "8", "9": throw .invalid
        default: return try member(escaped: escaped)
        }
    }

    /// A class such as `[:alpha:]` at this place in a set.
    private mutating func posixClass() -> String? {
        let start = rest
        if skip("[:") {
            let name = take { $0 == "^" || $0.properties.isAlphabetic }
            if skip(":]") { return "[:\(name):]" }
        }
        rest = start
        return nil
    }

    // MARK: Words

    private var isUnicode: Bool { givenFlags.contains("u") }
    private var digit: String { isUnicode ? "\\p{Nd}" : "0-9" }
    private var space: String { isUnicode ? "\\p{Z}\\t-\\r\\x1c-\\x1f\\x85" : "\\x20\\t-\\r" }
    private var word: String { isUnicode ? "[\\p{L}\\p{N}_]" : "[A-Za-z0-9_]" }

    /// A character that means itself, in a set or not.
    private static func literal(_ scalar: Unicode.Scalar) -> String {
        scalar.properties.isASCIIHexDigit || scalar.properties.isAlphabetic ? String(scalar) : number(scalar.value)
    }

    private static func number(_ value: UInt32) -> String { "\\x{\(String(value, radix: 16))}" }

    private static func isDigit(_ scalar: Unicode.Scalar) -> Bool { ("0"..."9").contains(scalar) }

    // MARK: Reading

    private mutating func skip(_ text: String) -> Bool {
        guard rest.starts(with: text.unicodeScalars) else { return false }
        rest.removeFirst(text.unicodeScalars.count)
        return true
    }

    /// The characters from here on that fit.
    private mutating func take(atMost count: Int = .max, while fits: (Unicode.Scalar) -> Bool) -> String {
        let found = rest.prefix(count).prefix(while: fits)
        rest = rest[found.endIndex...]
        return String(found)
    }

    /// The text before a character, which is passed, too.
    private mutating func take(through end: Unicode.Scalar) throws(Problem) -> String {
        let text = take { $0 != end }
        guard rest.popFirst() != nil else { throw .invalid }
        return text
    }
}
