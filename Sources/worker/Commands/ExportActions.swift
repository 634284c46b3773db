import ArgumentParser
import Foundation
import WorkerSettings

/// `quali-worker actions export`.
struct ExportActions: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Write the three definitions as JSON files, or as code for CloudFormation or Terraform.",
        discussion: """
            The JSON files are what 'aws codepipeline create-custom-action-type --cli-input-json file://…' reads. Edit \
            them and register them with 'quali-worker actions install --from FOLDER'. The other formats are one file that \
            registers all three.
            """
    )

    @Argument(help: "The folder, which is made if it isn't there.")
    var folder: String
    @Option(help: "json, cloudformation or terraform.")
    var format = ExportFormat.json
    @OptionGroup var types: ActionTypeOptions
    @OptionGroup var portal: PortalOptions

    func run() async throws {
        var reader = SettingReader(types.sources([portal]))
        let settings = ActionTypeSettings(&reader)
        try reader.finish()
        let names = ["start-sandbox", "run-command", "end-sandbox"]
        let files = try format.files(Array(zip(names, settings.definitions)))
        for (path, isNew) in try DefinitionFolder(folder).write(files) {
            print("\(isNew ? "written" : "unchanged")  \(path)")
        }
    }
}
