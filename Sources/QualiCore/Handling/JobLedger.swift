import Foundation

/// What the engine knows of how far one job has come.
package actor JobLedger {
    /// Whether the job waits in CodePipeline's queue rather than in this worker.
    nonisolated let waitsInQueue: Bool

    private let job: JobInfo
    private let journal: PatientJournal
    private let monitor: WorkerMonitor?
    private let clock: any WorkerClock
    private(set) var checkpoint: Data?
    private(set) var progress = JobProgress("In progress")
    /// What the job is put back with, once it has begun to wait.
    private(set) var waitingToken: String?

    init(
        _ job: JobInfo,
        checkpoint: Data?,
        journal: PatientJournal,
        waitsInQueue: Bool = false,
        monitor: WorkerMonitor? = nil,
        clock: any WorkerClock
    ) {
        self.job = job
        self.checkpoint = checkpoint
        self.journal = journal
        self.waitsInQueue = waitsInQueue
        self.monitor = monitor
        self.clock = clock
    }

    func save(_ value: some Encodable & Sendable) async throws {
        let data = try JSONEncoder.compact.encode(value)
        // True from now on, whether the disk takes it or not: a hand-over needs no disk.
        checkpoint = data
        let id = job.id
        try await journal.write { try await $0.saveCheckpoint(data, of: id) }
    }

    func note(_ progress: JobProgress) {
        self.progress = progress
        monitor?.jobProgresses(job.actionExecutionID, progress)
    }

    /// Puts the job into the queue for the time of a pause; `false` if it has to wait here.
    func beginWaiting(for duration: Duration) -> Bool {
        guard waitsInQueue else { return false }
        waitingToken = token(notBefore: clock.now.addingTimeInterval(duration.timeInterval))
        return waitingToken != nil
    }

    /// What another worker needs to go on with the job; `nil` if that is too long for CodePipeline.
    func token(notBefore: Date? = nil) -> String? {
        ContinuationToken(
            actionExecutionID: job.actionExecutionID,
            claimedAt: job.claimedAt,
            notBefore: notBefore,
            checkpoint: checkpoint
        ).encoded()
    }
}
