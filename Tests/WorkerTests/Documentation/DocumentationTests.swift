import ArgumentParser
import Foundation
import Testing
import WorkerTestSupport

@testable import WorkerSettings
@testable import worker

@Suite("What a package documents")
struct DocumentationTests {
    @Test("of settings is the page in Docs")
    func settingsPage() throws {
        let page = Python.repository.appendingPathComponent("Docs/settings.md")
        #expect(try String(contentsOf: page, encoding: .utf8) == SettingsPage.text)
    }

    @Test func `the example of settings is a file of settings that sets nothing`() {
        let file = EnvironmentFile(ExampleSettings.text)
        #expect(file.values.isEmpty)
        #expect(file.malformedLines.isEmpty)
        #expect(ExampleSettings.text.split(separator: "\n").allSatisfy { $0.count <= 100 })
    }

    @Test func `the example has each setting once, with a default that is one`() async throws {
        let lines = ExampleSettings.text.split(separator: "\n").filter { $0.hasPrefix("#") && !$0.hasPrefix("# ") }
        let names = lines.compactMap { $0.dropFirst().split(separator: "=").first.map(String.init) }
        #expect(names == Setting.all.map(\.nameOfFlag))
        let given = EnvironmentFile(lines.map { $0.dropFirst() }.joined(separator: "\n")).values
            .filter { !$0.value.isEmpty }
        #expect(given["QUALI_MAX_JOBS"] == "100")
        #expect(given["CLOUDSHELL_DOMAIN"] == "Global")
        #expect(await Given.problems(given) == [:])
    }

    @Test func `the manual has all commands and settings`() throws {
        let page = try ManualPage(date: "2026-01-02").text
        for command in ["run", "actions install", "actions export", "demo"] {
            #expect(page.contains(".SS \(Roff.escaped("quali-worker \(command)"))\n"))
        }
        // A hidden command is named where it helps, and has no section.
        for place in [".SS ", "\\fB"] {
            #expect(!page.contains(place + Roff.escaped("quali-worker documentation")))
        }
        for setting in Setting.all { #expect(page.contains(Roff.escaped(setting.explanation)), "\(setting.name)") }
        #expect(page.contains("\\-\\-stay\\fR\n"))
        #expect(page.contains("\\-\\-pace <seconds>\\fR\n"))
        for section in ["NAME", "SYNOPSIS", "ENVIRONMENT", "FILES", "SIGNALS", "EXIT STATUS"] {
            #expect(page.contains(".SH \(section)\n"))
        }
    }

    @Test func `nothing is special in an escaped text`() {
        #expect(Roff.escaped(".a\nb") == "\\&.a b")
        #expect(Roff.escaped(#"'a' -b "c" \d"#) == #"\(aqa\(aq \-b \(dqc\(dq \(rsd"#)
        #expect(Roff.escaped("a…") == "a\\[u2026]")
    }
}
