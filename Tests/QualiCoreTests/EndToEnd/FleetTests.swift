import Foundation
import HTTPTransport
import LocalCloud
import TestSupport
import Testing

@testable import JobEngine
@testable import QualiCore

@Suite("Workers that share a queue", .serialized, .timeLimit(.minutes(5)))
struct FleetTests {
    private static let actions = [Site.startAction(), Site.runAction("SANDBOX", "health-check"), Site.endAction()]

    @Test func `a host that vanishes with its disk loses nothing that waits in the queue`() async throws {
        var blueprint = Site.blueprint()
        blueprint.setup = .succeeds(after: .seconds(600))
        var options = LocalCloud.Options()
        // So that the host holds nothing when it vanishes.
        options.codePipeline.continuationDelay = .seconds(1_200)
        try await LocalCloud.withRunning(options) { cloud in
            cloud.lab.add(blueprint)
            let life = Life(until: nil)
            let (worker, _) = try await Site.makeWorker(cloud, life: life) { $0.handoff = .always }
            let start = try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try? await worker.run() }
                defer { group.cancelAll() }
                let execution = try Site(cloud: cloud).begin(Self.actions)
                let start = try await cloud.codePipeline.wait(for: execution) { execution in
                    execution.action("Start").flatMap { $0.jobs.count == 2 ? $0 : nil }
                }
                life.die()
                return start
            }
            let sandbox = try #require(cloud.lab.sandboxes.first)
            #expect(start.status == "InProgress")
            #expect(start.summary?.hasPrefix("Setting up") == true)
            #expect(start.percentComplete == 10)
            #expect(start.externalExecutionID == sandbox.id)
            #expect(start.jobs.last?.continuationToken?.contains(sandbox.id) == true)

            cloud.advance(by: .seconds(1_200))
            try await Site.serve(cloud) { _ in
                let end = try await cloud.codePipeline.end(of: start.executionID)
                #expect(end.status == "Succeeded", "\(end.actions.map { $0.errorMessage ?? "" })")
            }
            #expect(cloud.lab.sandboxes.count == 1)
            #expect(cloud.lab.executions.count == 1)
        }
    }

    @Test(arguments: [JobWorker.Handoff.always, .onStop])
    func `two share the jobs of many pipelines, and do nothing twice`(handoff: JobWorker.Handoff) async throws {
        var blueprint = Site.blueprint()
        blueprint.setup = .succeeds(after: .seconds(1))
        let smallRoom: (inout JobWorker.Configuration) -> Void = {
            $0.handoff = handoff
            $0.maxJobs = 2
        }
        try await LocalCloud.withRunning { cloud in
            cloud.lab.add(blueprint)
            try await Site.serve(cloud, configure: smallRoom) { site in
                try await Site.serve(cloud, configure: smallRoom) { other in
                    let executions = try (1...8).map { _ in try site.begin(Self.actions) }
                    for execution in executions {
                        let end = try await cloud.codePipeline.end(of: execution)
                        #expect(end.status == "Succeeded", "\(end.actions.map { $0.errorMessage ?? "" })")
                    }
                    #expect(cloud.lab.sandboxes.count == 8)
                    #expect(cloud.lab.executions.count == 8)
                    // Each has room for one start, so neither can take all, if it keeps what it has.
                    guard handoff == .onStop else { return }
                    for lines in [site.log, other.log] {
                        #expect(lines.withLock { $0.contains { $0.contains("Job succeeded") } })
                    }
                }
            }
        }
    }
}
