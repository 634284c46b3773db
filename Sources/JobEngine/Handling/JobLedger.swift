import Foundation

/// What the engine knows of how far one job has come.
package actor JobLedger {
    private static let pauseWithoutBudget: TimeInterval = 60

    private let jobID: String
    private let actionExecutionID: String
    private let claimedAt: Date
    private let isContested: Bool
    private let surroundings: Surroundings
    private let heldSince: Date
    /// What is masked in all that is told of the job.
    nonisolated let secrets = JobSecrets()
    private var shows: RequeueSchedule
    /// Whether the next wait shows the job's progress.
    private var hasTurn = false
    /// Until when the budget for shows is used up, as far as is known.
    private var noShowBefore = Date.distantPast
    private(set) var checkpoint: Data?
    private var said = JobProgress("In progress")
    /// What the job waits for at present, if a service that it needs is in trouble.
    private var trouble: String?
    /// What the job is put back with, once it has begun to wait.
    private(set) var waitingToken: String?
    /// What the job stands by for, once its handler has said so.
    private var standby: Standby?
    /// What the wait that is just over has brought, until the handler has it.
    private var brought: (any Sendable)?

    /// What the ledgers of all jobs have in common.
    final class Surroundings: Sendable {
        let journal: RetryingJournal
        let waitsInQueue: Bool
        let canStandBy: Bool
        let showing: Showing?
        let monitor: WorkerMonitor?
        let redact: @Sendable (String) -> String
        let clock: any WorkerClock

        /// - Parameters:
        ///   - waitsInQueue: Whether jobs wait in CodePipeline's queue rather than in this worker.
        ///   - canStandBy: Whether the worker keeps jobs that wait without a task.
        init(
            journal: RetryingJournal,
            waitsInQueue: Bool = false,
            canStandBy: Bool = false,
            showing: Showing? = nil,
            monitor: WorkerMonitor? = nil,
            redact: @escaping @Sendable (String) -> String = { $0 },
            clock: any WorkerClock
        ) {
            self.journal = journal
            self.waitsInQueue = waitsInQueue
            self.canStandBy = canStandBy
            self.showing = showing
            self.monitor = monitor
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
        self.checkpoint = checkpoint
        self.shows = shows
        self.surroundings = surroundings
        heldSince = surroundings.clock.now
    }

    /// Whether the job waits in CodePipeline's queue rather than in this worker.
    nonisolated var waitsInQueue: Bool { surroundings.waitsInQueue }

    func save(_ value: some Encodable & Sendable) async throws {
        let data = try JSONEncoder.compact.encode(value)
        // True from now on, whether the disk takes it or not: a hand-over needs no disk.
        checkpoint = data
        let id = jobID
        try await surroundings.journal.write { try await $0.saveCheckpoint(data, of: id) }
    }

    func note(_ progress: JobProgress) async {
        // On the way to a wait that is over, a handler says what it has said before.
        guard brought == nil else { return }
        said = progress
        said.summary = secrets.redact(progress.summary)
        trouble = nil
        await tell()
    }

    /// Shows what the job waits for beside its progress; `nil` once that is over.
    func note(trouble: String?) async {
        let trouble = trouble.map(secrets.redact)
        guard brought == nil, trouble != self.trouble else { return }
        self.trouble = trouble
        await tell()
    }

    /// How far the job has come, and what it waits for.
    var progress: JobProgress {
        var progress = said
        if let trouble { progress.summary += "; \(trouble)" }
        return progress
    }

    private func tell() async {
        let progress = progress
        surroundings.monitor?.jobProgresses(actionExecutionID, progress)
        var shown = progress
        shown.summary = surroundings.redact(progress.summary)
        await surroundings.journal.note(shown, of: jobID)
    }

    /// When the job's progress is next to be shown; `nil` where it isn't, or there is nothing to show yet.
    var nextShow: Date? {
        guard let showing = surroundings.showing, progress.externalExecutionID != nil else { return nil }
        return max(shows.next(heldSince: heldSince, interval: showing.interval), noShowBefore)
    }

    /// Whether the next ``beginWaiting(for:)`` will show the job's progress: it is due, and within what may be shown of all
    /// jobs.
    func takeTurnToShow() -> Bool {
        let now = surroundings.clock.now
        guard !hasTurn, let nextShow, now >= nextShow else { return hasTurn }
        hasTurn = waitsInQueue || surroundings.showing?.budget.take(now: now) == true
        if !hasTurn { noShowBefore = now.addingTimeInterval(Self.pauseWithoutBudget) }
        return hasTurn
    }

    /// Puts the job into the queue for the time of a pause, or to show its progress; `false` if it has to wait here.
    func beginWaiting(for duration: Duration) -> Bool {
        let now = surroundings.clock.now
        let isShown = takeTurnToShow()
        hasTurn = false
        guard waitsInQueue || isShown else { return false }
        if isShown { shows = shows.shown(at: now) }
        waitingToken = token(notBefore: now.addingTimeInterval(duration.timeInterval))
        return waitingToken != nil
    }

    /// What the wait that is just over has brought; `nil` if none is.
    func takeBrought<Value: Sendable>(_ type: Value.Type) -> Value? {
        defer { brought = nil }
        return brought as? Value
    }

    /// Notes what the job stands by for; `false` if its task has to wait.
    func beginStandingBy(_ standby: @escaping Standby) -> Bool {
        guard surroundings.canStandBy else { return false }
        self.standby = standby
        return true
    }

    /// What the job stands by for, if its handler has ended for that.
    func takeStandby() -> Standby? {
        defer { standby = nil }
        return standby
    }

    /// Notes what a wait has brought, before the handler runs anew.
    func bring(_ value: any Sendable) {
        brought = value
    }

    /// What another worker needs to go on with the job; `nil` if that is too long for CodePipeline.
    func token(notBefore: Date? = nil) -> String? {
        ContinuationToken(
            actionExecutionID: actionExecutionID,
            claimedAt: claimedAt,
            notBefore: notBefore,
            shows: shows,
            // A handler that has a checkpoint has looked.
            isContested: isContested && checkpoint == nil,
            checkpoint: checkpoint
        ).encoded()
    }
}
