import FoundationEssentials
import HTTPTransport
import Testing

@testable import SandboxAPI

@Suite("How many calls go to a lab at once", .timeLimit(.minutes(1)))
struct CallLimitTests {
    /// A lab that answers so many calls at once in some time, and more of them the more slowly.
    private struct Lab {
        var capacity = Int.max
        var time: Duration = .milliseconds(500)
        var room: CallRoom
        var now = ContinuousClock.now

        /// Lets rounds of calls go by, each of as many as there is room for.
        mutating func goOn(rounds: Int) {
            for _ in 0..<rounds {
                let count = room.count
                let time = time * max(1, Double(count) / Double(capacity))
                now += time
                for _ in 0..<count { room.note(.given, to: "sandbox", after: time, wasFull: true, at: now) }
            }
        }
    }

    @Test func `a lab that answers as quickly as before gets twice as many with each round, up to the most`() {
        var lab = Lab(room: CallRoom(most: 128))
        #expect(lab.room.count == 32)
        lab.goOn(rounds: 1)
        #expect(lab.room.count == 64)
        lab.goOn(rounds: 3)
        #expect(lab.room.count == 128)
    }

    @Test func `a lab that slows down gets about as many as it answers in twice its time`() {
        var lab = Lab(capacity: 40, room: CallRoom(most: 1_000))
        lab.goOn(rounds: 60)
        var counts: [Int] = []
        for _ in 0..<1_000 {
            lab.goOn(rounds: 1)
            counts.append(lab.room.count)
        }
        #expect((60...100).contains(counts.reduce(0, +) / counts.count))
        #expect(counts.allSatisfy { $0 <= 160 })
        // It doesn't take the load that it makes for the lab's best.
        #expect((60...100).contains(counts.suffix(100).reduce(0, +) / 100))
    }

    @Test func `a single slow answer changes nothing`() {
        var lab = Lab(room: CallRoom(most: 128))
        lab.goOn(rounds: 3)
        let count = lab.room.count
        lab.room.note(.given, to: "sandbox", after: .seconds(3), wasFull: true, at: lab.now)
        #expect(lab.room.count == count)
    }

    @Test func `operations are compared with their own kind`() {
        var room = CallRoom(most: 128)
        var now = ContinuousClock.now
        for _ in 0..<100 {
            now += .milliseconds(10)
            room.note(.given, to: "execution", after: .milliseconds(10), wasFull: true, at: now)
            room.note(.given, to: "startSandbox", after: .seconds(3), wasFull: true, at: now)
        }
        #expect(room.count == 128)
    }

    @Test func `refused calls halve the room once in a round, and leave some of it`() {
        var lab = Lab(room: CallRoom(most: 128))
        lab.goOn(rounds: 4)
        for _ in 0..<50 {
            lab.room.note(.overload, to: "sandbox", after: .milliseconds(500), wasFull: true, at: lab.now)
        }
        #expect(lab.room.count == 64)
        for _ in 0..<50 {
            lab.now += .seconds(1)
            lab.room.note(.overload, to: "sandbox", after: .milliseconds(500), wasFull: true, at: lab.now)
        }
        #expect(lab.room.count == 8)
        // And it grows again, no longer by leaps.
        lab.goOn(rounds: 4)
        #expect((20...28).contains(lab.room.count), "\(lab.room.count)")
    }

    @Test func `a lab that stays slow with few calls gets as many as before`() {
        var lab = Lab(room: CallRoom(most: 128))
        lab.goOn(rounds: 10)
        lab.time = .seconds(2)
        var counts: [Int] = []
        for _ in 0..<20 {
            lab.goOn(rounds: 1)
            counts.append(lab.room.count)
        }
        #expect(counts.min() == 16)
        #expect(counts.last == 128)
    }

    @Test func `a call without load teaches nothing`() {
        var room = CallRoom(most: 128)
        for _ in 0..<100 { room.note(.given, to: "sandbox", after: .seconds(1), wasFull: false, at: .now) }
        #expect(room.count == 32)
    }

    // MARK: Who goes first

    /// Calls that stay on their way until they are let go.
    private final class Calls: Sendable {
        let limit: CallLimit
        private let open = Locked<[CheckedContinuation<Void, Never>]>([])
        let begun = Locked<[String]>([])

        init(most: Int, now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }) {
            limit = CallLimit(most: most, now: now)
        }

        func make(_ name: String, isUrgent: Bool = false) async throws {
            _ = try await limit.run(name, isUrgent: isUrgent, patience: .seconds(60)) {
                await withCheckedContinuation { continuation in
                    open.withLock { $0.append(continuation) }
                    begun.withLock { $0.append(name) }
                }
                return HTTPReply.json("{}")
            } judge: { _ in
                .none
            }
        }

        func endOne() {
            open.withLock { $0.isEmpty ? nil : $0.removeFirst() }?.resume()
        }

        func reached(underWay: Int, waiting: Int) async {
            while limit.load.underWay != underWay || limit.load.waiting != waiting
                || begun.withLock({ $0.count }) < underWay
            { await Task.yield() }
        }
    }

    @Test func `urgent calls have room of their own, and go before others that wait`() async throws {
        let calls = Calls(most: 16)
        try await withThrowingTaskGroup { group in
            for _ in 0..<20 { group.addTask { try await calls.make("other") } }
            await calls.reached(underWay: 12, waiting: 8)
            for _ in 0..<5 { group.addTask { try await calls.make("urgent", isUrgent: true) } }
            await calls.reached(underWay: 16, waiting: 9)
            #expect(calls.begun.withLock { $0 }.suffix(4).allSatisfy { $0 == "urgent" })
            calls.endOne()
            await calls.reached(underWay: 16, waiting: 8)
            #expect(calls.begun.withLock { $0 }.last == "urgent")
            while calls.limit.load.underWay > 0 {
                calls.endOne()
                await Task.yield()
            }
            try await group.waitForAll()
        }
        #expect(calls.begun.withLock { $0.count } == 25)
    }

    @Test func `a call whose task is cancelled waits no longer, and takes no room`() async throws {
        let calls = Calls(most: 1)
        try await withThrowingTaskGroup { group in
            group.addTask { try await calls.make("first") }
            await calls.reached(underWay: 1, waiting: 0)
            let second = Task { try await calls.make("second") }
            await calls.reached(underWay: 1, waiting: 1)
            second.cancel()
            await #expect(throws: CancellationError.self) { try await second.value }
            calls.endOne()
            try await group.waitForAll()
        }
        #expect(calls.limit.load.underWay == 0)
        #expect(calls.begun.withLock { $0 } == ["first"])
    }

    @Test func `a call for which there is no room in its time fails, and was not sent`() async throws {
        let time = FakeTime()
        let calls = Calls(most: 1, now: { time.now })
        await withThrowingTaskGroup { group in
            for _ in 0..<2 { group.addTask { try await calls.make("first") } }
            await calls.reached(underWay: 1, waiting: 1)
            let late = Task { try await calls.make("late") }
            await calls.reached(underWay: 1, waiting: 2)
            time.advance(by: .seconds(61))
            calls.endOne()
            await calls.reached(underWay: 0, waiting: 0)
            let error = await #expect(throws: HTTPClientError.self) { try await late.value }
            #expect(error?.code == .timedOut)
            #expect(error?.mayHaveBeenProcessed == false)
            await #expect(throws: HTTPClientError.self) { try await group.waitForAll() }
        }
    }
}
