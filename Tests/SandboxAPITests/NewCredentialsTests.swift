import FoundationEssentials
import HTTPTransport
import HTTPTypes
import SandboxAPI
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(1))) struct NewCredentialsTests {
    private static let old = SandboxCredentials(username: "ci", password: Secret("0ld/pass"))
    private static let new = SandboxCredentials(username: "ci", password: Secret("n3w/pass"))

    @Test func `Each login asks for user and password anew`() async throws {
        let given = Given(Self.old)
        let lab = StubLab(onLogin: { .json("\"token-\($0)\"") }) { _, number in
            number == 1 ? .deadToken : .json("[]")
        }
        let client = try Self.client(lab, given)
        try await client.login()
        given.now = Self.new
        _ = try await client.blueprints()
        #expect(await lab.passwords == ["0ld/pass", "n3w/pass"])
    }

    @Test func `A refused login says when another makes sense`() async throws {
        let given = Given(Self.old)
        let lab = StubLab(onLogin: { $0 == 2 ? .json("\"token\"") : .error(401, "Login failed for user") }) { _, _ in
            .json("[]")
        }
        let client = try Self.client(lab, given)
        #expect(await !client.hasNewCredentials())
        await #expect(throws: SandboxAPIError.self) { _ = try await client.blueprints() }
        #expect(await !client.hasNewCredentials())
        given.now = Self.new
        #expect(await client.hasNewCredentials())
        #expect(try await client.blueprints().isEmpty)
        given.now = Self.old
        #expect(await !client.hasNewCredentials())
    }

    @Test func `A login that failed without a refusal says nothing about the password`() async throws {
        let given = Given(Self.old)
        let lab = StubLab(onLogin: { _ in
            throw HTTPClientError(.connectionFailed, "refused", mayHaveBeenProcessed: false)
        }) { _, _ in .json("[]") }
        let client = try Self.client(lab, given)
        await #expect(throws: SandboxAPIError.self) { try await client.login() }
        given.now = Self.new
        #expect(await !client.hasNewCredentials())
    }

    @Test func `No password that was used shows up in an error`() async throws {
        let given = Given(Self.old)
        let lab = StubLab(onLogin: { .json("\"token-\($0)\"") }) { _, number in
            number == 2 ? .deadToken : .error(500, "I know 0ld/pass and n3w/pass and token-1 and token-2")
        }
        let client = try Self.client(lab, given)
        await #expect(throws: SandboxAPIError.self) { _ = try await client.blueprints() }
        given.now = Self.new
        let error = await #expect(throws: SandboxAPIError.self) { _ = try await client.blueprints() }
        let text = "\(try #require(error))"
        #expect(text.contains("I know"))
        for secret in ["0ld/pass", "n3w/pass", "token-1", "token-2"] { #expect(!text.contains(secret)) }
    }

    private static func client(_ lab: StubLab, _ given: Given) throws -> SandboxClient {
        var configuration = SandboxClient.Configuration(
            url: "https://lab.example.com:3443",
            username: "nobody",
            password: Secret("nothing"),
            retry: FakeTime().policy(attempts: 1)
        )
        configuration.currentCredentials = { given.now }
        return try SandboxClient(configuration, httpClient: lab)
    }
}

/// User and password as a file would hold them.
private final class Given: Sendable {
    private let state: Mutex<SandboxCredentials>

    init(_ credentials: SandboxCredentials) { state = Mutex(credentials) }

    var now: SandboxCredentials {
        get { state.withLock { $0 } }
        set { state.withLock { $0 = newValue } }
    }
}

extension StubLab {
    /// The passwords of all logins.
    fileprivate var passwords: [String] {
        requests.filter { $0.path.hasSuffix("/login") }.compactMap { request in
            struct Body: Decodable { var password: String }
            return try? JSONDecoder().decode(Body.self, from: Data((request.body ?? "").utf8)).password
        }
    }
}
