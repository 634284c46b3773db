import AWSLite
import QualiCore
import WorkerSettings

/// What the command line of `actions install` says in place of the files of `--from`.
struct DefinitionOverrides {
    /// The version of all definitions; `nil` for the files' own.
    var version: String?
    /// The names of the three action types, each with its file, its standard name and its flag.
    var names: [Name] = []
    /// Where the links of all definitions lead; `nil` for the files' own.
    var portal: PortalLinks?

    /// The name of one of the three.
    struct Name {
        let setting: Setting
        /// The file that `actions export` writes.
        let file: String
        /// The name that it has by default.
        let standard: String
        /// The name on the command line.
        let name: String
    }

    /// Takes what was given on the command line.
    ///
    /// `settings` is what was read, the flags before all else.
    init(_ types: ActionTypeOptions, _ portal: PortalOptions, _ settings: ActionTypeSettings) {
        let given = Set(types.flags.keys).union(portal.flags.keys)
        let names = settings.actions.names
        let standard = QualiActions()
        if given.contains(Setting.actionVersion.name) { version = names.version }
        if given.contains(Setting.portalURL.name) { self.portal = settings.actions.portal }
        self.names = [
            Name(
                setting: .startSandboxName,
                file: "start-sandbox.json",
                standard: standard.startSandbox,
                name: names.startSandbox
            ),
            Name(
                setting: .runCommandName,
                file: "run-command.json",
                standard: standard.runCommand,
                name: names.runCommand
            ),
            Name(
                setting: .endSandboxName,
                file: "end-sandbox.json",
                standard: standard.endSandbox,
                name: names.endSandbox
            ),
        ].filter { given.contains($0.setting.name) }
    }

    /// The definitions with what they say in place of the files.
    ///
    /// - Throws: ``ProgramFailure`` where a name is for an action type that no file has.
    func applied(to files: [DefinitionFolder.File]) throws -> [CodePipeline.CustomActionType] {
        var definitions = files.map(\.definition)
        for index in definitions.indices {
            if let version { definitions[index].version = version }
            guard let portal else { continue }
            var settings = definitions[index].settings ?? .init()
            settings.entityURLTemplate = portal.home + "/"
            settings.executionURLTemplate = portal.executionURLTemplate
            definitions[index].settings = settings
        }
        for name in names {
            let place =
                files.firstIndex { $0.name == name.file }
                ?? files.firstIndex { $0.definition.provider == name.standard }
            guard let place else {
                throw ProgramFailure(
                    .usage,
                    """
                    --\(name.setting.flag) is given, but no file is that action type's. Wanted: a file \(name.file), or \
                    one whose provider is \(name.standard).
                    """
                )
            }
            definitions[place].provider = name.name
        }
        return definitions
    }
}
