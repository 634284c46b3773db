import AWSLite

/// A Terraform configuration with action types.
///
/// The version is in the file's name and in those of the resources, so that a new version comes beside the old one,
/// which goes when its file does.
struct TerraformConfiguration {
    private let definitions: [ExportFormat.Named]

    /// Describes types.
    init(_ definitions: [ExportFormat.Named]) {
        self.definitions = definitions
    }

    /// The file, as `terraform fmt` has it.
    var file: ExportFormat.File {
        let note = """
            # The CodePipeline action types of quali-worker. A registered type can't be changed: export a higher version
            # into a file beside this one, move the pipelines over, and delete this file in the end.

            """
        let blocks = definitions.map {
            HCLBlock(Self.label($0), Self.attributes($0.definition), Self.blocks($0.definition))
        }
        let version = definitions.first?.definition.version ?? ""
        return .init(
            name: "quali-action-types-v\(version).tf",
            text: ([note] + blocks.map { $0.text() }).joined(separator: "\n")
        )
    }

    private static func label(_ named: ExportFormat.Named) -> String {
        let name = "\(named.name.replacing("-", with: "_"))_v\(named.definition.version)"
        return "resource \"aws_codepipeline_custom_action_type\" \(HCLBlock.quoted("quali_" + name))"
    }

    private static func attributes(_ type: CodePipeline.CustomActionType) -> [(String, HCLBlock.Value)] {
        [
            ("category", .text(type.category.rawValue)), ("provider_name", .text(type.provider)),
            ("version", .text(type.version)),
        ]
    }

    private static func blocks(_ type: CodePipeline.CustomActionType) -> [HCLBlock] {
        var blocks = [
            HCLBlock("input_artifact_details", counts(type.inputArtifactDetails)),
            HCLBlock("output_artifact_details", counts(type.outputArtifactDetails)),
        ]
        let links: [(String, String?)] = [
            ("entity_url_template", type.settings?.entityURLTemplate),
            ("execution_url_template", type.settings?.executionURLTemplate),
            ("revision_url_template", type.settings?.revisionURLTemplate),
            ("third_party_configuration_url", type.settings?.thirdPartyConfigurationURL),
        ]
        let given = links.compactMap { name, link in link.map { (name, HCLBlock.Value.text($0)) } }
        if !given.isEmpty { blocks.append(HCLBlock("settings", given)) }
        blocks += type.configurationProperties.map { property in
            let optional: [(String, HCLBlock.Value?)] = [
                ("description", property.description.map { .text($0) }),
                ("type", property.type.map { .text($0.rawValue) }),
            ]
            return HCLBlock(
                "configuration_property",
                [
                    ("name", .text(property.name)), ("required", .bool(property.required)),
                    ("key", .bool(property.key)), ("secret", .bool(property.secret)),
                    ("queryable", .bool(property.queryable)),
                ] + optional.compactMap { name, value in value.map { (name, $0) } }
            )
        }
        // Pipelines that use the type would fail.
        blocks.append(HCLBlock("lifecycle", [("prevent_destroy", .bool(true))]))
        return blocks
    }

    private static func counts(_ details: CodePipeline.ArtifactDetails) -> [(String, HCLBlock.Value)] {
        [("minimum_count", .number(details.minimumCount)), ("maximum_count", .number(details.maximumCount))]
    }
}
