import ArgumentParser
import Foundation
import QualiCore
import Testing
import WorkerSettings

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
        let texts = try Pages.texts().merging(Pages.texts(in: ["Packaging"], where: { _ in true })) { $1 }
        #expect(texts.keys.contains("Packaging/windows/run_worker.cmd"))
        for (path, text) in texts {
            for match in text.matches(of: #/\b(?:QUALI|CLOUDSHELL)_[A-Z][A-Z_]*[A-Z]\b/#) {
                let isThere = known.contains(String(match.0))
                #expect(isThere, "\(path) names \(match.0)")
            }
        }
    }

    @Test func `Docs/upgrade.md has each property with its setting and that setting's default`() throws {
        let page = try #require(try Pages.texts()["Docs/upgrade.md"])
        let rows = page.matches(of: #/(?m)^\| `(\w+)` \| \w+ \| `(QUALI_\w+)` \| (.+) \|$/#).map { row -> [String] in
            [String(row.1), String(row.2), String(row.3).replacing("`", with: "")]
        }
        let wanted = PropertyDefaults.Property.allCases.map { property -> [String] in
            [property.rawValue, property.setting, Setting.property(property).standard ?? ""]
        }
        #expect(rows == wanted)
    }

    /// All texts with commands in them, by their path.
    private static func parts() throws -> [String: [CommandLines.Part]] {
        let pages = try Pages.texts(in: ["README.md", "CONTRIBUTING.md", "Docs", "Examples", "Packaging", "Benchmarks"])
            .mapValues(CommandLines.parts(ofMarkdown:))
        let files = try Pages.texts(
            in: ["Docs", "Examples", "Packaging"],
            where: { !$0.hasSuffix(".md") && !$0.hasSuffix(".svg") }
        ).mapValues(CommandLines.parts(ofOther:))
        let sources = try Pages.texts(in: ["Sources"], where: { $0.hasSuffix(".swift") })
            .mapValues(CommandLines.parts(ofSwift:))
        return pages.merging(files) { $1 }.merging(sources) { $1 }
    }

    @Test func `a command that a page, a help text or a message shows is one that the program takes`() throws {
        let lines = CommandLines(program: try CommandDescription.program())
        var found: Set<String> = []
        for (path, parts) in try Self.parts() {
            for words in parts.flatMap(lines.arguments) {
                found.insert(words.joined(separator: " "))
                // The program answers for its version before the parser does.
                if words == ["--version"] || lines.isName(words) { continue }
                do {
                    _ = try QualiWorkerCommand.parseAsRoot(words)
                } catch  where QualiWorkerCommand.exitCode(for: error).isSuccess {
                    // --help or --version.
                } catch {
                    Issue.record(
                        "\(path): 'quali-worker \(words.joined(separator: " "))': \(QualiWorkerCommand.message(for: error))"
                    )
                }
            }
        }
        #expect(found.count > 50, "\(found.sorted())")
        #expect(found.contains("jobs --service"))
        #expect(found.contains("actions policy --for operator"))
    }

    @Test func `a flag that a page or a message names by itself is one of the program's`() throws {
        let lines = CommandLines(program: try CommandDescription.program())
        let own = lines.allFlags
        var found = 0
        let scripts = try Pages.texts(in: ["scripts"], where: { _ in true }).values.joined()
        for (path, parts) in try Self.parts() where path.hasSuffix(".md") {
            // What another program takes stands on the same page, after its name.
            let foreign = Set(parts.flatMap(lines.foreignFlags)).union(
                scripts.matches(of: #/--[a-z-]+/#).map { String($0.0) }
            )
            for flag in parts.flatMap(lines.loneFlags) {
                found += 1
                let isThere = own.contains(flag) || foreign.contains(flag)
                #expect(isThere, "\(path): there is no \(flag)")
            }
        }
        #expect(found > 10)
        let sources = try Pages.texts(
            in: [
                "Sources/JobEngine", "Sources/QualiCore", "Sources/WorkerStatus", "Sources/WorkerChecks",
                "Sources/WorkerSettings",
                "Sources/worker",
            ],
            where: { $0.hasSuffix(".swift") }
        )
        // The page's style has names of its own that look like flags.
        for (path, text) in sources where !path.contains("Status/Page") {
            for literal in text.replacing(#/\\\n\s*/#, with: "").replacing(#/"\s*\+\s*"/#, with: "").split(
                separator: "\n"
            ) {
                guard let first = literal.firstMatch(of: #/(?:[\s"'(])(--[a-z][a-z0-9-]+)/#) else { continue }
                let before = literal[..<first.range.lowerBound]
                // After another program's name they are its flags.
                if before.contains(#/\b(aws|sudo|kubectl|git|scripts\/\w+) /#) { continue }
                #expect(own.contains(String(first.1)), "\(path): there is no \(first.1)")
            }
        }
    }

    /// What the test above is made of finds a command in a sentence, in quotes and in code, and where it ends.
    @Test(arguments: [
        (
            CommandLines.Part.prose("Where? quali-worker config. Whether it works: quali-worker check."),
            ["config", "check"]
        ),
        (.prose("name it with 'quali-worker jobs --state-dir X'"), ["jobs --state-dir X"]),
        (.prose("the policy that quali-worker actions policy --for worker prints"), ["actions policy --for worker"]),
        (.prose("as quali-worker jobs show ID tells, quali-worker on a host"), ["jobs show ID"]),
        (.code("sudo -u quali-worker quali-worker jobs --all | less"), ["jobs --all"]),
        (.code("aws x --name quali-worker --y \"$(quali-worker actions policy)\""), ["actions policy"]),
        (.code("quali-worker sandboxes --end a 'b [c]'   # asks"), ["sandboxes --end a b [c]"]),
        (.code("quali-worker polls"), ["polls"]), (.code("actions list"), ["actions list"]),
        (.code("ExecStart=/usr/bin/quali-worker run"), ["run"]), (.code("useradd quali-worker"), []),
    ])
    func `commands are found`(part: CommandLines.Part, commands: [String]) throws {
        let lines = CommandLines(program: try CommandDescription.program())
        #expect(lines.arguments(in: part).map { $0.joined(separator: " ") } == commands)
    }
}
