import Logging

/// The journal as running jobs write to it: a write that fails is tried again until it goes through.
///
/// What has to be on disk before the next step is waited for, so a full or read-only disk ends no job. Troubles and
/// their end are logged once for all jobs.
struct PatientJournal: Sendable {
    private let journal: any JobJournal
    private let clock: any WorkerClock
    private let logger: Logger
    private let outage = OutageLog(.journal)

    init(_ journal: any JobJournal, clock: any WorkerClock, logger: Logger) {
        self.journal = journal
        self.clock = clock
        self.logger = logger
    }

    /// Keeps for people how far a job has come.
    func note(_ progress: JobProgress, of jobID: String) async {
        await journal.note(progress, of: jobID)
    }

    /// Writes.
    ///
    /// - Throws: `CancellationError` when the task is cancelled before the write went through; ``UnknownJob``.
    func write(_ body: @escaping @Sendable (any JobJournal) async throws -> Void) async throws {
        var backoff = Backoff(first: .seconds(1), longest: .seconds(30))
        while true {
            do {
                let journal = journal
                try await shielded { try await body(journal) }
                return outage.succeeded(at: clock.now, logger)
            } catch let error as UnknownJob {
                throw error
            } catch let error as CancellationError {
                throw error
            } catch {
                outage.failed(error, at: clock.now, logger)
            }
            try await clock.sleep(for: backoff.pause())
        }
    }
}
