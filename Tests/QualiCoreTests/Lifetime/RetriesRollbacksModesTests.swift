import Foundation
import HTTPTransport
import LocalCloud
import QualiTesting
import TestSupport
import Testing

@testable import JobEngine
@testable import QualiCore

/// What becomes of jobs and sandboxes in each of the ways that CodePipeline's executions can go; `Docs/retries.md` tells it.
@Suite("Retries, rollbacks and modes", .timeLimit(.minutes(5)))
struct RetriesRollbacksModesTests {
    typealias Stage = VirtualPipeline.Stage

    private static let check = Site.runAction("SANDBOX", "health-check")
    private static let long = Site.runAction("SANDBOX", "test")
    /// How long after an execution's end its sandbox runs, in minutes: the grace and at most two looks.
    private static let grace = 60.0...62.5

    private static func site() throws -> LifetimeSite {
        var blueprint = Site.blueprint()
        blueprint.commands.append(LabCommand(name: "test", duration: .seconds(600)))
        blueprint.components[1].commands.append(LabCommand(name: "probe", duration: .zero))
        return try LifetimeSite(blueprint)
    }

    /// A stage that starts a sandbox, waits for somebody, and ends it.
    private static func waitingStage(_ onFailure: VirtualPipeline.FailureResponse? = nil) -> Stage {
        Stage("Lab", [LifetimeSite.start(), LifetimeSite.waiting, Site.endAction()], onFailure: onFailure)
    }

    /// Whether a command runs in the lab.
    private static func isTesting(_ site: LifetimeSite) -> Bool {
        site.lab.executions(of: "test").contains { $0.status == .running }
    }

    /// Does something while a worker's command runs, and lets the worker work until the lab has cancelled that.
    private static func workUntilCancelled(_ site: LifetimeSite, _ change: @Sendable () throws -> Void) async throws {
        let isDone = Locked(false)
        try await site.work {
            if isTesting(site), !isDone.withLock({ $0 }) {
                isDone.withLock { $0 = true }
                try change()
            }
            return site.lab.executions(of: "test").map(\.status) == [.cancelled]
        }
        #expect(site.lab.executions(of: "test").map(\.status) == [.cancelled])
    }

    // MARK: Retries

    @Test func `a manual retry of failed actions goes on with the same sandbox`() async throws {
        let site = try Self.site()
        let execution = try site.begin([Self.waitingStage()])
        try await site.workUntilWaiting(execution)
        let first = try site.sandbox(of: execution)
        try site.pass(failing: true)
        #expect(site.status(execution) == "Failed")
        try await site.work(during: .seconds(30 * 60))
        try site.retry(execution, "FAILED_ACTIONS")
        try await site.work(during: .seconds(2 * 3_600))
        #expect(site.lab.sandboxesNotStopped.map(\.id) == [first.id])
        try site.pass()
        try await site.work { site.status(execution) == "Succeeded" }
        #expect(site.runs("Start", in: execution) == 1)
        #expect(site.runs("Wait", in: execution) == 2)
        #expect(site.isCleared && site.lab.sandboxes.count == 1)
    }

    @Test func `a manual retry of all actions makes a new sandbox, which replaces the earlier one`() async throws {
        let site = try Self.site()
        let execution = try site.begin([Self.waitingStage()])
        try await site.workUntilWaiting(execution)
        let first = try site.sandbox(of: execution)
        try site.pass(failing: true)
        try site.retry(execution, "ALL_ACTIONS")
        try await site.work { site.lab.sandboxes.count == 2 && site.lab.sandboxesNotStopped.count == 1 }
        let second = try site.sandbox(of: execution)
        #expect(second.id != first.id && site.lab.sandboxesNotStopped.map(\.id) == [second.id])
        try await site.workUntilWaiting(execution)
        try site.pass()
        try await site.work { site.status(execution) == "Succeeded" }
        #expect(site.runs("Start", in: execution) == 2)
        #expect(site.isCleared && site.lab.sandboxes.count == 2)
    }

    @Test("an automatic retry does what its mode says", arguments: VirtualPipeline.RetryMode.allCases)
    func automaticRetry(mode: VirtualPipeline.RetryMode) async throws {
        let site = try Self.site()
        let execution = try site.begin([Self.waitingStage(.retry(mode))])
        try await site.workUntilWaiting(execution)
        let first = try site.sandbox(of: execution)
        try site.pass(failing: true)
        #expect(site.status(execution) == "InProgress")
        try await site.workUntilWaiting(execution)
        try await site.work(during: .seconds(300))
        let isNew = mode == .allActions
        #expect(site.lab.sandboxes.count == (isNew ? 2 : 1))
        let second = try site.sandbox(of: execution)
        #expect((second.id != first.id) == isNew)
        #expect(site.lab.sandboxesNotStopped.map(\.id) == [second.id])
        // There is no second retry by itself.
        try site.pass(failing: true)
        #expect(site.status(execution) == "Failed")
        let minutes = try await site.minutes { site.isCleared }
        #expect(Self.grace.contains(minutes))
    }

    // MARK: Rollbacks

    @Test func `a manual rollback of a stage that starts its sandbox has one of its own`() async throws {
        let site = try Self.site()
        let good = try site.begin([Stage("Use", [LifetimeSite.start(), Self.check, Site.endAction()])])
        try await site.work { site.status(good) == "Succeeded" }
        let back = try site.pipelines.rollbackStage("Use", to: good)
        try await site.work { site.pipelines.execution(back)?.hasEnded == true }
        #expect(site.status(back) == "Succeeded")
        #expect(try site.sandbox(of: back).id != site.sandbox(of: good).id)
        #expect(site.isCleared && site.lab.sandboxes.count == 2)
    }

    @Test(
        "a manual rollback of a stage whose sandbox has ended fails with that said",
        arguments: [check, Site.runAction("core-switch", "probe")]
    )
    func rollbackWithoutStart(use: VirtualPipeline.Action) async throws {
        let site = try Self.site()
        let good = try site.begin([
            Stage("Lab", [LifetimeSite.start()]), Stage("Use", [use]), Stage("Clean", [Site.endAction()]),
        ])
        try await site.work { site.status(good) == "Succeeded" }
        let first = try site.sandbox(of: good)
        let back = try site.pipelines.rollbackStage("Use", to: good)
        try await site.work { site.pipelines.execution(back)?.hasEnded == true }
        let run = try #require(site.pipelines.execution(back)?.action("Run"))
        #expect(run.errorCode == "JobFailed")
        let message = try #require(run.errorMessage)
        #expect(message.hasPrefix("The sandbox '\(first.id)' of the execution \(good) has ended"))
        #expect(message.contains("put the Quali-Start-Sandbox action into the same stage"))
        #expect(!message.contains("not active"))
        #expect(site.lab.sandboxes.count == 1)
        // An end of what has ended is fine.
        let clean = try site.pipelines.rollbackStage("Clean", to: good)
        try await site.work { site.pipelines.execution(clean)?.hasEnded == true }
        #expect(site.status(clean) == "Succeeded")
    }

    @Test func `an automatic rollback starts its own sandbox, and the failed one's ends with its execution`()
        async throws
    {
        let site = try Self.site()
        let good = try site.begin([Self.waitingStage(.rollback)])
        try await site.workUntilWaiting(good)
        try site.pass()
        try await site.work { site.status(good) == "Succeeded" }
        let bad = try site.pipelines.start("P")
        try await site.workUntilWaiting(bad)
        try site.pass(failing: true)
        #expect(site.status(bad) == "Failed")
        let back = try #require(site.pipelines.executions(of: "P").last)
        #expect(back.rollbackTarget == good)
        let minutes = try await site.minutes { !site.isRunning(bad) }
        #expect(Self.grace.contains(minutes))
        #expect(site.isRunning(back.id))
        try site.pass()
        try await site.work { site.status(back.id) == "Succeeded" }
        #expect(site.isCleared && site.lab.sandboxes.count == 3)
    }

    // MARK: Stops

    @Test func `stop and wait lets the command end, starts no other, and the sandbox ends after the grace`()
        async throws
    {
        let site = try Self.site()
        let execution = try site.begin([Stage("Lab", [LifetimeSite.start(), Self.long, Site.endAction()])])
        try await site.work { Self.isTesting(site) }
        try site.pipelines.stop(execution)
        try await site.work { site.status(execution) == "Stopped" }
        #expect(site.pipelines.execution(execution)?.action("Run")?.status == "Succeeded")
        #expect(site.runs("End", in: execution) == 0)
        #expect(site.isRunning(execution))
        let minutes = try await site.minutes { site.isCleared }
        #expect(Self.grace.contains(minutes))
    }

    @Test func `a retry of a stopped stage goes on with its sandbox`() async throws {
        let site = try Self.site()
        let execution = try site.begin([Stage("Lab", [LifetimeSite.start(), Self.long, Site.endAction()])])
        try await site.work { Self.isTesting(site) }
        try site.pipelines.stop(execution)
        try await site.work { site.status(execution) == "Stopped" }
        try await site.work(during: .seconds(30 * 60))
        try site.retry(execution)
        try await site.work { site.status(execution) == "Succeeded" }
        #expect(site.isCleared && site.lab.sandboxes.count == 1)
        #expect(site.runs("Run", in: execution) == 1 && site.runs("End", in: execution) == 1)
    }

    @Test func `stop and abandon cancels the command, and the sandbox ends after the grace`() async throws {
        let site = try Self.site()
        let execution = try site.begin([Stage("Lab", [LifetimeSite.start(), Self.long, Site.endAction()])])
        try await Self.workUntilCancelled(site) { try site.pipelines.stop(execution, abandon: true) }
        #expect(site.status(execution) == "Stopped")
        #expect(site.pipelines.execution(execution)?.action("Run")?.status == "Abandoned")
        #expect(site.isRunning(execution))
        try await site.work { site.isCleared }
        #expect(try Self.grace.contains(site.minutes(after: execution)))
    }

    // MARK: Modes

    @Test func `SUPERSEDED ends the sandbox of an execution that a newer one has overtaken`() async throws {
        let site = try Self.site()
        let first = try site.begin([
            Stage("Lab", [LifetimeSite.start()]), Stage("Use", [LifetimeSite.waiting]),
            Stage("Clean", [Site.endAction()]),
        ])
        try await site.workUntilWaiting(first)
        let second = try site.pipelines.start("P")
        try await site.work { site.pipelines.execution(second)?.action("Start")?.status == "Succeeded" }
        let third = try site.pipelines.start("P")
        try await site.work { site.status(second) == "Superseded" }
        #expect(site.lab.sandboxesNotStopped.count == 3)
        let minutes = try await site.minutes { !site.isRunning(second) }
        #expect(Self.grace.contains(minutes))
        #expect(site.isRunning(first) && site.isRunning(third))
        try site.pass()
        try await site.work { site.status(first) == "Succeeded" }
        #expect(!site.isRunning(first) && site.isRunning(third))
    }

    @Test func `QUEUED starts no sandbox before it is an execution's turn`() async throws {
        let site = try Self.site()
        let first = try site.begin([Self.waitingStage()], mode: "QUEUED")
        let second = try site.pipelines.start("P")
        try await site.work(during: .seconds(2 * 3_600))
        #expect(site.lab.sandboxesNotStopped.count == 1 && site.isRunning(first))
        #expect(site.runs("Start", in: second) == 0)
        try site.pass()
        try await site.workUntilWaiting(second)
        #expect(site.status(first) == "Succeeded" && !site.isRunning(first))
        #expect(site.isRunning(second) && site.lab.sandboxes.count == 2)
    }

    @Test func `PARALLEL executions have a sandbox each, which ends with its own execution`() async throws {
        let site = try Self.site()
        let first = try site.begin([Self.waitingStage()], mode: "PARALLEL")
        let executions = [first, try site.pipelines.start("P"), try site.pipelines.start("P")]
        for execution in executions { try await site.workUntilWaiting(execution) }
        #expect(site.lab.sandboxesNotStopped.count == 3)
        try site.pipelines.stop(executions[1], abandon: true)
        let minutes = try await site.minutes { !site.isRunning(executions[1]) }
        #expect(Self.grace.contains(minutes))
        #expect(site.isRunning(executions[0]) && site.isRunning(executions[2]))
        try site.pass()
        try await site.work { site.isCleared }
        #expect(executions.map(site.status) == ["Succeeded", "Stopped", "Succeeded"])
    }

    // MARK: Conditions

    @Test("a skipped End leaves the sandbox to its reservation, or to 'Always'", arguments: [false, true])
    func skippedEnd(isAlways: Bool) async throws {
        let site = try Self.site()
        let start = LifetimeSite.start(isAlways ? #"{"EndWithPipeline": "Always"}"# : nil)
        let execution = try site.begin([
            Stage("Lab", [start]),
            Stage(
                "Clean",
                [Site.endAction()],
                beforeEntry: .init([.init("#{lab.SandboxName}", .equals, "nothing")], otherwise: .skip)
            ),
        ])
        try await site.work { site.status(execution) == "Succeeded" }
        let report = try #require(site.pipelines.execution(execution))
        #expect(report.stages.last?.status == "Skipped")
        #expect(site.runs("End", in: execution) == 0)
        let minutes = try await site.minutes { site.isCleared }
        // Else its four hours come to their end.
        #expect((isAlways ? Self.grace : 235...241).contains(minutes))
    }

    @Test func `a success condition on CommandStatus fails the stage after End has ended the sandbox`() async throws {
        let site = try Self.site()
        let run = Site.runAction("web-server.*", "fail", ["OnCommandFailure": "Continue"])
        let execution = try site.begin([
            Stage(
                "Lab",
                [LifetimeSite.start(), run, Site.endAction()],
                onSuccess: .init([.init("#{run.CommandStatus}", .equals, "Completed")], otherwise: .fail)
            )
        ])
        try await site.work { site.pipelines.execution(execution)?.hasEnded == true }
        #expect(site.status(execution) == "Failed")
        #expect(site.isCleared)
        let actions = try #require(site.pipelines.execution(execution)?.actions)
        #expect(actions.allSatisfy { $0.status == "Succeeded" })
        #expect(site.runs("End", in: execution) == 1)
    }

    // MARK: Edits

    @Test func `an edited pipeline cancels its executions: the command is cancelled, the sandbox ends after the grace`()
        async throws
    {
        let site = try Self.site()
        let execution = try site.begin([Stage("Lab", [LifetimeSite.start(), Self.long, Site.endAction()])])
        let pipeline = try #require(try site.pipelines.call("GetPipeline", ["name": "P"])?["pipeline"])
        try await Self.workUntilCancelled(site) {
            try site.pipelines.call("UpdatePipeline", ["pipeline": pipeline])
        }
        #expect(site.status(execution) == "Cancelled")
        #expect(site.isRunning(execution))
        #expect(throws: (any Error).self) { try site.retry(execution) }
        try await site.work { site.isCleared }
        #expect(try Self.grace.contains(site.minutes(after: execution)))
    }
}
