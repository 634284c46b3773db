import ArgumentParser
import Foundation

/// `quali-worker actions export`.
struct ExportActions: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Write the three definitions as JSON files.",
        discussion: """
            The files are what 'aws codepipeline create-custom-action-type --cli-input-json file://…' reads. Edit \
            them and register them with 'quali-worker actions install --from'.
            """
    )

    @Argument(help: "The folder, which is made if it isn't there.")
    var folder: String
    @OptionGroup var types: ActionTypeOptions
    @OptionGroup var portal: PortalOptions

    func run() async throws {
        var reader = SettingReader(types.sources([portal]))
        let settings = ActionTypeSettings(&reader)
        try reader.finish()
        let names = ["start-sandbox.json", "run-command.json", "end-sandbox.json"]
        for (path, isNew) in try DefinitionFolder(folder).write(Array(zip(names, settings.definitions))) {
            print("\(isNew ? "written" : "unchanged")  \(path)")
        }
    }
}
