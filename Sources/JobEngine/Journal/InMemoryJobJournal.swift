package import Foundation

/// A journal that lives as long as the process: for tests, and for workers that hand their jobs over when they stop.
package actor InMemoryJobJournal: JobJournal {
    /// Whether its owner keeps it for a later worker.
    package nonisolated let isDurable: Bool

    private var records: [String: JobRecord] = [:]
    private var notes: [String: Data] = [:]

    /// Creates a journal that holds `records`, as if a worker had claimed them before.
    ///
    /// - Parameters:
    ///   - records: The jobs.
    ///   - isDurable: Whether it will be given to another worker of this process later, which then resumes.
    package init(_ records: [JobRecord] = [], isDurable: Bool = false) {
        self.isDurable = isDurable
        for record in records { self.records[record.id] = record }
    }

    /// Notes jobs.
    package func claim(_ records: [JobRecord]) {
        for record in records { self.records[record.id] = record }
    }

    /// Notes that a job is this worker's.
    package func noteAcknowledged(_ jobID: String) {
        records[jobID]?.isAcknowledged = true
    }

    /// Replaces the checkpoint of a job.
    ///
    /// - Throws: ``UnknownJob`` for a job that was never claimed or is forgotten.
    package func saveCheckpoint(_ checkpoint: Data, of jobID: String) throws {
        guard records[jobID] != nil else { throw UnknownJob(id: jobID) }
        records[jobID]?.checkpoint = checkpoint
    }

    /// Notes how a job ended.
    package func saveOutcome(_ outcome: JobOutcome, of jobID: String) {
        records[jobID]?.outcome = outcome
    }

    /// Removes a job.
    package func forget(_ jobID: String) {
        records[jobID] = nil
    }

    // Asynchronous, since the protocol's own, which keep nothing, would be preferred else.

    /// Keeps a note, or removes it.
    package func keep(_ note: Data?, as key: String) async {
        notes[key] = note
    }

    /// The notes that are kept, by their keys.
    package func keptNotes() async -> [String: Data] { notes }

    /// The jobs that have not been forgotten, oldest first.
    package func unfinished() -> [JobRecord] {
        records.values.sorted { $0.claimedAt < $1.claimedAt }
    }
}
