import Foundation
import HTTPTransport
import LocalCloud
import SandboxAPI
import Testing

@Suite("Lab: over a socket", .timeLimit(.minutes(1)))
struct LabSocketTests {
    private static func withClient(
        _ lab: LocalLab,
        faults: FaultPlan = FaultPlan(),
        journal: RequestJournal = RequestJournal(),
        _ body: (SandboxClient) async throws -> Void
    ) async throws {
        try await LocalServer.withRunning(lab, faults: faults, journal: journal) { server in
            let client = try SandboxClient(
                .init(url: server.url, username: "admin", password: Secret("admin")),
                httpClient: CurlHTTPClient()
            )
            try await body(client)
        }
    }

    @Test("The client sees a sandbox through its life", arguments: [false, true])
    func life(drifts: Bool) async throws {
        var behavior = LabBehavior()
        behavior.staleReadsAfterStop = 0
        if drifts {
            behavior.writesStringsOnly = true
            behavior.parameterKeys = .underscore
            behavior.seconds = .fractional
            behavior.nothing = .word
            behavior.casing = .lowercase
            behavior.blueprintIDKey = "blueprint id"
            behavior.cancellationKey = "supports_Cancelation"
        }
        let lab = LocalLab(
            behavior: behavior,
            clock: LocalClock(frozenAt: Date(timeIntervalSince1970: 1_700_000_000))
        )
        let journal = RequestJournal()
        try await Self.withClient(lab, journal: journal) { client in
            let blueprint = try await client.blueprint("Web lab")
            let sandbox = try await client.startSandbox(
                blueprint: "Web lab",
                .init(name: "nightly", duration: .seconds(3_600))
            )
            #expect(sandbox.blueprintID == blueprint.id)
            lab.advance(by: .seconds(3))
            #expect(try await client.sandbox(id: sandbox.id).state.isReady)
            let components = try await client.components(sandboxID: sandbox.id)
            let web = try #require(components.first { $0.name.hasPrefix("web-server-") })
            let started = try await client.startCommand(
                sandboxID: sandbox.id,
                componentID: web.id,
                name: "install",
                .init(params: [.init(name: "Package", value: "a/b |ü")])
            )
            lab.advance(by: .seconds(1))
            let execution = try await client.execution(id: started.id)
            #expect(execution.status.isSuccess && execution.output == "install Package=a/b |ü")
            #expect(started.supportsCancellation == true)
            try await client.stopSandbox(id: sandbox.id)
            lab.advance(by: .seconds(2))
            #expect(try await client.sandbox(id: sandbox.id).state.isEnded)
            await client.logout()
        }
        #expect(lab.liveTokens.isEmpty && lab.sandboxesNotStopped.isEmpty && lab.needlessBodies.isEmpty)
        #expect(journal.operations.first == "login" && journal.operations.last == "deleteToken")
        #expect(
            journal.entries(where: { $0.operation == "startComponentCommand" }).first?.facts["command"] == "install"
        )
    }

    @Test("The client logs in again when the lab has forgotten it, whatever the status", arguments: [401, 400])
    func forgotten(status: Int) async throws {
        let lab = LocalLab()
        lab.behavior.invalidTokenStatus = status
        let journal = RequestJournal()
        try await Self.withClient(lab, journal: journal) { client in
            _ = try await client.sandboxes()
            lab.forgetTokens()
            _ = try await client.sandboxes()
        }
        #expect(journal.operations == ["login", "sandboxes", "sandboxes", "login", "sandboxes"])
    }

    @Test("Names in paths come through one decoding")
    func names() async throws {
        let lab = LocalLab(blueprints: ["a/b c", "x|y [1]", "Prüfstand", "50%25"].map { LabBlueprint(name: $0) })
        try await Self.withClient(lab) { client in
            for blueprint in lab.blueprints {
                let found = try await client.blueprint(blueprint.name)
                #expect(found.id == blueprint.id)
            }
        }
    }

    @Test("A start whose reply is lost has made a sandbox; the lab's own error shape serves for faults")
    func faults() async throws {
        let lab = LocalLab()
        let faults = FaultPlan()
        faults.inject(.loseReply, on: "startSandbox", service: "lab")
        try await Self.withClient(lab, faults: faults) { (client) async throws in
            await #expect {
                _ = try await client.startSandbox(blueprint: "Web lab", .init(name: "a", duration: .seconds(600)))
            } throws: { error in
                (error as? SandboxAPIError)?.mayHaveBeenProcessed == true
            }
            #expect(lab.startsPerName == ["a": 1])
            faults.inject(.status(403, message: "User is not allowed to view this entity"), on: "blueprints")
            await #expect { _ = try await client.blueprints() } throws: { error in
                (error as? SandboxAPIError)?.code == .forbidden
            }
        }
    }

    @Test("The local cloud runs a lab, and says where it is")
    func cloud() async throws {
        try await LocalCloud.withRunning { cloud in
            let environment = cloud.environment
            let client = try SandboxClient(
                .init(
                    url: environment["CLOUDSHELL_URL"] ?? "",
                    username: environment["CLOUDSHELL_USER"] ?? "",
                    password: Secret(environment["CLOUDSHELL_PASSWORD"] ?? ""),
                    domain: environment["CLOUDSHELL_DOMAIN"] ?? ""
                ),
                httpClient: CurlHTTPClient()
            )
            #expect(try await client.blueprints().map(\.name) == ["Web lab", "Broken lab"])
            #expect(cloud.lab.liveTokens.count == 1 && cloud.journal.operations == ["login", "blueprints"])
        }
    }
}
