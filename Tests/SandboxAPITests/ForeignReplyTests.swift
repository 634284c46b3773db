import FoundationEssentials
import HTTPTransport
import HTTPTypes
import Testing

@testable import SandboxAPI

/// What stands before the lab and answers in its place.
@Suite("Replies that aren't the lab's")
struct ForeignReplyTests {
    private static func page(
        _ status: Int,
        _ text: String = "Not now",
        type: String = "text/html",
        _ fields: HTTPFields = [:]
    ) -> HTTPReply {
        var response = HTTPResponse(status: .init(code: status), headerFields: [.contentType: type])
        for field in fields { response.headerFields[field.name] = field.value }
        return HTTPReply(response, body: Data("<html><body>\(text)</body></html>".utf8))
    }

    private static func client(_ reply: HTTPReply) throws -> SandboxClient {
        try makeClient(StubLab(reply), retry: FakeTime().policy(attempts: 1))
    }

    private func error(_ reply: HTTPReply) async throws -> SandboxAPIError {
        try await #require(throws: SandboxAPIError.self) { try await Self.client(reply).sandbox(id: "S") }
    }

    private func startError(_ reply: HTTPReply) async throws -> SandboxAPIError {
        try await #require(throws: SandboxAPIError.self) {
            try await Self.client(reply).startSandbox(blueprint: "B", .init(name: "n", durationInMinutes: 5))
        }
    }

    @Test(arguments: [300, 302, 303, 304, 307, 400, 401, 403, 404, 405, 407, 409, 413, 414, 418, 451])
    func `a page says nothing of the user, the request or the lab, whatever its status`(status: Int) async throws {
        for reply in [Self.page(status), Self.page(status, type: "application/json")] {
            let error = try await error(reply)
            #expect(error.code == .server && error.isTransient && error.isForeign)
            #expect(!error.isOwnWord && !error.mayBeMetLater && !error.refusesToken)
            // It may have been passed on all the same.
            #expect(try await startError(reply).mayHaveBeenProcessed)
        }
    }

    @Test(arguments: [400, 403, 405, 409, 413])
    func `an empty reply is no refusal of the lab's`(status: Int) async throws {
        let error = try await error(.json(" \n", status: status))
        #expect(error.code == .server && error.isForeign)
        #expect(error.message.hasPrefix("Something before the lab answered in its place: "))
    }

    @Test func `the lab's words on a page are the page's`() async throws {
        for words in ["Login failed for user", "Entity could not be found", "Invalid Api call"] {
            let error = try await error(Self.page(400, words))
            #expect(error.code == .server && error.isForeign)
            #expect(error.message == "Something before the lab answered in its place: \(words)")
        }
        #expect(try await error(.json("Invalid Api call", status: 400)).code == .unsupported)
    }

    @Test func `too many requests are too many, whoever says so`() async throws {
        let error = try await error(Self.page(429))
        #expect(error.code == .rateQuota && error.isForeign && !error.mayHaveBeenProcessed)
    }

    @Test(arguments: [#"{"message": "Unauthorized"}"#, "", "Unauthorized"])
    func `who asks for another login isn't the lab, unless the words are its own`(body: String) async throws {
        var reply = HTTPReply.json(body, status: 401)
        #expect(try await error(reply).code == .authentication)
        reply.response.headerFields[.wwwAuthenticate] = #"Basic realm="corporate""#
        #expect(try await error(reply).code == .server)
        var own = HTTPReply.deadToken
        own.response.headerFields[.wwwAuthenticate] = "Basic"
        #expect(try await error(own).code == .authentication)
    }

    @Test func `a redirect to a login isn't one to the lab`() async throws {
        for (target, code) in [
            ("https://portal.example/login?next=/api/v2/sandboxes/S", SandboxAPIError.Code.server),
            ("https://lab.example/api/v2/sandboxes/S", .configuration), ("/elsewhere/v2/sandboxes/S", .configuration),
        ] {
            for status in [301, 302, 307, 308] {
                let error = try await error(Self.page(status, [.location: target]))
                #expect(error.code == code && error.message.contains(target))
                #expect(error.isTransient == (code == .server))
            }
        }
    }

    private static func page(_ status: Int, _ fields: HTTPFields) -> HTTPReply {
        page(status, "Not now", type: "text/html", fields)
    }

    @Test func `a page that says that it went well is none of the lab's`() async throws {
        let page = try await error(Self.page(200))
        #expect(page.code == .malformedReply && page.isForeign && page.isTransient)
        #expect(page.message == "The lab's reply can't be read: it is a web page.")
    }

    @Test(arguments: ["", " ", "{}", "[]", "null", #""success""#, #"{"result": ""}"#])
    func `a stop without the lab's word proves nothing`(body: String) async throws {
        let lab = try Self.client(.json(body))
        let stop = await #expect(throws: SandboxAPIError.self) { try await lab.stopSandbox(id: "S") }
        let cancellation = await #expect(throws: SandboxAPIError.self) { try await lab.stopExecution(id: "E") }
        for error in [stop, cancellation] {
            #expect(error?.code == .malformedReply && error?.mayHaveBeenProcessed == true)
            #expect(error?.isTransient == true)
        }
    }

    @Test func `an empty reply is no empty list, and no start`() async throws {
        let blank = try Self.client(.json(""))
        await #expect(throws: SandboxAPIError.self) { try await blank.sandboxes() }
        await #expect(throws: SandboxAPIError.self) { try await blank.sandboxes(includingHistoric: true) }
        await #expect(throws: SandboxAPIError.self) { try await blank.components(sandboxID: "S") }
        await #expect(throws: SandboxAPIError.self) { try await blank.startCommand(sandboxID: "S", name: "c") }
        #expect(try await startError(.json("")).mayHaveBeenProcessed)
    }

    // MARK: Paths

    @Test(arguments: ["a/../go", "x%2F..%2Fgo", "go?x", "go#x", "go;x", "..", "a\\go"])
    func `another thing than the one that was asked for isn't taken for it`(name: String) async throws {
        let lab = try Self.client(.json(#"{"id": "G", "name": "go", "state": "Ready"}"#))
        let errors = [
            await #expect(throws: SandboxAPIError.self) { _ = try await lab.command(sandboxID: "S", name: name) },
            await #expect(throws: SandboxAPIError.self) {
                _ = try await lab.command(sandboxID: "S", componentID: "C", name: name)
            },
            await #expect(throws: SandboxAPIError.self) { _ = try await lab.blueprint(name) },
        ]
        for error in errors {
            #expect(error?.code == .malformedReply && error?.isTransient == false && error?.isForeign == true)
            #expect(error?.mayHaveBeenProcessed == false)
            #expect(error?.message.contains("is about “go” and not about “\(name)”") == true)
        }
        let sandbox = await #expect(throws: SandboxAPIError.self) { _ = try await lab.sandbox(id: name) }
        #expect(sandbox?.message.contains("something before the lab changes the paths of requests") == true)
    }

    @Test func `a name in other letters is the same, and a plain one isn't compared`() async throws {
        let lab = try Self.client(.json(#"{"id": "G", "name": "A/B"}"#))
        #expect(try await lab.command(sandboxID: "S", name: "a/b").name == "A/B")
        #expect(try await lab.command(sandboxID: "S", name: "other name").name == "A/B")
    }

    @Test func `a call that the lab doesn't know may have lost its path's escapes`() async throws {
        let lab = try Self.client(.error(404, "Invalid Api call"))
        let error = await #expect(throws: SandboxAPIError.self) {
            _ = try await lab.command(sandboxID: "S", name: "a/b")
        }
        #expect(error?.isForeign == true)
        #expect(error?.message.contains("may change the paths of requests: “a/b”") == true)
        let plain = await #expect(throws: SandboxAPIError.self) {
            _ = try await lab.command(sandboxID: "S", name: "a b")
        }
        #expect(plain?.isForeign == false)
    }

    // MARK: Texts

    @Test func `a character that isn't Unicode costs no more than itself`() async throws {
        var body = Data(#"{"id": "E", "status": "Completed", "output": "one "#.utf8)
        body.append(0xE9)
        body += Data(#" two \ud83d three \ude00\ud83d\ude00 \ud83d\ud83d\ude00"}"#.utf8)
        let lab = try Self.client(HTTPReply(HTTPResponse(status: .ok), body: body))
        let output = try await lab.execution(id: "E").output
        #expect(output == "one \u{FFFD} two \u{FFFD} three \u{FFFD}😀 \u{FFFD}😀")
    }

    @Test(arguments: [
        (#"["one", "two"]"#, "one\ntwo"), (#""<p>a &lt; b</p>""#, "<p>a &lt; b</p>"), ("17", "17"), (#""Null""#, nil),
        ("[]", nil), ("null", nil), (#""""#, nil),
    ])
    func `what a command printed is told as it is`(output: String, text: String?) async throws {
        let lab = try Self.client(.json(#"{"id": "E", "status": "Completed", "output": \#(output)}"#))
        #expect(try await lab.execution(id: "E").output == text)
    }

    @Test func `nor does one in a list, a search or an error`() async throws {
        let sandboxes = #"[{"id": "a", "name": "x\udc00", "state": "Ready", "description": "y\ud800"}]"#
        let list = try Self.client(.json(sandboxes))
        #expect(try await list.sandboxes().map(\.name) == ["x\u{FFFD}"])
        #expect(try await list.sandboxes().first?.description == "y\u{FFFD}")
        #expect(try await list.sandboxes(includingHistoric: true).map(\.name) == ["x\u{FFFD}"])
        #expect(try await list.observation(of: ["a"]).states == ["a": .ready])
        let feed = #"{"events": [{"id": 1, "event_type": "error", "event_text": "bad \ud800", "output": "\ud800"}]}"#
        let events = try await Self.client(.json(feed)).errorEvents(sandboxID: "S")
        #expect(events.map(\.text) == ["bad \u{FFFD}"] && events.first?.output == "\u{FFFD}")
        #expect(try await error(.error(400, #"Duration format must be \ud800"#)).code == .badRequest)
    }
}
