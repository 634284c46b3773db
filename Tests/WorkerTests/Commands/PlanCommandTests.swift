import Foundation
import LocalCloud
import TestSupport
import Testing

@Suite("quali-worker plan", .timeLimit(.minutes(5)))
struct PlanCommandTests {
    private static let clean = Python.repository.appendingPathComponent("Examples/pipelines/pipeline.json")

    /// A definition with an error, a warning and no place for an end.
    private static let wrong = """
        pipeline:
          name: p
          stages:
            - name: Source
              actions:
                - name: S
                  actionTypeId: { category: Source, owner: AWS, provider: S3, version: "1" }
                  outputArtifacts: [{ name: A }]
            - name: "Lab & <more>"
              actions:
                - name: Start
                  actionTypeId: { category: Deploy, owner: Custom, provider: Quali-Start-Sandbox, version: "1" }
                  configuration: { BlueprintName: Web lab, DurationInMinutes: none }

        """

    /// Runs the command on a definition in a file of its own.
    private func plan(_ text: String, _ arguments: String...) async throws -> ProgramRun.Ending {
        try await withTemporaryFolder { folder in
            let path = try folder.write("p.yaml", text)
            return try await program(["plan", path] + arguments, environment: [:])
        }
    }

    @Test("has nothing to say of the example, and says what a lab alone knows")
    func clean() async throws {
        let ending = try await program(["plan", Self.clean.path], environment: [:])
        #expect(ending.status == 0, "\(ending)")
        #expect(ending.output.hasPrefix("0 errors, 0 warnings, 0 notes in 1 pipeline with 3 of the three actions."))
        #expect(ending.output.contains("Not checked, as there is no lab: blueprints"))
    }

    @Test("says where a mistake stands, in each form")
    func forms() async throws {
        let text = try await plan(Self.wrong)
        #expect(text.status == 1)
        let place = "p.yaml:13:71: error: Lab & <more>/Start: The property 'DurationInMinutes' is 'none'"
        #expect(text.output.contains(place), "\(text)")
        #expect(text.output.contains("[leak-success]"))

        let json = try JSON(parsing: Data(try await plan(Self.wrong, "--json").output.utf8))
        let first = json["findings"]?.array?.last
        #expect(first?["id"]?.string == "property-wrong")
        #expect(first?["line"]?.integer == 13)
        #expect(json["not_checked"]?.array?.count == 5)

        let sarif = try JSON(parsing: Data(try await plan(Self.wrong, "--sarif").output.utf8))
        let run = sarif["runs"]?[0]
        #expect(sarif["version"]?.string == "2.1.0")
        let rules = run?["tool"]?["driver"]?["rules"]?.array?.compactMap { $0["id"]?.string } ?? []
        #expect(run?["results"]?.array?.allSatisfy { rules.contains($0["ruleId"]?.string ?? "") } == true)
        let region = run?["results"]?.array?.last?["locations"]?[0]?["physicalLocation"]?["region"]
        #expect(region?["startColumn"]?.integer == 71)

        let junit = try await plan(Self.wrong, "--junit")
        #expect(junit.status == 1)
        #expect(junit.output.contains("tests=\"2\" failures=\"2\""), "\(junit.output)")
        #expect(junit.output.contains("name=\"Lab &amp; &lt;more&gt;/Start\"><failure type=\"property-wrong\""))
    }

    @Test("lets no definition write to the terminal what it likes")
    func hidden() async throws {
        let ending = try await plan(Self.wrong.replacing("name: Start", with: #"name: "\e[31m\n""#))
        #expect(ending.output.contains(#"Lab & <more>/\u{1b}[31m"#), "\(ending)")
        #expect(!ending.output.contains("\u{1B}"))
        #expect(!(try await plan(#""\e[31m""#)).errors.contains("\u{1B}"))
    }

    @Test("ends with 64 for what can't be read")
    func unreadable() async throws {
        for text in ["", "services: {}", "a: [", "&a [*a]"] {
            let ending = try await plan(text)
            #expect(ending.status == 64, "\(text): \(ending)")
            #expect(ending.output.isEmpty)
        }
        #expect(try await program(["plan", "/nowhere/p.yaml"], environment: [:]).status == 64)
        #expect(try await program(["plan"], environment: [:]).status == 64)
    }

    @Test("asks a lab, keeps what it has, and asks CodePipeline for a definition")
    func services() async throws {
        try await LocalCloud.withRunning { cloud in
            let environment = cloud.environment
            #expect(try await program(["actions", "install"], environment: environment).status == 0)
            let own = VirtualPipeline.Action(
                "Start",
                .init(category: "Deploy", provider: "Quali-Start-Sandbox", version: "1"),
                ["BlueprintName": "Wep lab", "DurationInMinutes": "60"]
            )
            try cloud.create(VirtualPipeline("nightly", stages: [.init("Lab", [own])]))
            try await withTemporaryFolder { folder in
                let record = folder.appendingPathComponent("lab.json").path
                let asked = ["plan", "--pipeline", "nightly", "--json"]
                let ending = try await program(asked + ["--record", record], environment: environment)
                #expect(ending.status == 1, "\(ending)")
                let ids = try JSON(parsing: Data(ending.output.utf8))["findings"]?.array?.compactMap {
                    $0["id"]?.string
                }
                #expect(ids?.contains("blueprint-unknown") == true, "\(ending)")
                let again = try await program(asked + ["--lab", record], environment: environment)
                #expect(again.output == ending.output)
                let offline = try await program(asked + ["--offline"], environment: environment)
                #expect(!offline.output.contains("blueprint-unknown"))
            }
            #expect(cloud.lab.sandboxes.isEmpty)
        }
    }
}
