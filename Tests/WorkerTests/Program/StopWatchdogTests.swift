import Foundation
import HTTPTransport
import Testing

@testable import worker

@Suite(.timeLimit(.minutes(2)))
struct StopWatchdogTests {
    @Test func `a stop that outlives its grace is ended, though no thread of Swift's is free`() async {
        let (ends, ended) = AsyncStream<Void>.makeStream()
        let watchdog = StopWatchdog(grace: .milliseconds(10), delay: .milliseconds(10)) { ended.yield() }
        watchdog.begin()
        watchdog.begin()
        var iterator = ends.makeAsyncIterator()
        #expect(await iterator.next() != nil)
    }

    @Test func `a signal begins the count by itself`() async {
        let (ends, ended) = AsyncStream<Void>.makeStream()
        let watchdog = StopWatchdog(grace: .zero, delay: .zero) { ended.yield() }
        // One that does nothing by default.
        let sources = watchdog.watch([SIGWINCH])
        // Dispatch begins to watch a moment later, and what comes before is lost.
        async let _: Void = {
            while !Task.isCancelled {
                kill(getpid(), SIGWINCH)
                try? await Task.sleep(for: .milliseconds(20))
            }
        }()
        var iterator = ends.makeAsyncIterator()
        #expect(await iterator.next() != nil)
        for source in sources { source.cancel() }
    }

    @Test func `a stop that is over isn't ended once more`() async {
        let expired = Locked(false)
        let watchdog = StopWatchdog(grace: .milliseconds(1), delay: .zero) { expired.withLock { $0 = true } }
        watchdog.end()
        watchdog.begin()
        let late = StopWatchdog(grace: .seconds(2), delay: .zero) { expired.withLock { $0 = true } }
        late.begin()
        late.end()
        // Later than both.
        let (ends, ended) = AsyncStream<Void>.makeStream()
        let last = StopWatchdog(grace: .milliseconds(2_200), delay: .zero) { ended.yield() }
        last.begin()
        var iterator = ends.makeAsyncIterator()
        #expect(await iterator.next() != nil)
        #expect(!expired.withLock { $0 })
    }
}
