import AWSLite
import Foundation
import HTTPTransport
import LocalCloud
import Testing

@testable import QualiCore

@Suite("Secrets", .timeLimit(.minutes(1)))
struct RedactionTests {
    @Test func `are masked in output variables and progress too`() async throws {
        let queue = FakeQueue()
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
