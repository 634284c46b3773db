import Foundation
import LocalCloud
import Testing

@Suite("Lab: the spelling of other releases")
struct LabSpellingTests {
    private static let blueprint = LabBlueprint(
        name: "Web",
        components: [LabComponent(name: "app", kind: .application, model: "App")],
        commands: [
            LabCommand(
                name: "echo",
                params: [.init("x", default: "1", possibleValues: ["1"])],
                outcome: .completed(nil)
            )
        ]
    )

    @Test("Booleans and numbers may be strings", arguments: [true, false])
    func stringsOnly(_ isOn: Bool) async throws {
        let caller = try await LabCaller.make(blueprints: [Self.blueprint]) { $0.writesStringsOnly = isOn }
        let id = try await caller.ready()
        let page = await caller.get("/sandboxes/\(id)/activity").json
        let count = try #require(page["events"]?.array?.count)
        #expect(page["more_pages"] == (isOn ? "false" : false))
        #expect(page["num_returned_events"] == (isOn ? .string(String(count)) : .integer(count)))
        #expect((page["next_event_id"]?.string != nil) == isOn)
        #expect((page["events"]?[0]?["id"]?.string != nil) == isOn)
        let command = await caller.get("/sandboxes/\(id)/commands/echo").json
        #expect(command["params"]?[0]?["mandatory"] == (isOn ? "false" : false))
        let reply = await caller.post("/sandboxes/\(id)/commands/echo/start").json
        #expect(reply["supports_cancellation"] == (isOn ? "true" : true))
    }

    @Test(
        "The keys of a parameter are joined in three ways",
        arguments: [
            (LabBehavior.Joining.space, "possible values", "default value"),
            (.camelCase, "possibleValues", "defaultValue"), (.underscore, "possible_values", "default_value"),
        ]
    )
    func joining(_ joining: LabBehavior.Joining, values: String, value: String) async throws {
        let caller = try await LabCaller.make(blueprints: [Self.blueprint]) { $0.parameterKeys = joining }
        let id = try await caller.ready()
        let param = await caller.get("/sandboxes/\(id)/commands/echo").json["params"]?[0]
        #expect(param?[values] == ["1"] && param?[value] == "1")
    }

    @Test("Single keys have other spellings")
    func keys() async throws {
        let caller = try await LabCaller.make(blueprints: [Self.blueprint]) {
            $0.cancellationKey = "supports_Cancelation"
            $0.blueprintIDKey = "blueprint id"
            $0.sandboxInputsKey = "params"
            $0.eventCountKey = "number_of_returned_events"
            $0.interfacesKey = "connection_ interfaces"
        }
        let id = try await caller.ready()
        let sandbox = await caller.get("/sandboxes/\(id)").json
        #expect(sandbox["blueprint id"] != nil && sandbox["blueprint_id"] == nil)
        #expect(sandbox["params"] == [] && sandbox["parameters"] == nil)
        #expect(await caller.get("/sandboxes/\(id)/activity").json["number_of_returned_events"] != nil)
        #expect(await caller.get("/sandboxes/\(id)/components").json[0]?["connection_ interfaces"] == [])
        let execution = try await caller.run("/sandboxes/\(id)/commands/echo")
        #expect(await caller.get("/executions/\(execution)").json["supports_Cancelation"] == true)
    }

    @Test("Timestamps have fractions or not")
    func fractions() async throws {
        let caller = try await LabCaller.make { $0.seconds = .fractional }
        let id = try await caller.start()
        #expect(await caller.get("/sandboxes/\(id)").json["start_time"] == "2017-07-14T02:40:00.000Z")
    }

    @Test(
        "Nothing is null, an empty string or a word",
        arguments: [(LabBehavior.Nothing.null, "null"), (.emptyString, "\"\""), (.word, "\"Null\"")]
    )
    func nothing(_ nothing: LabBehavior.Nothing, text: String) async throws {
        let caller = try await LabCaller.make(blueprints: [Self.blueprint]) { $0.nothing = nothing }
        let id = try await caller.ready()
        let execution = try await caller.run("/sandboxes/\(id)/commands/echo")
        #expect(await caller.get("/executions/\(execution)").text.contains("\"output\":\(text)"))
    }

    @Test("Words may be in lower case")
    func casing() async throws {
        let caller = try await LabCaller.make(blueprints: [Self.blueprint]) { $0.casing = .lowercase }
        let id = try await caller.ready()
        let component = await caller.get("/sandboxes/\(id)/components").json[0]
        #expect(component?["type"] == "application" && component?["app_lifecycle"] == "deployed")
        let execution = try await caller.run("/sandboxes/\(id)/commands/echo")
        #expect(await caller.status(execution) == "running")
    }
}
