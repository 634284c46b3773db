import Foundation
import QualiCore

extension Work {
    /// What the journal is told of a job, one at a time, on a disk; each waits for that disk.
    static let journal = [
        journaled("journal-claim") { journal, number in try await journal.claim([record(number)]) },
        journaled("journal-checkpoint") { journal, _ in
            try await journal.saveCheckpoint(Data(repeating: 0x61, count: 200), of: Samples.id(0))
        },
        journaled("journal-outcome") { journal, _ in
            try await journal.saveOutcome(.success(.init(summary: "Sandbox 'Nightly' is ready.")), of: Samples.id(0))
        },
    ]

    private static func journaled(
        _ name: String,
        _ step: @escaping @Sendable (SQLiteJobJournal, Int) async throws -> Void
    ) -> Work {
        Work(name: name, count: 500) { count in
            let folder = FileManager.default.temporaryDirectory.appendingPathComponent("micro-\(UUID().uuidString)")
            defer { try? FileManager.default.removeItem(at: folder) }
            let journal = try SQLiteJobJournal(folder: folder.path)
            try await journal.claim([record(0)])
            return try await ContinuousClock().measure {
                for number in 1...count { try await step(journal, number) }
            }
        }
    }

    private static func record(_ number: Int) -> JobRecord {
        JobRecord(
            id: Samples.id(number),
            actionTypeID: Samples.actionTypeID,
            actionExecutionID: Samples.id(number),
            place: JobPlace(
                pipeline: "integration",
                stage: "Deploy",
                action: "StartSandbox",
                pipelineExecutionID: Samples.id(1)
            ),
            nonce: "3",
            claimedAt: Date(timeIntervalSince1970: 4_000_000_000)
        )
    }
}
