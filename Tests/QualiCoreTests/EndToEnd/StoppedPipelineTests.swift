import Foundation
import HTTPTransport
import LocalCloud
import TestSupport
import Testing

@testable import JobEngine
@testable import QualiCore

@Suite("A pipeline that is stopped", .serialized, .timeLimit(.minutes(5)))
struct StoppedPipelineTests {
    private static func slowBlueprint() -> LabBlueprint {
        var blueprint = Site.blueprint()
        blueprint.setup = .succeeds(after: .seconds(600))
        return blueprint
    }

    @Test(arguments: [CodePipelineBehavior.LateResult.invalidJobState, .jobNotFound])
    func `has its sandbox ended while that is being set up`(lateResult: CodePipelineBehavior.LateResult) async throws {
        var options = LocalCloud.Options()
        options.codePipeline.lateResult = lateResult
        try await Site.withRunning(options, blueprints: [Self.slowBlueprint()]) { site in
            let execution = try site.begin([Site.startAction(), Site.endAction()])
            _ = try await site.lab.first { $0.first { $0.state == .setup } }
            try site.cloud.codePipeline.stop(execution, abandon: true)
            _ = try await site.lab.first { $0.first { $0.state == .teardown || $0.state == .ended } }
            #expect(site.cloud.codePipeline.execution(execution)?.action("Start")?.status == "Abandoned")
        }
    }

    @Test func `has its command cancelled, and no further one is started`() async throws {
        try await Site.withRunning { site in
            let execution = try site.begin([
                Site.startAction(), Site.runAction("SANDBOX", "soak"), Site.endAction(),
            ])
            let running = try await site.lab.firstExecution { $0.command.name == "soak" }
            try site.cloud.codePipeline.stop(execution, abandon: true)
            _ = try await site.lab.firstExecution { $0.id == running.id && $0.status == .cancelled }
            #expect(site.lab.executions.count == 1)
        }
    }

    @Test func `keeps its sandbox if that is wanted`() async throws {
        try await LocalCloud.withRunning { cloud in
            cloud.lab.add(Self.slowBlueprint())
            try await Site.serve(cloud, configure: { $0.onAbandoned = .keep }) { site in
                let execution = try site.begin([Site.startAction()])
                _ = try await site.lab.first { $0.first { $0.state == .setup } }
                try site.cloud.codePipeline.stop(execution, abandon: true)
                _ = try await cloud.journal.next { $0.operation == "ListActionExecutions" }
                await site.log.wait { $0.contains { $0.contains("left as it is") } }
                #expect(site.lab.sandboxes.map(\.state) == [.setup])
            }
        }
    }

    @Test func `is waited for when it is stopped without abandoning its action`() async throws {
        var blueprint = Site.blueprint()
        blueprint.setup = .succeeds(after: .seconds(3))
        try await Site.withRunning(blueprints: [blueprint]) { site in
            let execution = try site.begin([Site.startAction(), Site.endAction()])
            _ = try await site.lab.first { $0.first { $0.state == .setup } }
            try site.cloud.codePipeline.stop(execution)
            let start = try await site.cloud.codePipeline.end(ofAction: "Start", in: execution)
            #expect(start.status == "Succeeded")
            #expect(site.lab.sandboxes.map(\.state) == [.ready])
        }
    }
}
