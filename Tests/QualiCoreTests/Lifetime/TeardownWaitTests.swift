import AWSLite
import Foundation
import LocalCloud
import QualiTesting
import SandboxAPI
import TestSupport
import Testing

@testable import JobEngine
@testable import QualiCore

@Suite("A start whose own earlier attempt may hold the equipment", .timeLimit(.minutes(5)))
struct TeardownWaitTests {
    /// A lab with one rack, whose teardown takes 20 minutes if it ends.
    private static func blueprint(_ teardown: LabBlueprint.Teardown = .succeeds(after: .seconds(1_200))) -> LabBlueprint
    {
        var blueprint = Site.blueprint()
        blueprint.components.append(LabComponent(name: "rack", kind: .resource, model: "Rack", isExclusive: true))
        blueprint.teardown = teardown
        return blueprint
    }

    /// A site whose execution has failed, and is retried with all its actions.
    ///
    /// `isEnded` says whether somebody has ended the sandbox before.
    private static func retried(
        _ blueprint: LabBlueprint = blueprint(),
        isEnded: Bool = true,
        staleReads: Int = 0
    ) async throws -> (LifetimeSite, execution: String) {
        let site = try LifetimeSite(blueprint) { $0.lab.staleReadsAfterStop = staleReads }
        let start = Site.startAction(["DurationInMinutes": "240", "SetupTimeoutInMinutes": "30"])
        let execution = try site.cloud.begin([start, LifetimeSite.failing])
        try await site.work { site.status(execution) == "Failed" }
        let first = try #require(site.lab.sandboxes.first)
        if isEnded { try await site.still.labClient().stopSandbox(id: first.id) }
        try site.retry(execution, "ALL_ACTIONS")
        return (site, execution)
    }

    private static func start(_ site: LifetimeSite, _ execution: String) -> ActionReport? {
        site.pipelines.execution(execution)?.action("Start")
    }

    @Test("waits for its teardown, also where the lab shows that late", arguments: [0, 3])
    func teardown(staleReads: Int) async throws {
        let (site, execution) = try await Self.retried(staleReads: staleReads)
        let before = site.calls("ListActionExecutions")
        try await site.work(during: .seconds(600))
        #expect(Self.start(site, execution)?.status == "InProgress")
        // It is asked once which attempts there were.
        #expect(site.calls("ListActionExecutions") - before == 1)
        let minutes = try await site.minutes { Self.start(site, execution)?.hasEnded == true }
        let start = try #require(Self.start(site, execution))
        #expect(start.status == "Succeeded", "\(start.errorMessage ?? "")")
        #expect((9...13).contains(minutes))
        #expect(site.lab.sandboxes.count == 2)
    }

    @Test func `says so in the log, once`() async throws {
        let (site, execution) = try await Self.retried()
        try await site.work { Self.start(site, execution)?.hasEnded == true }
        let lines = site.log.lines.filter { $0.message.hasPrefix("The start waits for the teardown of an earlier") }
        #expect(lines.count == 1)
    }

    @Test func `waits no longer for it than a setup may take`() async throws {
        let (site, execution) = try await Self.retried(Self.blueprint(.neverEnds))
        let minutes = try await site.minutes { Self.start(site, execution)?.hasEnded == true }
        #expect((30...33).contains(minutes))
        let message = try #require(Self.start(site, execution)?.errorMessage)
        #expect(message.contains("conflicting resources"))
        #expect(!message.contains("of an earlier attempt"))
    }

    @Test func `fails at once beside one that runs, and names it`() async throws {
        let (site, execution) = try await Self.retried(isEnded: false)
        let first = try #require(site.lab.sandboxes.first)
        let minutes = try await site.minutes { Self.start(site, execution)?.hasEnded == true }
        #expect(minutes < 3)
        let message = try #require(Self.start(site, execution)?.errorMessage)
        #expect(message.contains("The sandbox '\(first.id)' of an earlier attempt of this action still runs"))
    }

    @Test func `fails at once without the right to see the attempts`() async throws {
        let (site, execution) = try await Self.retried()
        site.still.deny("ListActionExecutions")
        let minutes = try await site.minutes { Self.start(site, execution)?.hasEnded == true }
        #expect(minutes < 3)
        #expect(Self.start(site, execution)?.errorMessage?.contains("conflicting resources") == true)
    }

    @Test func `fails at once where the teardown is somebody else's`() async throws {
        let site = try LifetimeSite(Self.blueprint())
        let other = try await site.startByHand("Somebody's")
        try await site.still.labClient().stopSandbox(id: other)
        let execution = try site.cloud.begin([LifetimeSite.start()])
        let minutes = try await site.minutes { Self.start(site, execution)?.hasEnded == true }
        #expect(minutes < 3)
        #expect(Self.start(site, execution)?.errorMessage?.contains("conflicting resources") == true)
    }

    @Test func `is tried once more after a teardown that ends right after a refusal`() async throws {
        let tag = SandboxTag(actionExecutionID: "run-0")
        let bench = try LabBench { line, number in
            switch line {
            case "GET /blueprints/Web": .json(#"{"id": "b1", "name": "Web"}"#)
            case "POST /blueprints/b1/start":
                number <= 2 ? .error(409, "Blueprint has conflicting resources") : .sandbox("s1", .beforeSetup)
            // Each attempt after the first is preceded by a look for the sandbox of another worker.
            case "GET /sandboxes":
                number <= 2 ? .list("s0", .teardown, name: "Web \(tag)") : .list("s1", .ready)
            case "GET /sandboxes/s1": .sandbox("s1", .ready)
            case "GET /sandboxes/s1/components": .empty
            default: .error(400, "unexpected \(line)")
            }
        }
        let earlier = CodePipeline.ActionExecution(id: "run-0", status: .failed, stageName: "", actionName: "")
        let properties = StartSandboxTests.properties
        let result = try await bench.run(StartSandbox(lab: bench.access), properties, actions: { [earlier] })
        #expect(result.externalExecutionID == "s1")
        #expect(bench.lab.count("POST /blueprints/b1/start") == 3)
    }

    @Test("begins to wait for resources when the teardown is over", arguments: [15, 5])
    func resources(wait: Int) async throws {
        let clock = ManualClock()
        let tag = SandboxTag(actionExecutionID: "run-0")
        let bench = try LabBench(clock: clock) { line, _ in
            let seconds = LabBench.seconds(clock)
            switch line {
            case "GET /blueprints/Web": return .json(#"{"id": "b1", "name": "Web"}"#)
            case "POST /blueprints/b1/start":
                return seconds < 1_200
                    ? .error(409, "Blueprint has conflicting resources") : .sandbox("s1", .beforeSetup)
            case "GET /sandboxes":
                return seconds < 600 ? .list("s0", .teardown, name: "Web \(tag)") : .list("s1", .ready)
            case "GET /sandboxes/s1": return .sandbox("s1", .ready)
            case "GET /sandboxes/s1/components": return .empty
            default: return .error(400, "unexpected \(line)")
            }
        }
        let earlier = CodePipeline.ActionExecution(id: "run-0", status: .failed, stageName: "", actionName: "")
        let run = {
            try await bench.run(
                StartSandbox(lab: bench.access),
                StartSandboxTests.properties.merging(["WaitForResourcesInMinutes": "\(wait)"]) { $1 },
                actions: { [earlier] }
            )
        }
        guard wait == 5 else {
            #expect(try await run().externalExecutionID == "s1")
            return
        }
        let failure = try await #require(throws: JobFailure.self) { try await run() }
        #expect(failure.message.contains("after 5 minutes of waiting"))
        // The teardown's end is seen a pause later, the next try begins the wait, and the first one after it fails: pauses
        // of up to a minute.
        #expect((900...1_080).contains(LabBench.seconds(clock)))
    }
}
