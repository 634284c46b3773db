import Foundation
import Testing

@testable import worker

@Suite("Pages for people who use the program")
struct PagesTests {
    @Test func `a message that Docs/troubleshooting.md explains is one of the program's`() throws {
        let page = try #require(try Pages.texts()["Docs/troubleshooting.md"])
        let sources = try Pages.sources()
        let messages = page.matches(of: #/(?m)^\| `([^`]+)`/#).map { String($0.1) }
        #expect(messages.count > 50)
        for message in messages {
            // What varies is written as an ellipsis.
            let fragments = message.split(separator: "…").map { $0.trimmingCharacters(in: .whitespaces) }
            let isTelling = fragments.contains { $0.count >= 10 }
            #expect(isTelling, "\(message) says too little to be looked for")
            for fragment in fragments where fragment.count > 2 {
                let isThere = sources.contains(fragment)
                #expect(isThere, "no source says '\(fragment)' of '\(message)'")
            }
        }
    }

    @Test func `a setting that a page names is there`() throws {
        let known = Set(Setting.all.flatMap(\.allNames))
        for (path, text) in try Pages.texts() {
            for match in text.matches(of: #/\b(?:QUALI|CLOUDSHELL)_[A-Z][A-Z_]*[A-Z]\b/#) {
                let isThere = known.contains(String(match.0))
                #expect(isThere, "\(path) names \(match.0)")
            }
        }
    }

    @Test func `a command that a page shows is there, with its flags`() throws {
        let program = try CommandDescription.program()
        var found = 0
        for (path, text) in try Pages.texts() where path.hasSuffix(".md") {
            let whole = text.replacing(#/\\\n\s*/#, with: "")
            // From where a command begins, in a line or a sentence, to a line's end, a mark of either, or a comment.
            for match in whole.matches(of: #/(?m)(?:^ *|[`'(]|-- |sudo )quali-worker ([a-z-][^`\n|;&#<>)"'…]*)/#) {
                var command = program
                var words = match.1.split(separator: " ")[...]
                while let next = command.subcommands?.first(where: { $0.commandName == words.first.map(String.init) }) {
                    command = next
                    words.removeFirst()
                }
                found += 1
                let isVersion = command.commandName == program.commandName && words.first == "--version"
                if command.subcommands?.isEmpty == false, !isVersion {
                    let isWhole = command.commandName != program.commandName && words.isEmpty
                    #expect(isWhole, "\(path): '\(match.0)' is no command")
                }
                let flags = Set((command.arguments ?? []).flatMap { ($0.names ?? []).map(\.text) })
                for word in words where word.hasPrefix("--") && !isVersion {
                    let isThere = flags.contains(String(word.prefix { $0 != "=" }))
                    #expect(isThere, "\(path): '\(match.0)' has \(word)")
                }
            }
        }
        #expect(found > 30)
    }
}
