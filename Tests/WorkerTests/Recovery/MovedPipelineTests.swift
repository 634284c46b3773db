import Foundation
import LocalCloud
import TestSupport
import Testing

/// A pipeline of the Python worker's that nobody has edited, served by the built program.
@Suite("A pipeline that names a component's beginning", .timeLimit(.minutes(3)))
struct MovedPipelineTests {
    private static func pipeline() -> VirtualPipeline {
        VirtualPipeline(
            "Nightly",
            stages: [
                .init(
                    "Lab",
                    [
                        .init(
                            "Start",
                            .init(category: "Deploy", provider: "Quali-Start-Sandbox", version: "1"),
                            ["BlueprintName": "Web lab", "DurationInMinutes": "60"],
                            outputs: ["Sandbox"],
                            runOrder: 1
                        ),
                        .init(
                            "Run",
                            .init(category: "Test", provider: "Quali-Run-Command", version: "1"),
                            ["ComponentName": "^web-", "CommandName": "install"],
                            inputs: ["Sandbox"],
                            runOrder: 2
                        ),
                    ]
                )
            ]
        )
    }

    @Test("is green where QUALI_COMPONENT_MATCH says so, and else told how", arguments: [true, false])
    func run(isOriginal: Bool) async throws {
        let install = LabCommand(name: "install", duration: .zero)
        var options = LocalCloud.Options()
        options.blueprints = [
            LabBlueprint(
                name: "Web lab",
                components: ["db", "web-one", "web-two"].map {
                    LabComponent(name: $0, kind: .resource, model: "Server", commands: [install])
                },
                setup: .succeeds(after: .milliseconds(20))
            )
        ]
        try await LocalCloud.withRunning(options) { cloud in
            _ = try await program("actions", "install", environment: cloud.environment)
            try cloud.create(Self.pipeline())
            try await withTemporaryFolder { folder in
                var environment = cloud.environment.merging(["QUALI_POLL_SECONDS": "0.2"]) { $1 }
                if isOriginal { environment["QUALI_COMPONENT_MATCH"] = "original" }
                let worker = try ProgramRun(["run"], environment: environment, in: folder)
                let execution = try await cloud.codePipeline.end(of: cloud.codePipeline.start("Nightly"))
                worker.signal(SIGTERM)
                let log = try await worker.end().errors
                let run = try #require(execution.action("Run"))
                if isOriginal {
                    #expect(execution.status == "Succeeded", "\(run.errorMessage ?? "")")
                    #expect(
                        run.summary?.contains("was taken, the first whose name begins with it; passed over: 'web-")
                            == true
                    )
                    #expect(log.contains("Another component may be meant"))
                } else {
                    #expect(execution.status == "Failed")
                    #expect(run.errorMessage?.contains("set the worker's QUALI_COMPONENT_MATCH to 'original'") == true)
                    #expect(cloud.lab.executions.isEmpty)
                }
            }
        }
    }
}
