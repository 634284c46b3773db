import HTTPTransport
import QualiTesting
import TestSupport
import Testing

@Suite struct `A manual clock` {
    @Test func `passes over nobody who is awake on its executor, however long that takes`() async {
        let clock = ManualClock()
        let steps = Steps(clock)
        await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask(executorPreference: clock.executor) { try await steps.walk() }
            group.addTask(executorPreference: clock.executor) { try await steps.countAfter15Minutes() }
            await clock.running { await steps.areCounted.wait() }
            group.cancelAll()
        }
        #expect(steps.counted.withLock { $0 } == 180)
    }

    @Test func `passes over no child of what it runs for`() async {
        let clock = ManualClock()
        let steps = Steps(clock)
        await clock.running {
            await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await steps.walk() }
                group.addTask { try await steps.countAfter15Minutes() }
                await steps.areCounted.wait()
                group.cancelAll()
            }
        }
        #expect(steps.counted.withLock { $0 } == 180)
    }

    /// Takes a step every five seconds, long awake after each, and counts them after 15 minutes.
    private struct Steps: Sendable {
        let clock: ManualClock
        let taken = Locked(0)
        let counted = Locked(0)
        let areCounted = Gate()

        init(_ clock: ManualClock) { self.clock = clock }

        func walk() async throws {
            while true {
                try await clock.sleep(for: .seconds(5))
                taken.withLock { $0 += 1 }
                for _ in 0..<100 { await Task.yield() }
            }
        }

        func countAfter15Minutes() async throws {
            try await clock.sleep(for: .seconds(902))
            counted.withLock { $0 = taken.withLock { $0 } }
            areCounted.open()
        }
    }
}
