import FoundationEssentials

/// One file of AWS's INI dialect, read into sections.
///
/// Follows the shared configuration specification of the "AWS SDKs and Tools Reference Guide": comments from `#`
/// or `;`, at a line's start or after white space; names of settings in any case; a later section of the same
/// name adds to the earlier one; an indented line continues the value above, or is a nested setting where that
/// value is empty.
struct ProfileFile: Sendable, Hashable {
    enum Value: Sendable, Hashable {
        case text(String)
        case nested([String: String])
    }

    typealias Section = [String: Value]

    /// Sections by their header, with one space after a kind: `default`, `profile x`, `services y`.
    var sections: [String: Section] = [:]

    /// Reads a file; `nil` when it doesn't exist.
    static func read(_ path: String) throws -> ProfileFile? {
        // FileManager can't read a device, and people do write /dev/null to have no file.
        guard path != "/dev/null", FileManager.default.fileExists(atPath: path) else { return nil }
        guard let data = FileManager.default.contents(atPath: path) else {
            throw AWSConfigurationError("\(path) can't be read")
        }
        return try ProfileFile(String(decoding: data, as: UTF8.self), name: path)
    }

    /// Parses a text.
    ///
    /// - Throws: ``AWSConfigurationError`` naming file and line, never what the line says: it may be a secret.
    init(_ text: String, name: String) throws {
        var header: String?
        var setting: String?
        let content = text.hasPrefix("\u{FEFF}") ? text.dropFirst() : text[...]
        // By scalar, since CR LF is one character.
        let lines = content.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false)
        for (index, scalars) in lines.enumerated() {
            let line = Substring(scalars)
            func malformed(_ what: String) -> AWSConfigurationError {
                AWSConfigurationError("\(name), line \(index + 1): \(what)")
            }
            let trimmed = Self.trim(line)
            guard let first = trimmed.first, first != "#", first != ";" else { continue }
            if line.first == " " || line.first == "\t" {
                guard let header, let setting else { throw malformed("an indented line continues nothing") }
                try Self.append(trimmed, to: &sections[header, default: [:]][setting], malformed)
            } else if first == "[" {
                guard let end = trimmed.firstIndex(of: "]") else { throw malformed("a section lacks its \"]\"") }
                let name = Self.header(trimmed[trimmed.index(after: trimmed.startIndex)..<end])
                guard !name.isEmpty else { throw malformed("a section has no name") }
                sections[name, default: [:]].merge([:]) { $1 }
                (header, setting) = (name, nil)
            } else {
                guard let header else { throw malformed("a setting stands before the first section") }
                guard let (key, value) = Self.pair(trimmed) else { throw malformed("expected \"name = value\"") }
                sections[header, default: [:]][key] = .text(value)
                setting = key
            }
        }
    }

    private static func append(
        _ line: Substring,
        to value: inout Value?,
        _ malformed: (String) -> AWSConfigurationError
    ) throws {
        switch value {
        case .nested(var settings):
            guard let (key, text) = pair(line) else { throw malformed("expected \"name = value\"") }
            settings[key] = text
            value = .nested(settings)
        case .text(""), nil:
            guard let (key, text) = pair(line) else { throw malformed("expected \"name = value\"") }
            value = .nested([key: text])
        case .text(let text):
            value = .text(text + "\n" + line)
        }
    }

    /// `name = value`, with the name in lower case and no comment.
    private static func pair(_ line: Substring) -> (String, String)? {
        guard let equals = line.firstIndex(of: "=") else { return nil }
        let key = trim(line[..<equals])
        guard !key.isEmpty else { return nil }
        var value = line[line.index(after: equals)...]
        for index in value.indices where value[index] == "#" || value[index] == ";" {
            guard index > value.startIndex else {
                value = value[..<index]
                break
            }
            let before = value[value.index(before: index)]
            if before == " " || before == "\t" {
                value = value[..<index]
                break
            }
        }
        return (key.lowercased(), String(trim(value)))
    }

    /// A header's words with one space between them, without quotation marks around the name.
    private static func header(_ text: Substring) -> String {
        let name = trim(text)
        for kind in ["profile", "services", "sso-session"] {
            let rest = name.dropFirst(kind.count)
            guard name.hasPrefix(kind), let next = rest.first, next == " " || next == "\t" else { continue }
            return "\(kind) \(unquoted(trim(rest)))"
        }
        return unquoted(name)
    }

    private static func unquoted(_ text: Substring) -> String {
        for mark in ["\"", "'"] where text.count >= 2 && text.hasPrefix(mark) && text.hasSuffix(mark) {
            return String(text.dropFirst().dropLast())
        }
        return String(text)
    }

    private static func trim(_ text: Substring) -> Substring {
        let scalars = text.unicodeScalars
        guard let start = scalars.firstIndex(where: { !isBlank($0) }),
            let end = scalars.lastIndex(where: { !isBlank($0) })
        else { return "" }
        return Substring(scalars[start...end])
    }

    private static func isBlank(_ scalar: Unicode.Scalar) -> Bool {
        scalar == " " || scalar == "\t" || scalar == "\r"
    }
}
