/// Reads a JSON text from its beginning to its end, at a small part of what `JSONDecoder` needs.
///
/// It knows what services send nearly always, and gives up (`nil` or `false`) where a text is broken or unusual; then
/// `JSONDecoder` has to read it, or to say what is wrong.
package struct JSONScanner {
    /// What is between two quotes.
    package struct Text {
        let bytes: BorrowedBytes
        let hasEscapes: Bool
        /// Whether it is ASCII without escapes, so that equal texts have equal bytes.
        package let isPlain: Bool
        let range: Range<Int>

        /// Whether it is this text; only of a plain one is it known.
        package func equals(_ other: StaticString) -> Bool {
            other.lend { $0.equals(utf8) }
        }

        /// The bytes between the quotes.
        package var utf8: BorrowedBytes { bytes[range] }

        /// What it says; `nil` where it isn't Unicode, or holds half of a character.
        package var string: String? {
            hasEscapes ? JSONScanner.unescaped(utf8) : String(validating: utf8, as: UTF8.self)
        }
    }

    /// A number as it is written.
    struct Number {
        let range: Range<Int>
        /// Whether it is a whole number that every type of 64 bits holds.
        let isInteger: Bool
    }

    private let bytes: BorrowedBytes
    private var position = 0

    /// How deep lists and objects may be in one another.
    static let deepest = 32

    /// Begins to read; the bytes must outlive the scanner and its texts.
    package init(_ bytes: BorrowedBytes) {
        self.bytes = bytes
    }

    /// The byte that comes next, after white space.
    mutating func next() -> UInt8? {
        while position < bytes.count {
            switch bytes[position] {
            case 0x20, 0x0A, 0x0D, 0x09: position += 1
            default: return bytes[position]
            }
        }
        return nil
    }

    /// Whether there is nothing more.
    package mutating func isAtEnd() -> Bool { next() == nil }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard next() == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    /// Reads an object; `read` takes the value of a key, and returns `false` where it can't.
    package mutating func members(_ read: (inout Self, Text) -> Bool) -> Bool {
        guard take("{") else { return false }
        if take("}") { return true }
        repeat {
            guard let key = text(), take(":"), read(&self, key) else { return false }
        } while take(",")
        return take("}")
    }

    /// Reads a list; `read` takes an element, and returns `false` where it can't.
    package mutating func elements(_ read: (inout Self) -> Bool) -> Bool {
        guard take("[") else { return false }
        if take("]") { return true }
        repeat {
            guard read(&self) else { return false }
        } while take(",")
        return take("]")
    }

    /// Reads a text.
    package mutating func text() -> Text? {
        guard take("\"") else { return nil }
        let start = position
        var hasEscapes = false
        var all: UInt8 = 0
        while position < bytes.count {
            let byte = bytes[position]
            switch byte {
            case UInt8(ascii: "\""):
                position += 1
                return Text(
                    bytes: bytes,
                    hasEscapes: hasEscapes,
                    isPlain: !hasEscapes && all < 0x80,
                    range: start..<(position - 1)
                )
            case UInt8(ascii: "\\"):
                guard let length = Self.escape(bytes[position...])?.length else { return nil }
                hasEscapes = true
                position += length
            case 0..<0x20: return nil
            default:
                all |= byte
                position += 1
            }
        }
        return nil
    }

    /// Reads a number.
    mutating func number() -> Number? {
        guard next() != nil else { return nil }
        let start = position
        if bytes[position] == UInt8(ascii: "-") { position += 1 }
        let whole = position
        let digits = takeDigits()
        guard digits > 0, digits == 1 || bytes[whole] != UInt8(ascii: "0") else { return nil }
        var isInteger = digits <= 18
        if position < bytes.count, bytes[position] == UInt8(ascii: ".") {
            position += 1
            isInteger = false
            guard takeDigits() > 0 else { return nil }
        }
        if position < bytes.count, bytes[position] | 0x20 == UInt8(ascii: "e") {
            position += 1
            isInteger = false
            if position < bytes.count, bytes[position] == UInt8(ascii: "+") || bytes[position] == UInt8(ascii: "-") {
                position += 1
            }
            guard takeDigits() > 0 else { return nil }
        }
        return Number(range: start..<position, isInteger: isInteger)
    }

    private mutating func takeDigits() -> Int {
        let start = position
        while position < bytes.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[position]) {
            position += 1
        }
        return position - start
    }

    /// Reads a word: `true`, `false` or `null`.
    mutating func word(_ word: StaticString) -> Bool {
        guard next() != nil, bytes.count - position >= word.utf8CodeUnitCount else { return false }
        let isThere = word.lend { $0.equals(bytes[position..<(position + $0.count)]) }
        if isThere { position += word.utf8CodeUnitCount }
        return isThere
    }

    /// Reads a value of any kind, and forgets it.
    package mutating func skipValue(depth: Int = 0) -> Bool {
        guard depth < Self.deepest else { return false }
        switch next() {
        case UInt8(ascii: "\""): return text() != nil
        case UInt8(ascii: "{"): return members { scanner, _ in scanner.skipValue(depth: depth + 1) }
        case UInt8(ascii: "["): return elements { $0.skipValue(depth: depth + 1) }
        case UInt8(ascii: "t"): return word("true")
        case UInt8(ascii: "f"): return word("false")
        case UInt8(ascii: "n"): return word("null")
        default: return number() != nil
        }
    }

    // MARK: Escapes

    /// What an escape stands for, and how many bytes it has; `nil` where it is none, or half of a character.
    private static func escape<Bytes: Collection<UInt8>>(_ bytes: Bytes) -> (scalar: Unicode.Scalar, length: Int)? {
        switch bytes.dropFirst().first {
        case UInt8(ascii: "\""): return ("\"", 2)
        case UInt8(ascii: "\\"): return ("\\", 2)
        case UInt8(ascii: "/"): return ("/", 2)
        case UInt8(ascii: "b"): return ("\u{8}", 2)
        case UInt8(ascii: "f"): return ("\u{C}", 2)
        case UInt8(ascii: "n"): return ("\n", 2)
        case UInt8(ascii: "r"): return ("\r", 2)
        case UInt8(ascii: "t"): return ("\t", 2)
        case UInt8(ascii: "u"):
            let digits = bytes.dropFirst(2).prefix(4)
            guard digits.count == 4, let code = HexDigits.value(digits) else { return nil }
            return Unicode.Scalar(code).map { ($0, 6) }
        default: return nil
        }
    }

    private static func unescaped(_ text: BorrowedBytes) -> String? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count)
        var rest = text
        while let byte = rest.first {
            if byte == UInt8(ascii: "\\") {
                guard let (scalar, length) = escape(rest) else { return nil }
                bytes.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
                rest = rest.dropFirst(length)
            } else {
                bytes.append(byte)
                rest = rest.dropFirst()
            }
        }
        return String(validating: bytes, as: UTF8.self)
    }
}
