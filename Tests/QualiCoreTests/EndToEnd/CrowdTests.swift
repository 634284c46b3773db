import LocalCloud
import Testing

@testable import QualiCore

/// A crowd of jobs at a lab that takes its time for each call.
@Suite("A crowd of jobs", .timeLimit(.minutes(2)))
struct CrowdTests {
    @Test func `an End isn't held up by a crowd of commands`() async throws {
        var options = LocalCloud.Options()
        options.blueprints = [Site.blueprint()]
        options.blueprints[0].components += (1...40).map { number in
            LabComponent(
                name: "node-\(number)",
                kind: .resource,
                model: "Server",
                commands: [LabCommand(name: "check", duration: .zero)]
            )
        }
        try await LocalCloud.withRunning(options) { cloud in
            try await Site.serve(cloud, labCalls: 4) { site in
                let other = try await site.pipeline(Site.startAction()).action("Start")?.externalExecutionID ?? ""
                let crowd = (1...40).map { number in
                    VirtualPipeline.Action(
                        "Run\(number)",
                        Site.run,
                        ["ComponentName": "node-\(number)", "CommandName": "check"],
                        inputs: ["Sandbox"]
                    )
                }
                cloud.faults.inject(.delay(.seconds(20)), on: "componentCommand", service: "lab", times: .max)
                let execution = try cloud.begin([Site.startAction()], then: crowd)
                _ = try await cloud.journal.arrival { $0.operation == "componentCommand" }
                let end = try await site.pipeline(Site.endAction(["SandboxId": other], inputs: []))
                #expect(end.status == "Succeeded")
                #expect(cloud.journal.finished("componentCommand") == 0)
                cloud.faults.removeAll()
                let report = try await cloud.codePipeline.end(of: execution)
                #expect(report.status == "Succeeded", "\(report.actions.compactMap(\.errorMessage))")
            }
        }
    }
}
