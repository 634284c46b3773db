import Foundation
import TestSupport
import Testing

@testable import HTTPTransport

@Suite(.timeLimit(.minutes(1)))
struct HeavyWorkTests {
    @Test func `work that takes for ever leaves Swift's threads to others`() async throws {
        // More than Swift has threads.
        let count = ProcessInfo.processInfo.activeProcessorCount + 2
        let heavy = HeavyWork(threads: count)
        let mayEnd = DispatchSemaphore(value: 0)
        let begun = Watched(0)
        try await withThrowingTaskGroup { group in
            for _ in 0..<count {
                group.addTask {
                    try await heavy.run { _ in
                        begun.withLock { $0 += 1 }
                        mayEnd.wait()
                    }
                }
            }
            await begun.wait { $0 >= count }
            await withTaskGroup { light in
                for _ in 0..<100 { light.addTask { await Task.yield() } }
            }
            for _ in 0..<count { mayEnd.signal() }
            try await group.waitForAll()
        }
    }

    @Test func `only so many pieces of work are done at a time`() async throws {
        let heavy = HeavyWork(threads: 2)
        let (now, most) = (Locked(0), Locked(0))
        try await withThrowingTaskGroup { group in
            for _ in 0..<50 {
                group.addTask {
                    try await heavy.run { _ in
                        let count = now.withLock { count in
                            count += 1
                            return count
                        }
                        most.withLock { $0 = max($0, count) }
                        usleep(1_000)
                        now.withLock { $0 -= 1 }
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect((1...2).contains(most.withLock { $0 }))
    }

    @Test func `work that is cancelled in the queue ends at once, and work under way when it asks`() async throws {
        let heavy = HeavyWork(threads: 1)
        let (begins, begun) = AsyncStream<Void>.makeStream()
        let first = Task {
            try await heavy.run { effort in
                begun.yield()
                while true { try effort.check() }
            }
        }
        for await _ in begins { break }
        let second = Task { try await heavy.run { _ in 1 } }
        second.cancel()
        await #expect(throws: CancellationError.self) { try await second.value }
        first.cancel()
        await #expect(throws: CancellationError.self) { try await first.value }
        #expect(try await heavy.run { _ in 2 } == 2)
    }

    @Test func `work that asks is ended when its time is used up`() async {
        let heavy = HeavyWork(threads: 1)
        await #expect(throws: HeavyWork.TookTooLong.self) {
            try await heavy.run(limit: .milliseconds(20)) { effort in
                while true { try effort.check() }
            }
        }
    }

    @Test func `short work is done at once`() async throws {
        let heavy = HeavyWork(threads: 1)
        let (begins, begun) = AsyncStream<Void>.makeStream()
        let mayEnd = DispatchSemaphore(value: 0)
        async let long: Void = heavy.run { _ in
            begun.yield()
            mayEnd.wait()
        }
        for await _ in begins { break }
        #expect(try await heavy.run(size: HeavyWork.threshold) { 1 } == 1)
        mayEnd.signal()
        try await long
    }
}
