import FoundationEssentials
import HTTPTransport
import HTTPTypes
import SandboxAPI
import Testing

@Suite(.timeLimit(.minutes(1))) struct RetryTests {
    private static let start = StartSandboxRequest(name: "n", durationInMinutes: 5)

    @Test(
        "A read is repeated after what may pass",
        arguments: [
            HTTPReply.json("<html><body>Bad Gateway</body></html>", status: 502),
            .error(500, "oops"),
            .json(""),
            .json("{}"),
            .json("<html>"),
        ]
    )
    func readAgain(_ trouble: HTTPReply) async throws {
        let time = FakeTime()
        let lab = StubLab(trouble, trouble, .json(#"{"id": "S"}"#))
        #expect(try await makeClient(lab, retry: time.policy()).sandbox(id: "S").id == "S")
        #expect(await lab.others.count == 3)
        #expect(time.sleeps == [.milliseconds(500), .seconds(1)])
    }

    @Test func `Each request is told to who watches, with its operation and result`() async throws {
        let lab = StubLab { _, number in
            if number == 1 { throw HTTPClientError(.timedOut, "late", mayHaveBeenProcessed: true) }
            return number == 2 ? .error(503, "busy") : .json(#"{"id": "S"}"#)
        }
        let told = Locked<[String]>([])
        var configuration = SandboxClient.Configuration(url: "https://lab", username: "ci", password: Secret("p"))
        configuration.retry = FakeTime().policy()
        configuration.onRequest = { report in
            let result =
                switch report.result {
                case .success(let status): "\(status)"
                case .failure(let error): "\(error.code)"
                }
            told.withLock { $0.append("\(report.operation) \(result)") }
        }
        _ = try await SandboxClient(configuration, httpClient: lab).sandbox(id: "S")
        #expect(told.withLock { $0 } == ["login 200", "sandbox timed out", "sandbox 503", "sandbox 200"])
    }

    @Test func `Pauses are random between a half and the whole`() async throws {
        let time = FakeTime()
        let lab = StubLab(.error(503, "busy"))
        let client = try makeClient(lab, retry: time.policy(attempts: 7, random: 0))
        await #expect(throws: SandboxAPIError.self) { _ = try await client.sandbox(id: "S") }
        #expect(time.sleeps == [0.25, 0.5, 1, 2, 4, 4].map { .seconds($0) })
    }

    @Test func `A read that fails for good is sent as often as allowed`() async throws {
        let lab = StubLab { _, _ in throw HTTPClientError(.timedOut, "late", mayHaveBeenProcessed: true) }
        let error = await #expect(throws: SandboxAPIError.self) { _ = try await makeClient(lab).sandbox(id: "S") }
        #expect(error?.code == .transport)
        #expect(error?.underlying?.code == .timedOut)
        #expect(error?.attempts == 4)
        #expect(await lab.others.count == 4)
    }

    @Test(
        "A read isn't repeated after what won't pass",
        arguments: [
            HTTPReply.error(404, "Entity could not be found"), .error(403, "x"), .error(400, "x"),
        ]
    )
    func readOnce(_ refusal: HTTPReply) async throws {
        let lab = StubLab(refusal)
        let error = await #expect(throws: SandboxAPIError.self) { _ = try await makeClient(lab).sandbox(id: "S") }
        #expect(error?.isTransient == false)
        #expect(await lab.others.count == 1)
    }

    @Test func `An untrusted certificate isn't tried again`() async throws {
        let lab = StubLab { _, _ in throw HTTPClientError(.tlsFailed, "self-signed", mayHaveBeenProcessed: false) }
        await #expect(throws: SandboxAPIError.self) { _ = try await makeClient(lab).sandbox(id: "S") }
        #expect(await lab.others.count == 1)
    }

    @Test(
        "A start whose reply is lost or unreadable is not repeated and may have been processed",
        arguments: [
            HTTPReply.json("", status: 502), .error(500, "oops"), .json(""), .json("{}"),
        ]
    )
    func startOnce(_ trouble: HTTPReply) async throws {
        let lab = StubLab(trouble)
        let error = await #expect(throws: SandboxAPIError.self) {
            _ = try await makeClient(lab).startSandbox(blueprint: "B", Self.start)
        }
        #expect(error?.mayHaveBeenProcessed == true)
        #expect(error?.operation == "startSandbox")
        #expect(error?.subject == "blueprint “B”")
        #expect(await lab.others.count == 1)
    }

    /// A lab whose connection breaks within the handshake of the first request, and so of the first login.
    private static func breaksOnce(_ reply: HTTPReply) -> StubLab {
        let broken = HTTPClientError(.connectionLost, "the TLS handshake was broken off", mayHaveBeenProcessed: false)
        return StubLab { number in
            if number == 1 { throw broken }
            return .json("\"token-\(number)\"")
        } _: { _, number in
            if number == 1 { throw broken }
            return reply
        }
    }

    @Test func `Any call is sent again whose connection broke before it was sent, and a login`() async throws {
        let started = Self.breaksOnce(.json(#"{"id": "S", "executionId": "E", "result": "success"}"#))
        #expect(try await makeClient(started).startSandbox(blueprint: "B", Self.start).id == "S")
        #expect(await started.others.count == 2)
        #expect(await started.logins == 2)
        let command = Self.breaksOnce(.json(#"{"executionId": "E"}"#))
        #expect(try await makeClient(command).startCommand(sandboxID: "S", name: "c").id == "E")
        #expect(await command.others.count == 2)
        let stopped = Self.breaksOnce(.json(#"{"result": "success"}"#))
        try await makeClient(stopped).stopSandbox(id: "S")
        #expect(await stopped.others.count == 2)
    }

    @Test func `A call that is sent once goes out again only if its connection broke before that`() async throws {
        let broken = Self.breaksOnce(.json(#"{"id": "S"}"#))
        let once = try makeClient(broken).unrepeated(timeout: .seconds(5))
        #expect(try await once.sandbox(id: "S").id == "S")
        #expect(await broken.others.count == 2)
        for failure in [
            HTTPClientError(.connectionLost, "lost", mayHaveBeenProcessed: true),
            HTTPClientError(.timedOut, "late", mayHaveBeenProcessed: false),
            HTTPClientError(.connectionFailed, "refused", mayHaveBeenProcessed: false),
        ] {
            let lab = StubLab { _, _ in throw failure }
            let once = try makeClient(lab).unrepeated(timeout: .seconds(5))
            await #expect(throws: SandboxAPIError.self) { _ = try await once.sandbox(id: "S") }
            #expect(await lab.others.count == 1)
        }
    }

    @Test func `A start or a command whose connection was lost is not repeated`() async throws {
        let lab = StubLab { _, _ in throw HTTPClientError(.connectionLost, "reset", mayHaveBeenProcessed: true) }
        let client = try makeClient(lab)
        let error = await #expect(throws: SandboxAPIError.self) {
            _ = try await client.startSandbox(blueprint: "B", Self.start)
        }
        #expect(error?.mayHaveBeenProcessed == true)
        await #expect(throws: SandboxAPIError.self) { _ = try await client.startCommand(sandboxID: "S", name: "c") }
        await #expect(throws: SandboxAPIError.self) { try await client.stopSandbox(id: "S") }
        #expect(await lab.others.count == 3)
    }

    @Test func `A start whose connection couldn't be made is repeated`() async throws {
        let lab = StubLab { _, number in
            if number < 3 { throw HTTPClientError(.connectionFailed, "refused", mayHaveBeenProcessed: false) }
            return .json(#"{"id": "S"}"#)
        }
        #expect(try await makeClient(lab).startSandbox(blueprint: "B", Self.start).id == "S")
        #expect(await lab.others.count == 3)
    }

    @Test func `A start that is refused certainly wasn't processed`() async throws {
        let lab = StubLab(.error(500, "Blueprint has conflicting resources: x"))
        let error = await #expect(throws: SandboxAPIError.self) {
            _ = try await makeClient(lab).startSandbox(blueprint: "B", Self.start)
        }
        #expect(error?.code == .conflict)
        #expect(error?.mayHaveBeenProcessed == false)
    }

    @Test func `A quota holds all calls back, longer each time, and a start isn't repeated`() async throws {
        let time = FakeTime()
        let quota = HTTPReply.error(400, "Request rate quota has been exceeded, slow down")
        let lab = StubLab(quota, quota, .json("[]"), quota, .json("[]"))
        let client = try makeClient(lab, retry: time.policy(random: 0))
        _ = try await client.blueprints()
        #expect(time.sleeps == [.seconds(2), .seconds(4)])
        let error = await #expect(throws: SandboxAPIError.self) {
            _ = try await client.startSandbox(blueprint: "B", Self.start)
        }
        #expect(error?.code == .rateQuota)
        #expect(error?.mayHaveBeenProcessed == false)
        #expect(time.sleeps.count == 2)
        // Another call waits for the quota that the start has met.
        _ = try await client.sandboxes()
        #expect(time.sleeps == [.seconds(2), .seconds(4), .seconds(2)])
    }

    @Test func `The wait that the lab asks for is kept`() async throws {
        let time = FakeTime()
        var busy = HTTPReply.json("", status: 429)
        busy.response.headerFields[.retryAfter] = "7"
        let lab = StubLab(busy, .json("[]"))
        _ = try await makeClient(lab, retry: time.policy(random: 0)).blueprints()
        #expect(time.sleeps == [.seconds(7)])
    }

    @Test func `A cancelled call ends with CancellationError`() async throws {
        let door = Door()
        let lab = StubLab { _, _ in
            await door.pass()
            try Task.checkCancellation()
            return .json("[]")
        }
        let client = try makeClient(lab)
        let call = Task { try await client.blueprints() }
        await door.waiters(1)
        call.cancel()
        await door.open()
        await #expect(throws: CancellationError.self) { try await call.value }
        #expect(await lab.others.count == 1)
    }
}
