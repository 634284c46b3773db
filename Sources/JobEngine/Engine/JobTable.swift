import AWSLite
import Foundation
import HTTPTransport

/// Where each job of a worker is: the one place that tells, for all who ask.
///
/// It is keyed by the action's execution, since an action goes on from one job to the next. Jobs take room here, and
/// transitions between their states (``JobState``) are made here; waits for a change end when it is made.
final class JobTable: Sendable {
    /// What a job was offered with again.
    struct Offer: Sendable, Equatable {
        let nonce: String
        /// When the poll was sent that has brought it.
        let asked: Moment
    }

    /// A point in the order of what this worker has sent and heard.
    struct Moment: Sendable, Comparable {
        let number: Int
        let time: Date

        static func < (one: Self, other: Self) -> Bool { one.number < other.number }
    }

    /// One job, for those who have the lock.
    ///
    /// A class, since a copy of all that would cost more than what is asked of it.
    final class Job {
        /// As it was when it came.
        let record: JobRecord
        var state: JobState
        /// Its place in the order in which jobs came.
        let number: Int
        /// When it was offered last, as far as that is this worker's to know.
        var offered: Date
        /// What it was offered with since, the newest last, as far as that wasn't tried.
        var offers: [Offer] = []
        var takesRoom: Bool
        /// Whether it was just taken, and hasn't waited yet.
        var isBeginning = false
        /// What its handler works with, once it has begun.
        var work: ClaimedJob?
        /// Since when it is worth a look whether its pipeline goes on; `nil` where it isn't.
        var watchedSince: Date?
        /// Whether people are told of it.
        var isShown = false
        var progress = JobProgress("In progress")
        /// Since when its progress is that.
        var progressSince: Date
        /// When it was put back.
        var requeuedAt: Date?
        /// What it waits for.
        var wait: Wait?
        /// Whether its handler runs, and not the engine before or after it.
        var isHandled = false
        /// Cancels its handler.
        var cancel: (@Sendable () -> Void)?
        /// Why somebody has cancelled it.
        var cancellation: String?

        init(_ record: JobRecord, _ state: JobState, number: Int, takesRoom: Bool, _ now: Date) {
            self.record = record
            self.state = state
            self.number = number
            self.takesRoom = takesRoom
            offered = record.offeredAt
            progressSince = now
        }

        var id: String { record.id }
        var type: CodePipeline.ActionTypeID { record.actionTypeID }
    }

    /// What a job waits for, and how it goes on.
    ///
    /// A class, as ``ClaimedJob`` is.
    final class Wait: Sendable {
        let value: JobWait<any Sendable>
        /// Tells it from the job's other waits.
        let number: Int
        /// Ends what may still call back, once it is known.
        let giveUp: GiveUp?

        init(_ value: JobWait<any Sendable>, number: Int, giveUp: GiveUp? = nil) {
            (self.value, self.number, self.giveUp) = (value, number, giveUp)
        }
    }

    /// One action's execution.
    struct Action {
        /// Its jobs, in the order in which they came; one, but for the moment between two of them.
        var jobs: [Job] = []
        /// What an earlier job has begun, for the next one.
        var begun: Data?
    }

    struct State {
        var actions: [String: Action] = [:]
        /// The jobs by their ids.
        var jobs: [String: Job] = [:]
        /// Jobs that can't be acknowledged, and until when they aren't taken.
        var shunned: [String: Date] = [:]
        /// How soon a job was offered again, at the soonest.
        var soonestReturn = TimeInterval.infinity
        /// How many jobs of a type were claimed.
        var claims: [CodePipeline.ActionTypeID: Int] = [:]
        /// How many acknowledgements of a type's jobs are on their way.
        var asking: [CodePipeline.ActionTypeID: Int] = [:]
        /// Room that is taken, by jobs or for those that a poll may bring.
        var used = 0
        /// How many jobs were just taken.
        var beginning = 0
        var isClosed = false
        var mostBeforeForgetting = Self.leastBeforeForgetting
        var lastMoment = 0
        var lastJob = 0
        var lastWait = 0
        /// Who waits for a change.
        var listeners: [Int: Listener] = [:]
        var lastListener = 0
    }

    /// Who waits until the state is as wanted.
    struct Listener: Sendable {
        let isContent: @Sendable (borrowing State) -> Bool
        let continuation: CheckedContinuation<Void, Never>
    }

    /// How a job goes on that has waited.
    struct Woken: Sendable {
        let job: ClaimedJob
        let wait: Wait
        let reason: Reason

        /// Why it does.
        enum Reason: Sendable {
            /// Its wait is over, and has brought this.
            case event((any Sendable)?)
            /// Its wait would go on, but gives way.
            case givesWay
            /// Nobody wants its result any more.
            case abandoned
            /// The worker stops.
            case stopped
        }
    }

    let capacity: Int
    /// One in ten, and at least one where there is more than one, is kept for actions that free a lab.
    let reserve: Int
    let clock: any WorkerClock
    let state = Locked(State())
    /// Goes on with a job that has waited.
    let wake: @Sendable (Woken) -> Void
    /// Undoes what a job has begun that waits in the queue.
    let undo: @Sendable (JobRecord) -> Void

    /// - Parameters:
    ///   - capacity: How many jobs there is room for.
    ///   - clock: What pauses are measured by.
    ///   - wake: Goes on with a job that has waited.
    ///   - undo: Undoes what a job has begun that waits in the queue, and whose pipeline was stopped.
    init(
        capacity: Int,
        clock: any WorkerClock,
        wake: @escaping @Sendable (Woken) -> Void = { _ in },
        undo: @escaping @Sendable (JobRecord) -> Void = { _ in }
    ) {
        self.capacity = capacity
        reserve = capacity > 1 ? max(1, capacity / 10) : 0
        self.clock = clock
        self.wake = wake
        self.undo = undo
    }

    /// Takes the jobs of an earlier run in hand, even beyond the capacity.
    func resume(_ records: some Sequence<JobRecord>) {
        change { state in
            for record in records {
                state.used += 1
                state.add(record, record.isAcknowledged || record.outcome != nil ? .claimed : .unanswered, clock.now)
                state.jobs[record.id]?.isShown = true
            }
        }
    }

    /// The jobs in hand.
    var ids: Set<String> { state.withLock { Set($0.jobs.values.filter(\.state.isHeld).map(\.id)) } }

    /// The jobs whose handlers run, the oldest first.
    var running: [ClaimedJob] {
        state.withLock { state in
            state.jobs.values.filter(\.isHandled).sorted { $0.number < $1.number }.compactMap(\.work)
        }
    }

    // MARK: Transitions

    /// Makes a job's transition by an event.
    func apply(_ event: JobEvent, to id: String) {
        transition(id, event) { _ in }
    }

    /// Makes a job's transition by an event, and notes more of the job with it.
    ///
    /// `body` is given the job as it is then, unless it is released.
    func transition(_ id: String, _ event: JobEvent, _ body: (Job) -> Void) {
        guard let effects = change({ $0.apply(event, to: id, body) }) else { return }
        effects.cancel?()
        if let wait = effects.wait, let job = effects.work {
            switch event {
            case .abandoned: wake(Woken(job: job, wait: wait, reason: .abandoned))
            case .stops: wake(Woken(job: job, wait: wait, reason: .stopped))
            default: break
            }
        }
        if let undone = effects.undone { undo(undone.record) }
    }

    /// Ends the work of a job that somebody has cancelled, as if nobody wanted its result.
    ///
    /// - Returns: Whether there is such a job, by its id or its action's execution.
    func cancel(_ id: String, because reason: String) -> Bool {
        let ids = state.withLock { state in
            state.jobs.values.filter { job in
                [job.id, job.record.actionExecutionID].contains(id) && [.running, .waiting].contains(job.state)
            }.map { job in
                job.cancellation = job.cancellation ?? reason
                return job.id
            }
        }
        for id in ids { apply(.abandoned, to: id) }
        return !ids.isEmpty
    }

    /// Why somebody has cancelled a job; `nil` where nobody has.
    func cancellation(of id: String) -> String? { state.withLock { $0.jobs[id]?.cancellation } }

    /// How many actions of a type wait in the queue, none of whose jobs is in hand.
    func requeued(of type: CodePipeline.ActionTypeID) -> Int {
        state.withLock { state in
            state.actions.values.count { action in
                action.jobs.first?.type == type && action.jobs.contains { $0.state == .requeued }
                    && !action.jobs.contains { $0.state.isHeld }
            }
        }
    }

    // MARK: Changes

    func change<Value>(_ body: (inout State) -> Value) -> Value {
        let (value, content) = state.withLock { state in (body(&state), state.takeContent()) }
        for continuation in content { continuation.resume() }
        return value
    }

    /// Waits until the state is as wanted, at most for a time, or until the task is cancelled.
    func wait(for time: Duration? = nil, until isWanted: @escaping @Sendable (borrowing State) -> Bool) async {
        guard !state.withLock({ isWanted($0) }) else { return }
        guard let time else { return await listen(until: isWanted) }
        await race({ await self.listen(until: isWanted) }, { [clock] in try? await clock.sleep(for: time) })
    }

    private func listen(until isWanted: @escaping @Sendable (borrowing State) -> Bool) async {
        let number = state.withLock { state in
            state.lastListener += 1
            return state.lastListener
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = state.withLock { state in
                    // It may have come to be so before somebody listened.
                    if isWanted(state) || Task.isCancelled { return true }
                    state.listeners[number] = Listener(isContent: isWanted, continuation: continuation)
                    return false
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.listeners.removeValue(forKey: number) }?.continuation.resume()
        }
    }
}

extension JobTable.State {
    /// What is to be done for a transition, outside the lock.
    struct Effects {
        var cancel: (@Sendable () -> Void)?
        var wait: JobTable.Wait?
        var work: ClaimedJob?
        var undone: ClaimedJob?
    }

    /// Takes those who need wait no more.
    mutating func takeContent() -> [CheckedContinuation<Void, Never>] {
        var content: [CheckedContinuation<Void, Never>] = []
        for (number, listener) in listeners where listener.isContent(self) {
            content.append(listener.continuation)
            listeners[number] = nil
        }
        return content
    }

    /// Takes a job in hand, whose room is counted already.
    @discardableResult
    mutating func add(_ record: JobRecord, _ state: JobState, takesRoom: Bool = true, _ now: Date) -> JobTable.Job {
        lastJob += 1
        if state.isAsking { asking[record.actionTypeID, default: 0] += 1 }
        let job = JobTable.Job(record, state, number: lastJob, takesRoom: takesRoom, now)
        jobs[record.id] = job
        actions[record.actionExecutionID, default: JobTable.Action()].jobs.append(job)
        return job
    }

    /// Makes a transition; `nil` if there is no such job.
    mutating func apply(_ event: JobEvent, to id: String, _ body: (JobTable.Job) -> Void) -> Effects? {
        jobs[id].map { apply(event, to: $0, body) }
    }

    private mutating func apply(
        _ event: JobEvent,
        to job: JobTable.Job,
        _ body: (JobTable.Job) -> Void
    ) -> Effects {
        let old = job.state
        let (next, list) = old.after(event)
        var effects = Effects()
        for effect in list { carryOut(effect, job, &effects) }
        if next.isAsking != old.isAsking { asking[job.type, default: 0] += next.isAsking ? 1 : -1 }
        guard next != .released else {
            remove(job)
            return effects
        }
        job.state = next
        if next != .waiting { job.wait = nil }
        body(job)
        return effects
    }

    private mutating func carryOut(_ effect: JobEffect, _ job: JobTable.Job, _ effects: inout Effects) {
        switch effect {
        case .countsClaim: claims[job.type, default: 0] += 1
        case .cancelsHandler: effects.cancel = job.cancel
        case .endsWait: (effects.wait, effects.work) = (job.wait, job.work)
        case .undoes: effects.undone = job.work
        case .freesRoom:
            guard job.takesRoom else { return }
            job.takesRoom = false
            used -= 1
        }
    }

    /// Notes that a job has begun.
    mutating func endBeginning(_ job: JobTable.Job) {
        guard job.isBeginning else { return }
        beginning -= 1
        job.isBeginning = false
    }

    private mutating func remove(_ job: JobTable.Job) {
        endBeginning(job)
        jobs[job.id] = nil
        guard let action = actions.index(forKey: job.record.actionExecutionID) else { return }
        actions.values[action].jobs.removeAll { $0 === job }
        let rest = actions.values[action]
        if rest.jobs.isEmpty, rest.begun == nil { actions.remove(at: action) }
    }
}
