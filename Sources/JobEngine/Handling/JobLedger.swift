import Foundation
import HTTPTransport

/// What the engine knows of how far one job has come.
package final class JobLedger: Sendable {
    private struct State {
        var requeues: RequeueSchedule
        /// Whether the next wait shows the job's progress.
        var hasTurn = false
        /// Until when the budget for shows is used up, as far as is known.
        var noShowBefore = Date.distantPast
        var checkpoint: Data?
        var said = JobProgress("In progress")
        /// What the job waits for at present, if a service that it needs is in trouble.
        var trouble: String?
        /// What the job is put back with in the middle of a step.
        var requeueToken: String?

        /// How far the job has come, and what it waits for.
        var progress: JobProgress {
            var progress = said
            if let trouble { progress.summary += "; \(trouble)" }
            return progress
        }
    }

    private static let pauseWithoutBudget: TimeInterval = 60

    private let jobID: String
    private let actionExecutionID: String
    private let claimedAt: Date
    private let isContested: Bool
    private let surroundings: Surroundings
    private let heldSince: Date
    /// What is masked in all that is told of the job.
    let secrets = JobSecrets()
    private let state: Locked<State>

    /// What the ledgers of all jobs have in common.
    final class Surroundings: Sendable {
        let journal: RetryingJournal
        let waitsInQueue: Bool
        let showing: Showing?
        /// Is told how far a job has come, by its id, with secrets masked.
        let tell: @Sendable (JobProgress, String) -> Void
        /// Is told by a job's id that the work of its beginning is done.
        let hasBegun: @Sendable (String) -> Void
        /// Whether no job is put into the queue, from where a paused worker wouldn't take it.
        let isPaused: @Sendable () -> Bool
        let redact: @Sendable (String) -> String
        let clock: any WorkerClock

        /// `waitsInQueue` says whether jobs wait in CodePipeline's queue rather than in this worker.
        init(
            journal: RetryingJournal,
            waitsInQueue: Bool = false,
            showing: Showing? = nil,
            tell: @escaping @Sendable (JobProgress, String) -> Void = { _, _ in },
            hasBegun: @escaping @Sendable (String) -> Void = { _ in },
            isPaused: @escaping @Sendable () -> Bool = { false },
            redact: @escaping @Sendable (String) -> String = { $0 },
            clock: any WorkerClock
        ) {
            self.journal = journal
            self.waitsInQueue = waitsInQueue
            self.showing = showing
            self.tell = tell
            self.hasBegun = hasBegun
            self.isPaused = isPaused
            self.redact = redact
            self.clock = clock
        }
    }

    /// How the job's progress is shown.
    struct Showing: Sendable {
        let interval: Duration
        let budget: RequeueBudget
    }

    // Of the job it keeps what it needs, since there may be ten thousand.
    init(
        _ job: JobInfo,
        checkpoint: Data?,
        shows: RequeueSchedule = RequeueSchedule(),
        _ surroundings: Surroundings
    ) {
        jobID = job.id
        actionExecutionID = job.actionExecutionID
        claimedAt = job.claimedAt
        isContested = job.isContested
        state = Locked(State(requeues: shows, checkpoint: checkpoint))
        self.surroundings = surroundings
        heldSince = surroundings.clock.now
    }

    /// The handler's last checkpoint, encoded.
    var checkpoint: Data? { state.withLock { $0.checkpoint } }

    func save(_ value: some Encodable & Sendable) async throws {
        let data = try JSONEncoder.compact.encode(value)
        // True from now on, whether the disk takes it or not: a hand-over needs no disk.
        state.withLock { $0.checkpoint = data }
        let id = jobID
        try await surroundings.journal.write { try await $0.saveCheckpoint(data, of: id) }
    }

    func noteBegun() { surroundings.hasBegun(jobID) }

    func note(_ progress: JobProgress) async {
        var said = progress
        said.summary = secrets.redact(progress.summary)
        let isNew = state.withLock { state in
            guard state.said != said || state.trouble != nil else { return false }
            (state.said, state.trouble) = (said, nil)
            return true
        }
        if isNew { await tell() }
    }

    /// Shows what the job waits for beside its progress; `nil` once that is over.
    func note(trouble: String?) async {
        let trouble = trouble.map(secrets.redact)
        let isNew = state.withLock { state in
            guard state.trouble != trouble else { return false }
            state.trouble = trouble
            return true
        }
        if isNew { await tell() }
    }

    /// How far the job has come, and what it waits for.
    var progress: JobProgress { state.withLock { $0.progress } }

    private func tell() async {
        let progress = progress
        var shown = progress
        shown.summary = surroundings.redact(progress.summary)
        surroundings.tell(shown, jobID)
        await surroundings.journal.note(shown, of: jobID)
    }

    // MARK: Waits

    /// Whether the next wait shows the job's progress.
    var isProgressDue: Bool { state.withLock { $0.hasTurn } }

    /// Says whether the next wait shows the job's progress, whether or not it is due.
    func setTurn(_ hasTurn: Bool) { state.withLock { $0.hasTurn = hasTurn } }

    /// Whether a wait that would go on ends here, since its job is to be put into the queue.
    ///
    /// `isInHaste` says whether the queue would be too slow for it.
    func givesWay(inHaste isInHaste: Bool = false) -> Bool {
        surroundings.waitsInQueue ? !isInHaste && !surroundings.isPaused() : takesTurn()
    }

    /// Whether the next wait shows the job's progress: it is due, and within what may be shown of all jobs.
    func takesTurn() -> Bool {
        let now = surroundings.clock.now
        return state.withLock { takeTurn(&$0, now) }
    }

    /// What puts the job into the queue for the time of a wait, or to show its progress; `nil` if it has to wait here.
    func requeueToken(for pause: Duration) -> String? {
        guard !surroundings.isPaused() else { return nil }
        let now = surroundings.clock.now
        let requeued = state.withLock { state -> State? in
            let isShown = takeTurn(&state, now)
            state.hasTurn = false
            guard surroundings.waitsInQueue || isShown else { return nil }
            if isShown { state.requeues = state.requeues.shown(at: now) }
            return state
        }
        return requeued.flatMap { token($0, notBefore: now.addingTimeInterval(pause.timeInterval)) }
    }

    /// Pauses, or ends the handler's run to put the job into the queue for that time.
    ///
    /// - Throws: ``Requeue``; `CancellationError` when the task is cancelled.
    func pause(for duration: Duration) async throws {
        try Task.checkCancellation()
        if let token = requeueToken(for: duration) {
            state.withLock { $0.requeueToken = token }
            throw Requeue()
        }
        try await surroundings.clock.sleep(for: duration)
    }

    /// What the job is put back with, if its handler has ended for that.
    func takeRequeueToken() -> String? {
        state.withLock { state in
            defer { state.requeueToken = nil }
            return state.requeueToken
        }
    }

    private func takeTurn(_ state: inout State, _ now: Date) -> Bool {
        guard !state.hasTurn, let showing = surroundings.showing, state.progress.externalExecutionID != nil,
            now >= max(state.requeues.next(heldSince: heldSince, interval: showing.interval), state.noShowBefore),
            !surroundings.isPaused()
        else { return state.hasTurn }
        state.hasTurn = surroundings.waitsInQueue || showing.budget.take(now: now)
        if !state.hasTurn { state.noShowBefore = now.addingTimeInterval(Self.pauseWithoutBudget) }
        return state.hasTurn
    }

    /// What another worker needs to go on with the job; `nil` if that is too long for CodePipeline.
    func token() -> String? { token(state.withLock { $0 }) }

    private func token(_ state: State, notBefore: Date? = nil) -> String? {
        ContinuationToken(
            actionExecutionID: actionExecutionID,
            claimedAt: claimedAt,
            notBefore: notBefore,
            shows: state.requeues,
            // A handler that has a checkpoint has looked.
            isContested: isContested && state.checkpoint == nil,
            checkpoint: state.checkpoint
        ).encoded()
    }
}
