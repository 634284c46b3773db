import LocalCloud
import Testing

@testable import JobEngine
@testable import QualiCore

/// What jobs that go well cost in calls, besides the polls that all jobs share.
///
/// In a time that stands still while anybody has something to do, since a job that is held for long is asked for.
@Suite("The cost of jobs", .timeLimit(.minutes(2)))
struct CostTests {
    /// The calls of a pipeline's jobs, by operation.
    private static func calls(
        of actions: [VirtualPipeline.Action],
        then crowd: [VirtualPipeline.Action] = [],
        to services: [String],
        besides shared: Set<String>,
        with components: [LabComponent] = [],
        labTime: Duration = .zero
    ) async throws -> [String: Int] {
        func options(_ clock: LocalClock) -> LocalCloud.Options {
            var options = LocalCloud.Options()
            options.clock = clock
            options.blueprints = [Site.blueprint()]
            options.blueprints[0].components += components
            return options
        }
        let site = StillSite(options, pollInterval: .seconds(1), labTime: labTime)
        let cloud = site.cloud
        try cloud.codePipeline.register(Site.start, required: ["BlueprintName", "DurationInMinutes"])
        try cloud.codePipeline.register(
            Site.run,
            required: ["ComponentName", "CommandName"],
            optional: ["ArgumentsJSON"]
        )
        try cloud.codePipeline.register(Site.end)
        let execution = try cloud.begin(actions, then: crowd)
        @Sendable func report() -> ExecutionReport? { cloud.codePipeline.execution(execution) }
        try await site.work { report()?.hasEnded == true }
        let end = try #require(report())
        #expect(end.status == "Succeeded", "\(end.actions.map { $0.errorMessage ?? "" })")
        return site.calls.filter { services.contains($0.service) && !shared.contains($0.operation) }
            .reduce(into: [:]) { $0[$1.operation, default: 0] += 1 }
    }

    private static func callsToAWS(_ actions: VirtualPipeline.Action...) async throws -> [String: Int] {
        try await calls(of: actions, to: ["codepipeline", "s3"], besides: ["PollForJobs"])
    }

    @Test func `a start costs two calls and one for its output artifact`() async throws {
        let calls = try await Self.callsToAWS(Site.startAction())
        #expect(calls == ["AcknowledgeJob": 1, "PutJobSuccessResult": 1, "PutObject": 1])
    }

    @Test func `a command costs two calls and one for its input artifact`() async throws {
        let calls = try await Self.callsToAWS(Site.startAction(), Site.runAction("SANDBOX", "health-check"))
        #expect(calls == ["AcknowledgeJob": 2, "PutJobSuccessResult": 2, "PutObject": 1, "GetObject": 1])
    }

    @Test func `an end costs two calls and one for its input artifact`() async throws {
        let calls = try await Self.callsToAWS(Site.startAction(), Site.endAction())
        #expect(calls == ["AcknowledgeJob": 2, "PutJobSuccessResult": 2, "PutObject": 1, "GetObject": 1])
    }

    @Test func `where many commands run on one sandbox, each costs at most three calls of the lab`() async throws {
        let components = (1...5).map { number in
            LabComponent(
                name: "node-\(number)",
                kind: .resource,
                model: "Server",
                commands: [LabCommand(name: "check", duration: .zero)]
            )
        }
        let runs = (0..<20).map { number in
            VirtualPipeline.Action(
                "Run\(number)",
                Site.run,
                ["ComponentName": "node-\(number % 5 + 1)", "CommandName": "check"],
                inputs: ["Sandbox"]
            )
        }
        let calls = try await Self.calls(
            of: [Site.startAction()],
            then: runs,
            to: ["lab"],
            besides: ["login", "sandboxes", "deleteToken", "blueprint", "startSandbox", "sandbox"],
            with: components,
            labTime: .milliseconds(100)
        )
        #expect(calls["startComponentCommand"] == 20)
        #expect(calls.values.reduce(0, +) <= 60, "\(calls)")
    }

    @Test func `a sandbox that is started, used and ended costs twelve calls of the lab, and looks that all share`()
        async throws
    {
        let install = Site.runAction("web-server.*", "install", ["ArgumentsJSON": #"{"Package": "nginx"}"#])
        let calls = try await Self.calls(
            of: [Site.startAction(), install, Site.endAction()],
            to: ["lab"],
            besides: ["login", "sandboxes", "deleteToken"]
        )
        #expect(
            calls == [
                "blueprint": 1, "startSandbox": 1, "sandbox": 2, "components": 2, "componentCommand": 2,
                "startComponentCommand": 1, "execution": 1, "activity": 1, "stopSandbox": 1,
            ]
        )
    }
}
