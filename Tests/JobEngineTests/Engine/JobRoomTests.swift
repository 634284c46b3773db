import TestSupport
import Testing

@testable import JobEngine

@Suite(.timeLimit(.minutes(1)))
struct JobRoomTests {
    private func table(_ capacity: Int, _ clock: ManualClock = ManualClock()) -> JobTable {
        JobTable(capacity: capacity, clock: clock)
    }

    @Test func `one slot in ten is kept for actions that free a lab`() async {
        let table = self.table(20)
        #expect(await table.takeRoom(privileged: false, share: 1) == 18)
        #expect(await table.takeRoom(privileged: true, share: 1) == 2)
        #expect(table.inUse == 20)
    }

    @Test(arguments: [(1, 1), (2, 1), (5, 4), (19, 18)])
    func `a small worker keeps one slot, unless it has but one`(capacity: Int, open: Int) async {
        #expect(await table(capacity).takeRoom(privileged: false, share: 1) == open)
    }

    @Test func `what is free is spread over the pollers, but each gets one`() async {
        let table = self.table(10)
        #expect(await table.takeRoom(privileged: false, share: 3) == 3)
        #expect(await table.takeRoom(privileged: false, share: 3) == 2)
        #expect(await table.takeRoom(privileged: false, share: 9) == 1)
    }

    @Test func `who finds no room waits until there is some`() async {
        let table = self.table(1)
        #expect(await table.takeRoom(privileged: false, share: 1) == 1)
        async let next = table.takeRoom(privileged: false, share: 1)
        table.returnRoom(1)
        #expect(await next == 1)
    }

    @Test func `room that only others may use wakes nobody for good`() async {
        let table = self.table(2)
        table.resume((1...2).map { .record("\($0)") })
        async let open = table.takeRoom(privileged: false, share: 1)
        async let privileged = table.takeRoom(privileged: true, share: 1)
        table.returnRoom(1)
        #expect(await privileged == 1)
        table.returnRoom(1)
        #expect(table.inUse == 1)
        table.returnRoom(1)
        #expect(await open == 1)
    }

    @Test func `who is cancelled while waiting gets nothing`() async {
        let table = self.table(1)
        table.resume((1...3).map { .record("\($0)") })
        await withTaskGroup { group in
            group.addTask { await table.takeRoom(privileged: true, share: 1) }
            group.cancelAll()
            for await count in group { #expect(count == 0) }
        }
        #expect(table.inUse == 3)
    }

    @Test func `jobs of an earlier run may exceed the room, and make way one by one`() async {
        let table = self.table(1)
        table.resume((1...2).map { .record("\($0)") })
        table.returnRoom(1)
        async let next = table.takeRoom(privileged: true, share: 1)
        table.returnRoom(1)
        #expect(await next == 1)
        #expect(table.inUse == 1)
    }

    @Test func `a job takes what its poll had, until it is let go or waits in the queue`() async {
        let clock = ManualClock()
        let table = self.table(10, clock)
        #expect(await table.takeRoom(privileged: true, share: 1, most: 4) == 4)
        for id in ["1", "2", "3"] { #expect(table.take(.record(id), asked: table.moment(clock.now)) == .new) }
        table.returnRoom(1)
        #expect(table.inUse == 3)
        // Only looked at.
        #expect(table.take(.record("4"), asked: table.moment(clock.now), takesRoom: false) == .new)
        table.apply(.released, to: "4")
        #expect(table.inUse == 3)
        table.apply(.released, to: "1")
        table.apply(.requeued, to: "2")
        #expect(table.inUse == 1)
        table.apply(.released, to: "2")
        table.apply(.released, to: "1")
        #expect(table.inUse == 1)
        // The same job may come back from the queue.
        table.apply(.requeued, to: "3")
        #expect(await table.takeRoom(privileged: true, share: 1, most: 1) == 1)
        #expect(table.take(.record("3"), asked: table.moment(clock.now)) == .new)
        #expect(table.inUse == 1)
    }
}

@Suite("Jobs that begin", .timeLimit(.minutes(1)))
struct BeginningJobsTests {
    private let clock = ManualClock()

    private func table() -> JobTable {
        let table = JobTable(capacity: 1_000, clock: clock)
        for number in 0..<256 { _ = table.take(.record("\(number)"), asked: table.moment(clock.now)) }
        return table
    }

    @Test func `make room when they wait or are gone`() async {
        let table = table()
        table.hasBegun("0")
        table.hasBegun("0")
        #expect(await table.roomToBegin() == 1, "an end counts once")
        for id in ["253", "254", "255"] { table.apply(.released, to: id) }
        #expect(await table.roomToBegin() == 4)
        for number in 0..<253 { table.apply(.released, to: "\(number)") }
        #expect(await table.roomToBegin() == 256)
    }

    @Test func `hold up none that gives equipment back`() async {
        #expect(await table().roomToBegin(privileged: true) == 1)
    }

    @Test func `are waited for`() async {
        let table = table()
        async let room = table.roomToBegin()
        await withDiscardingTaskGroup { group in
            group.addTask { table.hasBegun("5") }
        }
        #expect(await room == 1)
    }

    @Test func `are waited for no longer than a second`() async {
        let table = table()
        async let room = table.roomToBegin()
        await clock.wakeSleeper(of: .seconds(1))
        #expect(await room == 256)
    }

    @Test func `are no more than can be begun, however many are offered`() async throws {
        let queue = InMemoryJobQueue()
        for number in 1...800 { await queue.offer(.job("\(number)")) }
        let gate = Gate()
        let begun = Watched(0)
        try await RunningWorker.run(queue: queue) {
            $0.maxJobs = 1_000
        } handler: { context in
            begun.withLock { $0 += 1 }
            await gate.wait()
            return JobResult(summary: "done")
        } whileRunning: { worker in
            await begun.wait { $0 >= 256 }
            for _ in 0..<1_000 { await Task.yield() }
            #expect(begun.withLock { $0 } == 256)
            gate.open()
            await worker.clock.running {
                for number in 1...800 { _ = await queue.report(of: "\(number)") }
            }
        }
    }
}
