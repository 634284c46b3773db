import Foundation
import HTTPTransport
import QualiTesting
import Testing

@testable import QualiCore

@Suite("Reads that jobs share", .timeLimit(.minutes(1)))
struct SharedReadsTests {
    private struct Trouble: Error {}

    /// Requests that stay on their way until they are answered.
    private final class Lab: Sendable {
        let reads = SharedReads<String, Int>()
        let clock = ManualClock()
        private let waiting = Locked<[CheckedContinuation<Int, any Error>]>([])
        private let sent: AsyncStream<Void>
        private let send: AsyncStream<Void>.Continuation
        private let asked: AsyncStream<Void>
        private let ask: AsyncStream<Void>.Continuation

        init() {
            (sent, send) = AsyncStream.makeStream()
            (asked, ask) = AsyncStream.makeStream()
        }

        /// Asks for a value that is no older than the question, or than some seconds.
        func value(_ key: String = "key", age: TimeInterval = 0) async throws -> Int {
            let oldest = clock.now.addingTimeInterval(-age)
            // Right before it asks, in one go.
            ask.yield()
            return try await reads.read(key, since: oldest, clock) {
                try await withTaskCancellationHandler {
                    try await withCheckedThrowingContinuation { continuation in
                        waiting.withLock { $0.append(continuation) }
                        send.yield()
                    }
                } onCancel: {
                    answer(.failure(CancellationError()))
                }
            }.value
        }

        func answer(_ result: Result<Int, any Error>) {
            waiting.withLock { $0.isEmpty ? nil : $0.removeFirst() }?.resume(with: result)
        }

        /// Waits for the next request.
        func request() async { for await _ in sent { return } }

        func answerAll(_ result: Result<Int, any Error>) async {
            for await _ in sent { answer(result) }
        }

        func end() { send.finish() }

        func questions(_ count: Int) async {
            var left = count
            for await _ in asked {
                left -= 1
                if left == 0 { return }
            }
        }
    }

    @Test func `many that ask while a request of their time is under way get its answer`() async throws {
        let lab = Lab()
        try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<50 { group.addTask { try await lab.value() } }
            await lab.request()
            await lab.questions(50)
            lab.answer(.success(1))
            for try await value in group { #expect(value == 1) }
        }
    }

    @Test func `who asks after a request went out gets a later answer, and all of them the same`() async throws {
        let lab = Lab()
        async let first = lab.value()
        await lab.request()
        lab.clock.advance(by: .seconds(1))
        try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<10 { group.addTask { try await lab.value() } }
            await lab.questions(11)
            lab.answer(.success(1))
            await lab.request()
            lab.answer(.success(2))
            for try await value in group { #expect(value == 2) }
        }
        #expect(try await first == 1)
    }

    @Test func `a young answer is used again, an old one isn't`() async throws {
        let lab = Lab()
        async let first = lab.value()
        await lab.request()
        lab.answer(.success(1))
        #expect(try await first == 1)
        lab.clock.advance(by: .seconds(2))
        #expect(try await lab.value(age: 2) == 1)
        async let later = lab.value(age: 1)
        await lab.request()
        lab.answer(.success(2))
        #expect(try await later == 2)
    }

    @Test func `things are read apart`() async throws {
        let lab = Lab()
        async let one = lab.value("one")
        await lab.request()
        async let other = lab.value("other")
        await lab.request()
        lab.answer(.success(1))
        lab.answer(.success(2))
        #expect(try await [one, other] == [1, 2])
    }

    @Test func `a failure is told to all who have waited for it`() async throws {
        let lab = Lab()
        await withTaskGroup(of: Bool?.self) { group in
            for _ in 0..<5 {
                group.addTask {
                    do { _ = try await lab.value() } catch is Trouble { return true } catch {}
                    return false
                }
            }
            // One that comes late asks for itself.
            group.addTask {
                await lab.answerAll(.failure(Trouble()))
                return nil
            }
            for _ in 0..<5 { #expect(await group.next() == true) }
            lab.end()
        }
    }

    @Test func `a failure is kept for nobody`() async throws {
        let (reads, clock) = (SharedReads<String, Int>(), ManualClock())
        await #expect(throws: Trouble.self) {
            _ = try await reads.read("key", since: clock.now, clock) { throw Trouble() }
        }
        #expect(try await reads.read("key", since: .distantPast, clock) { 2 }.value == 2)
    }

    @Test func `where the one who asks is cancelled, another asks`() async throws {
        let lab = Lab()
        let first = Task { try await lab.value() }
        await lab.request()
        async let second = lab.value()
        await lab.questions(2)
        first.cancel()
        await lab.request()
        lab.answer(.success(1))
        #expect(try await second == 1)
        await #expect(throws: CancellationError.self) { try await first.value }
    }

    @Test func `one who waits may be cancelled`() async throws {
        let lab = Lab()
        async let first = lab.value()
        await lab.request()
        let second = Task { try await lab.value() }
        await lab.questions(2)
        second.cancel()
        await #expect(throws: CancellationError.self) { try await second.value }
        lab.answer(.success(1))
        #expect(try await first == 1)
    }
}
