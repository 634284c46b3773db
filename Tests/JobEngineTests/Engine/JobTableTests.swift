import Foundation
import HTTPTransport
import TestSupport
import Testing

@testable import JobEngine

@Suite("Jobs of one action in one worker", .timeLimit(.minutes(1)))
struct JobTableTests {
    private static func record(_ id: String, of action: String) -> JobRecord {
        var record = JobRecord.record(id)
        record.actionExecutionID = action
        return record
    }

    private let clock = ManualClock()

    private func makeTable(_ records: JobRecord..., resumed: [JobRecord] = []) -> JobTable {
        let table = JobTable(capacity: 100, clock: clock)
        table.resume(resumed)
        for record in records { _ = table.take(record, asked: table.moment(clock.now)) }
        return table
    }

    @Test func `wait only for those that came before`() {
        let (first, second, third) = (Self.record("c", of: "x"), Self.record("a", of: "x"), Self.record("b", of: "x"))
        let other = Self.record("0", of: "y")
        let table = makeTable(second, third, other, resumed: [first])
        #expect([first, second, third, other].map(table.hasPredecessor) == [false, true, true, false])
        #expect([first, second, third, other].map(table.hasSibling) == [true, true, true, false])
        table.apply(.released, to: first.id)
        #expect([second, third].map(table.hasPredecessor) == [false, true])
        table.apply(.released, to: second.id)
        #expect(!table.hasPredecessor(third) && !table.hasSibling(third))
    }

    @Test func `keep their place when they are offered again`() {
        let (first, second) = (Self.record("1", of: "x"), Self.record("2", of: "x"))
        let table = makeTable(first, second)
        #expect(table.take(first, asked: table.moment(clock.now)) == .renewed)
        #expect(!table.hasPredecessor(first) && table.hasPredecessor(second))
    }

    @Test func `go on when the one before is let go, and not sooner`() async {
        let (first, second) = (Self.record("1", of: "x"), Self.record("2", of: "x"))
        let table = makeTable(first, second)
        let isLetGo = Locked(false)
        async let wait: Bool = {
            await table.waitForPredecessors(of: second)
            return isLetGo.withLock { $0 }
        }()
        isLetGo.withLock { $0 = true }
        table.apply(.released, to: first.id)
        #expect(await wait)
    }

    @Test func `leave what they have begun to the next one, once`() {
        let table = makeTable()
        table.leave(.init("7".utf8), of: "x")
        #expect(table.takeBegun(by: "y") == nil)
        #expect(table.takeBegun(by: "x") == .init("7".utf8))
        #expect(table.takeBegun(by: "x") == nil)
    }

    @Test func `are named as ones with a handler that runs only while it does`() {
        let table = makeTable(resumed: [Self.record("1", of: "x")])
        #expect(table.running.isEmpty)
        table.transition("1", .runs) { $0.isHandled = true }
        #expect(table.state.withLock { $0.jobs["1"]?.state } == .running)
        table.noteEnd(of: "1")
        #expect(table.running.isEmpty && table.state.withLock { $0.jobs["1"]?.state } == .running)
    }

    @Test func `are counted by state, with the claim of the oldest`() {
        var (old, new) = (Self.record("1", of: "x"), Self.record("2", of: "y"))
        old.claimedAt = clock.now.addingTimeInterval(-3_600)
        new.claimedAt = clock.now.addingTimeInterval(-60)
        let table = makeTable(resumed: [old, new, Self.record("3", of: "z")])
        for id in ["1", "2"] {
            table.apply(.runs, to: id)
            table.apply(.waits, to: id)
        }
        #expect(table.census[.waiting]?.count == 2 && table.census[.waiting]?.oldest == old.claimedAt)
        #expect(table.census[.claimed]?.count == 1 && table.census[.running] == nil)
        table.transition("1", .requeued) { $0.requeuedAt = clock.now }
        #expect(table.census[.requeued]?.oldest == old.claimedAt && table.census[.waiting]?.oldest == new.claimedAt)
        clock.advance(by: .seconds(901))
        #expect(table.census[.requeued] == nil, "Another worker has it by now.")
        #expect(table.state.withLock { $0.jobs["1"] } != nil, "To count changes nothing.")
    }

    @Test func `in the queue don't pile up where other workers take them`() {
        let table = makeTable()
        for number in 1...2_000 {
            let record = JobRecord.record("\(number)")
            #expect(table.take(record, asked: table.moment(clock.now)) == .new)
            table.transition(record.id, .requeued) { $0.requeuedAt = clock.now }
            clock.advance(by: .seconds(10))
        }
        // Those of the last quarter of an hour, and no more than twice as many.
        #expect((90...360).contains(table.state.withLock { $0.jobs.count }))
        table.forgetRequeued()
        #expect(table.state.withLock { $0.jobs.count } == 90)
    }
}
