import Foundation
import JobEngine
import TestSupport

/// A journal from memory, whose changes a test awaits.
final class WatchedJournal: JobJournal {
    let isDurable: Bool
    private let base: InMemoryJobJournal
    private let changes = Watched(0)

    init(_ records: [JobRecord] = [], isDurable: Bool = false) {
        self.isDurable = isDurable
        base = InMemoryJobJournal(records, isDurable: isDurable)
    }

    /// Waits until the unfinished jobs are as they are wanted; a cancelled wait ends too.
    func wait(until isWanted: ([JobRecord]) -> Bool) async {
        while !Task.isCancelled {
            let seen = changes.withLock { $0 }
            if isWanted(await base.unfinished()) { return }
            await changes.wait { $0 > seen }
        }
    }

    private func noteChange() { changes.withLock { $0 += 1 } }

    func claim(_ records: [JobRecord]) async {
        await base.claim(records)
        noteChange()
    }

    func noteAcknowledged(_ jobID: String) async {
        await base.noteAcknowledged(jobID)
        noteChange()
    }

    func saveCheckpoint(_ checkpoint: Data, of jobID: String) async throws {
        try await base.saveCheckpoint(checkpoint, of: jobID)
        noteChange()
    }

    func saveOutcome(_ outcome: JobOutcome, of jobID: String) async {
        await base.saveOutcome(outcome, of: jobID)
        noteChange()
    }

    func forget(_ jobID: String) async {
        await base.forget(jobID)
        noteChange()
    }

    func unfinished() async -> [JobRecord] { await base.unfinished() }
}
