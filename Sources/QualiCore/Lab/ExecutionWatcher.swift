import Foundation
package import Logging
package import SandboxAPI

/// Waits for executions of commands to end, for any number of jobs, with few reads and without a task for each.
///
/// An execution is read quickly at first, then at the usual pace, then after each tenth of the time that it has been
/// running for. Where several jobs wait for one command, its list of executions answers for all of them. Reads are spread
/// over time, so that they don't grow with the number of jobs: where there are too many, all are read more rarely alike.
package actor ExecutionWatcher {
    /// A command of a component, or of a sandbox.
    struct Place: Hashable, Sendable {
        let target: CommandTarget
        let command: String
    }

    /// What a wait has come to.
    package enum WaitResult: Sendable {
        /// The execution has ended.
        case ended(Execution)
        /// The lab refuses to show it.
        case refused(SandboxAPIError)
        /// The deadline has passed, since when nobody has looked.
        case overdue(wasSeen: Bool)
    }

    fileprivate struct Waiter {
        enum Read {
            case none
            /// Of the execution itself.
            case own
            case list
        }

        let executionID: String
        let place: Place
        let start: Date
        let deadline: Date
        let givesWay: @Sendable () -> Bool
        let tell: @Sendable (WaitResult?) -> Void
        var wasSeen: Bool
        var nextLook: Date
        /// The pause before the next look, in seconds.
        var pause: TimeInterval
        var read = Read.none
        /// Whether the command's list doesn't say of the execution that it runs.
        var isUnlisted = false
    }

    /// How many reads a second there are at most.
    ///
    /// Those of executions that have just begun aren't counted: they are few for each, and what has ended shouldn't wait.
    private static let readsPerSecond = 50.0
    /// How many reads there are at once at most.
    private static let readsAtOnce = 64
    /// How many of them may be of executions that have just begun.
    private static let youngReadsAtOnce = 48
    /// How long an execution has just begun, in seconds.
    private static let youth: TimeInterval = 10
    /// How many jobs have to wait for a command before its list is read.
    private static let crowd = 3

    private let client: SandboxClient
    private let interval: Duration
    /// The least time between rounds in seconds, so that a crowd's reads go out together.
    private let round: TimeInterval
    private let clock: any WorkerClock
    private let logger: Logger
    private let outage = OutageLog(.watchingExecutions)
    private var waiters: [Int: Waiter] = [:]
    private var lastWaiter = 0
    private var waiting: [Place: Int] = [:]
    private var reads = 0
    /// From when on the next read may go out.
    private var nextTurn = Date.distantPast
    private var nextRound = Date.distantFuture
    private var isNeeded: AsyncStream<Void>.Continuation?

    /// Creates a watcher; ``run()`` makes it work.
    ///
    /// - Parameters:
    ///   - client: The lab's client.
    ///   - interval: The usual pause between reads of one execution.
    ///   - clock: The time.
    ///   - logger: Where a lab's trouble is told.
    package init(client: SandboxClient, interval: Duration, clock: any WorkerClock = .system, logger: Logger) {
        self.client = client.unrepeated(timeout: SandboxWatcher.readTimeout)
        self.interval = interval
        round = min(0.2, interval.timeInterval / 10)
        self.clock = clock
        self.logger = logger
    }

    /// What the latest read failed with; `nil` while the lab answers.
    var trouble: String? { outage.trouble?.cut(to: 300) }

    /// Reads the lab while anybody waits, until the task is cancelled.
    package func run() async {
        await withDiscardingTaskGroup { group in
            while !Task.isCancelled {
                let (needs, isNeeded) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
                self.isNeeded = isNeeded
                let requests: [Request]
                (requests, nextRound) = beginRound()
                for request in requests { group.addTask { await self.send(request) } }
                await sleep(until: nextRound, or: needs)
            }
        }
    }

    /// Waits for an execution to end, without a task.
    ///
    /// - Parameters:
    ///   - executionID: The execution.
    ///   - place: Whose execution it is.
    ///   - start: Since when it has been running.
    ///   - deadline: How long it is waited for. No trouble of the lab ends the wait before.
    ///   - isKnown: Whether the execution was just seen running, so that the first look has time.
    ///   - givesWay: Whether the wait ends after a look, even if it would go on.
    ///   - tell: Called once, unless the wait is given up before, with what it has come to; `nil` if it would go on.
    /// - Returns: Gives up the wait.
    func watch(
        for executionID: String,
        at place: Place,
        since start: Date,
        until deadline: Date,
        isKnown: Bool,
        givingWay givesWay: @escaping @Sendable () -> Bool = { false },
        tell: @escaping @Sendable (WaitResult?) -> Void
    ) -> GiveUp {
        lastWaiter += 1
        let id = lastWaiter
        let now = clock.now
        let pause = pause(since: start, now: now).timeInterval
        waiters[id] = Waiter(
            executionID: executionID,
            place: place,
            start: start,
            deadline: deadline,
            givesWay: givesWay,
            tell: tell,
            wasSeen: isKnown,
            nextLook: isKnown ? now.addingTimeInterval(pause) : now,
            pause: pause
        )
        waiting[place, default: 0] += 1
        wake(for: id)
        return { await self.forget(id) }
    }

    /// Reads an execution at once.
    ///
    /// - Throws: `SandboxAPIError`; `CancellationError` when the task is cancelled.
    func execution(_ id: String) async throws -> Execution {
        try await noting { try await client.execution(id: id) }
    }

    /// The pause between looks at an execution that has been running since then: as long again as until now, but no longer
    /// than the usual pause, or a tenth of that time, but no longer than six usual pauses.
    nonisolated func pause(since start: Date, now: Date) -> Duration {
        let seconds = max(now.timeIntervalSince(start), 0)
        return min(max(min(.seconds(seconds + 0.5), interval), .seconds(seconds / 10)), interval * 6)
    }

    // MARK: Rounds

    /// A request to the lab.
    enum Request {
        case execution(String, for: Int)
        case list(Place)
    }

    /// Ends the waits that are overdue, and chooses the reads that are due, the most belated ones first, as far as turns go.
    ///
    /// - Returns: The requests for them, and when the next round is due.
    func beginRound() -> (requests: [Request], end: Date) {
        let now = clock.now
        var overdue: [Int] = []
        var due = MostBelated(limit: Self.readsAtOnce)
        var young = MostBelated(limit: Self.youngReadsAtOnce)
        var next = Date.distantFuture
        // In place: a copy of each would cost more than the look.
        for index in waiters.values.indices where waiters.values[index].read == .none {
            let event = waiters.values[index].nextEvent
            if event > now {
                next = min(next, event)
            } else if waiters.values[index].deadline <= now {
                overdue.append(waiters.keys[index])
            } else {
                let (id, delay) = (waiters.keys[index], waiters.values[index].delay(now))
                if now.timeIntervalSince(waiters.values[index].start) < Self.youth {
                    young.add(id, delay: delay)
                } else {
                    due.add(id, delay: delay)
                }
            }
        }
        for id in overdue.sorted() { end(id, .overdue(wasSeen: waiters[id]?.wasSeen == true)) }
        // What a round doesn't use is lost, but for one round's turns.
        if due.count > 0 { nextTurn = max(nextTurn, now.addingTimeInterval(-round)) }
        var chosen: [Request] = []
        var left = due.count + young.count
        for id in young.ids where reads < Self.youngReadsAtOnce {
            left -= 1
            if let request = request(for: id) { chosen.append(request) }
        }
        for id in due.ids where reads < Self.readsAtOnce && nextTurn <= now {
            left -= 1
            guard let request = request(for: id) else { continue }
            nextTurn += 1 / Self.readsPerSecond
            chosen.append(request)
        }
        return (chosen, max(left == 0 ? next : now, now.addingTimeInterval(round)))
    }

    /// Begins a read; `nil` where a list that is read for another is read for this one, too.
    private func request(for id: Int) -> Request? {
        guard let waiter = waiters[id], waiter.read == .none else { return nil }
        reads += 1
        guard waiter.isUnlisted || waiting[waiter.place, default: 0] < Self.crowd else {
            expectList(of: waiter.place)
            return .list(waiter.place)
        }
        waiters[id]?.read = .own
        return .execution(waiter.executionID, for: id)
    }

    /// Sleeps until the next round is due, or somebody needs an earlier one.
    private func sleep(until time: Date, or needs: AsyncStream<Void>) async {
        @Sendable func need() async { for await _ in needs { return } }
        guard time < .distantFuture else { return await need() }
        let rest = Duration.seconds(time.timeIntervalSince(clock.now))
        await race({ [clock] in try? await clock.sleep(for: rest) }, need)
    }

    private func wake(for id: Int) {
        guard let waiter = waiters[id], waiter.nextEvent < nextRound else { return }
        isNeeded?.yield()
    }

    // MARK: Reads

    private func send(_ request: Request) async {
        switch request {
        case .execution(let executionID, let id): await read(executionID, for: id)
        case .list(let place): await readList(of: place)
        }
    }

    private func read(_ executionID: String, for id: Int) async {
        let result: Result<Execution, SandboxAPIError>
        do {
            result = .success(try await execution(executionID))
        } catch let error as SandboxAPIError {
            result = .failure(error)
        } catch {
            // Cancelled, as all is then.
            return
        }
        reads -= 1
        switch result {
        case .success(let execution) where execution.status.isFinal: end(id, .ended(execution))
        case .failure(let error) where error.isRefusal: end(id, .refused(error))
        default:
            let isSeen = (try? result.get()) != nil
            if isSeen { waiters[id]?.isUnlisted = false }
            goOn(id, isSeen: isSeen)
        }
    }

    /// Notes that a command's list is being read for all who wait for it, but for those of whom it has told nothing.
    private func expectList(of place: Place) {
        for index in waiters.values.indices {
            let waiter = waiters.values[index]
            guard waiter.read == .none, !waiter.isUnlisted, waiter.place == place else { continue }
            waiters.values[index].read = .list
        }
    }

    private func readList(of place: Place) async {
        let running: Set<String>?
        do {
            let command = try await noting { try await place.target.command(place.command, client) }
            running = Set(command.executions.lazy.filter(\.isRunning).map(\.id))
        } catch let error as SandboxAPIError {
            // What can be said of each, it says itself.
            running = error.isRefusal ? [] : nil
        } catch {
            return
        }
        reads -= 1
        for (id, waiter) in waiters.filter({ $0.value.read == .list && $0.value.place == place }) {
            if let running, !running.contains(waiter.executionID) {
                waiters[id]?.read = .none
                waiters[id]?.isUnlisted = true
                waiters[id]?.nextLook = clock.now
                wake(for: id)
            } else {
                goOn(id, isSeen: running != nil)
            }
        }
    }

    /// Tells a lab in trouble from one that answers, be it with a refusal.
    private func noting<Value: Sendable>(_ read: () async throws -> Value) async throws -> Value {
        do {
            let value = try await read()
            outage.succeeded(at: clock.now, logger)
            return value
        } catch let error as SandboxAPIError {
            if !error.isRefusal { outage.failed(error, at: clock.now, logger) }
            throw error
        }
    }

    // MARK: Waiters

    /// Goes on with a wait after a look, unless it gives way.
    private func goOn(_ id: Int, isSeen: Bool) {
        guard var waiter = waiters[id] else { return }
        let now = clock.now
        if isSeen { waiter.wasSeen = true }
        if waiter.givesWay() { return end(id, nil) }
        waiter.read = .none
        waiter.pause = pause(since: waiter.start, now: now).timeInterval
        waiter.nextLook = now.addingTimeInterval(waiter.pause)
        waiters[id] = waiter
        wake(for: id)
    }

    private func end(_ id: Int, _ result: WaitResult?) {
        forget(id)?.tell(result)
    }

    @discardableResult
    private func forget(_ id: Int) -> Waiter? {
        guard let waiter = waiters.removeValue(forKey: id) else { return nil }
        waiting[waiter.place, default: 1] -= 1
        if waiting[waiter.place] == 0 { waiting[waiter.place] = nil }
        return waiter
    }
}

extension ExecutionWatcher.Waiter {
    /// When something is to be done: a look, or the end of the wait.
    ///
    /// Nothing is while a read is under way, which doesn't take long.
    fileprivate var nextEvent: Date { read == .none ? min(nextLook, deadline) : .distantFuture }

    /// By how many of its pauses a look is late.
    fileprivate func delay(_ now: Date) -> Double { now.timeIntervalSince(nextLook) / pause }
}

/// The most belated of many, the first of them first.
private struct MostBelated {
    private let limit: Int
    private var belated: [(id: Int, delay: Double)] = []
    /// How many there are in all.
    private(set) var count = 0

    init(limit: Int) {
        self.limit = limit
    }

    var ids: [Int] { belated.map(\.id) }

    mutating func add(_ id: Int, delay: Double) {
        count += 1
        var place = belated.count
        while place > 0, (belated[place - 1].delay, id) < (delay, belated[place - 1].id) { place -= 1 }
        guard place < limit else { return }
        belated.insert((id, delay), at: place)
        if belated.count > limit { belated.removeLast() }
    }
}

extension SandboxAPIError {
    /// Whether the lab says that an execution can't be read, now or later.
    ///
    /// A refused login, or a session that the lab forgets again and again, says nothing of it.
    var isRefusal: Bool { !isRefusedLogin && !isTransient && [.notFound, .authentication, .forbidden].contains(code) }
}

extension ExecutionSummary {
    fileprivate var isRunning: Bool { !status.isFinal && !status.rawValue.isEmpty }
}
