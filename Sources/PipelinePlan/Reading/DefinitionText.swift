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

    /// A key that a mapping has more than once; what it has first isn't read.
    struct DoubleKey: Sendable {
        let name: String
        let place: Place
    }

    /// Reads a text, and the keys that a mapping has twice: CloudFormation takes the last of them.
    ///
    /// - Throws: ``DefinitionError`` that says where and why it can't be read.
    static func read(_ bytes: some Collection<UInt8>) throws(DefinitionError) -> (root: Node, doubleKeys: [DoubleKey]) {
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
        var doubleKeys: [DoubleKey] = []
        while true {
            do {
                // Without rules for types, since all is text here; and the encoding is given, or an environment variable counts.
                let parser = try Parser(yaml: text, resolver: .basic, encoding: .utf8)
                guard let root = try parser.singleRoot() else { throw DefinitionError("is empty.") }
                return (node(root), doubleKeys)
            } catch YamlError.duplicatedKeysInMapping(let names, let context)
                where (doubleKeys.count + 1) * bytes.count < rereadLimit
            {
                // Yams refuses them all, so the first one is called otherwise.
                let place = Place(line: context.mark.line, column: context.mark.column)
                doubleKeys.append(DoubleKey(name: names.first ?? "", place: place))
                guard rename(place, in: &text) else {
                    throw error(YamlError.duplicatedKeysInMapping(duplicates: names, context: context), in: text)
                }
            } catch let error as DefinitionError {
                throw error
            } catch let error as YamlError {
                throw Self.error(error, in: text)
            } catch {
                throw DefinitionError("can't be read: \(error)")
            }
        }
    }

    /// Puts a character of nobody's in place of the first one of a key.
    private static func rename(_ place: Place, in text: inout String) -> Bool {
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.indices.contains(place.line - 1) else { return false }
        var scalars = Array(lines[place.line - 1].unicodeScalars)
        var column = place.column - 1
        if scalars.indices.contains(column), scalars[column] == "\"" || scalars[column] == "'" { column += 1 }
        guard scalars.indices.contains(column), scalars[column].value != 0xE000 else { return false }
        scalars[column] = "\u{E000}"
        lines[place.line - 1] = Substring(String(String.UnicodeScalarView(scalars)))
        text = lines.joined(separator: "\n")
        return true
    }

    private static func node(_ node: Yams.Node) -> Node {
        let place = node.mark.map { Place(line: $0.line, column: $0.column) } ?? Place(line: 1, column: 1)
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
        // A short form, such as '!Sub', is written out.
        guard let name = function(node.tag.rawValue) else { return Node(content: content, place: place) }
        return Node(
            content: .map([.init(name: name, place: place, value: Node(content: content, place: place))]),
            place: place
        )
    }

    private static func members(_ key: Yams.Node, _ value: Yams.Node) -> [Node.Member] {
        let place = key.mark.map { Place(line: $0.line, column: $0.column) } ?? Place(line: 1, column: 1)
        let value = node(value)
        guard case .scalar(let scalar) = key else { return [] }
        // A merge: the members of another mapping, which come after a mapping's own only where they stand so.
        if scalar.string == "<<", scalar.style == .plain { return value.members }
        return [Node.Member(name: scalar.string, place: place, value: value)]
    }

    private static func function(_ tag: String) -> String? {
        guard tag.hasPrefix("!"), tag.count > 1 else { return nil }
        let name = String(tag.dropFirst())
        return name == "Ref" || name == "Condition" ? name : "Fn::\(name)"
    }

    private static func error(_ error: YamlError, in text: String) -> DefinitionError {
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            return DefinitionError(
                "can't be read as YAML or JSON: \(problem).",
                at: Place(line: mark.line, column: mark.column)
            )
        case .duplicatedKeysInMapping(let names, let context):
            return DefinitionError(
                "has the key '\((names.first ?? "").cut(to: 100))' twice in one mapping.",
                at: Place(line: context.mark.line, column: context.mark.column)
            )
        case .reader(let problem, let offset, _, _):
            let before = text.utf8.prefix(offset ?? 0)
            let line = before.count { $0 == UInt8(ascii: "\n") } + 1
            return DefinitionError("can't be read as YAML or JSON: \(problem).", at: Place(line: line, column: 1))
        default:
            return DefinitionError("can't be read as YAML or JSON.")
        }
    }

    // MARK: What a parser has to be kept from

    /// At least as much text as all aliases of a text stand for together.
    ///
    /// What an anchor marks ends before the first alias of it, so the aliases in it are among those up to there.
    private static func aliasedSize(_ bytes: [UInt8]) -> Int {
        guard bytes.contains(UInt8(ascii: "&")), bytes.contains(UInt8(ascii: "*")) else { return 0 }
        func isName(_ byte: UInt8) -> Bool {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "_"), UInt8(ascii: "-"):
                true
            default: false
            }
        }
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
            while position < bytes.count, isName(bytes[position]) { position += 1 }
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
