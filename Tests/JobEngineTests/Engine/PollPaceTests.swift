import Foundation
import HTTPTransport
import TestSupport
import Testing

@testable import JobEngine

@Suite("The pace of polls", .timeLimit(.minutes(2)))
struct PollPaceTests {
    private let clock = ManualClock()

    private func pace(_ pause: Duration = .seconds(5), longest: Duration = .seconds(15)) -> PollPace {
        PollPace(pause: pause, longest: longest, now: clock.now)
    }

    /// The seconds of a rest, with a look at what happens in it.
    private func rest(_ pace: PollPace, _ willRest: @Sendable (Date) -> Void = { _ in }) async -> TimeInterval {
        let began = clock.now
        await clock.running { await pace.rest(clock, willRest: willRest) }
        return clock.now.timeIntervalSince(began)
    }

    @Test(arguments: [(0, 5), (60, 5), (299, 5), (360, 6), (600, 10), (900, 15), (86_400, 15)])
    func `slows down to a sixtieth of the time without work`(idle: Int, seconds: Int) {
        let pace = pace()
        #expect(pace.rest(clock.now.addingTimeInterval(Double(idle))) == .seconds(seconds))
    }

    @Test func `is as wished where the usual pause is the longest`() {
        #expect(pace(.seconds(20)).rest(clock.now.addingTimeInterval(86_400)) == .seconds(20))
    }

    @Test func `rests a pause while work comes, and three of them when none has come for long`() async {
        let pace = pace()
        for _ in 0..<20 {
            let short = await rest(pace)
            pace.noteWork(clock.now)
            // A job isn't to wait for longer than a pause.
            #expect((4.5...5).contains(short))
        }
        clock.leap(by: 86_400)
        let long = await rest(pace)
        #expect((13...17).contains(long))
    }

    @Test func `ends a long rest within a pause after work`() async {
        let pace = pace(.seconds(5), longest: .seconds(600))
        clock.leap(by: 86_400)
        let pauses = Locked(0)
        let rested = await rest(pace) { end in
            let number = pauses.withLock {
                $0 += 1
                return $0
            }
            if number == 3 { pace.noteWork(end) }
        }
        #expect((13...17).contains(rested))
    }
}
