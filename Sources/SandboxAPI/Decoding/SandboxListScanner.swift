import FoundationEssentials

/// Reads the list of sandboxes as current labs send it, at a small part of what `JSONDecoder` needs.
///
/// A worker reads this list at every tick, with thousands of sandboxes in a big lab. Whatever isn't quite as expected
/// (other types, odd spellings, a member twice, broken JSON) is left to the lenient reader, by returning `nil`.
struct SandboxListScanner {
    private let bytes: UnsafeBufferPointer<UInt8>
    private var position = 0

    /// The list in a reply; `nil` where the lenient reader has to read it.
    static func list(_ data: Data) -> [SandboxSummary]? {
        data.withUnsafeBytes { raw in
            var scanner = SandboxListScanner(bytes: raw.bindMemory(to: UInt8.self))
            return scanner.list()
        }
    }

    private init(bytes: UnsafeBufferPointer<UInt8>) {
        self.bytes = bytes
    }

    private mutating func list() -> [SandboxSummary]? {
        guard take("[") else { return nil }
        var list: [SandboxSummary] = []
        if !take("]") {
            repeat {
                guard let sandbox = sandbox() else { return nil }
                list.append(sandbox)
            } while take(",")
            guard take("]") else { return nil }
        }
        skipSpace()
        return position == bytes.count ? list : nil
    }

    private mutating func sandbox() -> SandboxSummary? {
        var (id, name, description, state): (String?, String?, String?, String?)
        var blueprint: BlueprintReference?
        let isRead = members { scanner, key in
            if key.elementsEqual("id".utf8) { return scanner.read(&id) }
            if key.elementsEqual("name".utf8) { return scanner.read(&name) }
            if key.elementsEqual("description".utf8) { return scanner.read(&description) }
            if key.elementsEqual("state".utf8) { return scanner.read(&state) }
            if key.elementsEqual("blueprint".utf8) {
                guard blueprint == nil, let read = scanner.blueprint() else { return false }
                blueprint = read
                return true
            }
            return !Self.mayBeMeant(key) && scanner.skipValue()
        }
        guard isRead, let id, Self.isFilled(id), let state, !state.isEmpty else { return nil }
        return SandboxSummary(
            id: id,
            name: name ?? "",
            description: description.flatMap { Self.isFilled($0) ? $0 : nil },
            state: SandboxState(rawValue: state),
            blueprint: blueprint
        )
    }

    private mutating func blueprint() -> BlueprintReference? {
        var (id, name): (String?, String?)
        let isRead = members { scanner, key in
            if key.elementsEqual("id".utf8) { return scanner.read(&id) }
            if key.elementsEqual("name".utf8) { return scanner.read(&name) }
            return !Self.mayBeMeant(key) && scanner.skipValue()
        }
        guard isRead else { return nil }
        return BlueprintReference(
            name: name.flatMap { Self.isFilled($0) ? $0 : nil },
            id: id.flatMap { Self.isFilled($0) ? $0 : nil }
        )
    }

    /// Whether a key may be another spelling of one that is read: those begin with these letters, or can't be told.
    private static func mayBeMeant(_ key: UnsafeBufferPointer<UInt8>.SubSequence) -> Bool {
        guard let first = key.first else { return false }
        let isPlain = key.allSatisfy { $0 < 0x80 && $0 != UInt8(ascii: "\\") }
        guard isPlain else { return true }
        let known: [StaticString] = ["id", "name", "description", "state", "blueprint"]
        let folded = key.lazy.filter { $0 != 0x20 && $0 != UInt8(ascii: "_") && $0 != UInt8(ascii: "-") }
            .map { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) ? $0 | 0x20 : $0 }
        let initial = folded.first ?? first
        guard "indsb".utf8.contains(initial) else { return false }
        return known.contains { $0.withUTF8Buffer { folded.elementsEqual($0) } }
    }

    private static func isFilled(_ text: String) -> Bool {
        !text.isEmpty && !text.folds(to: "null")
    }

    // MARK: JSON

    /// Reads an object; `member` reads the value of a key, and returns `false` where it can't.
    private mutating func members(
        _ member: (inout Self, UnsafeBufferPointer<UInt8>.SubSequence) -> Bool
    ) -> Bool {
        guard take("{") else { return false }
        if take("}") { return true }
        repeat {
            guard let key = rawText(), take(":"), member(&self, key) else { return false }
        } while take(",")
        return take("}")
    }

    /// Reads a text that hasn't been read before.
    private mutating func read(_ member: inout String?) -> Bool {
        guard member == nil, let text = text() else { return false }
        member = text
        return true
    }

    /// A text without escapes.
    private mutating func text() -> String? {
        guard let raw = rawText(), !raw.contains(UInt8(ascii: "\\")) else { return nil }
        return String(validating: raw, as: UTF8.self)
    }

    /// What is between two quotes.
    private mutating func rawText() -> UnsafeBufferPointer<UInt8>.SubSequence? {
        guard take("\"") else { return nil }
        let start = position
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: "\""):
                position += 1
                return bytes[start..<(position - 1)]
            case UInt8(ascii: "\\"): position += 2
            case 0..<0x20: return nil
            default: position += 1
            }
        }
        return nil
    }

    /// Skips a text, number, word, or flat list or object of them.
    private mutating func skipValue(depth: Int = 0) -> Bool {
        skipSpace()
        guard position < bytes.count, depth < 8 else { return false }
        switch bytes[position] {
        case UInt8(ascii: "\""): return rawText().map { !$0.contains(UInt8(ascii: "\\")) } ?? false
        case UInt8(ascii: "{"): return members { scanner, _ in scanner.skipValue(depth: depth + 1) }
        case UInt8(ascii: "["):
            guard take("["), !take("]") else { return true }
            repeat {
                guard skipValue(depth: depth + 1) else { return false }
            } while take(",")
            return take("]")
        case UInt8(ascii: "t"): return takeWord("true")
        case UInt8(ascii: "f"): return takeWord("false")
        case UInt8(ascii: "n"): return takeWord("null")
        case UInt8(ascii: "1")...UInt8(ascii: "9"):
            let start = position
            while position < bytes.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[position]) {
                position += 1
            }
            return position - start < 16
        default: return false
        }
    }

    private mutating func takeWord(_ word: StaticString) -> Bool {
        word.withUTF8Buffer { word in
            guard bytes.dropFirst(position).starts(with: word) else { return false }
            position += word.count
            return true
        }
    }

    /// Takes a character, after white space.
    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        skipSpace()
        guard position < bytes.count, bytes[position] == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    private mutating func skipSpace() {
        while position < bytes.count {
            switch bytes[position] {
            case 0x20, 0x0A, 0x0D, 0x09: position += 1
            default: return
            }
        }
    }
}
