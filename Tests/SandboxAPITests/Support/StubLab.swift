import FoundationEssentials
import HTTPTransport
import HTTPTypes
import SandboxAPI
import Synchronization

/// A lab in memory: answers logins by itself and everything else as the test says, and keeps what it was sent.
actor StubLab: HTTPClient {
    /// A request as the lab saw it.
    struct Request: Sendable, Equatable {
        var method: String
        var path: String
        var body: String?
        var authorization: String?

        var line: String { "\(method) \(path)" }
    }

    typealias Answer = @Sendable (Request, Int) async throws -> HTTPReply

    private(set) var requests: [Request] = []
    private(set) var calls: [HTTPCall] = []
    private(set) var logins = 0
    private let onLogin: @Sendable (Int) async throws -> HTTPReply
    private let answer: Answer

    /// - Parameters:
    ///   - onLogin: Answers the nth login, from 1; without it with the token `token-n`.
    ///   - answer: Answers the nth other request, from 1.
    init(
        onLogin: @escaping @Sendable (Int) async throws -> HTTPReply = { .json("\"token-\($0)\"") },
        _ answer: @escaping Answer
    ) {
        self.onLogin = onLogin
        self.answer = answer
    }

    /// Gives these answers in turn, the last one for ever.
    init(_ replies: HTTPReply...) {
        self.init { _, number in replies[min(number, replies.count) - 1] }
    }

    var others: [Request] { requests.filter { !$0.path.hasSuffix("/login") } }

    func send(_ call: HTTPCall) async throws -> HTTPReply {
        calls.append(call)
        let request = Request(
            method: call.request.method.rawValue,
            path: call.request.path ?? "",
            body: call.body?.data.map { String(decoding: $0, as: UTF8.self) },
            authorization: call.request.headerFields[.authorization]
        )
        requests.append(request)
        if request.path.hasSuffix("/login") {
            logins += 1
            return try await onLogin(logins)
        }
        return try await answer(request, others.count)
    }
}

extension HTTPReply {
    static func json(_ text: String, status: Int = 200) -> HTTPReply {
        HTTPReply(
            HTTPResponse(status: .init(code: status), headerFields: [.contentType: "application/json"]),
            body: Data(text.utf8)
        )
    }

    static func error(_ status: Int, _ message: String) -> HTTPReply {
        .json(#"{"statusCode": \#(status), "errorCategory": "WebApi", "message": "\#(message)"}"#, status: status)
    }

    static var deadToken: HTTPReply {
        .error(401, "Login failed for token: /SO7LjtzPEmVnCYj/1cFjw==. Please make sure the token is correct.")
    }
}

/// Time that passes only when somebody sleeps.
final class FakeTime: Sendable {
    private struct State {
        var now = ContinuousClock.now
        var sleeps: [Duration] = []
    }
    private let state = Mutex(State())

    var sleeps: [Duration] { state.withLock { $0.sleeps } }
    var now: ContinuousClock.Instant { state.withLock { $0.now } }

    func advance(by duration: Duration) {
        state.withLock { $0.now = $0.now.advanced(by: duration) }
    }

    func policy(attempts: Int = 4, random: Double = 1) -> SandboxRetryPolicy {
        SandboxRetryPolicy(
            attempts: attempts,
            sleep: { duration in
                try Task.checkCancellation()
                self.state.withLock {
                    $0.now = $0.now.advanced(by: duration)
                    $0.sleeps.append(duration)
                }
            },
            random: { random },
            now: { self.now }
        )
    }
}

/// A door that stays shut until it is opened, and tells how many wait before it.
actor Door {
    private var isOpen = false
    private var waiting: [CheckedContinuation<Void, Never>] = []
    private var watchers: [(count: Int, continuation: CheckedContinuation<Void, Never>)] = []

    func pass() async {
        if isOpen { return }
        await withCheckedContinuation { continuation in
            waiting.append(continuation)
            let count = waiting.count
            for watcher in watchers where watcher.count <= count { watcher.continuation.resume() }
            watchers.removeAll { $0.count <= count }
        }
    }

    func waiters(_ count: Int) async {
        if waiting.count >= count { return }
        await withCheckedContinuation { watchers.append((count, $0)) }
    }

    func open() {
        isOpen = true
        for continuation in waiting { continuation.resume() }
        waiting = []
    }
}

func makeClient(
    _ lab: any HTTPClient,
    url: String = "https://lab.example.com:3443",
    username: String = "ci",
    password: String = "pass/word+1=",
    domain: String = "Global",
    retry: SandboxRetryPolicy = FakeTime().policy()
) throws -> SandboxClient {
    try SandboxClient(
        .init(url: url, username: username, password: Secret(password), domain: domain, retry: retry),
        httpClient: lab
    )
}
