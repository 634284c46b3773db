import AWSLite
import Foundation
import HTTPTransport

/// The jobs that a worker has in hand, so that one which is offered again isn't done twice.
///
/// A poll is no claim: a job may be offered again before its acknowledgement has arrived, and the newer nonce may make the
/// older one stale. So what a job is offered with again is kept for who acknowledges it.
final class HeldJobs: Sendable {
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

    /// Whose a job in hand is.
    enum Standing: Sendable {
        /// That is being found out.
        case offered
        /// This worker's.
        case claimed
        /// Not this worker's; it is being let go.
        case lost
    }

    /// What an offer is to a worker.
    enum Taking: Sendable, Equatable {
        /// A job that it takes in hand.
        case new
        /// One that it has already or shuns.
        case known
        /// One that it is acknowledging, whose nonce this may have made stale.
        case renewed
    }

    private struct Job {
        let type: CodePipeline.ActionTypeID
        let actionExecutionID: String
        /// Its place in the order in which jobs came.
        let number: Int
        /// When it was offered last, as far as that is this worker's to know.
        var offered: Date
        var standing = Standing.offered
        /// Whether an acknowledgement is about to be sent, or on its way.
        var isAsking = true
        /// What it was offered with since, the newest last, as far as that wasn't tried.
        var offers: [Offer] = []

        init(_ record: JobRecord, number: Int, _ standing: Standing = .offered, isAsking: Bool = true) {
            self.number = number
            type = record.actionTypeID
            actionExecutionID = record.actionExecutionID
            offered = record.offeredAt
            self.standing = standing
            self.isAsking = isAsking
        }
    }

    private struct State {
        private(set) var jobs: [String: Job] = [:]
        /// How many jobs of each action are in hand.
        private(set) var actions: [String: Int] = [:]
        var shunned: [String: Date] = [:]
        /// How soon a job was offered again, at the soonest.
        var soonestReturn = TimeInterval.infinity
        /// What jobs have begun whose actions go on with another job, by their action.
        var begun: [String: Data] = [:]
        /// How many jobs of a type were claimed.
        var claims: [CodePipeline.ActionTypeID: Int] = [:]
        var lastMoment = 0
        private(set) var lastJob = 0
        var listeners: [Int: AsyncStream<Void>.Continuation] = [:]
        var lastListener = 0

        subscript(id: String) -> Job? {
            get { jobs[id] }
            set {
                let old = jobs[id]
                jobs[id] = newValue
                count(old, -1)
                count(newValue, 1)
            }
        }

        /// Takes a job in hand.
        mutating func add(_ record: JobRecord, _ standing: Standing = .offered, isAsking: Bool = true) {
            lastJob += 1
            self[record.id] = Job(record, number: lastJob, standing, isAsking: isAsking)
        }

        private mutating func count(_ job: Job?, _ change: Int) {
            guard let action = job?.actionExecutionID else { return }
            let count = actions[action, default: 0] + change
            actions[action] = count > 0 ? count : nil
        }
    }

    /// No more offers of a job are kept; with so many polls at once, the others may be tried later.
    private static let mostOffers = 8
    /// It is for minutes, and rare.
    private static let mostBegun = 1_000

    private let state: Locked<State>

    /// Begins with the jobs of an earlier run.
    init(_ records: some Sequence<JobRecord>) {
        var state = State()
        for record in records {
            let standing: Standing = record.isAcknowledged ? .claimed : .offered
            state.add(record, standing, isAsking: false)
        }
        self.state = Locked(state)
    }

    /// The next point in the order of events.
    func moment(_ now: Date) -> Moment {
        state.withLock { state in
            state.lastMoment += 1
            return Moment(number: state.lastMoment, time: now)
        }
    }

    /// The jobs in hand.
    var ids: Set<String> { state.withLock { Set($0.jobs.keys) } }

    /// Takes a job in hand, or notes that it was offered again.
    ///
    /// - Parameter asked: When the poll was sent that has brought it.
    func take(_ record: JobRecord, asked: Moment) -> Taking {
        change { state in
            if let until = state.shunned[record.id] {
                guard asked.time >= until else { return .known }
                state.shunned[record.id] = nil
            }
            guard var job = state[record.id] else {
                state.add(record)
                return .new
            }
            state.soonestReturn = min(state.soonestReturn, max(0, asked.time.timeIntervalSince(job.offered)))
            job.offered = asked.time
            job.offers.removeAll { $0.nonce == record.nonce }
            job.offers.append(Offer(nonce: record.nonce, asked: asked))
            job.offers = job.offers.suffix(Self.mostOffers)
            state[record.id] = job
            switch job.standing {
            case .offered, .lost: return .renewed
            case .claimed: return .known
            }
        }
    }

    /// Takes the newest offer of a job that wasn't tried; each is given out once.
    func nextOffer(of id: String) -> Offer? {
        state.withLock { $0[id]?.offers.popLast() }
    }

    /// Whether a job was offered again and that wasn't tried.
    func isOffered(_ id: String) -> Bool {
        state.withLock { $0[id]?.offers.isEmpty == false }
    }

    /// Waits until a job is offered again, at most for a time, or until the task is cancelled.
    func waitForOffer(of id: String, within time: Duration, _ clock: any WorkerClock) async {
        await wait(for: time, clock) { $0[id]?.offers.isEmpty == false }
    }

    /// Notes that a job's acknowledgement is about to be sent.
    func asks(_ id: String) {
        change { $0[id]?.isAsking = true }
    }

    /// Notes that none is on its way, and whose the job is, if that is known by now.
    func answered(_ id: String, _ standing: Standing? = nil) {
        change { state in
            guard var job = state[id] else { return }
            job.isAsking = false
            if let standing { job.standing = standing }
            if case .claimed = standing { state.claims[job.type, default: 0] += 1 }
            state[id] = job
        }
    }

    /// Notes that another worker was offered a job so soon after this one.
    func noteReturn(of record: JobRecord, _ now: Date) {
        state.withLock { state in
            state.soonestReturn = min(state.soonestReturn, max(0, now.timeIntervalSince(record.offeredAt)))
        }
    }

    /// How soon a job was offered again, at the soonest, in seconds.
    var soonestReturn: TimeInterval { state.withLock { $0.soonestReturn } }

    /// Lets go of a job.
    func release(_ id: String) {
        change { $0[id] = nil }
    }

    /// Lets go of a job, unless it was offered again and that wasn't tried.
    ///
    /// - Returns: Whether it is let go.
    func releaseUnlessOffered(_ id: String) -> Bool {
        change { state in
            guard state[id]?.offers.isEmpty != false else { return false }
            state[id] = nil
            return true
        }
    }

    /// Lets go of a job that can't be acknowledged, and doesn't take it again for a while.
    func shun(_ id: String, until date: Date, now: Date) {
        change { state in
            state[id] = nil
            state.shunned = state.shunned.filter { $0.value > now }
            state.shunned[id] = date
        }
    }

    // MARK: What was begun

    /// Waits until a job is offered again, or another one of its action is, at most for a time.
    func waitForNext(after record: JobRecord, within time: Duration, _ clock: any WorkerClock) async {
        await wait(for: time, clock) { state in
            state[record.id]?.offers.isEmpty == false || Self.hasSibling(record, state)
        }
    }

    /// Whether there is another job of the same action in hand: one of them is over.
    func hasSibling(_ record: JobRecord) -> Bool {
        state.withLock { Self.hasSibling(record, $0) }
    }

    /// Whether a job of the same action is in hand that came before.
    func hasPredecessor(_ record: JobRecord) -> Bool {
        state.withLock { Self.hasPredecessor(record, $0) }
    }

    /// Waits until no job of the same action is in hand that came before.
    ///
    /// The order is what keeps two of them from waiting for each other.
    func waitForPredecessors(of record: JobRecord, _ clock: any WorkerClock) async {
        await wait(for: .seconds(86_400), clock) { !Self.hasPredecessor(record, $0) }
    }

    private static func hasPredecessor(_ record: JobRecord, _ state: State) -> Bool {
        guard hasSibling(record, state), let number = state[record.id]?.number else { return false }
        return state.jobs.values.contains {
            $0.actionExecutionID == record.actionExecutionID && $0.number < number
        }
    }

    private static func hasSibling(_ record: JobRecord, _ state: State) -> Bool {
        state.actions[record.actionExecutionID, default: 0] > (state[record.id] == nil ? 0 : 1)
    }

    /// Leaves how far a job has come to the next one of its action.
    func leave(_ checkpoint: Data?, of actionExecutionID: String) {
        state.withLock { state in
            if state.begun.count >= Self.mostBegun { state.begun = [:] }
            state.begun[actionExecutionID] = checkpoint
        }
    }

    /// Takes how far an action's earlier job has come whose result wasn't wanted, or that turned out to be nobody's.
    func takeBegun(by actionExecutionID: String) -> Data? {
        state.withLock { $0.begun.removeValue(forKey: actionExecutionID) }
    }

    // MARK: Acknowledgements on their way

    /// Waits until no acknowledgement of a type's jobs is on its way, at most for a time.
    func letAnswer(_ type: CodePipeline.ActionTypeID, within time: Duration, _ clock: any WorkerClock) async {
        await wait(for: time, clock) { state in
            !state.jobs.values.contains { $0.isAsking && $0.type == type }
        }
    }

    /// How many jobs of a type were claimed so far.
    func claims(of type: CodePipeline.ActionTypeID) -> Int {
        state.withLock { $0.claims[type, default: 0] }
    }

    /// Whether none of these jobs is in hand, or is going to be.
    func areLost(_ ids: [String]) -> Bool {
        state.withLock { state in
            ids.allSatisfy { id in
                switch state[id]?.standing {
                case nil, .lost: true
                default: false
                }
            }
        }
    }

    // MARK: Changes

    private func change<Value>(_ body: (inout State) -> Value) -> Value {
        let (value, listeners) = state.withLock { state in (body(&state), Array(state.listeners.values)) }
        for listener in listeners { listener.yield() }
        return value
    }

    /// Waits until the state is as wanted, at most for a time, or until the task is cancelled.
    private func wait(
        for time: Duration,
        _ clock: any WorkerClock,
        until isWanted: @escaping @Sendable (State) -> Bool
    ) async {
        guard !state.withLock({ isWanted($0) }) else { return }
        let (changes, listener) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        let number = state.withLock { state in
            state.lastListener += 1
            state.listeners[state.lastListener] = listener
            return state.lastListener
        }
        defer { state.withLock { _ = $0.listeners.removeValue(forKey: number) } }
        // It may have come to be so before somebody listened.
        guard !state.withLock({ isWanted($0) }) else { return }
        await race(
            { [state] in for await _ in changes where state.withLock({ isWanted($0) }) { return } },
            { try? await clock.sleep(for: time) }
        )
    }
}
