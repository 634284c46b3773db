import Foundation
import LocalCloud
import Testing

@Suite("Lab: what differs from lab to lab")
struct LabSwitchTests {
    private static let start: JSON = ["name": "n", "duration": "PT1H"]

    @Test("A limit of sandboxes that go on at once refuses the next start, until one is over")
    func limits() async throws {
        var behavior = LabBehavior()
        behavior.userLimit = .init(1, message: "User has too many sandboxes")
        behavior.licenceLimit = .init(2, status: 403, message: "No licence is left")
        let caller = try await LabCaller.make(behavior)
        caller.lab.add(LabAccount(username: "bob", password: "b"))
        caller.lab.add(LabAccount(username: "eve", password: "e"))
        let id = try await caller.start()
        let second = await caller.post("/blueprints/Web/start", Self.start)
        #expect(second.status == 400 && second.message == "User has too many sandboxes")
        _ = try await caller.loggedIn("bob", "b").start()
        let third = try await caller.loggedIn("eve", "e").post("/blueprints/Web/start", Self.start)
        #expect(third.status == 403 && third.message == "No licence is left")
        _ = await caller.post("/sandboxes/\(id)/stop")
        // It still holds what it has while it is torn down.
        #expect(await caller.post("/blueprints/Web/start", Self.start).status == 403)
        caller.lab.advance(by: .seconds(10))
        _ = try await caller.start()
    }

    @Test("A blueprint may want an approval: a start is refused, or its sandbox is Pending until somebody approves")
    func approval() async throws {
        var web = LabBlueprint(name: "Web", setup: .succeeds(after: .seconds(30)))
        web.approval = .refused(message: "Ask the owner")
        let caller = try await LabCaller.make(blueprints: [web])
        let refused = await caller.post("/blueprints/Web/start", Self.start)
        #expect(refused.status == 400 && refused.message == "Ask the owner" && caller.lab.sandboxes.isEmpty)
        web.approval = .awaited
        caller.lab.add(web)
        let id = try await caller.start()
        caller.lab.advance(by: .seconds(600))
        #expect(await caller.state(id) == "Pending")
        caller.lab.approve(sandbox: id)
        #expect(await caller.state(id) == "Setup")
        caller.lab.advance(by: .seconds(30))
        #expect(await caller.state(id) == "Ready")
    }

    @Test("Setup may begin with the stage Preparation")
    func preparation() async throws {
        for hasPreparation in [true, false] {
            let caller = try await LabCaller.make { $0.hasPreparation = hasPreparation }
            let id = try await caller.start()
            var stages: [String] = []
            for _ in 0..<13 {
                let stage = await caller.get("/sandboxes/\(id)").json["setup_stage"]?.string ?? ""
                if stages.last != stage { stages.append(stage) }
                caller.lab.advance(by: .milliseconds(2_500))
            }
            let others = ["Provisioning", "Connectivity", "Configuration", "Ended"]
            #expect(stages == (hasPreparation ? ["Preparation"] : []) + others)
        }
    }

    @Test(
        "A sandbox whose teardown failed stays in the state that the lab gives it",
        arguments: [LabState.ended, .error]
    )
    func failedTeardown(state: LabState) async throws {
        var behavior = LabBehavior()
        behavior.stateAfterFailedTeardown = state
        behavior.staleReadsAfterStop = 0
        let caller = try await LabCaller.make(
            behavior,
            blueprints: [LabBlueprint(name: "Web", teardown: .fails(after: .seconds(5)))]
        )
        let id = try await caller.ready()
        _ = await caller.post("/sandboxes/\(id)/stop")
        #expect(await caller.state(id) == "Teardown")
        caller.lab.advance(by: .seconds(5))
        #expect(await caller.state(id) == state.rawValue)
        // It is over for good, and holds nothing.
        caller.lab.advance(by: .seconds(9_999))
        #expect(await caller.state(id) == state.rawValue)
        let sandbox = try #require(caller.lab.sandbox(id: id))
        #expect(sandbox.isOver && !sandbox.isLive && !sandbox.isUnstopped)
        #expect(await caller.get("/sandboxes").json.array?.count == (state == .ended ? 0 : 1))
    }

    @Test("The value of an input of type Password is shown, masked or left out")
    func passwordInputs() async throws {
        let blueprint = LabBlueprint(
            name: "Web",
            inputs: [LabInput("Pin", default: "1234", type: "Password"), LabInput("Release", default: "7")]
        )
        for (mode, shown) in [(LabBehavior.PasswordInputs.shown, "1234"), (.masked, "********"), (.empty, "")] {
            let caller = try await LabCaller.make(blueprints: [blueprint]) { $0.passwordInputs = mode }
            let id = try await caller.start()
            let values = await caller.get("/sandboxes/\(id)").json["parameters"]?.array?.map { $0["value"]?.string }
            #expect(values == [shown, "7"])
        }
    }

    @Test("Links may be those of QualiX, with what is secret in the query or in the fragment")
    func links() async throws {
        let server = LabComponent(
            name: "server",
            kind: .resource,
            model: "Model",
            address: "10.0.0.7",
            attributes: [.init("User", value: "root"), .init("Model.Password", value: "p&w d", type: "Password")],
            interfaces: [.init("RDP", url: "rdp://10.0.0.7")]
        )
        func url(_ links: LabBehavior.Links) async throws -> String? {
            let caller = try await LabCaller.make(blueprints: [LabBlueprint(name: "Web", components: [server])]) {
                $0.links = links
            }
            let id = try await caller.ready()
            let reply = await caller.get("/sandboxes/\(id)/components").json
            return reply[0]?["connection_interfaces"]?[0]?["url"]?.string
        }
        #expect(try await url(.own) == "rdp://10.0.0.7")
        let access = "qtoken=tok&hostname=10.0.0.7&protocol=rdp&port=3389&username=root&password=p%26w%20d"
        #expect(try await url(.qualiX(token: "tok")) == "https://qualix.example.com/Qx/connect?\(access)")
        let fragment = try #require(try await url(.qualiXFragment(token: "tok")).flatMap { URL(string: $0)?.fragment })
        #expect(fragment.hasSuffix("?\(access)"))
    }
}
