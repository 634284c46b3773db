import VirtualSystem
@_spi(ExperimentalCustomExecutors) @_spi(ExperimentalScheduling) import _Concurrency

/// Runs every task of the process on one thread, in an order that a seed decides, in a time that passes only when nothing
/// is left to do.
///
/// It takes the place of Swift's own executors by the way that Swift 6.3 has for that, which isn't official yet.
final class VirtualExecutor: MainExecutor, TaskExecutor, SchedulingExecutor, @unchecked Sendable {
    static let shared = VirtualExecutor()

    /// Why ``run(while:)`` has returned.
    enum Ending {
        /// It was told to.
        case told
        /// Nothing is left to do, now or later.
        case idle
        /// So much happened without any time passing that it would go on for ever.
        case spinning
    }

    private static let mostAtOnce = 200_000

    private var ready: [UnownedJob] = []
    private var alarms = AlarmQueue()
    private var order = SeededGenerator(0)
    /// How many pieces of tasks have run.
    private(set) var turns = 0

    /// The time in nanoseconds since 1970.
    var now: Int64 { virtual_system_time() }

    /// Makes it the executor of all tasks; before the first of them.
    func install() {
        _createExecutors(factory: Factory.self)
    }

    private struct Factory: ExecutorFactory {
        static var mainExecutor: any MainExecutor { VirtualExecutor.shared }
        static var defaultExecutor: any TaskExecutor { VirtualExecutor.shared }
    }

    /// Begins a new world: the same seed makes the same one.
    func begin(_ seed: UInt64) {
        precondition(ready.isEmpty && alarms.isEmpty, "The world before isn't over")
        // 2026-01-01 12:00
        virtual_system_set_time(1_767_268_800 * 1_000_000_000)
        virtual_system_set_seed(seed)
        order = SeededGenerator(seed &+ 1)
        turns = 0
    }

    /// Does something after a time.
    func after(_ delay: Duration, _ body: @escaping () -> Void) {
        alarms.add(Alarm(time: now + delay.inNanoseconds, what: .call(body)))
    }

    /// Runs what there is to run.
    func run(while condition: () -> Bool) -> Ending {
        var atOnce = 0
        while condition() {
            if ready.isEmpty {
                guard let alarm = alarms.removeFirst() else { return .idle }
                if alarm.time > now {
                    virtual_system_set_time(alarm.time)
                    atOnce = 0
                }
                switch alarm.what {
                case .job(let job): ready.append(job)
                case .call(let body): body()
                }
                // What is due at the same instant may come in any order.
                if alarms.first?.time == alarm.time { continue }
                if ready.isEmpty { continue }
            }
            atOnce += 1
            guard atOnce < Self.mostAtOnce else { return .spinning }
            turns += 1
            let index = ready.count == 1 ? 0 : Int(order.next() % UInt64(ready.count))
            ready.swapAt(index, ready.count - 1)
            ready.removeLast().runSynchronously(on: asUnownedTaskExecutor())
        }
        return .told
    }

    // MARK: Swift's side

    func enqueue(_ job: consuming ExecutorJob) {
        ready.append(UnownedJob(job))
    }

    func enqueue<C: Clock>(
        _ job: consuming ExecutorJob,
        after delay: C.Duration,
        tolerance: C.Duration?,
        clock: C
    ) {
        guard let delay = delay as? Duration else { preconditionFailure("A clock with another measure") }
        alarms.add(Alarm(time: now + max(0, delay.inNanoseconds), what: .job(UnownedJob(job))))
    }

    func enqueue<C: Clock>(
        _ job: consuming ExecutorJob,
        at instant: C.Instant,
        tolerance: C.Duration?,
        clock: C
    ) {
        enqueue(job, after: clock.now.duration(to: instant), tolerance: tolerance, clock: clock)
    }

    func run() throws { preconditionFailure("Only its owner runs it") }
    func stop() {}
}

/// Something that will happen.
private struct Alarm {
    enum What {
        case job(UnownedJob)
        case call(() -> Void)
    }

    var time: Int64
    var what: What
    /// Tells apart what is due at one time.
    var number = 0
}

/// A heap of alarms, the next one first.
private struct AlarmQueue {
    private var heap: [Alarm] = []
    private var lastNumber = 0

    var isEmpty: Bool { heap.isEmpty }
    var first: Alarm? { heap.first }

    mutating func add(_ alarm: Alarm) {
        lastNumber += 1
        heap.append(alarm)
        heap[heap.count - 1].number = lastNumber
        var child = heap.count - 1
        while child > 0, isBefore(child, (child - 1) / 2) {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    mutating func removeFirst() -> Alarm? {
        guard !heap.isEmpty else { return nil }
        heap.swapAt(0, heap.count - 1)
        let first = heap.removeLast()
        var parent = 0
        while true {
            var next = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count && isBefore(child, next) {
                next = child
            }
            guard next != parent else { return first }
            heap.swapAt(parent, next)
            parent = next
        }
    }

    private func isBefore(_ a: Int, _ b: Int) -> Bool {
        (heap[a].time, heap[a].number) < (heap[b].time, heap[b].number)
    }
}

extension Duration {
    var inNanoseconds: Int64 {
        let (seconds, attoseconds) = components
        return seconds * 1_000_000_000 + attoseconds / 1_000_000_000
    }
}
