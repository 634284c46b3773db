import WorkerSettings

/// The page of all settings, `Docs/settings.md`.
enum SettingsPage {
    /// The page's text.
    static var text: String {
        let introduction = """
            # Settings

            A setting comes from a flag, the environment, or a file of `NAME=value` lines that `--config` names. The first of these that has it counts. A setting's flag is its name in lower case with hyphens: `--quali-max-jobs` is `QUALI_MAX_JOBS`. A secret has no flag, since others on the host could read that. Name a file that holds it: `CLOUDSHELL_PASSWORD_FILE` or `--cloudshell-password-file`.

            `quali-worker config` shows what each setting is here, and where that comes from. [install.md](install.md) says where the service has them.

            This page is made from the program: `quali-worker documentation settings`.
            """
        return ([introduction] + Setting.Group.allCases.map(section)).joined(separator: "\n\n") + "\n"
    }

    private static func section(_ group: Setting.Group) -> String {
        let rows = Setting.all.filter { $0.group == group }.map(row)
        return (["## \(group.rawValue)", "", "| Setting | Meaning | Default |", "| --- | --- | --- |"] + rows).joined(
            separator: "\n"
        )
    }

    private static func row(_ setting: Setting) -> String {
        let others = setting.allNames.dropFirst().map { "`\($0)`" }
        let names = (["`\(setting.name)`"] + (others.isEmpty ? [] : ["or " + others.joined(separator: ", ")]))
        let cells = [
            names.joined(separator: " ") + (setting.hasFlag ? "" : " (no flag)"),
            setting.meaning + (setting.canPrompt ? "; `PROMPT` asks at the terminal" : ""),
            setting.standard ?? "–",
        ]
        return "| " + cells.map { $0.replacing("|", with: "\\|") }.joined(separator: " | ") + " |"
    }
}
