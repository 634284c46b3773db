import Foundation
import LocalCloud
import Testing

@testable import JobEngine
@testable import QualiCore

@Suite("Boxes before the lab", .timeLimit(.minutes(5)))
struct ForeignReplyTests {
    @Test(arguments: ["x/../wipe", "wipe/.", "wipe/"])
    func `one that decodes paths runs no other command`(name: String) async throws {
        let commands = [LabCommand(name: "wipe", duration: .zero), LabCommand(name: name, duration: .zero)]
        var blueprint = Site.blueprint()
        blueprint.components[0].commands = commands
        blueprint.commands = commands
        for decodes in [false, true] {
            try await Site.withRunning(blueprints: [blueprint]) { site in
                if decodes { site.lab.behavior.gateway = .decodesPaths }
                let end = try await site.pipeline(
                    Site.startAction(),
                    Site.runAction("web-server.*", name)
                )
                #expect(end.status == (decodes ? "Failed" : "Succeeded"))
                #expect(site.lab.executions.map(\.command.name) == (decodes ? [] : [name]))
                guard decodes else { return }
                let message = end.actions.compactMap(\.errorMessage).first ?? ""
                #expect(message.contains("changes the paths of requests"), "\(message)")
                #expect(message.contains("Check the worker's lab.url and what stands before the lab."))
            }
        }
    }

    @Test func `one that wants a login of its own closes no door`() async throws {
        let reply = LocalReply(status: 401, headers: [("WWW-Authenticate", "Basic realm=x")], body: Data())
        try await Site.withRunning { site in
            site.cloud.faults.inject(.reply(reply), on: "startSandbox", times: 2)
            site.cloud.faults.inject(.html(401), on: "sandboxes", times: 2)
            let end = try await site.pipeline(Site.startAction(), Site.endAction())
            #expect(end.status == "Succeeded", "\(end.actions.compactMap(\.errorMessage))")
            #expect(site.cloud.journal.operations.count { $0 == "login" } == 1)
            #expect(site.lab.sandboxes.count == 1)
        }
    }
}
