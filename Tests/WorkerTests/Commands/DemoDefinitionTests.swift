import Foundation
import TestSupport
import Testing

@Suite("The demo of one's own pipeline", .timeLimit(.minutes(5)))
struct DemoDefinitionTests {
    private static let example = Python.repository.appendingPathComponent("Examples/pipelines/pipeline.template.yaml")

    @Test("runs the example to its end, and leaves nothing behind")
    func example() async throws {
        let ending = try await program("demo", "--pipeline", Self.example.path, "--pace", "0.2")
        #expect(ending.status == 0, "\(ending)")
        #expect(ending.output.contains("Succeeded in"))
        #expect(ending.output.contains("Nothing: 1 of 1 sandboxes were ended."))
        #expect(ending.output.split(separator: "\n").allSatisfy { $0.count <= 80 })
    }

    @Test("lets an action fail, and the worker end the sandbox")
    func failure() async throws {
        let ending = try await program("demo", "--pipeline", Self.example.path, "--pace", "0.2", "--fail", "Lab/Test")
        #expect(ending.status == 0, "\(ending)")
        #expect(ending.output.contains("It was told to fail."))
        #expect(ending.output.contains("Nothing: 1 of 1 sandboxes were ended."))
        let unknown = try await program("demo", "--pipeline", Self.example.path, "--fail", "Lab/None")
        #expect(unknown.status == 64)
    }

    @Test("says which sandbox stays")
    func leak() async throws {
        let text = try String(contentsOf: Self.example, encoding: .utf8)
        let begin = try #require(text.range(of: "            - Name: End\n"))
        let end = try #require(text.range(of: "\nOutputs:"))
        try await withTemporaryFolder { folder in
            let path = try folder.write("p.yaml", String(text[..<begin.lowerBound] + text[end.lowerBound...]))
            let ending = try await program("demo", "--pipeline", path, "--pace", "0.2")
            #expect(ending.status == 1, "\(ending)")
            #expect(ending.output.contains("stays until its reservation is over"))
            #expect(try await program(["plan", path], environment: [:]).output.contains("[leak-success]"))
        }
    }

    /// A pipeline with an end in a stage of its own, what `plan` says of it, and a run in which its sandbox stays, if there
    /// is one.
    struct Shape: Sendable, CustomTestStringConvertible {
        var policy = "OnFailure"
        var hasEnd = true
        var skips = false
        var arguments: [String] = []
        var finding: String?

        var testDescription: String { "\(policy), end \(hasEnd), skipped \(skips)" }

        var definition: String {
            let build = "actionTypeId: { category: Build, owner: AWS, provider: CodeBuild, version: '1' }"
            let condition = """
                beforeEntry: { conditions: [{ result: SKIP, rules: [{ name: Go, \
                ruleTypeId: { category: Rule, owner: AWS, provider: VariableCheck, version: '1' }, \
                configuration: { Variable: '#{variables.Go}', Operator: EQ, Value: 'yes' } }] }] }
                """
            let end = """
                , { name: End, runOrder: 2, configuration: { SandboxId: '#{lab.SandboxId}' }, \
                actionTypeId: { category: Deploy, owner: Custom, provider: Quali-End-Sandbox, version: '1' } }
                """
            return """
                pipeline:
                  name: p
                  pipelineType: V2
                  variables: [{ name: Go, defaultValue: "no" }]
                  stages:
                    - name: Source
                      actions:
                        - name: S
                          actionTypeId: { category: Source, owner: AWS, provider: S3, version: '1' }
                    - name: Lab
                      actions:
                        - name: Start
                          actionTypeId: { category: Deploy, owner: Custom, provider: Quali-Start-Sandbox, version: '1' }
                          configuration:
                            BlueprintName: B
                            DurationInMinutes: 90
                            OptionsJSON: '{"EndWithPipeline": "\(policy)"}'
                          namespace: lab
                        - { name: Build, runOrder: 2, \(build) }
                    - name: After
                      \(skips ? condition : "")
                      actions: [{ name: Other, \(build) }\(hasEnd ? end : "")]

                """
        }
    }

    @Test(
        "leaves behind what 'plan' says, and nothing else",
        arguments: [
            Shape(arguments: ["--fail", "Lab/Build"]), Shape(policy: "Always", hasEnd: false),
            Shape(policy: "Never", arguments: ["--fail", "Lab/Build"], finding: "leak-failure"),
            Shape(skips: true, finding: "leak-skip"), Shape(policy: "Always", skips: true),
        ]
    )
    func agreement(_ shape: Shape) async throws {
        try await withTemporaryFolder { folder in
            let path = try folder.write("p.yaml", shape.definition)
            let plan = try await program(["plan", path, "--offline"], environment: [:])
            #expect(plan.status == 0, "\(plan)")
            let leaks = plan.output.matches(of: #/warning: .*\[(leak-\w+)\]/#).map { String($0.1) }
            #expect(leaks == (shape.finding.map { [$0] } ?? []), "\(plan)")
            let ending = try await program(["demo", "--pipeline", path, "--pace", "0.2"] + shape.arguments)
            #expect(ending.status == (shape.finding == nil ? 0 : 1), "\(ending)")
        }
    }
}
