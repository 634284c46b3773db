import Foundation
import HTTPTransport
import LocalCloud
import SandboxAPI
import Testing

/// A lab that knows how to log in, to list and to start, and not much else: what counts here is the wire.
private struct WireLab: LocalService {
    let name = "lab"

    func operation(of request: LocalRequest) -> String {
        switch (request.method, request.path) {
        case ("PUT", "/api/login"): "login"
        case ("POST", let path) where path.hasSuffix("/start"): "start"
        case ("POST", let path) where path.hasSuffix("/stop"): "stop"
        case ("GET", "/api/v2/sandboxes"): "list"
        default: "other"
        }
    }

    func reply(to request: LocalRequest) async -> LocalReply {
        switch operation(of: request) {
        case "login": .text(#""a0IAm/NiGUm+soJS9IeG1A==""#, contentType: "application/json")
        case "list": .text("[]", contentType: "application/json")
        case "start": .text(#"{"id": "S", "state": "BeforeSetup"}"#, contentType: "application/json")
        case "stop": .text(#"{"result": "success"}"#, contentType: "application/json")
        default: errorReply(status: 404, code: "", message: "Entity could not be found")
        }
    }

    func errorReply(status: Int, code: String, message: String) -> LocalReply {
        .text(
            #"{"statusCode": \#(status), "errorCategory": "WebApi", "message": "\#(message)"}"#,
            status: status,
            contentType: "application/json"
        )
    }
}

@Suite("Over a real socket", .timeLimit(.minutes(1))) struct SocketTests {
    private static let start = StartSandboxRequest(name: "n", durationInMinutes: 5)

    private func withLab(
        timeout: Duration = .seconds(20),
        _ body: (SandboxClient, FaultPlan, RequestJournal) async throws -> Void
    ) async throws {
        let faults = FaultPlan()
        let journal = RequestJournal()
        try await LocalServer.withRunning(WireLab(), faults: faults, journal: journal) { server in
            let client = try SandboxClient(
                .init(
                    url: server.url,
                    username: "ci",
                    password: Secret("pw"),
                    timeout: timeout,
                    retry: FakeTime().policy()
                ),
                httpClient: CurlHTTPClient()
            )
            try await body(client, faults, journal)
        }
    }

    @Test func `A path arrives encoded once and a token as it is`() async throws {
        try await withLab { client, _, journal in
            _ = try await client.startSandbox(blueprint: "A | [b]/../c?#%20é", Self.start)
            let request = try #require(journal.entries.last?.request)
            #expect(request.path == "/api/v2/blueprints/A%20%7C%20%5Bb%5D%2F..%2Fc%3F%23%2520%C3%A9/start")
            #expect(request["Authorization"] == "Basic a0IAm/NiGUm+soJS9IeG1A==")
            #expect(request["Content-Type"] == "application/json")
            #expect(request.body == Data(#"{"duration":"PT5M","name":"n"}"#.utf8))
        }
    }

    @Test func `A stop has no body`() async throws {
        try await withLab { client, _, journal in
            try await client.stopSandbox(id: "S")
            let request = try #require(journal.entries.last?.request)
            #expect(request.method == "POST")
            #expect(request.body.isEmpty)
            #expect(request["Content-Length"] == "0")
        }
    }

    @Test("A read survives a fault", arguments: ["reset", "lost", "truncated", "page", "empty"])
    func readSurvives(_ name: String) async throws {
        let fault: Fault =
            switch name {
            case "reset": .resetBeforeProcessing
            case "lost": .loseReply
            case "truncated": .truncateBody
            case "page": .html()
            default: .reply(.text(""))
            }
        try await withLab { client, faults, journal async throws in
            faults.inject(fault, on: "list", times: 2)
            let list = try await client.sandboxes()
            #expect(list.isEmpty)
            #expect(journal.entries.count { $0.operation == "list" } == 3)
        }
    }

    @Test func `A start whose reply is lost is sent once and may have been processed`() async throws {
        try await withLab { client, faults, journal async throws in
            faults.inject(.loseReply, on: "start", times: 5)
            let error = await #expect(throws: SandboxAPIError.self) {
                _ = try await client.startSandbox(blueprint: "B", Self.start)
            }
            #expect(error?.code == .transport)
            #expect(error?.mayHaveBeenProcessed == true)
            #expect(journal.entries.count { $0.operation == "start" } == 1)
        }
    }

    @Test func `A lab that hangs is given up after the time-out`() async throws {
        try await withLab(timeout: .seconds(3)) { client, faults, _ in
            faults.inject(.hang, on: "start")
            let error = await #expect(throws: SandboxAPIError.self) {
                _ = try await client.startSandbox(blueprint: "B", Self.start)
            }
            #expect(error?.underlying?.code == .timedOut)
            #expect(error?.mayHaveBeenProcessed == true)
        }
    }

    @Test func `A dead token is replaced once`() async throws {
        try await withLab { client, faults, journal async throws in
            try await client.login()
            faults.inject(.status(400, message: "Login failed for token: x. Please"), on: "start")
            let sandbox = try await client.startSandbox(blueprint: "B", Self.start)
            #expect(sandbox.id == "S")
            #expect(journal.entries.map(\.operation) == ["login", "start", "login", "start"])
        }
    }

    @Test func `A lab that nobody runs certainly processed nothing`() async throws {
        // A port that was free a moment ago.
        let url = try await LocalServer.withRunning(WireLab()) { $0.url }
        let client = try SandboxClient(
            .init(url: url, username: "ci", password: Secret("pw"), retry: FakeTime().policy()),
            httpClient: CurlHTTPClient()
        )
        let error = await #expect(throws: SandboxAPIError.self) {
            _ = try await client.startSandbox(blueprint: "B", Self.start)
        }
        #expect(error?.code == .transport)
        #expect(error?.mayHaveBeenProcessed == false)
        #expect(error?.attempts == 4)
    }
}
