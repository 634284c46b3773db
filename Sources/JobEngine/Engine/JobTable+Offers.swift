import AWSLite
import Foundation
import HTTPTransport

/// What jobs are offered with, and in which order an action's jobs follow each other.
///
/// A poll is no claim: a job may be offered again before its acknowledgement has arrived, and the newer nonce may make the
/// older one stale. So what a job is offered with again is kept for who acknowledges it.
extension JobTable {
    /// What an offer is to a worker.
    enum Taking: Sendable, Equatable {
        /// A job that it takes in hand.
        case new
        /// One that it has already or shuns.
        case known
        /// One that it is acknowledging, whose nonce this may have made stale.
        case renewed
    }

    /// No more offers of a job are kept; with so many polls at once, the others may be tried later.
    private static let mostOffers = 8
    /// It is for minutes, and rare.
    private static let mostBegun = 1_000

    /// The next point in the order of events.
    func moment(_ now: Date) -> Moment {
        state.withLock { state in
            state.lastMoment += 1
            return Moment(number: state.lastMoment, time: now)
        }
    }

    /// Takes a job in hand, or notes that it was offered again.
    ///
    /// `asked` is when the poll was sent that has brought it, and `takesRoom` says whether it takes the room that its
    /// poll had.
    func take(_ record: JobRecord, asked: Moment, takesRoom: Bool = true) -> Taking {
        change { state in
            if let until = state.shunned[record.id] {
                guard asked.time >= until else { return .known }
                state.shunned[record.id] = nil
            }
            if state.jobs[record.id]?.state == .requeued { _ = state.apply(.released, to: record.id) { _ in } }
            guard let job = state.jobs[record.id] else {
                forgetRequeued(in: &state)
                let job = state.add(record, .offered, takesRoom: takesRoom, clock.now)
                if takesRoom {
                    state.beginning += 1
                    job.isBeginning = true
                }
                return .new
            }
            state.soonestReturn = min(state.soonestReturn, max(0, asked.time.timeIntervalSince(job.offered)))
            job.offered = asked.time
            job.offers.removeAll { $0.nonce == record.nonce }
            job.offers.append(Offer(nonce: record.nonce, asked: asked))
            job.offers = job.offers.suffix(Self.mostOffers)
            return job.state.isOpen ? .renewed : .known
        }
    }

    /// Takes the newest offer of a job that wasn't tried; each is given out once.
    func nextOffer(of id: String) -> Offer? {
        state.withLock { $0.jobs[id]?.offers.popLast() }
    }

    /// Whether a job was offered again and that wasn't tried.
    func isOffered(_ id: String) -> Bool { state.withLock { $0.isOffered(id) } }

    /// Waits until a job is offered again, at most for a time, or until the task is cancelled.
    func waitForOffer(of id: String, within time: Duration) async {
        await wait(for: time) { $0.isOffered(id) }
    }

    /// Notes that another worker was offered a job so soon after this one.
    func noteReturn(of record: JobRecord, _ now: Date) {
        state.withLock { state in
            state.soonestReturn = min(state.soonestReturn, max(0, now.timeIntervalSince(record.offeredAt)))
        }
    }

    /// How soon a job was offered again, at the soonest, in seconds.
    var soonestReturn: TimeInterval { state.withLock { $0.soonestReturn } }

    /// Lets go of a job, unless it was offered again and that wasn't tried.
    ///
    /// - Returns: Whether it is let go.
    func releaseUnlessOffered(_ id: String) -> Bool {
        change { state in
            guard !state.isOffered(id) else { return false }
            _ = state.apply(.released, to: id) { _ in }
            return true
        }
    }

    /// Lets go of a job that can't be acknowledged, and doesn't take it again for a while.
    func shun(_ id: String, until date: Date, now: Date) {
        change { state in
            _ = state.apply(.released, to: id) { _ in }
            state.shunned = state.shunned.filter { $0.value > now }
            state.shunned[id] = date
        }
    }

    // MARK: An action's jobs

    /// Waits until a job is offered again, or another one of its action is, at most for a time.
    func waitForNext(after record: JobRecord, within time: Duration) async {
        await wait(for: time) { $0.isOffered(record.id) || $0.hasSibling(record) }
    }

    /// Whether there is another job of the same action in hand: one of them is over.
    func hasSibling(_ record: JobRecord) -> Bool { state.withLock { $0.hasSibling(record) } }

    /// Whether a job of the same action is in hand that came before.
    func hasPredecessor(_ record: JobRecord) -> Bool { state.withLock { $0.hasPredecessor(record) } }

    /// Waits until no job of the same action is in hand that came before.
    ///
    /// The order is what keeps two of them from waiting for each other.
    func waitForPredecessors(of record: JobRecord) async {
        await wait { !$0.hasPredecessor(record) }
    }

    /// Leaves how far a job has come to the next one of its action.
    func leave(_ checkpoint: Data?, of actionExecutionID: String) {
        state.withLock { state in
            if state.actions.values.count(where: { $0.begun != nil }) >= Self.mostBegun {
                for (id, action) in state.actions where action.begun != nil {
                    state.actions[id]?.begun = nil
                    if action.jobs.isEmpty { state.actions[id] = nil }
                }
            }
            state.actions[actionExecutionID, default: Action()].begun = checkpoint
        }
    }

    /// Takes how far an action's earlier job has come whose result wasn't wanted, or that turned out to be nobody's.
    func takeBegun(by actionExecutionID: String) -> Data? {
        state.withLock { state in
            guard let begun = state.actions[actionExecutionID]?.begun else { return nil }
            state.actions[actionExecutionID]?.begun = nil
            if state.actions[actionExecutionID]?.jobs.isEmpty == true { state.actions[actionExecutionID] = nil }
            return begun
        }
    }

    // MARK: Acknowledgements on their way

    /// Waits until no acknowledgement of a type's jobs is on its way, at most for a time.
    func letAnswer(_ type: CodePipeline.ActionTypeID, within time: Duration) async {
        await wait(for: time) { $0.asking[type, default: 0] == 0 }
    }

    /// How many jobs of a type were claimed so far.
    func claims(of type: CodePipeline.ActionTypeID) -> Int { state.withLock { $0.claims[type, default: 0] } }

    /// Whether none of these jobs is in hand, or is going to be.
    func areLost(_ ids: [String]) -> Bool {
        state.withLock { state in ids.allSatisfy { [nil, .lost].contains(state.jobs[$0]?.state) } }
    }
}

extension JobTable.State {
    fileprivate func isOffered(_ id: String) -> Bool { jobs[id]?.offers.isEmpty == false }

    fileprivate func hasSibling(_ record: JobRecord) -> Bool {
        actions[record.actionExecutionID]?.jobs.contains { $0.id != record.id && $0.state.isHeld } == true
    }

    fileprivate func hasPredecessor(_ record: JobRecord) -> Bool {
        guard let jobs = actions[record.actionExecutionID]?.jobs else { return false }
        guard jobs.contains(where: { $0.id == record.id }) else { return false }
        return jobs.prefix { $0.id != record.id }.contains { $0.state.isHeld }
    }
}
