import Foundation
import LocalCloud
import Testing

@Suite("Lab: blueprints and starts")
struct LabStartTests {
    @Test("Blueprints are found by name and id, decoded once, segment by segment")
    func names() async throws {
        let names = ["Web", "a/b c", "x|y [1].z", "Prüfstand", "50%25"]
        let caller = try await LabCaller.make(blueprints: names.map { LabBlueprint(name: $0) })
        for blueprint in caller.lab.blueprints {
            let encoded = try #require(blueprint.name.addingPercentEncoding(withAllowedCharacters: .alphanumerics))
            #expect(await caller.get("/blueprints/\(encoded)").json["id"]?.string == blueprint.id)
            #expect(await caller.get("/blueprints/\(blueprint.id)").json["name"]?.string == blueprint.name)
        }
        #expect(await caller.get("/blueprints/a/b%20c").status == 404)
        #expect(await caller.get("/blueprints/a%252Fb%20c").status == 404)
        #expect(await caller.get("/blueprints/a%2Fb+c").status == 404)
    }

    @Test("Lists leave the inputs out, single blueprints have them")
    func inputs() async throws {
        var blueprint = LabBlueprint(
            name: "Web",
            inputs: [
                LabInput("Cloud", default: "AWS", type: "Lookup", possibleValues: ["AWS", "Azure"]), LabInput("Must"),
            ]
        )
        blueprint.isAvailable = false
        blueprint.estimatedSetup = .seconds(125 * 60)
        let caller = try await LabCaller.make(blueprints: [blueprint])
        let listed = try #require(await caller.get("/blueprints").json[0])
        #expect(listed["params"] == nil && listed["availability"] == "Not Available")
        #expect(listed["estimated_setup_duration"] == "PT2H5M")
        #expect(listed["_links"]?["create_sandbox"]?["href"]?.string == "/blueprints/\(blueprint.id)/start")
        let params = await caller.get("/blueprints/Web").json["params"]
        #expect(params?[0]?["possible_values"] == ["AWS", "Azure"] && params?[0]?["default_value"] == "AWS")
        #expect(params?[1]?["default_value"] == "")
    }

    @Test("Private blueprints, those of other domains, and their sandboxes aren't there")
    func hidden() async throws {
        var elsewhere = LabBlueprint(name: "Elsewhere")
        elsewhere.domain = "Lab"
        let web = LabBlueprint(name: "Web")
        let caller = try await LabCaller.make(
            blueprints: [LabBlueprint(name: "Secret", isPublic: false), elsewhere, web]
        )
        #expect(await caller.get("/blueprints").json.array?.count == 1)
        for name in ["Secret", "Elsewhere"] {
            let reply = await caller.get("/blueprints/\(name)")
            #expect(reply.status == 404 && reply.message == "Entity could not be found")
            #expect(await caller.post("/blueprints/\(name)/start", ["name": "a", "duration": "PT1H"]).status == 404)
        }
        let id = try await caller.start()
        var hidden = web
        hidden.isPublic = false
        caller.lab.add(hidden)
        #expect(await caller.get("/sandboxes/\(id)").status == 404)
        #expect(await caller.get("/sandboxes").json == [])
    }

    @Test("Name, duration and inputs are checked in this order, before conflicts", arguments: [400, 422])
    func validation(status: Int) async throws {
        let blueprint = LabBlueprint(
            name: "Web",
            inputs: [LabInput("Must"), LabInput("May", default: "1")],
            conflicts: 1
        )
        let caller = try await LabCaller.make(blueprints: [blueprint]) { $0.validationStatus = status }
        let bodies: [(JSON?, String)] = [
            (nil, "Reservation name and duration must be specified in request body"),
            (["duration": "PT1H"], "Reservation name and duration must be specified in request body"),
            (["name": "a"], "Duration format must be a valid 'ISO 8601' (e.g 'PT23H' or 'PT4H2M')"),
            (["name": "a", "duration": "2h"], "Duration format must be a valid 'ISO 8601' (e.g 'PT23H' or 'PT4H2M')"),
            (["name": "a", "duration": "PT1H"], "Blueprint has invalid inputs"),
        ]
        for (body, message) in bodies {
            let reply = await caller.post("/blueprints/Web/start", body)
            #expect(reply.status == status && reply.message == message)
        }
        caller.lab.add(LabAccount(username: "bob", password: "bob"))
        let params: JSON = [["name": "Must", "value": "x"]]
        let whole: JSON = ["name": "a", "duration": "PT120M", "params": params, "permitted_users": ["bob"]]
        #expect(await caller.post("/blueprints/Web/start", whole).message == "Blueprint has conflicting resources")
        let sandbox = await caller.post("/blueprints/Web/start", whole).json
        #expect(sandbox["parameters"] == [["name": "Must", "value": "x"], ["name": "May", "value": "1"]])
        #expect(sandbox["permitted_users"] == ["admin", "bob"])
        #expect(sandbox["start_time"] == "2017-07-14T02:40:00Z" && sandbox["end_time"] == "2017-07-14T04:40:00Z")
    }

    @Test("Who is permitted needs access to the domain, unless the release doesn't look; 20 are the most")
    func permittedUsers() async throws {
        let caller = try await LabCaller.make()
        for number in 1...21 { caller.lab.add(LabAccount(username: "u\(number)", password: "p")) }
        caller.lab.add(LabAccount(username: "eve", password: "p", domains: ["Other"]))
        func start(_ users: [String]) async -> LabCaller.Answer {
            let users = JSON.array(users.map { .string($0) })
            return await caller.post(
                "/blueprints/Web/start",
                ["name": "a", "duration": "PT1H", "permitted_users": users]
            )
        }
        let all = (1...21).map { "u\($0)" }
        #expect(await start(Array(all.prefix(20))).json["permitted_users"]?.array?.count == 21)
        #expect(await start(all).message == "The number of permitted users exceeds 20")
        for user in ["eve", "nobody"] {
            let reply = await start(["u1", user])
            #expect(reply.status == 400)
            #expect(reply.message == "Permitted user '\(user)' has no access to the domain 'Global'")
        }
        caller.lab.behavior.checksPermittedUsers = false
        #expect(await start(["nobody"]).status == 200)
        #expect(caller.lab.sandboxes.count == 2)
    }

    @Test("The first starts meet a conflict, with the status and words of the release", arguments: [400, 409])
    func conflicts(status: Int) async throws {
        let caller = try await LabCaller.make(blueprints: [LabBlueprint(name: "Web", conflicts: 2)]) {
            $0.conflictStatus = status
            $0.conflictMessage = "Cannot start: Blueprint has conflicting resources: switch"
        }
        for _ in 0..<2 {
            let reply = await caller.post("/blueprints/Web/start", ["name": "a", "duration": "PT1H"])
            #expect(reply.status == status && reply.message.hasPrefix("Cannot start: Blueprint has conflicting"))
        }
        _ = try await caller.start(name: "a")
        #expect(caller.lab.startsPerName == ["a": 1])
    }

    @Test("An exclusive resource is free again when its sandbox has ended")
    func exclusive() async throws {
        let blueprint = LabBlueprint(
            name: "Web",
            components: [LabComponent(name: "switch", kind: .resource, model: "Switch", isExclusive: true)],
            teardown: .succeeds(after: .seconds(10))
        )
        let caller = try await LabCaller.make(blueprints: [blueprint])
        let id = try await caller.start()
        #expect(await caller.post("/blueprints/Web/start", ["name": "b", "duration": "PT1H"]).status == 400)
        _ = await caller.post("/sandboxes/\(id)/stop")
        #expect(await caller.post("/blueprints/Web/start", ["name": "b", "duration": "PT1H"]).status == 400)
        caller.lab.advance(by: .seconds(10))
        _ = try await caller.start(name: "b")
    }

    @Test("Two starts with one name make two sandboxes")
    func twice() async throws {
        let caller = try await LabCaller.make()
        let first = try await caller.start()
        let second = try await caller.start()
        #expect(first != second && caller.lab.startsPerName == ["nightly": 2])
        #expect(caller.lab.sandboxesNotStopped.map(\.id) == [first, second])
    }

    @Test("A start for later is pending, unless the release doesn't know the field", arguments: [true, false])
    func startTime(isKnown: Bool) async throws {
        let caller = try await LabCaller.make { $0.knowsStartTime = isKnown }
        let id = try await caller.start("Web", name: "later", ["start_time": "2017-07-14T06:40:00.000+0300"])
        #expect(await caller.state(id) == (isKnown ? "Pending" : "Setup"))
        caller.lab.advance(by: .seconds(3_600))
        #expect(await caller.state(id) == (isKnown ? "Setup" : "Ready"))
    }

    @Test("A persistent sandbox has no end, and needs a blueprint that can")
    func persistent() async throws {
        var blueprint = LabBlueprint(name: "Stays")
        blueprint.isPersistentCapable = true
        let caller = try await LabCaller.make(blueprints: [blueprint, LabBlueprint(name: "Web")])
        #expect(await caller.post("/blueprints/Web/start-persistent", ["name": "a"]).status == 400)
        #expect(
            await caller.post("/blueprints/Stays/start-persistent").message
                == "Reservation name must be specified in request body"
        )
        let reply = await caller.post("/blueprints/Stays/start-persistent", ["name": "a"])
        let id = try #require(reply.json["id"]?.string)
        #expect(reply.text.contains("\"end_time\":null"))
        caller.lab.advance(by: .seconds(86_400 * 365))
        let again = try await caller.loggedIn()
        #expect(await again.state(id) == "Ready")
        #expect(await again.post("/sandboxes/\(id)/extend", ["extended_time": "PT1H"]).status == 400)
    }
}
