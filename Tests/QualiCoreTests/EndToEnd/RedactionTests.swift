import AWSLite
import Foundation
import HTTPTransport
import LocalCloud
import Logging
import TestSupport
import Testing

@testable import JobEngine
@testable import QualiCore

@Suite("Secrets", .timeLimit(.minutes(1)))
struct RedactionTests {
    @Test func `are masked in output variables and progress too`() async throws {
        let queue = InMemoryJobQueue()
        await queue.offer(.job("1"), .job("2"))
        let waiting = Gate()
        try await RunningWorker.run(queue: queue) {
            $0.redact = { $0.replacing("hunter2", with: "***") }
        } handler: { context in
            if context.job.id == "2" {
                await context.report(JobProgress("logged in with hunter2"))
                waiting.open()
                try await context.clock.sleep(for: .seconds(86_400))
            }
            return JobResult(summary: "hunter2 works", outputVariables: ["CommandOutput": "it is hunter2"])
        } whileRunning: { _ in
            let result = await queue.report(of: "1").success
            #expect(result?.executionDetails?.summary == "*** works")
            #expect(result?.outputVariables == ["CommandOutput": "it is ***"])
            await waiting.wait()
        }
        #expect(await queue.report(of: "2").success?.executionDetails?.summary == "logged in with ***")
    }

    @Test func `of one job are masked in all that is told of it, but not in variables, which may be ids`() async throws
    {
        let queue = InMemoryJobQueue()
        await queue.offer(.job("1"), .job("2"), .job("3"))
        let log = LogBook()
        let monitor = WorkerMonitor()
        let waiting = Gate()
        try await RunningWorker.run(queue: queue, monitor: monitor, logger: log.logger) { context in
            if context.job.id != "3" { context.hide([Secret("hunter2")]) }
            context.logger.notice("it is hunter2", metadata: ["a": "hunter2", "b": ["hunter2"], "c": ["d": "hunter2"]])
            switch context.job.id {
            case "1":
                await context.report(JobProgress("logged in with hunter2"))
                await context.show(trouble: "waiting for hunter2")
                #expect(!"\(monitor.snapshot().jobs)".contains("hunter2"))
                throw JobFailure(.jobFailed, "hunter2 isn't taken")
            case "2": return JobResult(summary: "hunter2 works", outputVariables: ["Id": "hunter2-1"])
            default:
                waiting.open()
                throw JobFailure(.jobFailed, "hunter2 is a word")
            }
        } whileRunning: { _ in
            #expect(await queue.report(of: "1").failure?.message == "<redacted> isn't taken")
            let result = await queue.report(of: "2").success
            #expect(result?.executionDetails?.summary == "<redacted> works")
            #expect(result?.outputVariables == ["Id": "hunter2-1"])
            #expect(await queue.report(of: "3").failure?.message == "hunter2 is a word")
            await waiting.wait()
        }
        let lines = log.lines.filter { $0.message.contains("it is") }.map { "\($0)" }
        #expect(lines.count == 3 && lines.count { $0.contains("hunter2") } == 1)
    }

    @Test func `of the worker's own, its lab password, are masked without being told`() async throws {
        var options = LocalCloud.Options()
        options.labAccount = LabAccount(username: "admin", password: "canary-of-the-lab")
        var blueprint = Site.blueprint()
        blueprint.commands = [
            LabCommand(name: "whoami", duration: .zero, outcome: .completed("admin/canary-of-the-lab"))
        ]
        try await Site.withRunning(options, blueprints: [blueprint]) { site in
            let end = try await site.pipeline(
                Site.startAction(),
                Site.runAction("SANDBOX", "whoami"),
                Site.endAction()
            )
            #expect(end.status == "Succeeded", "\(end.actions.map { $0.errorMessage ?? $0.status })")
            let run = try #require(end.action("Run"))
            #expect(run.outputVariables["CommandOutput"] == "admin/<redacted>")
            #expect(run.summary?.contains("admin/<redacted>") == true)
            #expect(!String(describing: end).contains("canary"))
            #expect(!site.log.withLock { $0 }.contains { $0.contains("canary") })
        }
    }
}
