import Foundation
import LocalCloud
import Testing

@Suite("Lab: the life of a sandbox", .timeLimit(.minutes(1)))
struct LabLifeTests {
    @Test("Setup walks through its stages to Ready")
    func setup() async throws {
        var blueprint = LabBlueprint(name: "Web", setup: .succeeds(after: .seconds(30)))
        blueprint.beforeSetup = .seconds(5)
        let caller = try await LabCaller.make(blueprints: [blueprint])
        let reply = await caller.post("/blueprints/Web/start", ["name": "a", "duration": "PT1H"])
        #expect(reply.json["state"] == "BeforeSetup" && reply.json["setup_stage"] == "None")
        let id = try #require(reply.json["id"]?.string)
        var seen: [String] = []
        for seconds in [4, 1, 10, 10, 9, 1] {
            caller.lab.advance(by: .seconds(seconds))
            let sandbox = await caller.get("/sandboxes/\(id)").json
            seen.append("\(sandbox["state"]?.string ?? "") \(sandbox["setup_stage"]?.string ?? "")")
        }
        #expect(
            seen == [
                "BeforeSetup None", "Setup Provisioning", "Setup Connectivity", "Setup Configuration",
                "Setup Configuration", "Ready Ended",
            ]
        )
    }

    @Test("A failed setup is a state with error events, and the sandbox stays")
    func failedSetup() async throws {
        let blueprint = LabBlueprint(
            name: "Web",
            setup: .fails(at: .connectivity, events: ["no cable", "'Setup' failed"], after: .seconds(20))
        )
        let caller = try await LabCaller.make(blueprints: [blueprint])
        let id = try await caller.start()
        caller.lab.advance(by: .seconds(19))
        #expect(await caller.state(id) == "Setup")
        caller.lab.advance(by: .seconds(1))
        let sandbox = await caller.get("/sandboxes/\(id)").json
        #expect(sandbox["state"] == "Error" && sandbox["setup_stage"] == "Connectivity")
        let events = await caller.get("/sandboxes/\(id)/activity?error_only=true").json["events"]?.array
        #expect(events?.map { $0["event_text"]?.string } == ["no cable", "'Setup' failed"])
        #expect(events?.allSatisfy { $0["event_type"] == "error" } == true)
        #expect(caller.lab.sandboxesNotStopped.count == 1)
    }

    @Test("Without a setup a sandbox is Ready at once; one that never ends stays in setup")
    func extremes() async throws {
        var quick = LabBlueprint(name: "Quick")
        quick.estimatedSetup = .zero
        let caller = try await LabCaller.make(blueprints: [quick, LabBlueprint(name: "Slow", setup: .neverEnds)])
        let reply = await caller.post("/blueprints/Quick/start", ["name": "a", "duration": "PT1H"])
        #expect(reply.json["state"] == "Ready")
        let slow = try await caller.start("Slow")
        caller.lab.advance(by: .seconds(7_000))
        #expect(await caller.state(slow) == "Setup")
    }

    @Test("States may have other names")
    func stateNames() async throws {
        let caller = try await LabCaller.make {
            $0.stateNames = [.beforeSetup: "Pending Setup", .setup: "Preparing"]
            $0.stageAfterSetup = .none
        }
        let reply = await caller.post("/blueprints/Web/start", ["name": "a", "duration": "PT1H"])
        #expect(reply.json["state"] == "Pending Setup")
        let id = try #require(reply.json["id"]?.string)
        #expect(await caller.state(id) == "Preparing")
        caller.lab.advance(by: .seconds(60))
        #expect(await caller.get("/sandboxes/\(id)").json["setup_stage"] == "None")
    }

    @Test("After a stop some reads tell the old state, then comes teardown, then the end", arguments: [0, 1, 3])
    func stop(stale: Int) async throws {
        let caller = try await LabCaller.make { $0.staleReadsAfterStop = stale }
        let id = try await caller.ready()
        let reply = await caller.post("/sandboxes/\(id)/stop")
        #expect(reply.json["result"] == "success")
        for _ in 0..<stale { #expect(await caller.state(id) == "Ready") }
        #expect(await caller.state(id) == "Teardown")
        #expect(caller.lab.sandboxesNotStopped.isEmpty && caller.lab.sandbox(id: id)?.wasStopped == true)
        caller.lab.advance(by: .seconds(2))
        #expect(await caller.state(id) == "Ended")
    }

    @Test("An ended sandbox may be gone, or without words")
    func afterEnd() async throws {
        let caller = try await LabCaller.make {
            $0.staleReadsAfterStop = 0
            $0.afterEnd = .notFound
        }
        let id = try await caller.ready()
        _ = await caller.post("/sandboxes/\(id)/stop")
        caller.lab.advance(by: .seconds(2))
        #expect(await caller.get("/sandboxes/\(id)").status == 404)
        caller.lab.behavior.afterEnd = .emptyBody
        let empty = await caller.get("/sandboxes/\(id)")
        #expect(empty.status == 200 && empty.text.isEmpty)
        let historic = await caller.get("/sandboxes?show_historic=true").json
        #expect(historic[0]?["state"] == "Ended")
    }

    @Test("First stops may fail, repeated ones may be refused")
    func stubbornStop() async throws {
        let caller = try await LabCaller.make {
            $0.failingStops = 1
            $0.refusesRepeatedStop = true
        }
        let id = try await caller.ready()
        #expect(await caller.post("/sandboxes/\(id)/stop").status == 500)
        #expect(caller.lab.sandboxesNotStopped.count == 1)
        #expect(await caller.post("/sandboxes/\(id)/stop").status == 200)
        #expect(await caller.post("/sandboxes/\(id)/stop").status == 400)
        caller.lab.behavior.refusesRepeatedStop = false
        #expect(await caller.post("/sandboxes/\(id)/stop").status == 200)
    }

    @Test("A failed teardown shows in the activity feed alone, one that never ends lasts")
    func teardown() async throws {
        let caller = try await LabCaller.make(blueprints: [
            LabBlueprint(name: "Web", teardown: .fails(after: .seconds(5))),
            LabBlueprint(name: "Stuck", teardown: .neverEnds),
        ]) { $0.staleReadsAfterStop = 0 }
        let id = try await caller.ready()
        let stuck = try await caller.ready("Stuck")
        for id in [id, stuck] { _ = await caller.post("/sandboxes/\(id)/stop") }
        caller.lab.advance(by: .seconds(3_600))
        #expect(await caller.state(id) == "Ended")
        #expect(await caller.state(stuck) == "Teardown")
        let text = await caller.get("/sandboxes/\(id)/activity?error_only=true").json["events"]?[0]?["event_text"]
        #expect(text == "'Teardown' Blueprint command failed")
    }

    @Test("A sandbox ends when its time is over, and an extension moves that; setup counts")
    func endTime() async throws {
        let caller = try await LabCaller.make()
        let id = try await caller.start()
        caller.lab.advance(by: .seconds(3_600))
        for wrong: JSON in [[:], ["extended_time": "soon"], ["extended_time": "PT0M"]] {
            #expect(
                await caller.post("/sandboxes/\(id)/extend", wrong).message == "Parameter is not a valid extended time"
            )
        }
        let reply = await caller.post("/sandboxes/\(id)/extend", ["extended_time": "PT1H30M"]).json
        #expect(reply["end_time"] == "2017-07-14T06:10:00Z" && reply["remaining_time"] == "PT2H30M")
        caller.lab.advance(by: .seconds(9_000 - 1))
        #expect(await caller.state(id) == "Ready")
        caller.lab.advance(by: .seconds(1))
        #expect(await caller.state(id) == "Teardown")
        caller.lab.advance(by: .seconds(2))
        #expect(await caller.state(id) == "Ended")
        #expect(caller.lab.sandbox(id: id)?.wasStopped == false)
    }

    @Test("First reads may be empty, and lists may miss a new sandbox for a while")
    func slowToShow() async throws {
        let caller = try await LabCaller.make {
            $0.emptyFirstReads = 1
            $0.listLag = 2
        }
        let id = try await caller.start()
        let read = await caller.get("/sandboxes/\(id)")
        #expect(read.status == 200 && read.text.isEmpty)
        #expect(await caller.state(id) == "Setup")
        var counts: [Int?] = []
        for _ in 0..<3 { counts.append(await caller.get("/sandboxes").json.array?.count) }
        #expect(counts == [0, 0, 1])
    }

    @Test("Lists have what runs, on request what has ended, and what a user owns")
    func lists() async throws {
        let caller = try await LabCaller.make()
        caller.lab.add(LabAccount(username: "bob", password: "b", isAdmin: false))
        let bob = try await caller.loggedIn("bob", "b")
        let mine = try await caller.ready()
        let his = try await bob.start(name: "his")
        _ = await caller.post("/sandboxes/\(mine)/stop")
        caller.lab.advance(by: .seconds(2))
        let running = await caller.get("/sandboxes").json
        #expect(running.array?.map { $0["id"]?.string } == [his])
        #expect(running[0]?["blueprint"]?["name"] == "Web" && running[0]?["components"] == nil)
        #expect(await caller.get("/sandboxes?show_historic=true").json.array?.count == 2)
        #expect(await caller.get("/sandboxes/owners/bob").json.array?.count == 1)
        #expect(await caller.get("/sandboxes/owners/admin").json == [])
        #expect(await bob.get("/sandboxes/\(mine)").status == 403)
        #expect(await bob.get("/sandboxes?show_historic=true").json.array?.count == 1)
    }

    @Test("Apps are deployed in setup, with an address and a name of their own; attributes have all types")
    func components() async throws {
        let caller = try await LabCaller.make(blueprints: [.webLab])
        let id = try await caller.start("Web%20lab")
        let before = try #require(await caller.get("/sandboxes/\(id)/components").json[0])
        #expect(before["app_lifecycle"] == "Undeployed" && before["name"] == "web-server" && before["address"] == "")
        caller.lab.advance(by: .seconds(3))
        let after = try #require(await caller.get("/sandboxes/\(id)").json["components"]?[0])
        let cid = try #require(after["id"]?.string)
        #expect(after["app_lifecycle"] == "Deployed" && after["attributes"] == nil && cid == before["id"]?.string)
        #expect(after["name"]?.string?.wholeMatch(of: /web-server-[0-9a-f]{8}/) != nil)
        #expect(after["address"]?.string?.hasPrefix("192.168.") == true)
        let whole = await caller.get("/sandboxes/\(id)/components/\(cid)").json
        let types = whole["attributes"]?.array?.compactMap { $0["type"]?.string }
        #expect(types == ["string", "password", "numeric", "boolean"])
        #expect(whole["_links"]?["commands"] != nil)
        #expect(await caller.get("/sandboxes/\(id)/components/web-server").status == 404)
        let old = await caller.send("GET", "/api/v1/sandboxes/\(id)").json["components"]?[0]
        #expect(old?["id"] == nil && old?["attributes"]?.array?.count == 4)
    }

    @Test("A wait for a state ends when the state comes, and when its task is cancelled")
    func waiting() async throws {
        let caller = try await LabCaller.make()
        let lab = caller.lab
        let id = try await caller.start()
        async let ready = lab.sandbox(named: "nightly", in: .ready)
        lab.advance(by: .seconds(30))
        #expect(try await ready.id == id)
        await #expect(throws: CancellationError.self) {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await lab.sandbox(named: "nightly", in: .ended) }
                group.cancelAll()
                try await group.next()
            }
        }
    }
}
