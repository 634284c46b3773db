import ArgumentParser
import Foundation
import HTTPTransport
import WorkerSettings

/// `quali-worker config`.
struct ConfigCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config",
        abstract: "Print every setting with its value, where that comes from, and its default.",
        discussion: """
            It takes the flags of 'quali-worker run' and reads the same sources, but calls nobody and asks nothing. \
            Secrets are never shown. The exit status is 64 where a setting is missing or wrong.
            """
    )

    @Flag(help: "Print JSON.") var json = false
    @OptionGroup var service: ServiceOptions
    @OptionGroup var options: WorkerOptions

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
        print(json ? try list.printedJSON() : list.text)
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

    /// A table with a heading for each group, then the warnings and problems.
    var text: String {
        var rows: [[String]] = [["NAME", "VALUE", "FROM", "DEFAULT"]]
        var headings: [Int: String] = [:]
        for row in settings {
            if !headings.values.contains(row.group) { headings[rows.count] = row.group }
            rows.append(["  " + row.name, shown(row), row.origin, row.standard ?? "none"])
        }
        var lines: [String] = []
        for (index, line) in ListActions.table(rows).split(separator: "\n").enumerated() {
            if let heading = headings[index] { lines += ["", heading] }
            lines.append(String(line))
        }
        if !warnings.isEmpty { lines += [""] + warnings.map { wrapped("! \($0)", indent: 2, firstIndent: 0) } }
        if !problems.isEmpty { lines += ["", SettingsError(problems: problems).description] }
        return lines.joined(separator: "\n")
    }

    private func shown(_ row: SettingRow) -> String {
        guard row.isSet else { return row.value ?? row.standard ?? "-" }
        if row.value == nil, problems.contains(where: { $0.name == row.name + "_FILE" }) { return "can't be read" }
        return row.value ?? "set, not shown"
    }
}
