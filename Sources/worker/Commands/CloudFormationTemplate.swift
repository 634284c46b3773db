import AWSLite
import Foundation
import QualiCore
import WorkerStatus

/// A CloudFormation template with action types, whose version and portal are parameters.
///
/// A stack that is deleted, or updated to a higher version, leaves the old types: pipelines name a version, and a
/// version that was deleted can't be registered again with another definition.
struct CloudFormationTemplate: Encodable {
    private struct Parameter: Encodable {
        let type = "String"
        let description: String
        let allowedPattern: String
        let `default`: String
    }

    private struct Resource: Encodable {
        let type = "AWS::CodePipeline::CustomActionType"
        let deletionPolicy = "Retain"
        let updateReplacePolicy = "Retain"
        let properties: Properties
    }

    /// A definition with the template's parameters in their places.
    private struct Properties: Encodable {
        let definition: CodePipeline.CustomActionType

        private enum Place: CodingKey { case version, settings }

        func encode(to encoder: any Encoder) throws {
            try definition.encode(to: encoder)
            var properties = encoder.container(keyedBy: Place.self)
            try properties.encode(TemplateExpression.reference("Version"), forKey: .version)
            let links = PortalLinks(url: "${PortalUrl}")
            let settings: TemplateExpression = .object([
                "EntityUrlTemplate": .substituted(links.home + "/"),
                "ExecutionUrlTemplate": .substituted(links.executionURLTemplate),
            ])
            let choice: [TemplateExpression] = ["HasPortal", settings, .reference("AWS::NoValue")]
            try properties.encode(TemplateExpression.object(["Fn::If": .list(choice)]), forKey: .settings)
        }
    }

    private let version = "2010-09-09"
    private let description = """
        The CodePipeline action types of quali-worker. A registered type can't be changed: deploy a higher version for \
        that. Types that a stack gives up stay; delete them with 'quali-worker actions uninstall'.
        """
    private let parameters: [String: Parameter]
    private let conditions: [String: TemplateExpression] = [
        "HasPortal": .object(["Fn::Not": .list([.object(["Fn::Equals": .list([.reference("PortalUrl"), ""])])])])
    ]
    private let resources: [String: Resource]

    /// Describes types, which are of one version and lead to one portal.
    init(_ definitions: [ExportFormat.Named]) {
        let portal = definitions.first?.definition.settings?.entityURLTemplate.map { PortalLinks(url: $0).home }
        parameters = [
            "Version": Parameter(
                description: "The version of the action types, as the workers' JOB_WORKER_VERSION has it.",
                allowedPattern: "^[0-9A-Za-z_-]{1,9}$",
                default: definitions.first?.definition.version ?? ""
            ),
            "PortalUrl": Parameter(
                description: "The CloudShell portal to which the console's links lead. Without it there are none.",
                allowedPattern: "^(https?://.*[^/])?$",
                default: portal ?? ""
            ),
        ]
        resources = Dictionary(
            definitions.map { named in
                ("\(Self.logicalID(named.name))ActionType", Resource(properties: .init(definition: named.definition)))
            }
        ) { first, _ in first }
    }

    private enum CodingKeys: String, CodingKey {
        case version = "AWSTemplateFormatVersion"
        case description
        case parameters
        case conditions
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
