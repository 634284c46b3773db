import AWSLite
import Foundation

/// A CloudFormation template with action types.
///
/// A stack that is deleted, or updated to a higher version, leaves the old types: pipelines name a version, and a
/// version that was deleted can't be registered again with another definition.
struct CloudFormationTemplate: Encodable {
    private struct Resource: Encodable {
        let type = "AWS::CodePipeline::CustomActionType"
        let deletionPolicy = "Retain"
        let updateReplacePolicy = "Retain"
        let properties: CodePipeline.CustomActionType
    }

    private let version = "2010-09-09"
    private let description = """
        The CodePipeline action types of quali-worker. A registered type can't be changed: export and deploy a higher \
        version for that. Types that a stack gives up stay; delete them with 'quali-worker actions uninstall'.
        """
    private let resources: [String: Resource]

    /// Describes types.
    init(_ definitions: [ExportFormat.Named]) {
        resources = Dictionary(
            definitions.map { ("\(Self.logicalID($0.name))ActionType", Resource(properties: $0.definition)) }
        ) { first, _ in first }
    }

    private enum CodingKeys: String, CodingKey {
        case version = "AWSTemplateFormatVersion"
        case description
        case resources
    }

    /// The template as JSON.
    ///
    /// - Throws: `EncodingError`, which no definition brings about.
    func text() throws -> String {
        // CloudFormation's properties are the API's members with a capital at the beginning.
        try printedJSON(keys: .custom { Capitalized($0.last?.stringValue ?? "") }) + "\n"
    }

    /// `start-sandbox` as `StartSandbox`.
    private static func logicalID(_ name: String) -> String {
        name.split(separator: "-").map { Capitalized(String($0)).stringValue }.joined()
    }
}

private struct Capitalized: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init(_ text: String) { stringValue = text.prefix(1).uppercased() + text.dropFirst() }
    init?(stringValue: String) { self.init(stringValue) }
    init?(intValue: Int) { nil }
}
