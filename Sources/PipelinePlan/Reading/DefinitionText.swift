import JobEngine
import Yams

/// Reads a text of YAML or JSON, which is YAML as well.
///
/// It may be anybody's: its size and what its aliases bring about are limited. libyaml limits its depth to 1,000.
enum DefinitionText {
    /// The longest text: twice what CloudFormation takes.
    private static let sizeLimit = 2_000_000
    /// How much text all aliases together may stand for.
    private static let aliasLimit = 4_000_000
    /// How much text may be read once more for keys that are there twice.
    private static let rereadLimit = 1_000_000

    /// Reads a text, and the keys that a mapping has twice: CloudFormation takes the last of them.
    ///
    /// - Throws: ``DefinitionError`` that says where and why it can't be read.
    static func read(
        _ bytes: some Collection<UInt8>
    ) throws(DefinitionError) -> (root: Node, doubleKeys: [(name: String, place: Place)]) {
        guard bytes.count <= sizeLimit else {
            throw DefinitionError("has \(bytes.count) bytes. Wanted: at most \(sizeLimit).")
        }
        guard var text = String(validating: bytes, as: UTF8.self) else {
            throw DefinitionError("is no text in UTF-8.")
        }
        if text.unicodeScalars.first == "\u{FEFF}" { text.unicodeScalars.removeFirst() }
        guard !text.trimmingWhitespace.isEmpty else { throw DefinitionError("is empty.") }
        if text.contains("\\u") { text = withoutSurrogates(text) }
        guard aliasedSize(Array(text.utf8)) <= aliasLimit else {
            throw DefinitionError("has aliases of aliases that stand for too much text. Wanted: the text itself.")
        }
        var doubleKeys: [(name: String, place: Place)] = []
        while true {
            do {
                // Without rules for types, since all is text here; and the encoding is given, or an environment variable counts.
                let root = try Parser(yaml: text, resolver: .basic, encoding: .utf8).singleRoot()
                guard let root else { throw DefinitionError("is empty.") }
                return (node(root), doubleKeys)
            } catch {
                // Yams refuses a key that is there twice, so the first one is called otherwise.
                guard case YamlError.duplicatedKeysInMapping(let names, let context) = error,
                    (doubleKeys.count + 1) * bytes.count < rereadLimit, rename(context.mark, in: &text)
                else { throw (error as? DefinitionError) ?? Self.error(error, in: text) }
                doubleKeys.append((names.first ?? "", Place(context.mark)))
            }
        }
    }

    /// Puts a character of nobody's in place of the first one of a key.
    private static func rename(_ key: Mark, in text: inout String) -> Bool {
        let scalars = text.unicodeScalars
        let lines = scalars.split(separator: "\n", maxSplits: key.line - 1, omittingEmptySubsequences: false)
        guard lines.count == key.line, let rest = lines.last?.dropFirst(key.column - 1),
            let index = rest.prefix(2).firstIndex(where: { $0 != "\"" && $0 != "'" }), rest[index] != "\u{E000}"
        else { return false }
        text.unicodeScalars.replaceSubrange(index...index, with: ["\u{E000}"])
        return true
    }

    private static func node(_ node: Yams.Node) -> Node {
        let place = Place(node.mark)
        let content: Node.Content
        switch node {
        case .scalar(let scalar):
            let isNothing = scalar.style == .plain && ["", "~", "null", "Null", "NULL"].contains(scalar.string)
            content = isNothing ? .nothing : .text(scalar.string)
        case .sequence(let nodes): content = .list(nodes.map(Self.node))
        case .mapping(let pairs): content = .map(pairs.flatMap(members))
        // Parsing puts what an alias stands for in its place.
        case .alias: content = .unknown
        }
        let value = Node(content: content, place: place)
        // A short form, such as '!Sub', is written out.
        guard let name = function(node.tag.rawValue) else { return value }
        return Node(content: .map([.init(name: name, place: place, value: value)]), place: place)
    }

    private static func members(_ key: Yams.Node, _ value: Yams.Node) -> [Node.Member] {
        let value = node(value)
        guard case .scalar(let scalar) = key else { return [] }
        // A merge: the members of another mapping, which come after a mapping's own only where they stand so.
        if scalar.string == "<<", scalar.style == .plain { return value.members }
        return [Node.Member(name: scalar.string, place: Place(key.mark), value: value)]
    }

    private static func function(_ tag: String) -> String? {
        guard tag.hasPrefix("!"), tag.count > 1 else { return nil }
        let name = String(tag.dropFirst())
        return name == "Ref" || name == "Condition" ? name : "Fn::\(name)"
    }

    private static func error(_ error: any Error, in text: String) -> DefinitionError {
        let what = "can't be read as YAML or JSON"
        switch error as? YamlError {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            return DefinitionError("\(what): \(problem).", at: Place(mark))
        case .duplicatedKeysInMapping(let names, let context):
            let key = (names.first ?? "").cut(to: 100)
            return DefinitionError("has the key '\(key)' twice in one mapping.", at: Place(context.mark))
        case .reader(let problem, let offset, _, _):
            let line = text.utf8.prefix(offset ?? 0).count { $0 == UInt8(ascii: "\n") } + 1
            return DefinitionError("\(what): \(problem).", at: Place(line: line, column: 1))
        default: return DefinitionError("\(what).")
        }
    }

    // MARK: What a parser has to be kept from

    /// At least as much text as all aliases of a text stand for together.
    ///
    /// What an anchor marks ends before the first alias of it, so the aliases in it are among those up to there.
    private static func aliasedSize(_ bytes: [UInt8]) -> Int {
        guard bytes.contains(UInt8(ascii: "&")), bytes.contains(UInt8(ascii: "*")) else { return 0 }
        struct Anchor {
            let start: Int
            let sizeBefore: Int
            var size: Int?
        }
        var anchors: [ArraySlice<UInt8>: Anchor] = [:]
        var total = 0
        var position = 0
        while position < bytes.count {
            let sign = bytes[position]
            position += 1
            guard sign == UInt8(ascii: "&") || sign == UInt8(ascii: "*") else { continue }
            let start = position
            position = bytes[start...].firstIndex { !isOfName($0) } ?? bytes.endIndex
            guard position > start else { continue }
            let name = bytes[start..<position]
            if sign == UInt8(ascii: "&") {
                anchors[name] = Anchor(start: start, sizeBefore: total)
            } else if let anchor = anchors[name] {
                let size = anchor.size ?? (start - anchor.start) + (total - anchor.sizeBefore)
                anchors[name]?.size = size
                total += size
                if total > aliasLimit { return total }
            }
        }
        return total
    }

    /// Whether a byte may be one of an anchor's name.
    private static func isOfName(_ byte: UInt8) -> Bool {
        Character(Unicode.Scalar(byte)).isLetterOrDigit || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-")
    }

    /// A text in which two escapes of JSON for one character, which YAML doesn't know, are that character.
    private static func withoutSurrogates(_ text: String) -> String {
        text.replacing(/\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})/) { match in
            guard let high = UInt32(match.1, radix: 16), let low = UInt32(match.2, radix: 16),
                let scalar = Unicode.Scalar(0x10000 + (high - 0xD800) << 10 + (low - 0xDC00))
            else { return String(match.0) }
            return String(Character(scalar))
        }
    }
}

extension Place {
    /// A place as Yams has it.
    fileprivate init(_ mark: Mark?) {
        self = mark.map { Place(line: $0.line, column: $0.column) } ?? .start
    }
}
