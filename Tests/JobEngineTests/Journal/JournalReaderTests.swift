import Foundation
import GRDB
import TestSupport
import Testing

@testable import JobEngine

@Suite("A journal that is only read", .timeLimit(.minutes(1)))
struct JournalReaderTests {
    private func withFolder<Value>(_ body: (String) async throws -> Value) async throws -> Value {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("reader-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        return try await body(folder.path)
    }

    private func refusal(of folder: String) -> JournalError? {
        #expect(throws: JournalError.self) { try JournalReader(folder: folder) }
    }

    @Test func `tells each job and its steps while a worker writes`() async throws {
        try await withFolder { folder in
            let clock = ManualClock()
            let begin = clock.now
            let journal = try SQLiteJobJournal(folder: folder, clock: clock)
            let reader = try JournalReader(folder: folder)
            #expect(try await reader.actions().isEmpty)
            var record = JobRecord.record("1", isAcknowledged: false)
            record.claimedAt = begin
            record.offeredAt = begin
            try await journal.claim([record])
            clock.leap(by: 1)
            try await journal.noteAcknowledged("1")
            await journal.note(JobProgress("Setting up", externalExecutionID: "sandbox-1"), of: "1")
            // It rides on the next write.
            var action = try #require(try await reader.actions().first)
            #expect(try await reader.steps(of: action).map(\.words) == ["Claimed", "Acknowledged"])
            clock.leap(by: 1)
            try await journal.saveCheckpoint(Data("x".utf8), of: "1")
            action = try #require(try await reader.actions().first)
            #expect(action.stage == .running && action.endedAt == nil && action.externalExecutionID == "sandbox-1")
            clock.leap(by: 60)
            await journal.note(JobProgress("Ready"), of: "1")
            try await journal.saveOutcome(.success(JobResult(summary: "done")), of: "1")
            try await journal.forget("1")
            action = try #require(try await reader.actions().first)
            #expect(action.ending == .succeeded && action.endedAt == clock.now)
            let steps = try await reader.steps(of: action)
            #expect(steps.map(\.words) == ["Claimed", "Acknowledged", "Setting up", "Ready", "Succeeded"])
            #expect(steps.map { $0.first.timeIntervalSince(begin) } == [0, 1, 1, 62, 62])
            #expect(steps.allSatisfy { $0.count == 1 && $0.first == $0.last })
        }
    }

    @Test func `tells one story of an action that is put back again and again`() async throws {
        try await withFolder { folder in
            let clock = ManualClock()
            let journal = try SQLiteJobJournal(folder: folder, clock: clock)
            let begin = clock.now
            for number in 1...50 {
                clock.leap(by: 10)
                var record = JobRecord.record("job-\(number)", isAcknowledged: true)
                record.actionExecutionID = "run-1"
                record.claimedAt = begin.addingTimeInterval(10)
                record.offeredAt = clock.now
                try await journal.claim([record])
                try await journal.noteAcknowledged(record.id)
                await journal.note(
                    JobProgress("Setting up", externalExecutionID: number == 1 ? "s" : nil),
                    of: record.id
                )
                try await journal.saveOutcome(.continuation(token: "t", progress: .init("Setting up")), of: record.id)
                try await journal.forget(record.id)
            }
            let reader = try JournalReader(folder: folder)
            let actions = try await reader.actions()
            #expect(actions.map(\.record.id) == ["job-50"])
            #expect(actions.first?.stage == .requeued && actions.first?.externalExecutionID == "s")
            // One that turns out to be another worker's leaves all as it was.
            var other = JobRecord.record("other", isAcknowledged: false)
            other.actionExecutionID = "run-1"
            other.offeredAt = clock.now
            try await journal.claim([other, .record("alien")])
            try await journal.forget("other")
            try await journal.forget("alien")
            #expect(try await reader.actions().map(\.record.id) == ["job-50"])
            let steps = try await reader.steps(of: try #require(actions.first))
            #expect(
                Set(steps.map { "\($0.words) \($0.count)" }) == [
                    "Acknowledged 50", "Claimed 1", "Put back into the queue 50", "Setting up 50",
                    "Taken from the queue again 50",
                ]
            )
            #expect(steps.last?.last == begin.addingTimeInterval(500))
            let kept = try await DatabaseQueue(path: folder + "/journal.sqlite").read { db in
                try String.fetchAll(db, sql: "SELECT DISTINCT action FROM step")
            }
            #expect(kept == ["run-1"])
        }
    }

    @Test func `forgets steps with their action`() async throws {
        try await withFolder { folder in
            let clock = ManualClock()
            let journal = try SQLiteJobJournal(folder: folder, clock: clock)
            for id in ["1", "2"] {
                try await journal.claim([.record(id)])
                try await journal.saveOutcome(.abandoned, of: id)
                try await journal.forget(id)
                clock.leap(by: 20 * 86_400)
            }
            try await journal.claim([.record("3")])
            let actions = try await DatabaseQueue(path: folder + "/journal.sqlite").read { db in
                try String.fetchAll(db, sql: "SELECT DISTINCT action FROM step ORDER BY action")
            }
            #expect(actions == ["run-2", "run-3"])
        }
    }

    @Test func `is brought up to date from its first version, with all jobs`() async throws {
        try await withFolder { folder in
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            let database = try DatabaseQueue(path: folder + "/journal.sqlite")
            try JournalSchema.migrator.migrate(database, upTo: "1")
            let record = JobRecord.record("1", checkpoint: nil)
            let text = String(decoding: try JSONEncoder.compact.encode(record), as: UTF8.self)
            let outcome = String(
                decoding: try JSONEncoder.compact.encode(JobOutcome.success(JobResult(summary: "done"))),
                as: UTF8.self
            )
            try await database.write { db in
                let sql =
                    "INSERT INTO job (id, record, claimedAt, checkpoint, outcome, endedAt) VALUES (?, ?, 1, ?, ?, ?)"
                try db.execute(sql: sql, arguments: ["1", text, Data("x".utf8), nil, nil])
                try db.execute(sql: sql, arguments: ["0", text, nil, outcome, Date().timeIntervalSince1970])
            }
            #expect(refusal(of: folder)?.code == .older)
            let journal = try SQLiteJobJournal(folder: folder)
            #expect(try await journal.unfinished().map(\.checkpoint) == [Data("x".utf8)])
            let actions = try await JournalReader(folder: folder).actions()
            #expect(actions.map(\.ending) == [nil, .succeeded])
            #expect(actions.map(\.record.actionExecutionID) == ["run-1", "run-1"])
        }
    }

    @Test func `is refused with a reason where there is none, or it is damaged or newer`() async throws {
        try await withFolder { folder in
            #expect(refusal(of: folder)?.code == .absent)
            #expect(refusal(of: folder)?.message.contains("--quali-state-dir") == true)
            do { _ = try SQLiteJobJournal(folder: folder) }
            let database = try DatabaseQueue(path: folder + "/journal.sqlite")
            try await database.write { try $0.execute(sql: "INSERT INTO grdb_migrations VALUES ('99')") }
            #expect(refusal(of: folder)?.code == .newer)
            try database.close()
            for name in try FileManager.default.contentsOfDirectory(atPath: folder) {
                try FileManager.default.removeItem(atPath: "\(folder)/\(name)")
            }
            try Data(repeating: 7, count: 8_192).write(to: URL(fileURLWithPath: folder + "/journal.sqlite"))
            #expect(refusal(of: folder)?.code == .damaged)
        }
    }

    @Test func `takes a job's steps from a journal whose worker was killed`() async throws {
        try await withFolder { folder in
            let journal = try SQLiteJobJournal(folder: folder)
            try await journal.claim([.record("1")])
            // As after a kill: the file beside the journal holds what the journal doesn't.
            let copy = folder + "-copy"
            try FileManager.default.copyItem(atPath: folder, toPath: copy)
            defer { try? FileManager.default.removeItem(atPath: copy) }
            #expect(FileManager.default.fileExists(atPath: copy + "/journal.sqlite-wal"))
            let reader = try JournalReader(folder: copy)
            #expect(try await reader.actions().map(\.record.id) == ["1"])
        }
    }
}
