import FoundationEssentials
import HTTPTransport
import HTTPTypes
import SandboxAPI
import Testing

/// One call, what must go over the wire for it, and an answer that it understands.
struct WireCase: Sendable, CustomTestStringConvertible {
    var line: String
    var body: String?
    var reply: String
    var call: @Sendable (SandboxClient) async throws -> Void

    init(
        _ line: String,
        body: String? = nil,
        reply: String,
        _ call: @escaping @Sendable (SandboxClient) async throws -> Void
    ) {
        self.line = line
        self.body = body
        self.reply = reply
        self.call = call
    }

    var testDescription: String { line }
}

private let oneSandbox = #"{"id": "S", "name": "n", "state": "BeforeSetup"}"#
private let execution = #"{"executionId": "E", "supports_cancellation": true}"#

private let cases: [WireCase] = [
    WireCase("POST /api/token", body: #"{"domain":"D","username":"u"}"#, reply: #""other/token""#) { lab async throws in
        #expect(try await lab.token(forUser: "u", domain: "D").reveal() == "other/token")
    },
    WireCase("POST /api/token", body: #"{"username":"u"}"#, reply: #""t""#) { lab async throws in
        _ = try await lab.token(forUser: "u")
    },
    WireCase("DELETE /api/token/a%2Fb%2Bc%3D%3D", reply: "") { lab async throws in
        try await lab.deleteToken(Secret("a/b+c=="))
    },
    WireCase("GET /api/v2/blueprints", reply: #"[{"id": "B", "name": "Web"}]"#) { lab async throws in
        #expect(try await lab.blueprints().map(\.name) == ["Web"])
    },
    WireCase(
        "GET /api/v2/blueprints/A%20%7C%20%5Bb%5D%2Fc.%C3%BC%3F%23%25",
        reply: #"{"id": "B", "name": "A | [b]/c.ü?#%", "params": [{"name": "Cloud", "possible_values": ["AWS"]}]}"#
    ) { lab async throws in
        #expect(try await lab.blueprint("A | [b]/c.ü?#%").inputs.map(\.possibleValues) == [["AWS"]])
    },
    WireCase(
        "POST /api/v2/blueprints/My%20Web/start",
        body: #"{"duration":"PT125M","name":"s","params":[{"name":"a/b","value":"v"}],"permitted_users":["julia"],"#
            + #""start_time":"2039-09-26T05:58:30.996+0000"}"#,
        reply: oneSandbox
    ) { lab async throws in
        let sandbox = try await lab.startSandbox(
            blueprint: "My Web",
            .init(
                name: "s",
                duration: .seconds(7_500),
                params: [.init(name: "a/b", value: "v")],
                permittedUsers: ["julia"],
                startTime: Date(timeIntervalSince1970: 2_200_629_510.996)
            )
        )
        #expect(sandbox.id == "S")
        #expect(sandbox.state == .beforeSetup)
    },
    WireCase("POST /api/v2/blueprints/B/start", body: #"{"duration":"PT120M","name":"s"}"#, reply: oneSandbox) {
        lab async throws in
        _ = try await lab.startSandbox(blueprint: "B", .init(name: "s", durationInMinutes: 120))
    },
    WireCase("POST /api/v2/blueprints/B/start-persistent", body: #"{"name":"s"}"#, reply: oneSandbox) {
        lab async throws in
        _ = try await lab.startPersistentSandbox(blueprint: "B", .init(name: "s"))
    },
    WireCase("GET /api/v2/sandboxes", reply: #"[{"id": "S", "state": "Ready", "blueprint": {"id": "B"}}]"#) {
        lab async throws in
        #expect(try await lab.sandboxes().first?.blueprint?.id == "B")
    },
    WireCase("GET /api/v2/sandboxes?show_historic=true", reply: "[]") { lab async throws in
        #expect(try await lab.sandboxes(includingHistoric: true).isEmpty)
    },
    WireCase("GET /api/v2/sandboxes/owners/john%20s", reply: #"[{"id": "S"}]"#) { lab async throws in
        #expect(try await lab.sandboxes(ownedBy: "john s").map(\.id) == ["S"])
    },
    WireCase("GET /api/v2/sandboxes/S", reply: oneSandbox) { lab async throws in
        #expect(try await lab.sandbox(id: "S").name == "n")
    },
    WireCase("POST /api/v2/sandboxes/S/stop", reply: #"{"result": "success"}"#) { lab async throws in
        try await lab.stopSandbox(id: "S")
    },
    WireCase(
        "POST /api/v2/sandboxes/S/extend",
        body: #"{"extended_time":"PT30M"}"#,
        reply: #"{"id": "S", "end_time": "2017-01-01T12:35:00Z", "remaining_time": "PT24H30M"}"#
    ) { lab async throws in
        let result = try await lab.extendSandbox(id: "S", by: .seconds(1_800))
        #expect(result.remainingTime == .seconds(88_200))
        #expect(result.endTime == Date(timeIntervalSince1970: 1_483_274_100))
    },
    WireCase(
        "GET /api/v2/sandboxes/S/activity?error_only=true&since=PT23H&tail=5&from_event_id=17",
        reply: #"{"events": [], "more_pages": false}"#
    ) { lab async throws in
        let query = ActivityQuery(errorsOnly: true, since: "PT23H", tail: 5, fromEventID: "17")
        #expect(try await lab.activity(sandboxID: "S", query).events.isEmpty)
    },
    WireCase(
        "GET /api/v2/sandboxes/S/output?tail=2&from_entry_id=a%26b",
        reply: #"{"entries": [{"id": "e", "text": "hi"}], "number_of_returned_entries": 1}"#
    ) { lab async throws in
        #expect(try await lab.output(sandboxID: "S", .init(tail: 2, fromEntryID: "a&b")).entries.map(\.text) == ["hi"])
    },
    WireCase("GET /api/v2/sandboxes/S/instructions", reply: #""<b>Use</b> it""#) { lab async throws in
        #expect(try await lab.instructions(sandboxID: "S") == "<b>Use</b> it")
    },
    WireCase("GET /api/v2/sandboxes/S/commands", reply: #"[{"name": "Setup"}]"#) { lab async throws in
        #expect(try await lab.commands(sandboxID: "S").map(\.name) == ["Setup"])
    },
    WireCase("GET /api/v2/sandboxes/S/commands/my%20cmd", reply: #"{"name": "my cmd"}"#) { lab async throws in
        #expect(try await lab.command(sandboxID: "S", name: "my cmd").name == "my cmd")
    },
    WireCase(
        "POST /api/v2/sandboxes/S/commands/go/start",
        body: #"{"params":[{"name":"Version","value":"1.0"}],"printOutput":true}"#,
        reply: execution
    ) { lab async throws in
        let request = StartCommandRequest(params: [.init(name: "Version", value: "1.0")], printOutput: true)
        let started = try await lab.startCommand(sandboxID: "S", name: "go", request)
        #expect(started == StartedExecution(id: "E", supportsCancellation: true))
    },
    WireCase("GET /api/v2/sandboxes/S/components", reply: #"[{"id": "C", "name": "App", "type": "Application"}]"#) {
        lab async throws in
        #expect(try await lab.components(sandboxID: "S").map(\.type) == [.application])
    },
    WireCase("GET /api/v2/sandboxes/S/components/C", reply: #"{"id": "C", "name": "App", "address": "10.0.0.1"}"#) {
        lab async throws in
        #expect(try await lab.component(sandboxID: "S", id: "C").address == "10.0.0.1")
    },
    WireCase("GET /api/v2/sandboxes/S/components/C/commands", reply: #"[{"name": "p", "command_tag": "power"}]"#) {
        lab async throws in
        #expect(try await lab.commands(sandboxID: "S", componentID: "C").map(\.tag) == ["power"])
    },
    WireCase("GET /api/v2/sandboxes/S/components/C/commands/go", reply: #"{"name": "go"}"#) { lab async throws in
        #expect(try await lab.command(sandboxID: "S", componentID: "C", name: "go").name == "go")
    },
    WireCase(
        "POST /api/v2/sandboxes/S/components/C/commands/go/start",
        body: #"{"params":[],"printOutput":false}"#,
        reply: execution
    ) { lab async throws in
        let request = StartCommandRequest(printOutput: false)
        #expect(try await lab.startCommand(sandboxID: "S", componentID: "C", name: "go", request).id == "E")
    },
    WireCase(
        "POST /api/v2/sandboxes/S/components/C/commands/on/start",
        body: #"{"command_tag":"power","connected_ports_full_path":["Switch20/Blade5"],"params":[],"#
            + #""printOutput":true}"#,
        reply: execution
    ) { lab async throws in
        let connected = ConnectedCommand(tag: "power", ports: ["Switch20/Blade5"])
        _ = try await lab.startCommand(sandboxID: "S", componentID: "C", name: "on", connected: connected)
    },
    WireCase("GET /api/v2/executions/E", reply: #"{"id": "E", "status": "Completed", "output": "done"}"#) {
        lab async throws in
        let execution = try await lab.execution(id: "E")
        #expect(execution.status.isSuccess)
        #expect(execution.output == "done")
    },
    WireCase("DELETE /api/v2/executions/E", reply: #"{"result": "success"}"#) { lab async throws in
        try await lab.stopExecution(id: "E")
    },
]

@Suite struct EndpointTests {
    @Test("Each endpoint has its method, path and body", arguments: cases)
    func wire(_ expected: WireCase) async throws {
        let lab = StubLab(.json(expected.reply))
        try await expected.call(makeClient(lab))
        let request = try #require(await lab.others.first)
        #expect(request.line == expected.line)
        #expect(request.body == expected.body)
        #expect(request.authorization == "Basic token-1")
        #expect(await lab.others.count == 1)
    }

    @Test func `Login is a PUT with user, password and domain, and no Authorization`() async throws {
        let lab = StubLab(.json("[]"))
        try await makeClient(lab, url: "http://10.0.0.5:82/api/", domain: "Lab 2").login()
        let request = try #require(await lab.requests.first)
        #expect(request.line == "PUT /api/login")
        #expect(request.body == #"{"domain":"Lab 2","password":"pass/word+1=","username":"ci"}"#)
        #expect(request.authorization == nil)
        let call = try #require(await lab.calls.first)
        #expect(call.request.scheme == "http")
        #expect(call.request.authority == "10.0.0.5:82")
        #expect(call.request.headerFields[.contentType] == "application/json")
        #expect(call.timeout == .seconds(60))
    }

    @Test func `A single sign-on sends the identity provider's token instead of user and password`() async throws {
        let lab = StubLab(.json("[]"))
        let client = try SandboxClient(
            .init(url: "https://lab", singleSignOnToken: Secret("eyJ.a.b"), domain: "Global"),
            httpClient: lab
        )
        try await client.login()
        #expect(await lab.requests.first?.body == #"{"domain":"Global","token":"eyJ.a.b"}"#)
    }

    @Test func `The token goes into the header as it came`() async throws {
        let token = "a0IAmINiGUmVsoJS9IeG1A==^eyJ/+x"
        let lab = StubLab(onLogin: { _ in .json("\"\(token)\"") }) { _, _ in .json("[]") }
        _ = try await makeClient(lab).blueprints()
        #expect(await lab.others.first?.authorization == "Basic \(token)")
    }

    @Test func `What begins something goes out on a connection of its own, and nothing else does`() async throws {
        let start = StubLab(.json(#"{"id": "S", "state": "BeforeSetup", "executionId": "E"}"#))
        let client = try makeClient(start)
        _ = try await client.startSandbox(blueprint: "B", .init(name: "n", durationInMinutes: 5))
        _ = try await client.startPersistentSandbox(blueprint: "B", .init(name: "n"))
        _ = try await client.startCommand(sandboxID: "S", name: "c")
        _ = try await client.startCommand(sandboxID: "S", componentID: "C", name: "c")
        let calls = await start.calls
        #expect(calls.map(\.usesFreshConnection) == [false, true, true, true, true])
        let other = StubLab(.json("{}"))
        let reader = try makeClient(other)
        _ = try? await reader.sandbox(id: "S")
        _ = try? await reader.extendSandbox(id: "S", by: .seconds(60))
        _ = try? await reader.stopSandbox(id: "S")
        _ = try? await reader.stopExecution(id: "E")
        #expect(await other.calls.allSatisfy { !$0.usesFreshConnection })
    }

    @Test func `A stop that the lab doesn't call a success is an error`() async throws {
        let lab = StubLab(.json(#"{"result": "failure"}"#))
        let error = await #expect(throws: SandboxAPIError.self) { try await makeClient(lab).stopExecution(id: "E") }
        #expect(error?.code == .rejected)
        #expect(error?.message.contains("failure") == true)
    }

    @Test func `Instructions may be plain text`() async throws {
        #expect(try await makeClient(StubLab(.json("Use it"))).instructions(sandboxID: "S") == "Use it")
    }
}
