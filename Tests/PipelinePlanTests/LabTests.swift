import Foundation
import HTTPTransport
import LocalCloud
import SandboxAPI
import Testing

@testable import PipelinePlan

/// What a plan knows of a lab.
@Suite struct LabTests {
    private static let blueprint = LabBlueprint(
        name: "Web lab",
        inputs: [
            LabInput("Release"), LabInput("Browser", default: "Safari", possibleValues: ["Safari", "Firefox"]),
            LabInput("Pin", default: "1234", type: "Password"),
        ],
        components: [
            LabComponent(
                name: "web-server",
                kind: .application,
                model: "Server",
                commands: [
                    LabCommand(
                        name: "install",
                        params: [
                            .init("Package", isMandatory: true), .init("Mode", possibleValues: ["quick", "full"]),
                        ]
                    )
                ]
            ), LabComponent(name: "core-switch", kind: .resource, model: "Switch"),
        ],
        setup: .succeeds(after: .seconds(3))
    )

    /// A mistake that only a lab shows: what is replaced in the clean definition, and what is found.
    private static let mistakes: [(old: String, new: String, id: Finding.ID, severity: Finding.Severity)] = [
        ("BlueprintName: Web lab", "BlueprintName: Wep lab", .blueprintUnknown, .error),
        (#"{"Release": "1.2"}"#, #"{"Release": "1.2", "Brwser": "Safari"}"#, .inputUnknown, .error),
        (#"{"Release": "1.2"}"#, #"{"Browser": "Safari"}"#, .inputMissing, .error),
        (#"{"Release": "1.2"}"#, #"{"Release": "1.2", "Browser": "Opera"}"#, .inputValue, .error),
        ("\"90\"", "\"20\"", .durationEstimate, .warning), ("web-server.*", "database", .componentUnmatched, .warning),
        ("web-server.*", "'.*'", .componentUnmatched, .warning),
        ("CommandName: install", "CommandName: instal", .commandUnknown, .error),
        ("{\"Package\": ", "{\"Pakage\": ", .argumentUnknown, .warning),
        (##"{"Package": "#{variables.Package}"}"##, #"{"Mode": "full"}"#, .argumentMissing, .error),
        ("{\"Package\": ", "{\"Mode\": \"slow\", \"Package\": ", .argumentValue, .warning),
    ]

    private func withRecord(_ body: (LabRecord) async throws -> Void) async throws {
        var options = LocalCloud.Options()
        options.blueprints = [Self.blueprint]
        try await LocalCloud.withRunning(options) { cloud in
            let account = options.labAccount
            let client = try SandboxClient(
                .init(
                    url: cloud.labURL,
                    username: account.username,
                    password: Secret(account.password),
                    domain: "Global"
                ),
                httpClient: CurlHTTPClient()
            )
            var record = try await LabReader(client).record(of: ["Web lab"])
            #expect(record.blueprints.first?.components == nil)
            let request = StartSandboxRequest(
                name: "Nightly",
                duration: .seconds(3_600),
                params: [Input(name: "Release", value: "1")]
            )
            _ = try await client.startSandbox(blueprint: "Web lab", request)
            cloud.advance(by: .seconds(10))
            let starts = cloud.lab.sandboxes.count
            record = try await LabReader(client).record(of: ["Web lab"])
            #expect(cloud.lab.sandboxes.count == starts)
            #expect(cloud.lab.executions.isEmpty)
            try await body(record)
        }
    }

    @Test func `is read without secrets, and nothing is changed in it`() async throws {
        try await withRecord { record in
            let text = String(decoding: try JSONEncoder().encode(record), as: UTF8.self)
            #expect(!text.contains("1234"))
            let again = try JSONDecoder().decode(LabRecord.self, from: Data(text.utf8))
            #expect(again == record)
            #expect(record.blueprints.map(\.name) == ["Web lab"])
            #expect(record.blueprints.first?.components?.map(\.model) == ["Server", "Switch"])
        }
    }

    @Test func `shows what a definition alone doesn't`() async throws {
        try await withRecord { record in
            #expect(try await Plan.of(PlanTests.clean.utf8, lab: record).findings == [])
            for mistake in Self.mistakes {
                try #require(PlanTests.clean.contains(mistake.old))
                let definition = PlanTests.clean.replacingOnce(mistake.old, with: mistake.new)
                let findings = try await Plan.of(definition.utf8, lab: record).findings
                let found = findings.filter { $0.id == mistake.id }
                #expect(found.map(\.severity) == [mistake.severity], "\(mistake): \(findings)")
            }
        }
    }

    @Test func `has nothing to say of components where no sandbox runs`() async throws {
        try await withRecord { record in
            var record = record
            record.blueprints[0].components = nil
            let findings = try await Plan.of(PlanTests.clean.utf8, lab: record).findings
            #expect(findings.map(\.id) == [.notChecked])
        }
    }

    @Test func `is told what the original worker does otherwise`() async throws {
        var options = PlanOptions()
        options.comparesWithOriginal = true
        let name = String(repeating: "n", count: 45)
        let definition = PlanTests.clean
            .replacingOnce(" OptionsJSON", with: " SandboxName: \(name)\n            OptionsJSON")
            .replacingOnce(#"{"Release": "1.2"}"#, with: #"{"Release": 1.10}"#).replacingOnce(
                "web-server.*",
                with: "web"
            )
        let findings = try await Plan.of(definition.utf8, options).findings
        #expect(findings.map(\.id) == [.moving, .moving])
        let texts = findings.map(\.text)
        for part in ["cut to 44", "1.10", "'Lab/Build' reads the artifact"] { #expect(texts[0].contains(part)) }
        for part in ["OnCommandFailure", "web.*"] { #expect(texts[1].contains(part)) }
    }
}
