import Foundation
import HTTPTransport
import Logging
import TestSupport
import Testing

@testable import WorkerSettings

@Suite("The log")
struct LogTests {
    private func lines(
        _ form: LineLogHandler.Form,
        secrets: [String] = [],
        level: Logger.Level = .trace,
        _ body: (Logger) -> Void
    ) -> [String] {
        let lines = Locked<[String]>([])
        let mask = SecretRedactor(secrets.map { Secret($0) })
        body(
            Logger(label: "test") { _ in
                LineLogHandler(
                    form,
                    threshold: LogThreshold(level),
                    redact: { mask($0) },
                    now: { Date(timeIntervalSince1970: 1_767_323_045.625) },
                    write: { line in lines.withLock { $0.append(line) } }
                )
            }
        )
        return lines.withLock { $0 }
    }

    @Test("is time, level, message and name=value as text")
    func text() {
        let lines = lines(.text(inColor: false)) { logger in
            var logger = logger
            logger[metadataKey: "job"] = "7"
            logger.info("Job begins", metadata: ["action": "Run \"x\"", "empty": "", "list": ["a", "b"]])
            logger.critical("Bad")
        }
        #expect(
            lines == [
                "2026-01-02T03:04:05.625Z info     Job begins action=\"Run \\\"x\\\"\" empty=\"\" job=7 list=\"a, b\"\n",
                "2026-01-02T03:04:05.625Z critical Bad job=7\n",
            ]
        )
    }

    @Test(
        "has its priority before it for systemd's journal, and not the time",
        arguments: zip(Logger.Level.allCases, [7, 7, 6, 5, 4, 3, 2])
    )
    func priority(level: Logger.Level, number: Int) {
        let lines = Locked<[String]>([])
        for form in [LineLogHandler.Form.textWithoutTime, .json] {
            let handler = LineLogHandler(form, threshold: LogThreshold(.trace), hasPriority: true) {
                $0
            } now: {
                Date(timeIntervalSince1970: 0)
            } write: { line in
                lines.withLock { $0.append(line) }
            }
            Logger(label: "test") { _ in handler }.log(level: level, "Polling fails", metadata: ["x": "1"])
        }
        let name = level.rawValue.padding(toLength: 8, withPad: " ", startingAt: 0)
        let (text, json) = lines.withLock { ($0[0], $0[1]) }
        #expect(text == "<\(number)>\(name) Polling fails x=1\n")
        #expect(json.hasPrefix("<\(number)>{\"time\":\"1970-01-01"))
    }

    @Test("can't be forged by what a lab says")
    func controlCharacters() {
        let evil = "x\n2026-01-02 critical \u{1B}[2Jforged\u{9B}\u{2028}y"
        let text = lines(.text(inColor: false)) { $0.info("\(evil)", metadata: ["output": "\(evil)"]) }
        #expect(text.count == 1)
        #expect(text[0].dropLast().allSatisfy { !$0.isNewline })
        #expect(!text[0].unicodeScalars.contains("\u{1B}") && !text[0].unicodeScalars.contains("\u{9B}"))
    }

    @Test(
        "is escaped scalar by scalar",
        arguments: [
            ("a\r\nb", #""a\r\nb""#), ("\"\u{301}", "\"\\\"\u{301}\""), ("= \\\u{301}", "\"= \\\\\u{301}\""),
            ("=\u{301}", "\"=\u{301}\""), ("a\u{85}b", #""a\u{85}b""#), ("a\u{2028}b", #""a\u{2028}b""#),
            ("a\u{2067}b", #"a\u{2067}b"#), ("\u{301}\"", "\"\u{301}\\\"\""),
        ]
    )
    func scalars(value: String, written: String) {
        let text = lines(.text(inColor: false)) { $0.info("x", metadata: ["a": "\(value)"]) }
        #expect(
            text.count == 1 && text[0].utf8.elementsEqual(#"2026-01-02T03:04:05.625Z info     x a=\#(written)\#n"#.utf8)
        )
    }

    @Test("isn't turned round by what a lab says, either")
    func directions() {
        let text = lines(.text(inColor: false)) { $0.info("a\u{202E}b", metadata: ["x": "\u{2066}c\u{200F}"]) }
        #expect(text[0].hasSuffix("info     a\\u{202e}b x=\\u{2066}c\\u{200f}\n"))
    }

    @Test("is a line of JSON, or of text, whatever is in it")
    func anything() throws {
        // Bytes as a server may send them, half of them such as mean something in JSON or to a terminal.
        let special = Array("\"\\\n\r\t\0\u{1B}[2J\u{7F}\u{9B}\u{2028}{}:,/é🙂\u{FEFF}\u{202E}".utf8)
        var random = SeededGenerator()
        for _ in 0..<500 {
            let bytes = (0..<40).map { _ in
                Bool.random(using: &random)
                    ? UInt8.random(in: .min ... .max, using: &random) : special.randomElement(using: &random) ?? 0
            }
            let said = String(decoding: bytes, as: UTF8.self)
            let say: (Logger) -> Void = {
                $0.info("\(said)", metadata: ["\(said)": "\(said)", "deep": ["\(said)": ["\(said)"]]])
            }
            let json = lines(.json, say)
            let data = Data(try #require(json.first).utf8)
            #expect(json.count == 1 && data.last == 10 && !data.dropLast().contains { $0 < 0x20 || $0 == 0x7F })
            // Not JSONSerialization, which drops a byte order mark after an escape (Swift 6.3.1).
            let object = try JSONDecoder().decode([String: Text].self, from: data)
            #expect(object["message"]?.text == said && object[said]?.text == said)
            let text = Array(lines(.text(inColor: false), say).joined().unicodeScalars)
            #expect(!text.dropLast().contains { $0.properties.generalCategory == .control }, "\(said.debugDescription)")
        }
    }

    @Test("has colors only when they are asked for")
    func colors() {
        #expect(lines(.text(inColor: true)) { $0.error("x") }[0].contains("\u{1B}[31;1m"))
        #expect(!lines(.text(inColor: false)) { $0.error("x") }[0].contains("\u{1B}"))
    }

    @Test("is one JSON object per line")
    func json() throws {
        let message = "Quote \" and \\ and\nline and \u{1} and é 🙂"
        let lines = lines(.json) { logger in
            logger.warning(
                "\(message)",
                metadata: ["level": "taken", "list": ["a", ["b": "c"]], "number": "\(7)"]
            )
        }
        #expect(lines.count == 1)
        #expect(lines[0].hasSuffix("}\n") && !lines[0].dropLast().contains("\n"))
        let object = try #require(try JSONSerialization.jsonObject(with: Data(lines[0].utf8)) as? [String: Any])
        #expect(object["time"] as? String == "2026-01-02T03:04:05.625Z")
        #expect(object["level"] as? String == "warning")
        #expect(object["message"] as? String == message)
        #expect(object["level_"] as? String == "taken")
        #expect(object["number"] as? String == "7")
        let list = try #require(object["list"] as? [Any])
        #expect(list.first as? String == "a")
        #expect((list.last as? [String: String]) == ["b": "c"])
    }

    @Test("keeps to its level")
    func level() {
        #expect(lines(.json, level: .warning) { $0.info("x") }.isEmpty)
        #expect(lines(.json, level: .warning) { $0.warning("x") }.count == 1)
    }

    @Test(
        "never shows a secret, in whatever form",
        arguments: [LineLogHandler.Form.text(inColor: false), .json],
        ["p\"a/ss w+rd é", "level", "{\""]
    )
    func redaction(form: LineLogHandler.Form, secret: String) throws {
        let encoded = secret.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
        let base64 = Data(secret.utf8).base64EncodedString()
        let escaped = String(try #require(String(data: JSONEncoder().encode([secret]), encoding: .utf8)).dropFirst(2))
            .dropLast(2)
        let lines = lines(form, secrets: [secret]) { logger in
            logger.info(
                "Said \(secret) and",
                metadata: [
                    "raw": "\(secret)", "deep": ["x": ["\(secret)"]], "value": .stringConvertible(Oops(text: secret)),
                ]
            )
            logger.info(
                "b",
                metadata: ["url": "https://x/?p=\(encoded)", "base64": "Basic \(base64)", "json": "\(escaped)"]
            )
            logger.info("c", error: Oops(text: secret), metadata: [:])
        }
        #expect(lines.count == 3)
        for line in lines {
            #expect(line.contains("<redacted>"))
            #expect(!line.contains(base64) && !line.contains("p%22"))
            if form == .json {
                let object = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
                for (name, value) in object where name != "level" { #expect(!"\(value)".contains(secret)) }
            } else {
                #expect(!line.contains(secret))
            }
        }
    }

    @Test("shows a very short secret within a word, which it is only by chance")
    func shortSecret() {
        let mask = SecretRedactor([Secret("b"), Secret("")])
        #expect(
            mask("b=b, job, b, ab b1 (b)b") == "<redacted>=<redacted>, job, <redacted>, ab b1 (<redacted>)<redacted>"
        )
    }

    /// A member's text; `nil` where the member is anything else.
    private struct Text: Decodable {
        let text: String?

        init(from decoder: any Decoder) { text = try? String(from: decoder) }
    }

    private struct Oops: Error, CustomStringConvertible {
        let text: String
        var description: String { "Refused: \(text)" }
    }
}
