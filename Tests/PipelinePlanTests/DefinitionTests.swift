import PipelinePlan
import Testing

/// The forms that a definition may have, and what isn't one.
@Suite struct DefinitionTests {
    private static let template = """
        AWSTemplateFormatVersion: "2010-09-09"
        Parameters:
          Version: { Type: String, Default: "1" }
          Minutes: { Type: Number, Default: 0 }
          Users: { Type: CommaDelimitedList, Default: "anna,ben" }
          Blueprint: { Type: "AWS::SSM::Parameter::Value<String>", Default: /lab/blueprint }
        Conditions:
          HasBuild: !Equals [!Ref Version, "1"]
        Resources:
          Bucket: { Type: "AWS::S3::Bucket" }
          First:
            Type: AWS::CodePipeline::Pipeline
            Properties:
              RoleArn: !Sub "arn:aws:iam::${AWS::AccountId}:role/pipeline"
              PipelineType: V2
              Stages:
                - Name: Source
                  Actions:
                    - Name: Source
                      ActionTypeId: { Category: Source, Owner: AWS, Provider: S3, Version: "1" }
                      OutputArtifacts: [{ Name: !Sub "${AWS::StackName}-source" }]
                - !If
                  - HasBuild
                  - Name: Build
                    Actions:
                      - Name: Build
                        ActionTypeId: { Category: Build, Owner: AWS, Provider: CodeBuild, Version: "1" }
                        InputArtifacts: [{ Name: !Sub "${AWS::StackName}-source" }]
                  - !Ref AWS::NoValue
                - Name: Lab
                  Actions:
                    - Name: Start
                      ActionTypeId:
                        { Category: Deploy, Owner: Custom, Provider: Quali-Start-Sandbox, Version: !Ref Version }
                      Configuration:
                        BlueprintName: !Ref Blueprint
                        DurationInMinutes: !Ref Minutes
                        SandboxName: !Join ["-", [nightly, !Ref Version]]
                        InputsJSON: !Sub '{"Region": "${AWS::Region}"}'
                      OutputArtifacts: [{ Name: Sandbox }]
                    - Fn::If:
                        - HasBuild
                        - Name: End
                          RunOrder: 2
                          ActionTypeId: { Category: Deploy, Owner: Custom, Provider: Quali-End-Sandbox, Version: "1" }
                          InputArtifacts: [{ Name: Sandbox }]
                        - Ref: AWS::NoValue
          Second:
            Type: AWS::CodePipeline::Pipeline
            Properties:
              Fn::Transform: { Name: AWS::Include, Parameters: { Location: stages.yaml } }
              Stages: []

        """

    @Test func `reads a template, of which functions stay unknown`() async throws {
        let plan = try await Plan.of(Self.template.utf8)
        #expect(plan.pipelines == ["First", "Second"])
        #expect(plan.actions == 2)
        // What a parameter's default says may be replaced; and an action that a condition may leave out ends no sandbox then.
        #expect(plan.findings.map(\.id) == [.propertyWrong, .leakSkip])
        let wrong = try #require(plan.findings.first { $0.id == .propertyWrong })
        #expect(wrong.severity == .warning)
        #expect(wrong.text.hasPrefix("By a default: The property 'DurationInMinutes' is '0'"))
        #expect(wrong.place == Self.template.place(of: "!Ref Minutes"))
        #expect(wrong.action == "Lab/Start")
    }

    @Test func `reads a template in JSON, with the places in it`() async throws {
        let json = #"""
            {
              "Resources": {
                "P": {
                  "Type": "AWS::CodePipeline::Pipeline",
                  "Properties": {
                    "Name": {"Fn::Join": ["", ["a", {"Ref": "AWS::Region"}]]},
                    "Stages": [
                      {"Name": "Source", "Comment": "\u00e7 \ud83d\ude00", "Actions": [
                        {"Name": "S", "ActionTypeId": {"Category": "Source", "Owner": "AWS", "Provider": "S3", "Version": "1"},
                         "OutputArtifacts": [{"Name": "A"}]}
                      ]},
                      {"Name": "Run", "Actions": [
                        {"Name": "R", "RunOrder": 1,
                         "ActionTypeId": {"Category": "Test", "Owner": "Custom", "Provider": "Quali-Run-Command", "Version": "1"},
                         "Configuration": {"ComponentName": "SANDBOX", "CommandName": "go", "TimeoutInMinutes": 0},
                         "InputArtifacts": [{"Name": "B"}]}
                      ]}
                    ]
                  }
                }
              }
            }
            """#
        let findings = try await Plan.of(json.utf8).findings
        #expect(findings.map(\.id) == [.propertyWrong, .artifactUnmade])
        #expect(findings.first?.place == json.place(of: "0},"))
        #expect(findings.last?.place == json.place(of: #""B""#))
    }

    /// Texts that are no definition, and a part of what is said of each.
    private static let hostile: [(String, [UInt8], String)] = [
        ("nothing", [], "is empty"),
        ("blanks", Array(" \n\t\n".utf8), "is empty"),
        ("no text", [0xFF, 0xFE, 0x00], "is no text in UTF-8"),
        ("control characters", Array("a: \u{1}".utf8), "control characters are not allowed"),
        ("too long", [UInt8](repeating: UInt8(ascii: "a"), count: 2_000_001), "Wanted: at most 2000000"),
        ("brackets", Array(String(repeating: "[", count: 1_000_000).utf8), "can't be read as YAML or JSON"),
        ("braces", Array(String(repeating: "{\"a\":", count: 200_000).utf8), "can't be read as YAML or JSON"),
        ("dashes", Array(String(repeating: "- ", count: 500_000).utf8), "can't be read as YAML or JSON"),
        ("question marks", Array(String(repeating: "? ", count: 500_000).utf8), "can't be read as YAML or JSON"),
        ("aliases of aliases", Array(laughs(key: false).utf8), "aliases of aliases"),
        ("aliases of aliases in a key", Array(laughs(key: true).utf8), "aliases of aliases"),
        ("an alias of itself", Array("a: &a [*a]".utf8), "undefined alias"),
        ("an unknown alias", Array("a: *b".utf8), "undefined alias"),
        ("two documents", Array("a: 1\n---\nb: 2".utf8), "another document"),
        ("an open bracket", Array("a: [1, 2".utf8), "can't be read as YAML or JSON"),
        ("a list", Array("[1, 2]".utf8), "is a list, but should be a pipeline or a template"),
        ("a word", Array("pipeline".utf8), "is 'pipeline', but should be a pipeline or a template"),
        ("another mapping", Array("services: { web: {} }".utf8), "has neither 'pipeline' nor 'Resources'"),
        ("a pipeline that is a word", Array("pipeline: nightly".utf8), "has neither 'pipeline' nor 'Resources'"),
        (
            "a template of others", Array("Resources: { B: { Type: \"AWS::S3::Bucket\" } }".utf8),
            "without an AWS::CodePipeline::Pipeline"
        ),
        ("resources that are a list", Array("Resources: []".utf8), "without an AWS::CodePipeline::Pipeline"),
        ("a macro's template", Array("{% if x %}\nResources: {}\n{% endif %}".utf8), "can't be read as YAML or JSON"),
    ]

    private static func laughs(key: Bool) -> String {
        let levels = (1...40).map { "a\($0): &a\($0) [*a\($0 - 1), *a\($0 - 1)]" }
        return (["a0: &a0 [lol, lol]"] + levels + [key ? "? *a40 : 1" : "b: *a40"]).joined(separator: "\n")
    }

    @Test(arguments: hostile.map(\.0)) func `says why a text is no definition`(_ name: String) async throws {
        let (_, bytes, wanted) = try #require(Self.hostile.first { $0.0 == name })
        let error = await #expect(throws: DefinitionError.self) { try await Plan.of(bytes) }
        #expect(error?.description.contains(wanted) == true, "\(error?.description.prefix(300) ?? "")")
    }

    @Test(arguments: ["[]", "{}", "x", "[[]]", "[{ actions: x }]", "[{ name: [], actions: [x, [], { name: {} }] }]"])
    func `says what is wrong with wrong types`(_ stages: String) async throws {
        let plan = try await Plan.of("pipeline: { name: p, variables: x, stages: \(stages) }".utf8)
        #expect(plan.findings.contains { $0.id == .wrongType && $0.text.hasPrefix("'variables' is 'x'") })
    }

    /// Stages that would take minutes without limits.
    private static let long: [(String, String)] = [
        ("variables", "actions: [{ configuration: { b: \"\(String(repeating: "#{", count: 300_000))\" } }]"),
        ("wrong types", "actions: [\(String(repeating: "x, ", count: 20_000))]"),
        ("artifacts", "actions: [{ inputArtifacts: [\(artifacts("i"))], outputArtifacts: [\(artifacts("o"))] }]"),
    ]

    private static func artifacts(_ letter: String) -> String {
        (0..<3_000).map { "{ name: \(letter)\($0) }" }.joined(separator: ", ")
    }

    @Test(.timeLimit(.minutes(1)), arguments: long.map(\.0)) func `reads in time what is made to take long`(
        _ name: String
    ) async throws {
        let (_, stage) = try #require(Self.long.first { $0.0 == name })
        let findings = try await Plan.of("pipeline: { stages: [{ \(stage) }] }".utf8).findings
        #expect(!findings.isEmpty)
        for severity in Finding.Severity.allCases { #expect(findings.count { $0.severity == severity } <= 1_000) }
    }

    @Test func `tells an error, however many warnings come before it`() async throws {
        func pipeline(_ name: String, _ actions: [String]) -> String {
            "\(name): { Type: AWS::CodePipeline::Pipeline, Properties: { Stages: [{ Name: S, Actions: [\(actions.joined(separator: ", "))] }] } }"
        }
        func action(_ name: String, _ provider: String) -> String {
            "{ Name: \(name), ActionTypeId: { Category: Source, Owner: Custom, Provider: \(provider), Version: '1' } }"
        }
        let unknown = (0..<600).map { action("A\($0)", "Quali-Unknown") }
        let pipelines = [
            pipeline("One", unknown), pipeline("Two", unknown), pipeline("Three", [action("Run", "Quali-Run-Command")]),
        ]
        let plan = try await Plan.of("Resources: { \(pipelines.joined(separator: ", ")) }".utf8)
        #expect(plan.findings.count { $0.severity == .warning } == 1_000)
        #expect(plan.findings.contains { $0.id == .propertyMissing && $0.pipeline == "Three" })
    }

    @Test func `reads aliases that are meant`() async throws {
        let text = PlanTests.clean.replacingOnce("{ category: Deploy, owner", with: "&deploy { category: Deploy, owner")
            .replacingOnce(
                "configuration: { SandboxId",
                with: "<<: { namespace: end }\n          configuration: { SandboxId"
            )
        #expect(try await Plan.of(text.utf8).findings == [])
    }
}
