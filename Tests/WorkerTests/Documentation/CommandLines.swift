import Foundation

@testable import worker

/// The command lines of this program in a text, be they in code, in quotes or in a sentence.
struct CommandLines {
    /// What is known of the program's commands.
    let program: CommandDescription

    /// The texts of a page, each as code or as a sentence.
    enum Part: Hashable {
        case code(String)
        case prose(String)
    }

    // MARK: Parts

    /// The parts of a page of Markdown: its fenced blocks line by line, what stands in backticks, and all else.
    static func parts(ofMarkdown text: String) -> [Part] {
        var parts: [Part] = []
        for (index, block) in text.split(separator: "```", omittingEmptySubsequences: false).enumerated() {
            if index.isMultiple(of: 2) {
                for (index, span) in block.split(separator: "`", omittingEmptySubsequences: false).enumerated() {
                    parts.append(index.isMultiple(of: 2) ? .prose(String(span)) : .code(String(span)))
                }
            } else {
                // After the block's language.
                parts += lines(String(block.drop { $0 != "\n" }))
            }
        }
        return parts
    }

    /// The lines of what is code.
    private static func lines(_ text: String) -> [Part] {
        text.replacing(#/\\+\n\s*/#, with: "").split(separator: "\n").map { .code(String($0)) }
    }

    /// The lines of a shell script, a unit, a container file or YAML, with all the words that are in them.
    static func parts(ofOther text: String) -> [Part] {
        text.replacing(#/\\+\n[\s#]*/#, with: "").split(separator: "\n").map { .prose(String($0)) }
    }

    /// The literals and comments of Swift code; what is interpolated is `1`.
    static func parts(ofSwift text: String) -> [Part] {
        var whole = text.replacing(#/\\\n\s*/#, with: "").replacing(#/"\s*\+\s*"/#, with: "")
            .replacing(#/\n\s*\/\/\/? ?/#, with: " ")
        // From the inside out, for those that are nested.
        while let inner = whole.firstMatch(of: #/\\\([^()\n]*(?:\([^()\n]*\)[^()\n]*)*\)/#) {
            whole.replaceSubrange(inner.range, with: "1")
        }
        whole = whole.replacing(#/\\"/#, with: "\"")
        var parts: [Part] = []
        for (index, span) in whole.split(separator: "`", omittingEmptySubsequences: false).enumerated() {
            parts.append(index.isMultiple(of: 2) ? .prose(String(span)) : .code(String(span)))
        }
        return parts
    }

    // MARK: Commands

    /// The arguments of each run of the program in a part.
    func arguments(in part: Part) -> [[String]] {
        switch part {
        case .code(let text): arguments(in: text, isCode: true) + abbreviated(text)
        case .prose(let text): arguments(in: text, isCode: false)
        }
    }

    /// Whether words are no more than the name of a command, as a sentence has it.
    func isName(_ words: [String]) -> Bool {
        var command = program
        for word in words {
            guard let next = command.subcommands?.first(where: { $0.commandName == word }) else { return false }
            command = next
        }
        return true
    }

    /// The names of flags that stand in a part without a program before them.
    func loneFlags(in part: Part) -> [String] {
        guard case .code(let text) = part, text.hasPrefix("--") else { return [] }
        return Self.flags(text)
    }

    /// The names of flags that stand in a part after another program's name.
    func foreignFlags(in part: Part) -> [String] {
        guard case .code(let text) = part, !text.hasPrefix("--") else { return [] }
        return Self.flags(text)
    }

    /// The flags of all commands.
    var allFlags: Set<String> {
        func flags(_ command: CommandDescription) -> [String] {
            (command.arguments ?? []).flatMap { ($0.names ?? []).map(\.text) }
                + (command.subcommands ?? []).flatMap(flags)
        }
        return Set(flags(program))
    }

    private static func flags(_ text: String) -> [String] {
        text.matches(of: #/(?:^|\s)(--[a-z][a-z0-9-]*)/#).map { String($0.1) }
    }

    private func isCommand(_ word: some StringProtocol) -> Bool {
        program.subcommands?.contains { $0.commandName == word } == true
    }

    private func arguments(in text: String, isCode: Bool) -> [[String]] {
        text.matches(of: #/(?<before>^|[\s`'"(/])quali-worker (?<rest>[^\n]*)/#).flatMap { match -> [[String]] in
            let rest = String(match.rest)
            // A word may be the name of a user or a role, after which the program's own name comes.
            let later = arguments(in: " " + rest, isCode: isCode)
            guard let first = rest.split(separator: " ").first.map({ $0.prefix { $0.isLetter || $0 == "-" } }) else {
                return later
            }
            let isRun = isCommand(first) || first == "--version" || first == "--help"
            guard isRun || isCode && Self.isCommandPlace(text[..<match.range.lowerBound] + match.before) else {
                return later
            }
            let words = Self.words(rest)
            // In a sentence what follows may be its next words.
            return [isCode || match.before == "'" ? words : sentence(words)] + later
        }
    }

    /// Commands that are named without the program, such as `actions list`.
    private func abbreviated(_ text: String) -> [[String]] {
        guard let first = text.split(separator: " ").first, isCommand(first), !text.contains("\n") else { return [] }
        return [Self.words(text)]
    }

    /// Whether what comes next is the name of a program.
    private static func isCommandPlace(_ before: some StringProtocol) -> Bool {
        String(before).wholeMatch(of: #/(?:.*(?:[(|;&'"]|sudo|exec|--|sudo -u \S+|/usr/bin/))?\s*/#) != nil
    }

    /// The words of a command, up to its end.
    private static func words(_ text: String) -> [String] {
        var words: [String] = []
        var rest = text[...]
        while true {
            rest = rest.drop { $0 == " " }
            guard let first = rest.first, first != "#" else { return words }
            if first == "'" || first == "\"" {
                let inner = rest.dropFirst()
                guard let end = inner.firstIndex(of: first), end > inner.startIndex else { return words }
                words.append(String(inner[..<end]))
                rest = inner[inner.index(after: end)...]
            } else {
                let word = rest.prefix { !" '\"`|;&<>)(,".contains($0) }
                if !word.isEmpty { words.append(word == "…" ? "any" : String(word)) }
                rest = rest[word.endIndex...]
            }
            // A sentence goes on after the command.
            if rest.first != " " || words.last?.last == ":" { return words.trimmed }
            if let last = words.last, last.hasSuffix("."), !last.hasSuffix("..") { return words.trimmed }
        }
    }

    /// As much of the words as is a command: those that name it, its flags with their values, and what is in capitals.
    private func sentence(_ words: [String]) -> [String] {
        var command = program
        var rest = words[...]
        var taken: [String] = []
        while let next = rest.first.flatMap({ word in command.subcommands?.first { $0.commandName == word } }) {
            command = next
            taken.append(rest.removeFirst())
        }
        while let word = rest.first {
            if word.hasPrefix("-") {
                // A command may stand for one of its subcommands.
                let all = ([command] + (command.subcommands ?? [])).flatMap { $0.arguments ?? [] }
                let option = all.first { $0.names?.contains { $0.text == word } == true }
                let count = option?.kind == "option" ? 2 : 1
                taken += rest.prefix(count)
                rest = rest.dropFirst(count)
            } else if word.allSatisfy({ $0.isUppercase || $0 == "." }) {
                taken.append(rest.removeFirst())
            } else {
                return taken
            }
        }
        return taken
    }
}

extension [String] {
    /// The words without the marks at the end of a sentence.
    fileprivate var trimmed: [String] {
        guard let last, let end = last.lastIndex(where: { !".:?!".contains($0) }) else { return self }
        return dropLast() + [String(last[...end])]
    }
}
