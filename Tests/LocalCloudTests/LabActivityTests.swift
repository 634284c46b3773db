import Foundation
import LocalCloud
import Testing

@Suite("Lab: activity, output and instructions")
struct LabActivityTests {
    @Test("Pages of activity go from an inclusive id to the next")
    func pages() async throws {
        let caller = try await LabCaller.make(blueprints: [.webLab]) { $0.pageSize = 2 }
        let id = try await caller.ready("Web%20lab")
        var texts: [String] = []
        var query = ""
        var rounds = 0
        while rounds < 10 {
            rounds += 1
            let page = await caller.get("/sandboxes/\(id)/activity\(query)").json
            let events = try #require(page["events"]?.array)
            #expect(page["num_returned_events"]?.integer == events.count && events.count <= 2)
            texts += events.compactMap { $0["event_text"]?.string }
            query = "?from_event_id=\(try #require(page["next_event_id"]?.integer))"
            if page["more_pages"] == false { break }
        }
        #expect(rounds > 1 && texts == caller.lab.sandbox(id: id)?.events.map(\.text))
        #expect(texts.first == "Sandbox 'nightly' has started")
        #expect(await caller.get("/sandboxes/\(id)/activity\(query)").json["events"] == [])
        let last = try #require(caller.lab.sandbox(id: id)?.events.last?.id)
        let inclusive = await caller.get("/sandboxes/\(id)/activity?from_event_id=\(last)").json
        #expect(inclusive["events"]?.array?.count == 1)
        #expect(await caller.get("/sandboxes/\(id)/activity?tail=1").json["events"]?[0]?["id"]?.integer == last)
        #expect(await caller.get("/sandboxes/\(id)/activity?from_event_id=x").status == 400)
    }

    @Test("Activity may lag behind the state", arguments: [0, 2])
    func lag(reads: Int) async throws {
        let caller = try await LabCaller.make(
            blueprints: [LabBlueprint(name: "Web", setup: .fails(events: ["no cable"], after: .seconds(5)))]
        ) { $0.activityLag = reads }
        let id = try await caller.ready()
        #expect(await caller.state(id) == "Error")
        var counts: [Int?] = []
        for _ in 0...reads {
            let page = await caller.get("/sandboxes/\(id)/activity?error_only=true").json
            counts.append(page["events"]?.array?.count)
        }
        #expect(counts == Array(repeating: 0, count: reads) + [1])
    }

    @Test("Since is a time, or a length of time")
    func since() async throws {
        let caller = try await LabCaller.make()
        let id = try await caller.ready()
        func count(_ since: String) async -> Int? {
            await caller.get("/sandboxes/\(id)/activity?since=\(since)").json["events"]?.array?.count
        }
        let all = caller.lab.sandbox(id: id)?.events.count
        #expect(await count("PT1H") == all)
        #expect(await count("PT40S") == 1)
        #expect(await count("2017-07-14T02:40:01Z") == 1)
        #expect(await caller.get("/sandboxes/\(id)/activity?since=yesterday").status == 400)
    }

    @Test("Output has pages of entries with text ids, and ends with the sandbox")
    func console() async throws {
        let caller = try await LabCaller.make(blueprints: [.webLab]) { $0.pageSize = 2 }
        let id = try await caller.ready("Web%20lab")
        let all = try #require(caller.lab.sandbox(id: id)?.lines)
        var texts: [String] = []
        var query = ""
        for _ in 0..<10 {
            let page = await caller.get("/sandboxes/\(id)/output\(query)").json
            #expect(page["number_of_returned_entries"]?.integer == page["entries"]?.array?.count)
            texts += page["entries"]?.array?.compactMap { $0["text"]?.string } ?? []
            query = "?from_entry_id=\(try #require(page["next_entry_id"]?.string))"
            if page["more_pages"] == false { break }
        }
        #expect(texts == all.map(\.text) && all.count > 2 && UUID(uuidString: all[0].id) != nil)
        #expect(await caller.get("/sandboxes/\(id)/output\(query)").json["entries"] == [])
        #expect(await caller.get("/sandboxes/\(id)/output?tail=1").json["entries"]?[0]?["id"]?.string == all.last?.id)
        _ = await caller.post("/sandboxes/\(id)/stop")
        caller.lab.advance(by: .seconds(60))
        #expect(await caller.get("/sandboxes/\(id)/output").status == 404)
    }

    @Test("Instructions are a JSON string")
    func instructions() async throws {
        let caller = try await LabCaller.make(blueprints: [.webLab])
        let id = try await caller.start("Web%20lab")
        #expect(await caller.get("/sandboxes/\(id)/instructions").json.string?.hasPrefix("<p>") == true)
    }
}
