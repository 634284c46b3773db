import AWSLite
import ArgumentParser
import Foundation
import WorkerStatus

/// How definitions of action types are written to files.
enum ExportFormat: String, CaseIterable, ExpressibleByArgument {
    /// A file each, as the AWS CLI and `install --from` read it.
    case json
    /// A template.
    case cloudformation
    /// A configuration file.
    case terraform

    /// A file to write.
    struct File {
        /// Its name.
        let name: String
        /// What is in it.
        let text: String
    }

    /// A file's name without its end, what a template calls the type, and the type.
    typealias Named = (name: String, definition: CodePipeline.CustomActionType)

    /// The files with definitions.
    ///
    /// Each of `definitions` has its name with it, such as `start-sandbox`.
    ///
    /// - Throws: `EncodingError`, which no definition brings about.
    func files(_ definitions: [Named]) throws -> [File] {
        switch self {
        case .json:
            try definitions.map { File(name: "\($0.name).json", text: try $0.definition.printedJSON() + "\n") }
        case .cloudformation:
            [File(name: "quali-action-types.template.json", text: try CloudFormationTemplate(definitions).text())]
        case .terraform:
            [TerraformConfiguration(definitions).file]
        }
    }
}
