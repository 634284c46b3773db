public import Foundation

/// A journal that lives as long as the process: for tests, and for workers that hand their jobs over when they stop.
public actor InMemoryJobJournal: JobJournal {
    private var records: [String: JobRecord] = [:]

    /// Creates a journal that holds `records`, as if a worker had claimed them before.
    public init(_ records: [JobRecord] = []) {
        for record in records { self.records[record.id] = record }
    }

    /// Notes jobs.
    public func claim(_ records: [JobRecord]) {
        for record in records { self.records[record.id] = record }
    }

    /// Replaces the checkpoint of a job.
    public func saveCheckpoint(_ checkpoint: Data, of jobID: String) {
        records[jobID]?.checkpoint = checkpoint
    }

    /// Notes how a job ended.
    public func saveOutcome(_ outcome: JobOutcome, of jobID: String) {
        records[jobID]?.outcome = outcome
    }

    /// Removes a job.
    public func forget(_ jobID: String) {
        records[jobID] = nil
    }

    /// The jobs that have not been forgotten, oldest first.
    public func unfinished() -> [JobRecord] {
        records.values.sorted { $0.claimedAt < $1.claimedAt }
    }
}
