import FoundationEssentials
import HTTPTransport

/// One file of AWS's INI dialect, read into sections as botocore reads it, by Python's `configparser`.
///
/// A line that starts with `#` or `;` is a comment; there are none after a value. A name, in any case, ends at the
/// first `=` or `:`. A line that is indented further than its setting continues the value; a value that is empty on
/// its own line has nested settings. `[DEFAULT]` is where every section finds what it lacks. Sections and settings
/// that come twice are errors. The one difference: a byte order mark at the start is skipped.
struct ProfileFile: Sendable, Hashable {
    enum Value: Sendable, Hashable {
        case text(String)
        case nested([String: String])
    }

    typealias Section = [String: Value]

    /// Sections by their header.
    ///
    /// Those of a kind as `profile x`, `sso-session y` and `services z`, without quotation marks. `[default]` is `profile default` as well; of both the later one counts.
    private(set) var sections: [String: Section] = [:]

    /// Reads a file; `nil` when it doesn't exist.
    static func read(_ path: String) throws -> ProfileFile? {
        // FileManager can't read a device, and people do write /dev/null to have no file.
        guard path != "/dev/null", FileManager.default.fileExists(atPath: path) else { return nil }
        // It is read again and again, so a pipe, which would be waited for, makes no sense.
        guard let content = try? FileAccess.content(of: path, limit: 16 << 20) else {
            throw AWSConfigurationError("\(path) can't be read")
        }
        return try ProfileFile(String(decoding: content.bytes, as: UTF8.self), name: path)
    }

    /// Parses a text.
    ///
    /// - Throws: ``AWSConfigurationError`` naming file and line, never what the line says: it may be a secret.
    init(_ text: String, name: String) throws {
        var reader = ProfileFileReader(name: name)
        // Splits at "\n", "\r\n" and "\r", as Python does.
        let content = text.hasPrefix("\u{FEFF}") ? text.dropFirst() : text[...]
        var line = Substring.UnicodeScalarView()
        var previous: Unicode.Scalar?
        for scalar in content.unicodeScalars {
            if scalar == "\n" || scalar == "\r" {
                if scalar == "\r" || previous != "\r" {
                    try reader.read(line)
                    line = .init()
                }
            } else {
                line.append(scalar)
            }
            previous = scalar
        }
        if !line.isEmpty { try reader.read(line) }
        for (header, section) in try reader.finish() { add(section, header) }
    }

    private mutating func add(_ section: Section, _ header: String) {
        guard let kind = ["profile", "sso-session", "services"].first(where: { header.hasPrefix($0) }) else {
            sections[header] = section
            if header == "default" { sections["profile default"] = section }
            return
        }
        // botocore looks at the beginning only, so "[profiles x]" is a profile, too.
        guard let words = ShellWords.split(header), words.count == 2 else { return }
        sections["\(kind) \(words[1])"] = section
    }
}
