/// The lines of a ``ProfileFile``, one after the other, into sections in their order.
struct ProfileFileReader {
    typealias Line = Substring.UnicodeScalarView

    let name: String
    private var number = 0
    private var headers: [String] = []
    private var sections: [String: [String: [String]]] = [:]
    /// The section and the setting that the next line may belong to, and how far the setting is indented.
    private var header: String?
    private var setting: String?
    private var indentation = 0
    /// The first line that is no setting; a missing section is told before it, as in Python.
    private var malformed: AWSConfigurationError?

    /// Whose settings every section has.
    private static let defaults = "DEFAULT"

    init(name: String) {
        self.name = name
    }

    mutating func read(_ line: Line) throws {
        number += 1
        let text = Self.trim(line)
        let isComment = text.first == "#" || text.first == ";"
        guard let first = text.first, !isComment else {
            // An empty line is part of the value around it.
            if !isComment, let header, let setting { sections[header]?[setting]?.append("") }
            return
        }
        let indentation = line.distance(from: line.startIndex, to: text.startIndex)
        if let header, let setting, indentation > self.indentation {
            sections[header]?[setting]?.append(String(text))
            return
        }
        self.indentation = indentation
        if first == "[", let end = text.lastIndex(of: "]"), end > text.index(after: text.startIndex) {
            try start(String(text[text.index(after: text.startIndex)..<end]))
        } else if let header {
            try set(text, in: header)
        } else {
            throw error("a setting stands before the first section, or a section lacks its \"]\"")
        }
    }

    /// The sections in their order, each with what `[DEFAULT]` says.
    func finish() throws -> [(String, ProfileFile.Section)] {
        if let malformed { throw malformed }
        return try headers.filter { $0 != Self.defaults }.map { header in
            let settings = (sections[Self.defaults] ?? [:]).merging(sections[header] ?? [:]) { $1 }
            return (header, try settings.mapValues { try value($0, in: header) })
        }
    }

    private mutating func start(_ header: String) throws {
        if sections[header] != nil, header != Self.defaults { throw error("a section comes twice") }
        if sections[header] == nil {
            headers.append(header)
            sections[header] = [:]
        }
        (self.header, setting) = (header, nil)
    }

    private mutating func set(_ text: Line, in header: String) throws {
        guard let end = text.firstIndex(where: { $0 == "=" || $0 == ":" }), end > text.startIndex else {
            malformed = malformed ?? error("expected \"name = value\"")
            return
        }
        let setting = String(Self.trim(text[..<end])).lowercased()
        guard sections[header]?[setting] == nil else { throw error("a setting comes twice in its section") }
        sections[header]?[setting] = [String(Self.trim(text[text.index(after: end)...]))]
        self.setting = setting
    }

    private func value(_ lines: [String], in header: String) throws -> ProfileFile.Value {
        var lines = lines
        while lines.count > 1, lines.last == "" { lines.removeLast() }
        guard lines.count > 1, lines[0].isEmpty else { return .text(lines.joined(separator: "\n")) }
        var nested: [String: String] = [:]
        for line in lines.joined(separator: "\n").split(whereSeparator: \.isNewline) {
            let text = Self.trim(Substring(line).unicodeScalars)
            guard !text.isEmpty else { continue }
            guard let equals = text.firstIndex(of: "=") else {
                throw AWSConfigurationError("\(name): a nested setting of a section isn't \"name = value\"")
            }
            nested[String(Self.trim(text[..<equals]))] = String(Self.trim(text[text.index(after: equals)...]))
        }
        return .nested(nested)
    }

    private func error(_ what: String) -> AWSConfigurationError {
        AWSConfigurationError("\(name), line \(number): \(what)")
    }

    private static func trim(_ text: Line) -> Line {
        guard let start = text.firstIndex(where: { !isBlank($0) }), let end = text.lastIndex(where: { !isBlank($0) })
        else { return text[text.endIndex...] }
        return text[start...end]
    }

    /// What Python's `str.strip` takes away.
    private static func isBlank(_ scalar: Unicode.Scalar) -> Bool {
        scalar.properties.isWhitespace || (0x1C...0x1F).contains(scalar.value)
    }
}
