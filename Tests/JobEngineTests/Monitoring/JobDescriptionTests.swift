import AWSLite
import Foundation
import GRDB
import TestSupport
import Testing

@testable import JobEngine

@Suite("A job's description", .timeLimit(.minutes(1)))
struct JobDescriptionTests {
    private static let deadline = Date(timeIntervalSince1970: 1_785_500_000)

    /// A job as a worker shows it.
    private func shown(_ record: JobRecord, _ stage: WorkerSnapshot.Stage) -> WorkerSnapshot.Job {
        WorkerSnapshot.Job(
            id: record.id,
            actionExecutionID: record.actionExecutionID,
            action: record.actionTypeID.provider,
            place: record.place,
            claimedAt: record.claimedAt,
            stage: stage,
            progress: JobProgress(""),
            progressSince: record.claimedAt,
            wait: stage == .waiting ? JobWaitInfo(reason: "the setup", deadline: Self.deadline) : nil
        )
    }

    @Test func `is the same from a worker and from its journal, in each state`() async throws {
        try await withTemporaryFolder { folder in
            let journal = try SQLiteJobJournal(folder: folder.path)
            let reader = try JournalReader(folder: folder.path)
            let record = JobRecord.record("1", isAcknowledged: false)
            var told: [String] = []
            func expect(_ shown: JobDescription, _ word: String? = nil) async throws {
                let action = try #require(try await reader.actions().first { $0.record.id == "1" })
                let noted = JobDescription(action)
                #expect(noted.state == word ?? shown.state)
                #expect(noted.place == shown.place && noted.waiting() == shown.waiting())
                told.append(shown.state)
            }
            func end(_ outcome: JobOutcome, _ ending: WorkerSnapshot.Ending) async throws {
                try await journal.saveOutcome(outcome, of: "1")
                try await journal.forget("1")
                let job = shown(record, .completed)
                try await expect(.init(.init(job: job, endedAt: Date(), ending: ending, detail: "")))
                try await journal.claim([record])
            }
            try await journal.claim([record])
            try await expect(.init(shown(record, .offered)))
            try await journal.noteAcknowledged("1")
            // The journal doesn't know when a handler begins.
            try await expect(.init(shown(record, .claimed)), "running")
            try await expect(.init(shown(record, .running)))
            let database = try DatabaseQueue(path: folder.path + "/journal.sqlite")
            try await database.write { db in
                let sql = "UPDATE job SET wait = 'the setup', waitDeadline = ?"
                try db.execute(sql: sql, arguments: [Self.deadline.timeIntervalSince1970])
            }
            try await expect(.init(shown(record, .waiting)))
            try await journal.saveOutcome(.continuation(token: "t", progress: .init("")), of: "1")
            try await expect(.init(shown(record, .completed)))
            try await journal.forget("1")
            try await expect(.init(shown(record, .requeued)))
            try await journal.claim([record])
            try await end(.success(JobResult(summary: "")), .succeeded)
            try await end(.failure(type: "JobFailed", message: "", externalExecutionID: nil), .failed)
            try await end(.abandoned, .abandoned)
            #expect(told == JobDescription.states)
        }
    }

    @Test func `says what a job waits for, and until when`() {
        let job = JobDescription(shown(.record("1"), .waiting))
        #expect(job.waiting() == "waits for the setup, until 2026-07-31 12:13:20 UTC")
        #expect(job.waiting(tellsLimit: false) == "waits for the setup")
        #expect(JobDescription(shown(.record("1"), .running)).waiting() == nil)
    }

    @Test func `names those parts of a place that CodePipeline names`() {
        let whole = JobPlace(pipeline: "P", stage: "S", action: "A", pipelineExecutionID: "e")
        #expect(JobDescription.text(of: whole) == "P/S/A")
        let part = JobPlace(pipeline: "", stage: "S", action: "A", pipelineExecutionID: "")
        #expect(JobDescription.text(of: part) == "S/A")
    }
}
