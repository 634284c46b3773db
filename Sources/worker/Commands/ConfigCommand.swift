import ArgumentParser
import Foundation
import HTTPTransport
import WorkerChecks
import WorkerSettings
import WorkerStatus

/// `quali-worker config`.
struct ConfigCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config",
        abstract: "Print every setting with its value, where that comes from, and its default.",
        discussion: """
            It reads the settings as 'quali-worker run' does, but calls nobody and asks nothing. \
            Secrets are never shown. The exit status is 64 where a setting is missing or wrong.

            \(SameOptions.advice)
            """
    )

    @Flag(help: "Print JSON; Docs/json.md describes it.") var json = false
    @OptionGroup var service: ServiceOptions
    @OptionGroup var options: SameOptions

    func run() async throws {
        let sources = try options.sources(service)
        var reader = SettingReader(sources)
        let settings = WorkerSettings(&reader)
        let mask = SecretRedactor(settings.secrets)
        let list = SettingList(
            settings: SettingRow.all(sources, settings),
            problems: reader.problems.map { .init(name: $0.name, message: mask($0.message)) },
            warnings: settings.warnings.map { mask($0) }
        )
        print(json ? try JSONReport(list).text() : list.text(width: Terminal.width(STDOUT_FILENO)))
        if !list.problems.isEmpty { throw ExitCode(ProgramFailure.Status.usage.rawValue) }
    }
}

/// All settings, and what is wrong with them.
struct SettingList: Encodable {
    /// The settings, in their order.
    let settings: [SettingRow]
    /// What is missing or wrong.
    let problems: [SettingProblem]
    /// What is worth a warning.
    let warnings: [String]

    /// A table with a heading for each group, then the warnings and problems, for a terminal that is so many columns wide;
    /// `nil` for what takes lines of any length.
    func text(width: Int?) -> String {
        let rows = settings.map { ["  " + $0.name, shown($0), $0.origin, $0.standard ?? "none"] }
        let table = Table(
            heading: ["NAME", "VALUE", "FROM", "DEFAULT"],
            rows,
            free: [1: .max, 2: .max, 3: .max]
        ).lines(width: width)
        var lines = table[0]
        var group: String?
        for (row, shown) in zip(settings, table.dropFirst()) {
            if row.group != group { lines += ["", row.group] }
            group = row.group
            lines += shown
        }
        if !warnings.isEmpty {
            lines += [""] + warnings.map { wrapped("! \($0)", indent: 2, firstIndent: 0, width: min(width ?? 80, 80)) }
        }
        if !problems.isEmpty { lines += ["", SettingsError(problems: problems).description] }
        return lines.joined(separator: "\n")
    }

    private func shown(_ row: SettingRow) -> String {
        guard row.isSet else { return row.value ?? row.standard ?? "-" }
        if row.value == nil, problems.contains(where: { $0.name == row.name + "_FILE" }) { return "can't be read" }
        return row.value ?? "set, not shown"
    }
}
