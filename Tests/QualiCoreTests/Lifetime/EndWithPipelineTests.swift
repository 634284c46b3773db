import Foundation
import HTTPTransport
import LocalCloud
import MetricsTestKit
import QualiTesting
import SandboxAPI
import TestSupport
import Testing

@testable import JobEngine
@testable import QualiCore

@Suite("A sandbox whose pipeline is over", .timeLimit(.minutes(5)))
struct EndWithPipelineTests {
    @Test func `ends when its pipeline has failed and the grace is over, once, and that is said`() async throws {
        let site = try LifetimeSite()
        let execution = try site.cloud.begin([LifetimeSite.start(), LifetimeSite.failing, Site.endAction()])
        try await site.work { site.status(execution) == "Failed" && site.isCleared }
        let minutes = try site.minutes(after: execution)
        #expect((60...62.5).contains(minutes))
        #expect(site.lab.sandboxes.count == 1)
        let lines = site.log.lines.filter { $0.message == "Sandbox ended with its pipeline" }
        #expect(lines.count == 1)
        #expect(lines.first?.metadata["reason"]?.contains("\(execution) of the pipeline") == true)
        #expect(lines.first?.metadata["reason"]?.contains("is Failed since") == true)
    }

    @Test(arguments: [true, false])
    func `ends when somebody has stopped its pipeline`(isAbandoned: Bool) async throws {
        let site = try LifetimeSite()
        let execution = try site.cloud.begin([LifetimeSite.start(), LifetimeSite.waiting, Site.endAction()])
        try await site.work { site.pipelines.execution(execution)?.action("Wait") != nil }
        try site.pipelines.stop(execution, abandon: isAbandoned)
        // Its last action is waited for, which nobody does.
        guard isAbandoned else {
            try await site.work(during: .seconds(3 * 3_600))
            #expect(site.status(execution) == "Stopping")
            #expect(!site.isCleared)
            return
        }
        try await site.work { site.isCleared }
        #expect(site.status(execution) == "Stopped")
        let minutes = try site.minutes(after: execution)
        #expect((60...62.5).contains(minutes))
    }

    @Test(
        "stays or ends as its action, or else the worker, wants it",
        arguments: [
            (EndWithPipeline.onFailure, nil, false), (.onFailure, "Always", true), (.always, nil, true),
            (.always, "OnFailure", false), (.always, "Never", false), (.never, nil, false), (.never, "Always", true),
        ] as [(EndWithPipeline, String?, Bool)]
    )
    func wishes(worker: EndWithPipeline, action: String?, isEnded: Bool) async throws {
        let site = try LifetimeSite()
        let options = action.map { "{\"EndWithPipeline\": \"\($0)\"}" }
        let execution = try site.cloud.begin([LifetimeSite.start(options)])
        try await site.work { site.status(execution) == "Succeeded" }
        try await site.work(during: .seconds(2 * 3_600)) { $0.endWithPipeline = worker }
        #expect(site.isCleared == isEnded)
    }

    @Test func `stays when a retry lets the pipeline go on within the grace`() async throws {
        let site = try LifetimeSite()
        let execution = try site.cloud.begin([LifetimeSite.start(), LifetimeSite.failing, Site.endAction()])
        try await site.work { site.status(execution) == "Failed" }
        try await site.work(during: .seconds(50 * 60))
        try site.retry(execution)
        try await site.work { site.status(execution) == "Failed" }
        try await site.work(during: .seconds(50 * 60))
        #expect(!site.isCleared)
        try await site.work { site.isCleared }
        let minutes = try site.minutes(after: execution)
        #expect((60...62.5).contains(minutes))
    }

    @Test func `ends though the worker that has started it has lost its journal`() async throws {
        let site = try LifetimeSite()
        let execution = try site.cloud.begin([LifetimeSite.start(), LifetimeSite.failing])
        try await site.work { site.status(execution) == "Failed" }
        try await site.work(losingJournal: true) { site.isCleared }
        let minutes = try site.minutes(after: execution)
        #expect((60...62.5).contains(minutes))
        // Whoever searches once knows it from then on.
        #expect(site.calls("ListPipelines") == 1)
        try await site.work(during: .seconds(600))
        #expect(site.calls("ListPipelines") == 1)
    }

    @Test func `needs no search where the journal tells of it`() async throws {
        let site = try LifetimeSite()
        let execution = try site.cloud.begin([LifetimeSite.start(), LifetimeSite.failing])
        try await site.work { site.status(execution) == "Failed" }
        #expect(await site.journal.keptNotes().count == 1)
        try await site.work { site.isCleared }
        #expect(site.calls("ListPipelines") == 0)
        try await site.work(during: .seconds(240))
        #expect(await site.journal.keptNotes().isEmpty)
    }

    @Test func `is left alone without the right to see that, which is said once`() async throws {
        let site = try LifetimeSite()
        site.still.deny("ListPipelineExecutions")
        let execution = try site.cloud.begin([LifetimeSite.start(), LifetimeSite.failing])
        try await site.work(during: .seconds(2 * 3_600))
        #expect(site.status(execution) == "Failed")
        #expect(!site.isCleared)
        #expect(site.log.lines.count { $0.message.hasPrefix("Sandboxes aren't ended with their pipelines") } == 1)
        #expect(site.calls("ListPipelineExecutions") <= 4)
    }

    @Test(
        "ends though a policy leaves out another pipeline",
        arguments: ["ListPipelineExecutions", "ListActionExecutions"]
    )
    func policies(operation: String) async throws {
        let site = try LifetimeSite()
        for name in ["A", "B", "C"] {
            var failing = LifetimeSite.failing
            failing.runOrder = 2
            let stage = VirtualPipeline.Stage("Lab", [LifetimeSite.start(), failing])
            try site.cloud.create(VirtualPipeline(name, stages: [stage]))
        }
        // Whatever order they are looked at in, one of the others comes after it.
        for name in ["A", "C"] { site.still.deny(operation, of: name) }
        let executions = try ["A", "B", "C"].map { try site.pipelines.start($0) }
        try await site.work { executions.allSatisfy { site.status($0) == "Failed" } }
        try await site.work(during: .seconds(63 * 60))
        let left = site.lab.sandboxesNotStopped.map(\.id)
        let own = executions.map { site.pipelines.execution($0)?.action("Start")?.externalExecutionID }
        #expect(Set(left) == Set([own[0], own[2]].compactMap { $0 }))
    }

    @Test func `is left alone where its tag is nobody's, or its action has named another`() async throws {
        let site = try LifetimeSite()
        let execution = try site.cloud.begin([LifetimeSite.start(), LifetimeSite.failing])
        try await site.work { site.status(execution) == "Failed" }
        let own = try #require(site.lab.sandboxes.first)
        let stranger = SandboxTag(actionExecutionID: "another account's").name(for: "Theirs")
        let others = [stranger, own.name, "Somebody's"]
        for name in others { try await site.startByHand(name) }
        try await site.work(losingJournal: true) { site.lab.sandbox(id: own.id)?.isUnstopped == false }
        try await site.work(during: .seconds(2 * 3_600), losingJournal: true)
        #expect(site.lab.sandboxesNotStopped.map(\.name).sorted() == others.sorted())
    }

    @Test func `is asked for again at each look while the lab refuses its end, which is said once`() async throws {
        let site = try LifetimeSite { $0.lab.failingStops = 3 }
        let execution = try site.cloud.begin([LifetimeSite.start(), LifetimeSite.failing])
        try await site.work { site.status(execution) == "Failed" && site.isCleared }
        let minutes = try site.minutes(after: execution)
        #expect((63...66).contains(minutes))
        let warnings = site.log.lines.filter { $0.message.hasPrefix("A sandbox can't be ended") }
        #expect(warnings.count <= 1)
        #expect(site.calls("stopSandbox") == 4)
    }

    @Test func `counts as left while the lab refuses its end for good, and as ended once it takes the request`()
        async throws
    {
        let site = try LifetimeSite()
        site.still.refuse("stopSandbox", "A person has locked the sandbox")
        _ = try site.cloud.begin([LifetimeSite.start(), LifetimeSite.failing])
        let earlier = TestMetrics()
        try await site.work(monitor: WorkerMonitor(metrics: earlier)) {
            try earlier.expectMeter("quali_worker_sandboxes_left").lastValue == 1
        }
        #expect(try earlier.expectMeter("quali_worker_sandboxes_kept").lastValue == 1)
        #expect(try earlier.expectCounter("quali_worker_sandboxes_started_total").totalValue == 1)
        #expect(try earlier.expectCounter("quali_worker_sandbox_ends_refused_total").totalValue == 1)
        site.still.refuse("stopSandbox", nil)
        let later = TestMetrics()
        @Sendable func ended(_ reason: String) throws -> Int64 {
            try later.expectCounter("quali_worker_sandboxes_ended_total", [("reason", reason)]).totalValue
        }
        try await site.work(monitor: WorkerMonitor(metrics: later)) { try ended("pipeline") == 1 && site.isCleared }
        #expect(try ["action", "undone", "replaced"].allSatisfy { try ended($0) == 0 })
        #expect(try later.expectCounter("quali_worker_sandboxes_started_total").totalValue == 0)
        #expect(try later.expectCounter("quali_worker_sandbox_ends_refused_total").totalValue == 0)
    }

    @Test func `isn't kept waiting by the search for another's sandbox in many pipelines`() async throws {
        let site = try LifetimeSite()
        for number in 1...600 {
            let stage = VirtualPipeline.Stage("Lab", [LifetimeSite.start()])
            try site.cloud.create(VirtualPipeline("Other-\(number)", stages: [stage]))
        }
        let execution = try site.cloud.begin([LifetimeSite.start(), LifetimeSite.failing])
        try await site.work { site.status(execution) == "Failed" }
        // The search for it takes ten minutes.
        try await site.startByHand(SandboxTag(actionExecutionID: "another account's").name(for: "Theirs"))
        try await site.work({ $0.endGrace = .seconds(240) }) { site.lab.sandboxesNotStopped.count == 1 }
        let minutes = try site.minutes(after: execution)
        #expect((4...6.5).contains(minutes))
    }

    @Test func `costs no call of CodePipeline where there is none`() async throws {
        let site = try LifetimeSite()
        try await site.startByHand("Somebody's")
        try await site.work(during: .seconds(3_600))
        let idle = Set(site.still.calls.filter { $0.service == "codepipeline" }.map(\.operation))
        #expect(idle == ["PollForJobs"])
    }

    @Test func `costs none once it is to stay for good`() async throws {
        let site = try LifetimeSite()
        let execution = try site.cloud.begin([LifetimeSite.start()])
        try await site.work { site.status(execution) == "Succeeded" }
        try await site.work(during: .seconds(3_600))
        #expect(!site.isCleared)
        #expect(site.calls("ListPipelineExecutions") == 1)
    }

    @Test(arguments: [false, true])
    func `costs a page for each pipeline where another's comes, and all of them where it was there before`(
        wasThere: Bool
    ) async throws {
        try await SandboxStand.run { stand in
            for _ in 0..<60 { _ = try stand.begin("Old") }
            stand.cloud.advance(by: .seconds(10 * 86_400))
            let keeper = stand.keeper(
                LifetimeRules(grace: .zero),
                clock: ServiceClock(stand.inventory.clock) { 10 * 86_400 }
            )
            let pace = CallPace(clock: HurriedClock())
            if !wasThere { await keeper.take(PipelineLook(), pace: pace) }
            _ = try await stand.start(SandboxTag(actionExecutionID: "another account's").name(for: "Theirs"))
            await keeper.take(PipelineLook(), pace: pace)
            try await keeper.search(stand.client.sandboxes(), pace)
            // There are 120 runs of actions, of which a page has 100.
            #expect(stand.calls["ListActionExecutions"] == (wasThere ? 2 : 1))
        }
    }

    @Test func `ends before a round of looks is over, which takes minutes with many pipelines`() async throws {
        let site = try LifetimeSite()
        var failing = LifetimeSite.failing
        failing.runOrder = 2
        let stage = VirtualPipeline.Stage("Lab", [LifetimeSite.start(), failing])
        for number in 1...200 {
            try site.cloud.create(VirtualPipeline("P\(number)", stages: [stage]))
            _ = try site.pipelines.start("P\(number)")
        }
        try await site.work {
            (1...200).allSatisfy { site.pipelines.executions(of: "P\($0)").first?.status == "Failed" }
        }
        let begin = site.still.clock.now
        try await site.work {
            $0.endGrace = .zero
        } until: {
            site.lab.sandboxes.contains { !$0.isUnstopped }
        }
        // A pause of a minute, ten seconds of looks, and two calls that prove it.
        #expect(site.still.clock.now.timeIntervalSince(begin) < 120)
    }

    @Test func `isn't ended without the right to look, which is said once though looks come in parts`() async throws {
        try await SandboxStand.run { stand in
            let log = LogBook()
            let keeper = stand.keeper(LifetimeRules(), logger: log.logger)
            for pipeline in ["A", "B", "A"] {
                var look = PipelineLook()
                look.denied = [pipeline]
                await keeper.take(look, pace: CallPace(clock: HurriedClock()))
            }
            #expect(log.lines.count { $0.message.hasPrefix("Sandboxes aren't ended with their pipelines") } == 1)
        }
    }

    @Test func `is found though the host's clock was wrong by a year until AWS told the time`() async throws {
        try await SandboxStand.run { stand in
            let sandbox = try await stand.start(of: stand.begin("Nightly"))
            let year = 365.0 * 86_400
            let offset = Locked(TimeInterval?.none)
            let host = ManualClock(startingAt: Date().addingTimeInterval(year))
            let keeper = stand.keeper(LifetimeRules(), clock: ServiceClock(host) { offset.withLock { $0 } })
            let pace = CallPace(clock: HurriedClock())
            await keeper.take(PipelineLook(), pace: pace)
            offset.withLock { $0 = -year }
            await keeper.take(PipelineLook(), pace: pace)
            try await keeper.search(stand.client.sandboxes(), pace)
            #expect(await keeper.entries[sandbox.id] != nil)
        }
    }

    @Test func `costs a call a minute for a hundred executions of a pipeline`() async throws {
        let site = try LifetimeSite()
        var waiting = LifetimeSite.waiting
        waiting.runOrder = 2
        let stage = VirtualPipeline.Stage("Lab", [LifetimeSite.start(), waiting])
        try site.cloud.create(VirtualPipeline("Many", stages: [stage], executionMode: "PARALLEL"))
        for _ in 0..<250 { _ = try site.pipelines.start("Many") }
        try await site.work { site.lab.sandboxes.count { $0.state == .ready } == 250 }
        try await site.work(during: .seconds(120))
        let before = site.still.calls.count
        try await site.work(during: .seconds(600))
        let calls = site.still.calls.dropFirst(before).filter {
            $0.operation.hasPrefix("List") || $0.operation == "sandboxes"
        }
        #expect(Set(calls.map(\.operation)) == ["ListPipelineExecutions", "sandboxes"])
        #expect((27...33).contains(calls.count { $0.operation == "ListPipelineExecutions" }))
    }
}
