import Foundation
import Testing

/// What `Docs/logs.md` quotes is what the program says.
@Suite("The page on logs")
struct LogsPageTests {
    private static func page() throws -> [Substring] {
        try String(contentsOf: Python.repository.appendingPathComponent("Docs/logs.md"), encoding: .utf8).split(
            separator: "\n"
        )
    }

    /// What is quoted in the first column of the table under a heading's row.
    private func quoted(in table: String) throws -> [String] {
        let rows = try Self.page().drop { !$0.hasPrefix(table) }.dropFirst(2).prefix { $0.hasPrefix("|") }
        return rows.flatMap { row in
            (row.split(separator: "|").first ?? "").matches(of: /`([^`]+)`/).map { String($0.1) }
        }
    }

    private static func sources() throws -> String {
        let folder = Python.repository.appendingPathComponent("Sources")
        let paths = try FileManager.default.subpathsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".swift") }
        return try paths.map { try String(contentsOf: folder.appendingPathComponent($0), encoding: .utf8) }.joined()
    }

    @Test func `quotes messages, work and fields that are in the sources`() throws {
        let sources = try Self.sources()
        let messages = try quoted(in: "| Message | Means") + quoted(in: "| What | When it fails")
        #expect(messages.count > 25)
        for message in messages { #expect(sources.contains("\"\(message)\""), "\(message)") }
        let fields = try quoted(in: "| Field | Is")
        #expect(fields.count > 8)
        for field in fields { #expect(sources.contains("\"\(field)\""), "\(field)") }
    }

    @Test func `names all work that is tried again and again`() throws {
        let words = try quoted(in: "| What | When it fails")
        let names = try Self.sources().matches(of: /Work\(rawValue: "([^"]+)"\)\n/).map { String($0.1) }
        #expect(Set(words) == Set(names))
    }

    /// A message with something in it can't be searched for; what changes belongs in the fields.
    @Test func `is right that no message changes`() throws {
        let sources = try Self.sources()
        let messages = sources.matches(
            of: /ogger\.(?:trace|debug|info|notice|warning|error|critical)\(\s*"((?:[^"\\]|\\.)*)"/
        ).map { String($0.1) }
        #expect(messages.count > 20)
        for message in messages { #expect(!message.contains("\\("), "\(message)") }
    }
}
