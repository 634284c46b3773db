import LocalCloud
import Testing

@testable import QualiCore

/// What jobs that go well cost in calls, besides the polls that all jobs share.
@Suite("The cost of jobs", .serialized, .timeLimit(.minutes(2)))
struct CostTests {
    private static let shared: Set<String> = ["PollForJobs", "ListActionTypes", "CreateCustomActionType"]

    /// The calls of a pipeline's jobs to AWS, by operation.
    private static func callsToAWS(_ actions: [VirtualPipeline.Action]) async throws -> [String: Int] {
        try await LocalCloud.withRunning { cloud in
            cloud.lab.add(Site.blueprint())
            // A job that is held for long is asked for, and a slow machine takes long.
            return try await Site.serve(cloud, configure: { $0.abandonmentInterval = nil }) { site in
                let end = try await cloud.codePipeline.end(of: site.begin(actions))
                #expect(end.status == "Succeeded", "\(end.actions.map { $0.errorMessage ?? "" })")
                let calls = cloud.journal.entries {
                    ["codepipeline", "s3"].contains($0.service) && !shared.contains($0.operation)
                }
                return calls.reduce(into: [:]) { $0[$1.operation, default: 0] += 1 }
            }
        }
    }

    @Test func `a start costs two calls and one for its output artifact`() async throws {
        let calls = try await Self.callsToAWS([Site.startAction()])
        #expect(calls == ["AcknowledgeJob": 1, "PutJobSuccessResult": 1, "PutObject": 1])
    }

    @Test func `a command costs two calls and one for its input artifact`() async throws {
        let calls = try await Self.callsToAWS([Site.startAction(), Site.runAction("SANDBOX", "health-check")])
        #expect(calls == ["AcknowledgeJob": 2, "PutJobSuccessResult": 2, "PutObject": 1, "GetObject": 1])
    }

    @Test func `an end costs two calls and one for its input artifact`() async throws {
        let calls = try await Self.callsToAWS([Site.startAction(), Site.endAction()])
        #expect(calls == ["AcknowledgeJob": 2, "PutJobSuccessResult": 2, "PutObject": 1, "GetObject": 1])
    }

    @Test func `a sandbox that is started, used and ended costs twelve calls of the lab, and looks that all share`()
        async throws
    {
        var calls = try await Site.withRunning { site in
            let install = Site.runAction("web-server.*", "install", ["ArgumentsJSON": #"{"Package": "nginx"}"#])
            let end = try await site.cloud.codePipeline.end(
                of: site.begin([Site.startAction(), install, Site.endAction()])
            )
            #expect(end.status == "Succeeded", "\(end.actions.map { $0.errorMessage ?? "" })")
            return site.cloud.journal.entries { $0.service == "lab" && !["login", "sandboxes"].contains($0.operation) }
                .reduce(into: [:] as [String: Int]) { $0[$1.operation, default: 0] += 1 }
        }
        // One more where the first read comes before the end.
        #expect((1...2).contains(calls.removeValue(forKey: "execution") ?? 0))
        #expect(
            calls == [
                "blueprint": 1, "startSandbox": 1, "sandbox": 2, "components": 2, "componentCommand": 2,
                "startComponentCommand": 1, "activity": 1, "stopSandbox": 1,
            ]
        )
    }
}
