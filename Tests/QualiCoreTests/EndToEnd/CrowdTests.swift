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
            try await Site.serve(cloud, labCalls: 8) { site in
                var other = Site.startAction(outputs: ["Other"])
                (other.name, other.namespace) = ("StartOther", nil)
                let crowd = (1...40).map { number in
                    VirtualPipeline.Action(
                        "Run\(number)",
                        Site.run,
                        ["ComponentName": "node-\(number)", "CommandName": "check"],
                        inputs: ["Sandbox"]
                    )
                }
                let execution = try cloud.begin(
                    [Site.startAction(), other],
                    then: crowd + [Site.endAction(inputs: ["Other"])]
                )
                _ = try await cloud.journal.first("componentCommand")
                cloud.faults.inject(.delay(.milliseconds(200)), service: "lab", times: .max)
                let report = try await cloud.codePipeline.end(of: execution)
                #expect(report.status == "Succeeded", "\(report.actions.compactMap(\.errorMessage))")
                let operations = cloud.journal.operations
                let end = try #require(operations.firstIndex(of: "stopSandbox"))
                let started = operations[..<end].count { $0 == "startComponentCommand" }
                // In its turn it would come after nearly all of them: it takes three calls.
                #expect(started < 25)
            }
        }
    }
}
