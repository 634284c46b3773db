import FoundationEssentials
import HTTPTransport
import HTTPTypes
import Testing

@testable import SandboxAPI

@Suite struct ErrorTests {
    private func error(_ reply: HTTPReply) async throws -> SandboxAPIError {
        let client = try makeClient(StubLab(reply), retry: FakeTime().policy(attempts: 1))
        return try #require(await #expect(throws: SandboxAPIError.self) { _ = try await client.sandbox(id: "S") })
    }

    @Test(
        "A known message decides, whatever the status",
        arguments: [
            ("Login failed for user: x", .authentication),
            ("Request rate quota has been exceeded", .rateQuota),
            ("Could not start: Blueprint has conflicting resources (x)", .conflict),
            ("Blueprint has invalid inputs", .invalidInputs),
            ("No values were provided for the following mandatory inputs: a", .invalidInputs),
            ("Invalid Api call", .unsupported),
            ("ENTITY COULD NOT BE FOUND", .notFound),
            ("User is not allowed to view this entity", .forbidden),
            ("Reservation name and duration must be specified in request body", .badRequest),
            ("Duration format must be a valid 'ISO 8601' (e.g 'PT23H' or 'PT4H2M')", .badRequest),
            ("Parameter is not a valid extended time", .badRequest),
        ] as [(String, SandboxAPIError.Code)]
    )
    func byMessage(_ message: String, _ code: SandboxAPIError.Code) async throws {
        for status in [400, 418, 500] {
            let error = try await error(.error(status, message))
            #expect(error.code == code)
            #expect(error.httpStatus == status)
            #expect(error.message.contains(message))
            #expect(!error.mayHaveBeenProcessed)
        }
    }

    @Test(
        "Without a known message the status decides",
        arguments: [
            (400, .badRequest), (403, .forbidden), (404, .notFound), (409, .conflict), (422, .badRequest),
            (429, .rateQuota), (500, .server), (502, .server), (503, .server),
        ] as [(Int, SandboxAPIError.Code)]
    )
    func byStatus(_ status: Int, _ code: SandboxAPIError.Code) async throws {
        let error = try await error(.error(status, "Something new"))
        #expect(error.code == code)
        #expect(error.message == "Something new")
        #expect(error.mayHaveBeenProcessed == (status >= 500))
    }

    @Test(
        "A 404 that isn't the lab's own says that there is no way to it, not that the sandbox is gone",
        arguments: [
            ("<html><head><title>404</title></head><body><h1>Not Found</h1></body></html>", "Not Found"),
            ("", "The lab says no more than status 404."),
            ("default backend - 404", "default backend - 404"),
            (#"{"message": "no Route matched with those values"}"#, "no Route matched with those values"),
            (#"{"statusCode": 404, "message": "Cannot GET", "error": "Not Found"}"#, "Cannot GET"),
        ]
    )
    func gatewaysNotFound(_ body: String, _ said: String) async throws {
        let error = try await error(.json(body, status: 404))
        #expect(error.code == .server)
        #expect(error.isTransient)
        #expect(error.message == "There is no Sandbox API at the lab's address, or no way to it for now: \(said)")
        // A read is repeated, until the lab itself answers.
        let lab = StubLab(.json(body, status: 404), .error(404, "Entity could not be found"))
        let client = try makeClient(lab, retry: FakeTime().policy(attempts: 3))
        let gone = await #expect(throws: SandboxAPIError.self) { _ = try await client.sandbox(id: "S") }
        #expect(gone?.code == .notFound)
        #expect(gone?.attempts == 2)
        // A start isn't: it may have reached the lab.
        let other = StubLab(.json(body, status: 404))
        let lost = await #expect(throws: SandboxAPIError.self) {
            let client = try makeClient(other, retry: FakeTime().policy(attempts: 3))
            _ = try await client.startSandbox(blueprint: "B", StartSandboxRequest(name: "n", durationInMinutes: 5))
        }
        #expect(lost?.attempts == 1)
        #expect(lost?.mayHaveBeenProcessed == true)
    }

    @Test(
        "The lab's own 404s are known",
        arguments: [
            #"{"statusCode": 404, "errorCategory": "WebApi", "message": "Entity could not be found"}"#,
            #"{"errorCategory": "WebApi"}"#, #"{"message": "Entity could not be found"}"#, "Entity could not be found",
        ]
    )
    func labsNotFound(_ body: String) async throws {
        #expect(try await error(.json(body, status: 404)).code == .notFound)
    }

    @Test func `An error within a reply of status 200 is an error`() async throws {
        let error = try await error(
            .json(#"{"statusCode": 404, "errorCategory": "WebApi", "message": "Entity could not be found"}"#)
        )
        #expect(error.code == .notFound)
        #expect(error.httpStatus == 404)
    }

    @Test func `A redirect names where it leads`() async throws {
        var reply = HTTPReply.json("", status: 301)
        reply.response.headerFields[.location] = "https://lab.example.com/api/v2/sandboxes/S"
        let error = try await error(reply)
        #expect(error.code == .configuration)
        #expect(error.message.contains("https://lab.example.com/api/v2/sandboxes/S"))
    }

    @Test func `An error page becomes a line of text`() async throws {
        let page = """
            <!DOCTYPE HTML><html><head><title>502 Proxy Error</title><style>h1 {color: red}</style></head>
            <body><h1>Proxy&nbsp;Error</h1>
            <p>The proxy server received an invalid response &#40;&lt;input name&gt;&#x29;<br/>from an <b>upstream</b> \
            server</p><!-- secret --></body></html>
            """
        let error = try await error(.json(page, status: 502))
        #expect(
            error.message
                == "Proxy Error The proxy server received an invalid response (<input name>) from an upstream server"
        )
    }

    @Test func `A message is cut, cleaned of control characters and never empty`() async throws {
        #expect(try await error(.error(400, String(repeating: "x", count: 5_000))).message.count == 1_000)
        #expect(try await error(.error(400, #"a\u0000\u001b[31m\n\tb"#)).message == "a [31m b")
        #expect(try await error(.json("", status: 500)).message.contains("500"))
    }

    @Test func `A message keeps what only looks like HTML`() async throws {
        #expect(try await error(.error(400, "a < b, <param> & c; <b>d</b>")).message == "a < b, <param> & c; d")
    }

    @Test func `The text of an error says what was done to what, and the status`() async throws {
        let text = try await "\(error(.error(404, "Entity could not be found")))"
        #expect(text == "sandbox (sandbox S): Entity could not be found [HTTP 404]")
    }

    @Test func `A code of one's own survives`() {
        let code = SandboxAPIError.Code(rawValue: "somethingNew")
        #expect(code != .server)
        #expect("\(code)" == "somethingNew")
    }
}

/// Every form in which a server, a proxy or a page may echo a secret.
@Suite struct RedactionTests {
    static let password = #"p"ä/ss+wo rd<\1=&"#
    static let token = "a0IAm/NiGUm+soJS9IeG1A=="

    static func forms(of secret: String) -> [String] {
        let base64 = Data(secret.utf8).base64EncodedString()
        let json = secret.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
        return [
            secret, json, json.replacing("/", with: "\\/"), json.replacing("ä", with: "\\u00e4"),
            PercentEncoding.encode(secret), lowerHex(PercentEncoding.encode(secret)),
            PercentEncoding.encode(secret).replacing("%20", with: "+"),
            PercentEncoding.encode(PercentEncoding.encode(secret)), base64, PercentEncoding.encode(base64),
            secret.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing("\"", with: "&quot;"),
        ]
    }

    /// `%2F` as `%2f`.
    static func lowerHex(_ text: String) -> String {
        text.split(separator: "%", omittingEmptySubsequences: false).enumerated().map { index, part in
            index == 0 ? String(part) : part.prefix(2).lowercased() + part.dropFirst(2)
        }.joined(separator: "%")
    }

    @Test("A secret is taken out in each form", arguments: forms(of: password) + forms(of: token))
    func redacts(_ form: String) {
        let redact = Redactor([Secret(Self.password), Secret(Self.token)])
        #expect(redact("a \(form) b \(form)") == "a <redacted> b <redacted>")
    }

    @Test("A secret in a reply doesn't reach the error", arguments: forms(of: password) + forms(of: token))
    func repliesHideSecrets(_ form: String) async throws {
        for status in [400, 404, 500] {
            let lab = StubLab(onLogin: { _ in .json("\"\(Self.token)\"") }) { _, _ in
                .json("<html><body>Bad <b>request</b>: \(form)!</body></html>", status: status)
            }
            let client = try makeClient(lab, password: Self.password, retry: FakeTime().policy(attempts: 1))
            let error = try #require(
                await #expect(throws: SandboxAPIError.self) { _ = try await client.sandbox(id: "S") }
            )
            var dumped = ""
            dump(error, to: &dumped)
            #expect(error.message.contains("<redacted>"))
            for secret in Self.forms(of: Self.password) + Self.forms(of: Self.token) {
                #expect(!dumped.contains(secret))
                #expect(!"\(error)".contains(secret))
            }
        }
    }

    @Test func `A password that is a word of the lab's messages doesn't hide what they mean`() async throws {
        let lab = StubLab(.error(400, "Login failed for token: x. Please"), .error(500, "Request rate quota exceeded"))
        let client = try makeClient(lab, password: "quota", retry: FakeTime().policy(attempts: 1))
        let error = await #expect(throws: SandboxAPIError.self) { _ = try await client.sandbox(id: "S") }
        #expect(error?.code == .rateQuota)
        #expect(error?.message == "Request rate <redacted> exceeded")
    }

    @Test func `A secret that looks like HTML is taken out whole`() async throws {
        let secret = "CAN<b>ARY  two&amp;"
        let lab = StubLab(.error(400, "no \(secret)!"))
        let client = try makeClient(lab, password: secret)
        let error = await #expect(throws: SandboxAPIError.self) { _ = try await client.sandbox(id: "S") }
        #expect(error?.message == "no <redacted>!")
    }

    @Test func `A message's secret is taken out before the message is cut`() async throws {
        let message = String(repeating: "x", count: 990) + Self.token
        let lab = StubLab(onLogin: { _ in .json("\"\(Self.token)\"") }) { _, _ in .error(400, message) }
        let client = try makeClient(lab)
        let error = await #expect(throws: SandboxAPIError.self) { _ = try await client.sandbox(id: "S") }
        #expect(error?.message.contains("a0IAm") == false)
    }

    @Test func `The lab's message for a dead token hides any token`() {
        let redact = Redactor([])
        #expect(
            redact("Login failed for token: /SO7LjtzPEmVnCYj/1cFjw==. Please make sure the token is correct.")
                == "Login failed for token: <redacted>. Please make sure the token is correct."
        )
        #expect(redact(#"{"message": "Login failed for token: abc"}"#).contains("abc") == false)
    }

    @Test func `A transport's message hides secrets too`() async throws {
        let lab = StubLab { _, _ in
            throw HTTPClientError(.other, "no such \(Self.password)", mayHaveBeenProcessed: false)
        }
        let client = try makeClient(lab, password: Self.password)
        let error = try #require(
            await #expect(throws: SandboxAPIError.self) { _ = try await client.sandbox(id: "S") }
        )
        #expect(error.message == "transfer failed: no such <redacted>")
        #expect(error.underlying?.message == "no such <redacted>")
    }

    @Test func `The token of a failed deletion stays hidden`() async throws {
        let lab = StubLab(.error(404, "No such token a%2Fb"))
        let error = await #expect(throws: SandboxAPIError.self) {
            try await makeClient(lab).deleteToken(Secret("a/b"))
        }
        #expect(error?.message == "No such token <redacted>")
    }

    @Test func `A client and its configuration don't print the password`() throws {
        let configuration = SandboxClient.Configuration(
            url: "https://lab",
            username: "ci",
            password: Secret(Self.password)
        )
        var text = ""
        dump(configuration, to: &text)
        dump(try SandboxClient(configuration, httpClient: StubLab(.json(""))), to: &text)
        #expect(!text.contains(Self.password))
        #expect(!"\(configuration)".contains(Self.password))
    }
}
