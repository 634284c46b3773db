import HTTPTransport
import TestSupport
import Testing
import TestSupport

@testable import JobEngine

@Suite("Jobs that begin", .timeLimit(.minutes(1)))
struct BeginningJobsTests {
    @Test func `make room when they wait or are gone`() async {
        let (jobs, clock) = (BeginningJobs(), ManualClock())
        var marks = (0..<64).map { _ in jobs.add() }
        marks[0].end()
        marks[0].end()
        #expect(await jobs.room(clock) == 1, "an end counts once")
        marks.removeLast(3)
        #expect(await jobs.room(clock) == 4)
        marks = []
        #expect(await jobs.room(clock) == 64)
    }

    @Test func `are waited for`() async {
        let (jobs, clock) = (BeginningJobs(), ManualClock())
        let marks = (0..<64).map { _ in jobs.add() }
        async let room = jobs.room(clock)
        await withDiscardingTaskGroup { group in
            group.addTask { marks[5].end() }
        }
        #expect(await room == 1)
    }

    @Test func `are waited for no longer than a second`() async {
        let (jobs, clock) = (BeginningJobs(), ManualClock())
        let marks = (0..<64).map { _ in jobs.add() }
        async let room = jobs.room(clock)
        await clock.wakeSleeper(of: .seconds(1))
        #expect(await room == 64)
        #expect(marks.count == 64)
    }

    @Test func `are no more than can be begun, however many are offered`() async throws {
        let queue = FakeQueue()
        for number in 1...200 { await queue.offer(.job("\(number)")) }
        let gate = Gate()
        let begun = Watched(0)
        try await RunningWorker.run(queue: queue) {
            $0.maxJobs = 1_000
        } handler: { context in
            begun.withLock { $0 += 1 }
            await gate.wait()
            return JobResult(summary: "done")
        } whileRunning: { worker in
            await begun.wait { $0 >= 64 }
            for _ in 0..<1_000 { await Task.yield() }
            #expect(begun.withLock { $0 } == 64)
            gate.open()
            await worker.clock.running {
                for number in 1...200 { _ = await queue.report(of: "\(number)") }
            }
        }
    }
}
