import AWSLite
import HTTPTransport
import Logging

/// The journal as a run uses it: a write that fails is tried again until it goes through.
///
/// What has to be on disk before the next step is waited for, so a full or read-only disk ends no job. Troubles and
/// their end are logged once for all jobs, and make the worker unready.
struct RetryingJournal: Sendable {
    /// What is wrong: one of a run's, for all who write.
    private struct Troubles {
        /// Writes fail.
        var writing: String?
        /// What is written is written in vain, since the next run won't find it.
        var place: String?
        /// How many try again what has failed.
        var retries = 0
    }

    /// Short, so that all go on as soon as there is room.
    private static let pause: Duration = .milliseconds(900)

    private let journal: any JobJournal
    private let clock: any WorkerClock
    private let tell: @Sendable (_ trouble: String?, _ isFailure: Bool) -> Void
    private let logger: Logger
    private let outage = OutageLog(.journal)
    private let absence = OutageLog(.findingJournal)
    private let troubles = Locked(Troubles())

    /// `tell` is told what is wrong, or `nil`, whenever that is known anew, and whether something has just failed.
    init(
        _ journal: any JobJournal,
        clock: any WorkerClock,
        logger: Logger,
        tell: @escaping @Sendable (_ trouble: String?, _ isFailure: Bool) -> Void = { _, _ in }
    ) {
        self.journal = journal
        self.clock = clock
        self.tell = tell
        self.logger = logger
    }

    /// Keeps for people how far a job has come.
    func note(_ progress: JobProgress, of jobID: String) async {
        await journal.note(progress, of: jobID)
    }

    /// Keeps for people what a job waits for.
    func note(_ wait: JobWaitInfo?, of jobID: String) async {
        await journal.note(wait, of: jobID)
    }

    /// Writes.
    ///
    /// - Throws: `CancellationError` when the task is cancelled before the write went through; ``UnknownJob``.
    func write(_ body: @escaping @Sendable (any JobJournal) async throws -> Void) async throws {
        let journal = journal
        try await patiently(while: { !($0 is UnknownJob) }) { try await shielded { try await body(journal) } }
    }

    /// The jobs that an earlier run has left; a disk that is full or read-only is waited for.
    ///
    /// - Throws: `CancellationError` when the task is cancelled before; what is wrong, where waiting is of no use.
    func unfinished() async throws -> [JobRecord] {
        let found = Locked<[JobRecord]>([])
        try await patiently(while: { ($0 as? JournalError)?.isPassing == true }) { [journal] in
            // A worker that is stopped at once reports what it finds all the same.
            let records = try await shielded { try await journal.unfinished() }
            found.withLock { $0 = records }
        }
        return found.withLock { $0 }
    }

    /// Notes jobs that were offered; `false` if it can't, and then ``ready()`` waits until it can.
    func claim(_ records: [JobRecord]) async throws -> Bool {
        do {
            try await journal.claim(records)
            succeeded(claiming: true)
            return true
        } catch let error as CancellationError {
            throw error
        } catch {
            failed(error)
            return false
        }
    }

    /// Waits until what is claimed next could be noted, which only a write that goes through tells.
    ///
    /// - Throws: `CancellationError` when the task is cancelled before.
    func ready() async throws {
        while troubles.withLock({ $0.writing ?? $0.place }) != nil {
            try await clock.sleep(for: Self.pause)
            // Who tries again will tell; else this does.
            let mustTry = troubles.withLock { $0.place != nil || $0.writing != nil && $0.retries == 0 }
            if mustTry { _ = try await claim([]) }
        }
    }

    /// Watches, until the task is cancelled, whether the next run will find the journal.
    ///
    /// - Throws: What is wrong, once that has lasted for a minute.
    func watch() async throws {
        try await journal.watch { error in
            if let error { failed(error) } else { found() }
        }
    }

    private func patiently(
        while isWorthIt: (any Error) -> Bool,
        _ body: @escaping @Sendable () async throws -> Void
    ) async throws {
        var isRetrying = false
        defer { if isRetrying { troubles.withLock { $0.retries -= 1 } } }
        while true {
            do {
                try await body()
                return succeeded(claiming: false)
            } catch let error as CancellationError {
                throw error
            } catch {
                guard isWorthIt(error) else { throw error }
                failed(error, newRetries: isRetrying ? 0 : 1)
                isRetrying = true
            }
            try await clock.sleep(for: Self.pause)
        }
    }

    /// Notes a failure and who will try again, both at once, so that nobody else tries in between.
    private func failed(_ error: any Error, newRetries: Int = 0) {
        let isAway = (error as? JournalError)?.code == .vanished
        troubles.withLock { troubles in
            troubles.retries += newRetries
            if isAway { troubles.place = "\(error)" } else { troubles.writing = "\(error)" }
        }
        (isAway ? absence : outage).failed(error, at: clock.now, logger)
        tellTrouble(isFailure: true)
    }

    private func succeeded(claiming: Bool) {
        troubles.withLock { $0.writing = nil }
        outage.succeeded(at: clock.now, logger)
        if claiming { found() } else { tellTrouble() }
    }

    private func found() {
        troubles.withLock { $0.place = nil }
        absence.succeeded(at: clock.now, logger)
        tellTrouble()
    }

    private func tellTrouble(isFailure: Bool = false) {
        tell(troubles.withLock { $0.place ?? $0.writing }, isFailure)
    }
}
