import HTTPTransport
import QualiTesting
import TestSupport
import Testing

@Suite struct `A clock that follows an executor` {
    @Test func `passes over nobody who is awake, however long that takes`() async {
        let (clock, executor) = (ManualClock(), SettlingExecutor())
        clock.follow(executor)
        let (pauses, meanwhile, isOver) = (Locked(0), Locked(0), Gate())
        await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask(executorPreference: executor) {
                while true {
                    try await clock.sleep(for: .seconds(5))
                    pauses.withLock { $0 += 1 }
                    for _ in 0..<100 { await Task.yield() }
                }
            }
            group.addTask(executorPreference: executor) {
                try await clock.sleep(for: .seconds(902))
                meanwhile.withLock { $0 = pauses.withLock { $0 } }
                isOver.open()
            }
            await clock.running { await isOver.wait() }
            group.cancelAll()
        }
        #expect(meanwhile.withLock { $0 } == 180)
    }
}
