import HTTPTransport
import TestSupport
import Testing

@testable import JobEngine

@Suite("A turnstile", .timeLimit(.minutes(1)))
struct AsyncSemaphoreTests {
    @Test func `lets no more through at a time than it is wide`() async {
        let turnstile = AsyncSemaphore(width: 3)
        let inside = Locked((now: 0, most: 0, all: 0))
        await withDiscardingTaskGroup { group in
            for _ in 0..<100 {
                group.addTask {
                    await turnstile.pass {
                        inside.withLock {
                            $0.now += 1
                            $0.most = max($0.most, $0.now)
                        }
                        for _ in 0..<10 { await Task.yield() }
                        inside.withLock {
                            $0.now -= 1
                            $0.all += 1
                        }
                    }
                }
            }
        }
        let (now, most, all) = inside.withLock { $0 }
        #expect(now == 0)
        #expect(most == 3)
        #expect(all == 100)
    }

    @Test func `holds no cancelled task up, and stays as wide as it is`() async {
        let turnstile = AsyncSemaphore(width: 1)
        let (gate, entered) = (Gate(), Gate())
        await withDiscardingTaskGroup { group in
            group.addTask {
                await turnstile.pass {
                    entered.open()
                    await gate.wait()
                }
            }
            await entered.wait()
            let waiting = Task { await turnstile.pass { Task.isCancelled } }
            waiting.cancel()
            #expect(await waiting.value)
            gate.open()
        }
        let inside = Locked((now: 0, most: 0))
        await withDiscardingTaskGroup { group in
            for _ in 0..<20 {
                group.addTask {
                    await turnstile.pass {
                        inside.withLock {
                            $0.now += 1
                            $0.most = max($0.most, $0.now)
                        }
                        await Task.yield()
                        inside.withLock { $0.now -= 1 }
                    }
                }
            }
        }
        #expect(inside.withLock { $0.most } == 1)
    }
}
