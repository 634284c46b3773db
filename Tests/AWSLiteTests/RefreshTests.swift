import Foundation
import HTTPTransport
import TestSupport
import Testing

@testable import AWSLite

/// The renewal of temporary credentials, with a clock that only the test moves.
@Suite(.timeLimit(.minutes(1))) struct RefreshTests {
    /// Hands out numbered credentials, as late as the test wants.
    private actor Source {
        /// How often it was asked.
        let asked = Watched(0)
        var fetches: Int { asked.withLock { $0 } }
        var fails = false
        var life: TimeInterval = 3_600
        private var gate: [CheckedContinuation<Void, Never>] = []
        private var isHeld = false
        private let clock: Clock

        init(_ clock: Clock) { self.clock = clock }

        func fetch() async throws -> AWSCredentials {
            let number = asked.withLock { count in
                count += 1
                return count
            }
            if isHeld { await withCheckedContinuation { gate.append($0) } }
            if fails { throw AWSCredentialError(.unavailable, provider: "source", "is down") }
            return AWSCredentials(
                accessKeyID: "\(number)",
                secretAccessKey: Secret("s"),
                expiration: clock.now + life
            )
        }

        func hold() { isHeld = true }
        func release() {
            isHeld = false
            for continuation in gate { continuation.resume() }
            gate = []
        }
        func fail(_ fails: Bool) { self.fails = fails }
        func live(_ life: TimeInterval) { self.life = life }
    }

    private final class Clock: Sendable {
        private let time = Locked(Date(timeIntervalSince1970: 1_800_000_000))
        var now: Date { time.withLock { $0 } }
        func advance(_ seconds: TimeInterval) { time.withLock { $0 += seconds } }
    }

    private let clock = Clock()
    private let source: Source
    private let warnings = Locked<[String]>([])

    init() { source = Source(clock) }

    private func provider(keepsExpired: Bool = false) -> RefreshingCredentialProvider {
        RefreshingCredentialProvider(
            keepsExpired: keepsExpired,
            now: { [clock] in clock.now },
            random: { 0.5 },
            warn: { [warnings] text in warnings.withLock { $0.append(text) } },
            fetch: { [source] in try await source.fetch() }
        )
    }

    /// Waits until something that another task does has happened.
    private func until(_ condition: () async throws -> Bool) async throws {
        while try await !condition() { try await Task.sleep(for: .milliseconds(1)) }
    }

    @Test func `Concurrent callers share one fetch`() async throws {
        let provider = provider()
        await source.hold()
        let ids = try await withThrowingTaskGroup(of: String.self) { tasks in
            for _ in 0..<50 { tasks.addTask { try await provider.credentials().accessKeyID } }
            await source.asked.wait { $0 >= 1 }
            await source.release()
            return try await tasks.reduce(into: Set<String>()) { $0.insert($1) }
        }
        #expect(ids == ["1"])
        #expect(await source.fetches == 1)
    }

    @Test func `A cancelled waiter leaves at once and the others get their credentials`() async throws {
        let provider = provider()
        await source.hold()
        let first = Task { try await provider.credentials().accessKeyID }
        await source.asked.wait { $0 >= 1 }
        let second = Task { try await provider.credentials().accessKeyID }
        first.cancel()
        await #expect(throws: CancellationError.self) { try await first.value }
        await source.release()
        #expect(try await second.value == "1")
        #expect(await source.fetches == 1)
    }

    @Test func `With 15 minutes left they are renewed in the background, with 10 callers wait`() async throws {
        let provider = provider()
        #expect(try await provider.credentials().accessKeyID == "1")
        clock.advance(3_600 - 901)
        #expect(try await provider.credentials().accessKeyID == "1")
        #expect(await source.fetches == 1)
        clock.advance(2)
        await source.hold()
        #expect(try await provider.credentials().accessKeyID == "1")
        await source.asked.wait { $0 >= 2 }
        await source.release()
        try await until { try await provider.credentials().accessKeyID == "2" }
        clock.advance(3_600 - 599)
        #expect(try await provider.credentials().accessKeyID == "3")
    }

    @Test func `A renewal that fails keeps what is usable and is tried again`() async throws {
        let provider = provider()
        _ = try await provider.credentials()
        await source.fail(true)
        clock.advance(3_600 - 60)
        #expect(try await provider.credentials().accessKeyID == "1")
        #expect(try await provider.credentials().accessKeyID == "1")
        #expect(await source.fetches == 2, "the second caller is within the pause")
        clock.advance(31)
        #expect(try await provider.credentials().accessKeyID == "1")
        #expect(await source.fetches == 3)
        #expect(warnings.withLock { $0.count } == 1)
        clock.advance(60)
        await #expect(throws: AWSCredentialError.self) { try await provider.credentials() }
        await source.fail(false)
        #expect(try await provider.credentials().accessKeyID == "5")
    }

    @Test func `Where expired ones are better than none, they stay in use and the next try is minutes later`()
        async throws
    {
        let provider = provider(keepsExpired: true)
        _ = try await provider.credentials()
        await source.fail(true)
        clock.advance(4_000)
        #expect(try await provider.credentials().accessKeyID == "1")
        clock.advance(449)
        #expect(try await provider.credentials().accessKeyID == "1")
        #expect(await source.fetches == 2)
        await source.fail(false)
        clock.advance(2)
        #expect(try await provider.credentials().accessKeyID == "3")
        #expect(warnings.withLock { $0.count } == 2)
        #expect(warnings.withLock { $0.last } == "AWS credentials are renewed again; failures: 1")
    }

    @Test func `New ones that have expired already are kept only where that is better than none`() async throws {
        await source.live(-60)
        await #expect(throws: AWSCredentialError.self) { try await provider().credentials() }
        let stable = provider(keepsExpired: true)
        #expect(try await stable.credentials().accessKeyID == "2")
        #expect(try await stable.credentials().accessKeyID == "2")
        #expect(warnings.withLock { $0.count } == 1)
    }

    @Test func `Short-lived ones aren't renewed at every call`() async throws {
        await source.live(300)
        let provider = provider()
        for _ in 0..<3 {
            #expect(try await provider.credentials().accessKeyID == "1")
        }
        #expect(await source.fetches == 1)
    }

    @Test func `A renewal that nobody waits for any more is cancelled`() async throws {
        let (stream, ended) = AsyncStream<Void>.makeStream()
        let started = AsyncStream<Void>.makeStream()
        var provider: RefreshingCredentialProvider? = RefreshingCredentialProvider {
            started.continuation.finish()
            defer { ended.finish() }
            try await Task.sleep(for: .seconds(3_600))
            throw CancellationError()
        }
        let waiter = Task { [provider] in _ = try await provider?.credentials() }
        for await _ in started.stream {}
        waiter.cancel()
        _ = await waiter.result
        provider = nil
        for await _ in stream {}
        #expect(provider == nil)
    }

    @Test func `Expiry is by AWS's time, and no reason to refuse new credentials until that is known`() async throws {
        let base = clock.now
        let aws = AWSClock(now: { base })
        var context = CredentialContext(variables: [:])
        context.clock = aws
        await source.live(-3_600)
        // This host may be an hour ahead.
        let late = context.refreshing { [source] in try await source.fetch() }
        #expect(try await late.credentials().accessKeyID == "1")
        _ = aws.proved(-7_200, isCorrection: true, date: nil, middle: base)
        #expect(try await late.credentials().accessKeyID == "1")
        #expect(try await late.credentials().accessKeyID == "1")
        await source.live(-7_201)
        let expired = context.refreshing { [source] in try await source.fetch() }
        await #expect(throws: AWSCredentialError.self) { try await expired.credentials() }
    }

    @Test(arguments: [true, false])
    func `A source whose credentials always seem expired isn't asked by each caller`(keepsExpired: Bool) async throws {
        let aws = AWSClock(now: { [clock] in clock.now })
        var context = CredentialContext(variables: [:])
        context.clock = aws
        context.random = { 0.5 }
        await source.live(-60)
        let provider = context.refreshing(keepsExpired: keepsExpired) { [source] in try await source.fetch() }
        for _ in 0..<50 {
            #expect(try await provider.credentials().accessKeyID == "1")
            // A renewal in the background would get on.
            await Task.yield()
        }
        #expect(await source.fetches == 1)
        clock.advance(keepsExpired ? 451 : 31)
        try await until { try await provider.credentials().accessKeyID == "2" }
        for _ in 0..<20 { #expect(try await provider.credentials().accessKeyID == "2") }
        #expect(await source.fetches == 2)
        // The time is known now, and they have expired indeed.
        _ = aws.proved(0, isCorrection: false, date: nil, middle: clock.now)
        if keepsExpired {
            for _ in 0..<20 { #expect(try await provider.credentials().accessKeyID == "2") }
            #expect(await source.fetches == 2)
        } else {
            await #expect(throws: AWSCredentialError.self) { try await provider.credentials() }
        }
    }

    @Test func `Once the time is set right, credentials that seemed expired are renewed before they are`() async throws
    {
        let aws = AWSClock(now: { [clock] in clock.now })
        var context = CredentialContext(variables: [:])
        context.clock = aws
        // This host is a day ahead of AWS, which gives credentials for an hour.
        await source.live(3_600 - 86_400)
        let provider = context.refreshing(keepsExpired: true) { [source] in try await source.fetch() }
        #expect(try await provider.credentials().accessKeyID == "1")
        _ = aws.proved(-86_400, isCorrection: true, date: nil, middle: clock.now)
        #expect(try await provider.credentials().accessKeyID == "1")
        #expect(await source.fetches == 1)
        clock.advance(3_600 - 300)
        try await until { try await provider.credentials().accessKeyID == "2" }
        #expect(await source.fetches == 2)
    }
}
