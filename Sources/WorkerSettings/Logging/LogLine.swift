import Foundation
import HTTPTransport
import Logging
import WorkerStatus

/// What a log line says, before it is written in one form or the other.
package struct LogLine {
    /// When it was said.
    let time: Date
    /// How important it is.
    let level: Logger.Level
    /// What it says.
    let message: String
    /// Its data, sorted by name.
    let fields: [(name: String, value: Logger.MetadataValue)]

    private static let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
    private var timestamp: String { time.formatted(Self.style) }

    /// The line, with its end.
    func text(in form: LineLogHandler.Form) -> String {
        switch form {
        case .text(let inColor): text(inColor: inColor)
        case .textWithoutTime: text(inColor: false, hasTime: false)
        case .json: json
        }
    }

    /// How important it is, as systemd's journal reads it at the beginning of a line.
    ///
    /// Source: sd-daemon(3).
    var priority: String {
        switch level {
        case .trace, .debug: "<7>"
        case .info: "<6>"
        case .notice: "<5>"
        case .warning: "<4>"
        case .error: "<3>"
        case .critical: "<2>"
        }
    }

    // MARK: Text

    /// A line for a person: time, level, message, `name=value`.
    func text(inColor: Bool, hasTime: Bool = true) -> String {
        func colored(_ text: String, _ code: String) -> String { inColor ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text }
        let name = level.rawValue.padding(toLength: 8, withPad: " ", startingAt: 0)
        var line = hasTime ? colored(timestamp, "2") + " " : ""
        line += Self.color(of: level).map { colored(name, $0) } ?? name
        line += " " + Self.visible(message)
        for (name, value) in fields {
            line += " " + colored(Self.visible(name) + "=", "2") + Self.quoted(Self.plain(value))
        }
        return line + "\n"
    }

    private static func color(of level: Logger.Level) -> String? {
        switch level {
        case .trace, .debug: "2"
        case .info: nil
        case .notice: "36"
        case .warning: "33"
        case .error, .critical: "31;1"
        }
    }

    /// A value in words: the parts of a list with commas between them.
    private static func plain(_ value: Logger.MetadataValue) -> String {
        switch value {
        case .string(let text): text
        case .stringConvertible(let value): "\(value)"
        case .array(let values): values.map(plain).joined(separator: ", ")
        case .dictionary(let values):
            values.sorted { $0.key < $1.key }.map { "\($0.key): \(plain($0.value))" }.joined(separator: ", ")
        }
    }

    /// A value in quotes where it would otherwise not be clear where it ends.
    private static func quoted(_ text: String) -> String {
        let isPlain =
            !text.isEmpty && !text.unicodeScalars.contains { $0.properties.isWhitespace || $0 == "\"" || $0 == "=" }
        guard !isPlain else { return visible(text) }
        return "\"" + text.escaping { $0 == "\\" || $0 == "\"" ? "\\\($0)" : HiddenCharacters.escape($0) } + "\""
    }

    /// A text in one line, whose control characters can neither forge a line nor move a terminal's cursor.
    package static func visible(_ text: String) -> String {
        guard !isPlain(text), text.unicodeScalars.contains(where: HiddenCharacters.isOne) else { return text }
        return text.escaping(HiddenCharacters.escape)
    }

    /// Whether a text has nothing but letters, digits and signs of ASCII that need no escape, as most have.
    private static func isPlain(_ text: String) -> Bool {
        text.utf8.allSatisfy { byte in
            (0x20...0x7E).contains(byte) && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
        }
    }

    // MARK: JSON

    /// A line for a machine: one JSON object.
    var json: String {
        var line = "{\"time\":\"\(timestamp)\",\"level\":\"\(level.rawValue)\",\"message\":\(Self.json(message))"
        for (name, value) in fields {
            line += ","
            line += Self.json(name == "time" || name == "level" || name == "message" ? name + "_" : name)
            line += ":"
            line += Self.json(value)
        }
        line += "}\n"
        return line
    }

    private static func json(_ value: Logger.MetadataValue) -> String {
        switch value {
        case .string(let text): json(text)
        case .stringConvertible(let value): json("\(value)")
        case .array(let values): "[" + values.map(json).joined(separator: ",") + "]"
        case .dictionary(let values):
            "{"
                + values.sorted { $0.key < $1.key }.map { json($0.key) + ":" + json($0.value) }
                .joined(separator: ",") + "}"
        }
    }

    private static func json(_ text: String) -> String {
        if isPlain(text) { return "\"" + text + "\"" }
        return text.unicodeScalars.reduce(into: "\"") { json, scalar in
            switch scalar {
            case "\"": json += "\\\""
            case "\\": json += "\\\\"
            case "\n": json += "\\n"
            case "\r": json += "\\r"
            case "\t": json += "\\t"
            case _ where HiddenCharacters.isControl(scalar):
                let digits = String(scalar.value, radix: 16)
                json += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: json.unicodeScalars.append(scalar)
            }
        } + "\""
    }
}
