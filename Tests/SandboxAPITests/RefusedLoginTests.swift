import FoundationEssentials
import HTTPTransport
import HTTPTypes
import Synchronization
import Testing

@testable import SandboxAPI

@Suite(.timeLimit(.minutes(1))) struct RefusedLoginTests {
    private static let refusal = HTTPReply.error(401, "Login failed for user 'ci'")

    private static func page(_ status: Int) -> HTTPReply {
        HTTPReply(
            HTTPResponse(status: .init(code: status), headerFields: [.contentType: "text/html"]),
            body: Data("<html><body>Not now</body></html>".utf8)
        )
    }

    /// What a box that wants a login of its own answers.
    private static let wantsAnotherLogin = HTTPReply(
        HTTPResponse(status: 401, headerFields: [.wwwAuthenticate: "Basic"]),
        body: Data(#"{"message": "Unauthorized"}"#.utf8)
    )

    /// A client with a password that a test may change, and what it tells of its logins.
    private struct Bench: Sendable {
        let lab: StubLab
        let time = FakeTime()
        let client: SandboxClient
        let password: Given<String>
        let told = Given<[Duration?]>([])

        init(_ onLogin: @escaping @Sendable (Int) async throws -> HTTPReply) throws {
            lab = StubLab(onLogin: onLogin) { _, _ in .json("[]") }
            let (password, told) = (Given("old"), told)
            self.password = password
            var configuration = SandboxClient.Configuration(
                url: "https://lab.example.com",
                username: "ci",
                password: Secret("never"),
                retry: time.policy()
            )
            configuration.currentCredentials = { .init(username: "ci", password: Secret(password.value)) }
            configuration.onLoginFailure = { _, pause in told.value.append(pause) }
            client = try SandboxClient(configuration, httpClient: lab)
        }

        /// Calls ten times at once; all have to fail with the refused login.
        func callInVain() async {
            await withTaskGroup { calls in
                for _ in 1...10 {
                    calls.addTask {
                        let error = await #expect(throws: SandboxAPIError.self) { _ = try await client.sandboxes() }
                        #expect(error?.isRefusedLogin == true)
                    }
                }
            }
        }

        func wait(minutes: Int) async throws { try await time.policy().sleep(.seconds(60 * minutes)) }
    }

    @Test func `A wrong password is tried again after ten minutes, an hour, and each four hours`() async throws {
        let bench = try Bench { _ in Self.refusal }
        for (minutes, logins) in [
            (0, 1), (9, 1), (1, 2), (59, 2), (1, 3), (239, 3), (1, 4), (239, 4), (1, 5),
        ] {
            try await bench.wait(minutes: minutes)
            await bench.callInVain()
            #expect(await bench.lab.logins == logins)
        }
        #expect(bench.told.value == [600, 3_600, 14_400, 14_400, 14_400].map { .seconds($0) })
        #expect(await bench.lab.others.isEmpty)
    }

    @Test func `Another password is tried at once, and once`() async throws {
        let bench = try Bench { $0 < 3 ? Self.refusal : .json("\"token\"") }
        await bench.callInVain()
        bench.password.value = "new"
        await bench.callInVain()
        #expect(await bench.lab.logins == 2)
        try await bench.wait(minutes: 9)
        await bench.callInVain()
        #expect(await bench.lab.logins == 2)
        bench.password.value = "newer"
        #expect(try await bench.client.sandboxes().isEmpty)
        #expect(await bench.lab.logins == 3)
        #expect(bench.told.value == [.seconds(600), .seconds(600)])
    }

    @Test func `After a login that went well, the pauses begin anew`() async throws {
        let bench = try Bench { $0 == 2 ? .json("\"token\"") : Self.refusal }
        await bench.callInVain()
        try await bench.client.login()
        await bench.client.logout()
        await bench.callInVain()
        #expect(bench.told.value == [.seconds(600), .seconds(600)])
    }

    @Test(arguments: [
        Self.refusal, .error(403, "Not this user"), .error(400, "Unknown domain"),
        .error(404, "Entity could not be found"),
        .error(423, "Gesperrt"), .error(429, "Too many failed logins"), .error(429, "Try again in 10 hours"),
        .error(500, "The account is locked"), .json("", status: 401),
    ])
    func `What counts as a refusal, in whatever words`(reply: HTTPReply) async throws {
        let bench = try Bench { _ in reply }
        await bench.callInVain()
        await bench.callInVain()
        #expect(await bench.lab.logins == 1)
    }

    @Test(arguments: [
        Self.page(400), Self.page(401), Self.page(403), Self.page(404), Self.wantsAnotherLogin, Self.page(502),
        .error(503, "Restarting"), .json(#""""#),
        .error(429, "Request rate quota has been exceeded"),
    ])
    func `What passes by itself is no refusal`(reply: HTTPReply) async throws {
        let bench = try Bench { $0 < 3 ? reply : .json("\"token\"") }
        #expect(try await bench.client.sandboxes().isEmpty)
        #expect(await bench.lab.logins == 3)
        #expect(bench.told.value == [nil, nil])
    }
}

/// Something that a test may change.
private final class Given<Value: Sendable>: Sendable {
    private let state: Mutex<Value>

    init(_ value: Value) { state = Mutex(value) }

    var value: Value {
        get { state.withLock { $0 } }
        set { state.withLock { $0 = newValue } }
        _modify {
            var copy = state.withLock { $0 }
            yield &copy
            state.withLock { $0 = copy }
        }
    }
}
