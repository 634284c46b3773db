import HTTPTransport
import TestSupport
import Testing

@testable import JobEngine

@Suite("Jobs of one action in one worker", .timeLimit(.minutes(1)))
struct HeldJobsTests {
    private static func record(_ id: String, of action: String) -> JobRecord {
        var record = JobRecord.record(id)
        record.actionExecutionID = action
        return record
    }

    private let clock = ManualClock()

    private func hold(_ records: JobRecord..., resumed: [JobRecord] = []) -> HeldJobs {
        let held = HeldJobs(resumed)
        for record in records { _ = held.take(record, asked: held.moment(clock.now)) }
        return held
    }

    @Test func `wait only for those that came before`() {
        let (first, second, third) = (Self.record("c", of: "x"), Self.record("a", of: "x"), Self.record("b", of: "x"))
        let other = Self.record("0", of: "y")
        let held = hold(second, third, other, resumed: [first])
        #expect([first, second, third, other].map(held.hasPredecessor) == [false, true, true, false])
        #expect([first, second, third, other].map(held.hasSibling) == [true, true, true, false])
        held.release(first.id)
        #expect([second, third].map(held.hasPredecessor) == [false, true])
        held.release(second.id)
        #expect(!held.hasPredecessor(third) && !held.hasSibling(third))
    }

    @Test func `keep their place when they are offered again`() {
        let (first, second) = (Self.record("1", of: "x"), Self.record("2", of: "x"))
        let held = hold(first, second)
        #expect(held.take(first, asked: held.moment(clock.now)) == .renewed)
        #expect(!held.hasPredecessor(first) && held.hasPredecessor(second))
    }

    @Test func `go on when the one before is let go, and not sooner`() async {
        let (first, second) = (Self.record("1", of: "x"), Self.record("2", of: "x"))
        let held = hold(first, second)
        let isLetGo = Locked(false)
        async let wait: Bool = {
            await held.waitForPredecessors(of: second, clock)
            return isLetGo.withLock { $0 }
        }()
        isLetGo.withLock { $0 = true }
        held.release(first.id)
        #expect(await wait)
    }

    @Test func `leave what they have begun to the next one, once`() {
        let held = hold()
        held.leave(.init("7".utf8), of: "x")
        #expect(held.takeBegun(by: "y") == nil)
        #expect(held.takeBegun(by: "x") == .init("7".utf8))
        #expect(held.takeBegun(by: "x") == nil)
    }
}
