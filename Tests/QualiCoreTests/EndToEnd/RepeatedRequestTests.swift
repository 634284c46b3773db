import Foundation
import HTTPTransport
import LocalCloud
import QualiCore
import TestSupport
import Testing

@Suite("A box on the way to the lab that repeats requests", .timeLimit(.minutes(5)))
struct RepeatedRequestTests {
    private func warnings(_ site: Site) -> [String] { site.log.withLock { $0.filter { $0.hasPrefix("warning ") } } }

    @Test(arguments: [true, false])
    func `the second sandbox of one start is ended, and told`(passesFirst: Bool) async throws {
        var blueprint = Site.blueprint()
        blueprint.setup = .succeeds(after: .milliseconds(500))
        try await Site.withRunning(blueprints: [blueprint]) { site in
            site.cloud.faults.inject(.sendRepeatedly(3, passingFirst: passesFirst), on: "startSandbox")
            let end = try await site.pipeline(Site.startAction())
            let start = try #require(end.action("Start"))
            #expect(start.status == "Succeeded", "\(start.errorMessage ?? "")")
            #expect(site.lab.sandboxes.count == 3)
            #expect(site.lab.sandboxesNotStopped.map(\.id) == [start.externalExecutionID])
            #expect(start.summary?.contains("has repeated the request") == true, "\(start.summary ?? "")")
            #expect(warnings(site).count { $0.contains("may repeat requests") } == 2)
        }
    }

    @Test func `a start that the lab refuses because it has made it already is the job's`() async throws {
        var blueprint = Site.blueprint()
        blueprint.components[1].isExclusive = true
        try await Site.withRunning(blueprints: [blueprint]) { site in
            site.cloud.faults.inject(.sendRepeatedly(), on: "startSandbox")
            let end = try await site.pipeline(Site.startAction(), Site.endAction())
            #expect(end.status == "Succeeded", "\(end.actions.map { $0.errorMessage ?? "" })")
            #expect(site.lab.sandboxes.count == 1)
            #expect(site.lab.sandboxesNotStopped.isEmpty)
        }
    }

    @Test(arguments: ["install", "fail"])
    func `a command that ran twice is told`(command: String) async throws {
        try await Site.withRunning { site in
            site.cloud.faults.inject(.sendRepeatedly(), on: "startComponentCommand")
            let run = Site.runAction("web-server.*", command, ["ArgumentsJSON": #"{"Package": "nginx"}"#])
            let end = try await site.pipeline(Site.startAction(), run)
            let action = try #require(end.action("Run"))
            #expect(site.lab.executions.count == 2)
            let text = (action.summary ?? "") + (action.errorMessage ?? "")
            #expect(text.contains("the command has also run as \(site.lab.executions[0].id)"), "\(text)")
            #expect(warnings(site).contains { $0.contains("A command has run more often") })
        }
    }

    @Test func `commands that other actions and earlier runs have started are no repeats`() async throws {
        try await Site.withRunning { site in
            let runs = (1...3).map { number in
                var run = Site.runAction("web-server.*", "install", ["ArgumentsJSON": #"{"Package":"\#(number)"}"#])
                run.name = "Run\(number)"
                run.namespace = nil
                return run
            }
            let end = try await site.pipeline(Site.startAction(), runs[0], runs[1], runs[2])
            #expect(end.status == "Succeeded")
            #expect(end.actions.allSatisfy { $0.summary?.contains("also run") != true })
            #expect(warnings(site).isEmpty)
        }
    }
}
