import ArgumentParser
import Foundation
import WorkerChecks
import WorkerSettings
import WorkerStatus

/// `quali-worker check`.
struct CheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Try everything that 'run' needs, and say what is wrong and how to put it right.",
        discussion: """
            It reads the settings as 'quali-worker run' does, and changes nothing: it polls no queue, so no job is handed out, \
            and a worker may run meanwhile. Marks: ✓ works, ✗ is wrong, ! works with a caveat, – wasn't tried. The exit \
            status is 0 if nothing is wrong, 64 if a setting is, and 1 if something else is.

            \(SameOptions.advice)
            """
    )

    @Flag(help: "Print JSON; Docs/json.md describes it.") var json = false
    @OptionGroup var service: ServiceOptions
    @OptionGroup var options: SameOptions

    func run() async throws {
        let sources = try Self.answered(options.sources(service))
        Program.exportProxies(sources)
        let check = CheckRun(sources)
        let report = try await check.report()
        let text = report.text(inColor: Terminal.hasColor(STDOUT_FILENO), width: Terminal.width(STDOUT_FILENO))
        print(json ? try JSONReport(CheckDocument(report)).text() : text)
        if !check.hasGoodSettings { throw ExitCode(ProgramFailure.Status.usage.rawValue) }
        if !report.isWell { throw ExitCode(1) }
    }

    /// The sources with what is asked for at the terminal, where there is one.
    private static func answered(_ sources: SettingSources, terminal: any Prompting = Terminal()) throws
        -> SettingSources
    {
        let prompts = sources.prompts
        guard !prompts.isEmpty, terminal.isThere else { return sources.withoutTerminal() }
        var answers: [String: String] = [:]
        for setting in prompts {
            answers[setting.name] = try terminal.ask(setting.name, isSecret: setting.secrecy != .open)
        }
        return sources.answered(answers)
    }
}

/// The results for programs.
private struct CheckDocument: Encodable {
    let well: Bool
    let checks: [CheckResult]

    init(_ report: CheckReport) { (well, checks) = (report.isWell, report.results) }
}
