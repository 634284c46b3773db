import AWSLite
import Foundation
import LocalCloud
import Logging
import QualiTesting
import SandboxAPI
import Testing

@testable import JobEngine
@testable import QualiCore

@Suite("A sandbox that may be extended", .timeLimit(.minutes(5)))
struct ExtensionTests {
    /// Half an hour, up to four.
    private static let lease = LifetimeSite.start(#"{"MaxDurationInMinutes": 240}"#, minutes: 30)

    /// When the reservation of a site's only sandbox ends, in minutes after its start.
    private static func end(_ site: LifetimeSite) throws -> Double {
        let sandbox = try #require(site.lab.sandboxes.first)
        return try #require(sandbox.endTime).timeIntervalSince(sandbox.startTime) / 60
    }

    @Test func `is extended while its pipeline goes on, as far as it may be, and then runs out`() async throws {
        let site = try LifetimeSite()
        let execution = try site.cloud.begin([Self.lease, LifetimeSite.waiting])
        try await site.work(during: .seconds(3 * 3_600))
        #expect(site.lab.sandboxes.map(\.state) == [.ready])
        // Never for longer than its first length from now on.
        #expect(try Self.end(site) <= 180 + 30)
        try await site.work(during: .seconds(2 * 3_600))
        #expect(site.status(execution) == "InProgress")
        #expect(site.isCleared)
        #expect(try Self.end(site) == 240)
        #expect(site.lab.sandboxes.count == 1)
    }

    @Test func `isn't extended once its pipeline is over`() async throws {
        let site = try LifetimeSite()
        let execution = try site.cloud.begin([Self.lease])
        try await site.work(during: .seconds(3_600))
        #expect(site.status(execution) == "Succeeded")
        #expect(try Self.end(site) == 30)
    }

    @Test func `isn't extended unless its action wants that`() async throws {
        let site = try LifetimeSite()
        _ = try site.cloud.begin([LifetimeSite.start(minutes: 30), LifetimeSite.waiting])
        try await site.work(during: .seconds(3_600))
        #expect(try Self.end(site) == 30)
        #expect(site.calls("extendSandbox") == 0)
    }

    @Test func `runs out when all workers are gone`() async throws {
        let site = try LifetimeSite()
        _ = try site.cloud.begin([Self.lease, LifetimeSite.waiting])
        try await site.work(during: .seconds(3_600))
        site.still.moveOn(.seconds(31 * 60))
        #expect(site.isCleared)
    }

    @Test func `is extended by another worker, whose journal doesn't know it`() async throws {
        let site = try LifetimeSite()
        _ = try site.cloud.begin([Self.lease, LifetimeSite.waiting])
        try await site.work { site.lab.sandboxes.first?.state == .ready }
        try await site.work(during: .seconds(2 * 3_600), losingJournal: true)
        #expect(site.lab.sandboxes.map(\.state) == [.ready])
        #expect(try Self.end(site) <= 120 + 30)
    }

    @Test func `isn't extended by what may not see whether its pipeline goes on`() async throws {
        let site = try LifetimeSite()
        site.still.deny("ListPipelineExecutions")
        _ = try site.cloud.begin([Self.lease, LifetimeSite.waiting])
        try await site.work(during: .seconds(3_600))
        #expect(try Self.end(site) == 30)
    }

    @Test func `that the lab refuses to extend is said once, and tried again`() async throws {
        let site = try LifetimeSite()
        site.still.refuse("extendSandbox", "Sandbox can't be extended: a resource is reserved by another one")
        _ = try site.cloud.begin([Self.lease, LifetimeSite.waiting])
        let monitor = WorkerMonitor()
        try await site.work(during: .seconds(25 * 60), monitor: monitor)
        #expect(site.calls("extendSandbox") > 1)
        let warnings = site.log.lines.filter { $0.message.hasPrefix("The lab refuses to extend") }
        #expect(warnings.map(\.level) == [.warning])
        let events = monitor.snapshot().events
        #expect(events.map(\.isWarning) == [true])
        #expect(events.first?.text.contains("a resource is reserved by another one") == true)
        site.still.refuse("extendSandbox", nil)
        try await site.work(during: .seconds(30 * 60), monitor: monitor)
        #expect(site.lab.sandboxes.map(\.state) == [.ready])
    }

    private static let refusal = "Sandbox can't be extended: a resource is reserved by another one"
    private static let warning = "The lab refuses to extend the sandbox: \(refusal). It is reserved until "

    @Test func `that the lab refuses to extend is told by the actions that work with it`() async throws {
        var blueprint = Site.blueprint()
        blueprint.commands.append(LabCommand(name: "test", duration: .seconds(25 * 60)))
        let site = try LifetimeSite(blueprint)
        site.still.refuse("extendSandbox", Self.refusal)
        let run = Site.runAction("SANDBOX", "test", ["TimeoutInMinutes": "60"])
        let execution = try site.cloud.begin([Self.lease, run, Site.endAction()])
        try await site.work { site.pipelines.execution(execution)?.hasEnded == true }
        #expect(site.status(execution) == "Succeeded")
        for action in ["Run", "End"] {
            let summary = try #require(site.pipelines.execution(execution)?.action(action)?.summary)
            #expect(summary.contains(Self.warning), "\(summary)")
        }
    }

    @Test func `that the lab refused to extend is told of the command that ended with it`() async throws {
        let site = try LifetimeSite()
        site.still.refuse("extendSandbox", Self.refusal)
        let run = Site.runAction("SANDBOX", "soak", ["TimeoutInMinutes": "120"])
        let execution = try site.cloud.begin([Self.lease, run])
        // So often that the sandbox isn't looked after any more when the command's end is seen.
        try await site.work {
            $0.jobs.pipelinePollInterval = .seconds(4)
        } until: {
            site.status(execution) == "Failed"
        }
        let message = try #require(site.pipelines.execution(execution)?.action("Run")?.errorMessage)
        #expect(message.contains("The sandbox runs no more"))
        #expect(message.contains(Self.warning), "\(message)")
    }

    @Test func `is extended though the lab can't show others`() async throws {
        let site = try LifetimeSite()
        for _ in 0..<6 { _ = try site.cloud.begin([Self.lease, LifetimeSite.waiting]) }
        try await site.work { site.lab.sandboxes.count { $0.state == .ready } == 6 }
        let ids = site.lab.sandboxes.map(\.id)
        for id in ids.dropLast() { site.still.refuse("sandbox", of: id, "Broken") }
        try await site.work(during: .seconds(3_600))
        #expect(site.lab.sandboxes.filter { $0.state == .ready }.map(\.id) == [ids.last])
    }

    @Test func `says nothing any more once somebody has extended it`() async throws {
        try await SandboxStand.run { stand in
            let execution = try stand.begin("Nightly")
            let keeper = stand.keeper(LifetimeRules())
            let sandbox = try await stand.client.startSandbox(
                blueprint: "Web lab",
                .init(name: stand.tag(execution).name(for: "Nightly"), duration: .seconds(600))
            )
            let place = JobPlace(
                pipeline: "Nightly",
                stage: "Lab",
                action: "Start",
                pipelineExecutionID: execution.id
            )
            let job = JobInfo(id: "1", actionExecutionID: execution.action("Start")?.id ?? "", place: place)
            let terms = LifetimeTerms(duration: .seconds(3_600), maxDuration: .seconds(86_400))
            await keeper.keep(sandbox.id, of: job, terms)
            var look = PipelineLook()
            look.executions[PipelineExecutionID(place)] = .init(id: execution.id, status: .inProgress)
            let pace = CallPace(clock: HurriedClock())
            stand.cloud.faults.inject(.status(400, message: Self.refusal), on: "extendSandbox")
            await keeper.take(look, pace: pace)
            #expect(await keeper.warning(of: sandbox.id)?.hasPrefix(Self.warning) == true)
            _ = try await stand.client.extendSandbox(id: sandbox.id, by: .seconds(3_600))
            await keeper.take(look, pace: pace)
            #expect(await keeper.warning(of: sandbox.id) == nil)
        }
    }

    @Test func `looks after the one sandbox that its job has chosen among twins`() async throws {
        try await SandboxStand.run { stand in
            let keeper = stand.keeper(LifetimeRules())
            let place = JobPlace(pipeline: "Nightly", stage: "Lab", action: "Start", pipelineExecutionID: "e-1")
            let job = JobInfo(id: "1", actionExecutionID: "a-1", place: place)
            let terms = LifetimeTerms(duration: .seconds(3_600), maxDuration: .seconds(86_400))
            for sandboxID in ["first", "second"] { await keeper.keep(sandboxID, of: job, terms) }
            #expect(await Array(keeper.entries.keys) == ["second"])
        }
    }

    @Test func `says nothing where the lab extends it`() async throws {
        let site = try LifetimeSite()
        let execution = try site.cloud.begin([Self.lease, Site.runAction("SANDBOX", "health-check"), Site.endAction()])
        try await site.work { site.pipelines.execution(execution)?.hasEnded == true }
        let summaries = site.pipelines.execution(execution)?.actions.compactMap(\.summary) ?? []
        #expect(!summaries.contains { $0.contains("refuses") })
    }
}
