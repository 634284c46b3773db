import Foundation
import LocalCloud
import TestSupport
import Testing

@testable import worker

@Suite("actions export", .timeLimit(.minutes(2)))
struct ExportTests {
    /// A portal whose address has what templates begin with.
    private static let portal = "https://lab.example.com/${x}%{y}/$${z}"

    /// The files of a format by their names, and the definitions as plain JSON by theirs.
    private static func export(
        _ format: String,
        _ check: (_ files: [String: URL], _ definitions: [String: JSON]) async throws -> Void
    ) async throws {
        try await withTemporaryFolder { folder in
            for format in [format, "json"] {
                let path = folder.appendingPathComponent(format).path
                let ending = try await program(
                    "actions",
                    "export",
                    path,
                    "--format",
                    format,
                    "--version",
                    "2-b",
                    environment: ["CLOUDSHELL_PORTAL_URL": portal]
                )
                #expect(ending.status == 0, "\(ending)")
            }
            func files(_ format: String) throws -> [String: URL] {
                let all = try FileManager.default.contentsOfDirectory(
                    at: folder.appendingPathComponent(format),
                    includingPropertiesForKeys: nil
                )
                return Dictionary(uniqueKeysWithValues: all.map { ($0.lastPathComponent, $0) })
            }
            let definitions = try files("json").mapValues { try JSON(parsing: Data(contentsOf: $0)) }
            #expect(definitions.count == 3)
            try await check(try files(format), definitions)
        }
    }

    @Test("writes a template that has each member of the definitions, and keeps what pipelines use")
    func cloudFormation() async throws {
        try await Self.export("cloudformation") { files, definitions in
            let file = try #require(files["quali-action-types.template.json"])
            #expect(files.count == 1)
            let resources = try JSON(parsing: Data(contentsOf: file))["Resources"]?.object ?? [:]
            #expect(
                resources.keys.sorted() == ["EndSandboxActionType", "RunCommandActionType", "StartSandboxActionType"]
            )
            for (name, definition) in definitions {
                let words = name.dropLast(".json".count).split(separator: "-").map(\.capitalized)
                let resource = resources["\(words.joined())ActionType"]
                #expect(resource?["Type"]?.string == "AWS::CodePipeline::CustomActionType")
                #expect(resource?["DeletionPolicy"]?.string == "Retain")
                #expect(resource?["UpdateReplacePolicy"]?.string == "Retain")
                var wanted = try #require(definition.capitalized.object)
                #expect(wanted["Version"] == "2-b" && wanted["Settings"]?.object?.count == 2)
                // These two are the template's parameters.
                wanted["Version"] = resource?["Properties"]?["Version"]
                wanted["Settings"] = resource?["Properties"]?["Settings"]
                #expect(resource?["Properties"]?.object == wanted)
            }
        }
    }

    @Test("writes a template that cfn-lint takes", Python.condition)
    func lint() async throws {
        try await Self.export("cloudformation") { files, _ in
            let (status, output) = try await Python.run("lint.py", files.values.map(\.path))
            #expect(status == 0, "\(output)")
            // A check that can't fail would be none.
            let file = try #require(files.values.first)
            let text = try String(contentsOf: file, encoding: .utf8).replacing("\"Provider\"", with: "\"Povider\"")
            try Data(text.utf8).write(to: file)
            #expect(try await Python.run("lint.py", [file.path]).status != 0)
        }
    }

    @Test("writes Terraform code that says what the definitions say", Python.condition)
    func terraform() async throws {
        try await Self.export("terraform") { files, definitions in
            let file = try #require(files["quali-action-types-v2-b.tf"])
            #expect(files.count == 1)
            let code = try await Python.json("hcl.py", [file.path])
            var resources: [String: JSON] = [:]
            for resource in code["resource"]?.array ?? [] {
                resources.merge(resource["aws_codepipeline_custom_action_type"]?.object ?? [:]) { first, _ in first }
            }
            #expect(resources.count == 3)
            for (name, definition) in definitions {
                let label = name.replacing("-", with: "_").replacing(".json", with: "_v2-b")
                var wanted = definition.snakeCased
                wanted["provider_name"] = wanted["provider"]
                wanted["provider"] = nil
                wanted["configuration_property"] = wanted["configuration_properties"]
                wanted["configuration_properties"] = nil
                for block in ["input_artifact_details", "output_artifact_details", "settings"] {
                    wanted[block] = wanted[block].map { [$0] }
                }
                wanted["lifecycle"] = [["prevent_destroy": true]]
                #expect(resources["quali_\(label)"] == wanted)
                #expect(wanted["settings"]?[0]?["entity_url_template"]?.string == Self.portal + "/")
            }
        }
    }

    @Test(
        "escapes texts for HCL",
        arguments: [
            ("plain #{lab.SandboxId} $ % {", #""plain #{lab.SandboxId} $ % {""#), ("${a}%{b}", #""$${a}%%{b}""#),
            ("$${a}", #""$$${a}""#), ("say \"a\\b\"", #""say \"a\\b\"""#), ("a\nb\tc\rd\u{7}", #""a\nb\tc\rd\u0007""#),
            ("$\u{2060}{é}", "\"$\u{2060}{é}\""),
        ]
    )
    func quoting(text: String, quoted: String) {
        #expect(HCLBlock.quoted(text) == quoted)
    }
}
