import FoundationEssentials
import HTTPTransport
import Testing

@testable import SandboxAPI

private func decode<Value: Decodable>(_ text: String, as type: Value.Type = Value.self) throws -> Value {
    try JSONDecoder().decode(type, from: Data(text.utf8))
}

@Suite struct DriftTests {
    @Test(
        "The cancellation flag has several names and types",
        arguments: [
            (#""supports_cancellation": true"#, true), (#""supports_cancellation": "true""#, true),
            (#""supports_cancellation": "False""#, false), (#""supports_Cancelation": "true""#, true),
            (#""supports_Cancelation": true"#, true), (#""supportsCancellation": 1"#, true),
            (#""supports_cancellation": null"#, false), (#""x": 1"#, false),
        ]
    )
    func cancellation(_ member: String, _ expected: Bool) throws {
        #expect(try decode(#"{"id": "E", \#(member)}"#, as: Execution.self).supportsCancellation == expected)
        #expect(try decode(#"{"id": "E", \#(member)}"#, as: ExecutionSummary.self).supportsCancellation == expected)
        let started = try decode(#"{"executionId": "E", \#(member)}"#, as: StartedExecution.self)
        #expect(started.supportsCancellation == expected)
    }

    @Test(
        "The blueprint's id has several names",
        arguments: [
            #""blueprint_id": "B""#, #""blueprint id": "B""#, #""blueprintId": "B""#, #""blueprint": {"id": "B"}"#,
        ]
    )
    func blueprintID(_ member: String) throws {
        #expect(try decode(#"{"id": "S", \#(member)}"#, as: Sandbox.self).blueprintID == "B")
    }

    @Test(
        "Choices and defaults have several names",
        arguments: ["possible values", "possibleValues", "possible_values"]
    )
    func choices(_ name: String) throws {
        let text = #"""
            {"name": "c", "params": [
                {"name": "p", "type": "lookup", "\#(name)": ["1", 2], "\#(name.replacing("possible", with: "default")
                    .replacing("alues", with: "alue"))": 7, "mandatory": "true"}
            ]}
            """#
        let parameter = try #require(try decode(text, as: Command.self).params.first)
        #expect(parameter.possibleValues == ["1", "2"])
        #expect(parameter.defaultValue == "7")
        #expect(parameter.isMandatory)
        #expect(parameter.type == .lookup)
    }

    @Test(
        "A sandbox's inputs have two names",
        arguments: [
            #""parameters": [{"name": "a", "value": 1}]"#, #""params": [{"name": "a", "value": "1"}]"#,
        ]
    )
    func inputs(_ member: String) throws {
        let sandbox = try decode(#"{"id": "S", \#(member)}"#, as: Sandbox.self)
        #expect(sandbox.parameters == [Input(name: "a", value: "1")])
    }

    @Test(
        "A page of events has several names and types",
        arguments: [
            #"{"num_returned_events": 1, "more_pages": true, "next_event_id": 99434, "events": [{"id": 9127}]}"#,
            #"""
            {"number_of_returned_events": "1", "more_pages": "true", "next_event_id": "99434",
             "events": [{"id": "9127", "output": "Null", "time": "", "execution_server": null}]}
            """#,
        ]
    )
    func page(_ text: String) throws {
        let page = try decode(text, as: ActivityPage.self)
        #expect(page.count == 1)
        #expect(page.hasMorePages)
        #expect(page.nextEventID == "99434")
        #expect(page.events.map(\.id) == ["9127"])
        #expect(page.events.first?.output == nil)
        #expect(page.events.first?.time == nil)
    }

    @Test("Interfaces have two names", arguments: ["connection_interfaces", "connection_ interfaces"])
    func interfaces(_ name: String) throws {
        let text = #"{"id": "C", "name": "n", "\#(name)": [{"name": "SSH", "url": "u"}]}"#
        #expect(try decode(text, as: Component.self).connectionInterfaces == [.init(name: "SSH", url: "u")])
    }

    @Test("Nothing has several spellings", arguments: ["null", #""""#, #""Null""#])
    func nothing(_ value: String) throws {
        let execution = try decode(#"{"id": "E", "output": \#(value), "started": \#(value)}"#, as: Execution.self)
        #expect(execution.output == nil)
        #expect(execution.started == nil)
        let sandbox = try decode(#"{"id": "S", "description": \#(value), "end_time": \#(value)}"#, as: Sandbox.self)
        #expect(sandbox.description == nil)
        #expect(sandbox.endTime == nil)
    }

    @Test func `A setup stage of None is a stage`() throws {
        #expect(try decode(#"{"id": "S", "setup_stage": "None"}"#, as: Sandbox.self).setupStage == SetupStage.none)
        #expect(try decode(#"{"id": "S"}"#, as: Sandbox.self).setupStage == nil)
    }

    @Test func `A sandbox with nothing but its id decodes, whatever else is odd`() throws {
        let text = #"""
            {"id": 17, "state": null, "start_time": "soon", "end_time": 5, "components": null, "parameters": "x",
             "permitted_users": [{"name": "x"}, "julia"], "_links": []}
            """#
        let sandbox = try decode(text, as: Sandbox.self)
        #expect(sandbox.id == "17")
        #expect(!sandbox.state.isKnown)
        #expect(sandbox.startTime == nil)
        #expect(sandbox.permittedUsers == ["julia"])
    }

    @Test func `One odd element doesn't cost a list`() async throws {
        let lab = StubLab(.json(#"[{"id": "A", "name": "a"}, null, "x", {"name": "no id"}, {"id": 2}]"#))
        #expect(try await makeClient(lab).sandboxes().map(\.id) == ["A", "2"])
    }

    @Test("What is no object or lacks its id isn't a sandbox", arguments: ["{}", "[]", "null", "5", #"{"id": ""}"#])
    func noSandbox(_ text: String) {
        #expect(throws: (any Error).self) { try decode(text, as: Sandbox.self) }
    }

    @Test func `The samples of the documentation decode`() throws {
        let sandbox = try decode(
            #"""
            {"name": "Persistent sandbox name", "id": "8d653d03-9e12-47ce-9d30-19cae1a239c3",
             "blueprint_id": "b4852f4b-d2bd-4dbc-b03a-f943941a9053", "description": "",
             "start_time": "2021-08-02T09:22:00Z", "end_time": null, "state": "BeforeSetup", "type": "Sandbox",
             "components": [{"id": "6644dc07-1cc1-4b28-9879-0c704f106c2b", "name": "cloudshell-latest",
                "type": "Application", "component_type": "Generic App Model", "app_lifecycle": "Undeployed",
                "_links": {"self": {"href": "/sandboxes/x", "method": "GET"}}}],
             "parameters": [], "setup_stage": "None", "permitted_users": ["admin", "julia", "steven"], "_links": {}}
            """#,
            as: Sandbox.self
        )
        #expect(sandbox.state == .beforeSetup)
        #expect(sandbox.startTime == Date(timeIntervalSince1970: 1_627_896_120))
        #expect(sandbox.endTime == nil)
        #expect(sandbox.components.first?.appLifecycle == .undeployed)
        #expect(sandbox.components.first?.model == "Generic App Model")
        #expect(sandbox.permittedUsers == ["admin", "julia", "steven"])

        let blueprint = try decode(
            #"""
            {"name": "WebApi", "id": "c6abccb6", "description": null, "availability": "Not Available",
             "categories": [], "estimated_setup_duration": "PT25M"}
            """#,
            as: Blueprint.self
        )
        #expect(blueprint.availability == .notAvailable)
        #expect(blueprint.estimatedSetupDuration == .seconds(1_500))

        let page = try decode(
            #"""
            {"number_of_returned_entries": 2, "next_entry_id": "99434", "more_pages": false, "entries": [
                {"id": "82159835", "time": "2017-01-15T09:51:17Z", "text": "Beginning sandbox setup"}]}
            """#,
            as: OutputPage.self
        )
        #expect(page.count == 2)
        #expect(page.entries.first?.time == Date(timeIntervalSince1970: 1_484_473_877))
    }
}

@Suite struct EncodingTests {
    private let sandbox = Sandbox(
        id: "S",
        name: "n",
        blueprintID: "B",
        startTime: Date(timeIntervalSince1970: 1_627_896_120),
        endTime: Date(timeIntervalSince1970: 1_627_896_120.5),
        state: .ready,
        setupStage: .ended,
        components: [
            Component(
                id: "C",
                name: "App",
                type: .application,
                model: "Shell",
                address: "10.0.0.1",
                appLifecycle: .deployed,
                attributes: [
                    .init(name: "Shell.User", value: "root"),
                    .init(type: .password, name: "Shell.Key", value: "CANARY-1"),
                    .init(type: "PASSWORD", name: "x", value: "CANARY-2"),
                    .init(name: "Shell.Admin Password", value: "CANARY-3"),
                ],
                connectionInterfaces: [.init(name: "SSH", url: "ssh://root:CANARY-4@10.0.0.1:22/a@b")]
            )
        ],
        parameters: [.init(name: "Version", value: "1"), .init(name: "db_password", value: "CANARY-5")],
        permittedUsers: ["admin"]
    )

    private func json(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    @Test func `A sandbox encodes in the API's own spelling`() throws {
        let text = try json(sandbox.withoutSecrets)
        #expect(
            text == #"{"blueprint_id":"B","components":[{"address":"10.0.0.1","app_lifecycle":"Deployed","#
                + #""attributes":[{"name":"Shell.User","type":"String","value":"root"}],"#
                + #""component_type":"Shell","connection_interfaces":[{"name":"SSH","url":"ssh://10.0.0.1:22/a@b"}],"#
                + #""id":"C","name":"App","type":"Application"}],"end_time":"2021-08-02T09:22:00.500Z","id":"S","#
                + #""name":"n","parameters":[{"name":"Version","value":"1"}],"permitted_users":["admin"],"#
                + #""setup_stage":"Ended","start_time":"2021-08-02T09:22:00Z","state":"Ready","type":"Sandbox"}"#
        )
        #expect(!text.contains("CANARY"))
    }

    @Test func `What was encoded decodes to the same`() throws {
        #expect(try decode(json(sandbox), as: Sandbox.self) == sandbox)
    }

    @Test(
        "What a lab spells in its own way is written so",
        arguments: [
            (#"{"id":"S","_links":{"self":{"href":"/s/S","templated":"true"}}}"#, #""_links":{"self":{"href":"/s/S"#),
            (#"{"id":"S","description":null}"#, #""description":"""#),
            (#"{"id":"S","params":[{"name":"a","value":1}]}"#, #""params":[{"name":"a","value":"1"}]"#),
            (#"{"id":"S","params":[],"parameters":[]}"#, #""parameters":[]"#),
            (#"{"id":"S","components":[{"id":"C","description":""}]}"#, #""description":"""#),
        ]
    )
    func spelling(_ text: String, _ member: String) throws {
        let sandbox = try decode(text, as: Sandbox.self)
        let written = try json(sandbox)
        #expect(written.contains(member), "\(written)")
        #expect(try decode(written, as: Sandbox.self) == sandbox)
        #expect(try PlainJSON.decode(Sandbox.self, from: Data(written.utf8)) == sandbox)
    }

    @Test func `What a lab doesn't tell isn't written`() throws {
        let written = try json(decode(#"{"id":"S","_links":[],"components":[{"id":"C"}]}"#, as: Sandbox.self))
        for word in ["_links", "description", "params"] { #expect(!written.contains("\"\(word)\""), "\(written)") }
    }

    @Test func `A secret attribute doesn't print`() {
        let component = sandbox.components[0]
        var text = "\(component.attributes)\(component.attributes[1])"
        dump(component.attributes, to: &text)
        #expect(text.contains("root"))
        #expect(!text.contains("CANARY"))
    }
}
