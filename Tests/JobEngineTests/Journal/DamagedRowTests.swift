import AWSLite
import Foundation
import GRDB
import Logging
import TestSupport
import Testing

@testable import JobEngine

@Suite("A row of the journal that can't be read", .timeLimit(.minutes(1)))
struct DamagedRowTests {
    /// Damages that a row's record may have.
    private static let records = [
        "", "null", "[]", "{", "{}", #"{"id":"2"}"#, #"{"id":7}"#, "\u{0}\u{1}\u{2}",
        "json_set(record, '$.claimedAt', 1e300)", "json_set(record, '$.offeredAt', -1e18)",
        "json_set(record, '$.claimedAt', 'noon')", "json_remove(record, '$.place')",
        "json_set(record, '$.place', null)", "json_set(record, '$.shows', json('{\"count\":99999999999999}'))",
        "json_set(record, '$.id', '3')", "json_set(record, '$.actionTypeID', 'odd')",
    ]

    private static let outcomes = ["", "null", "{}", #"{"exploded":{}}"#, "{\"success\":"]

    private func withJournal(
        _ damage: @escaping @Sendable (Database) throws -> Void,
        _ body: (SQLiteJobJournal, String) async throws -> Void
    ) async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("rows-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let journal = try SQLiteJobJournal(folder: folder.path)
        try await journal.claim(["1", "2", "3"].map { .record($0, checkpoint: Data($0.utf8)) })
        for id in ["1", "2", "3"] { try await journal.noteAcknowledged(id) }
        let database = try DatabaseQueue(path: "\(folder.path)/journal.sqlite")
        try await database.write(damage)
        try database.close()
        try await body(journal, folder.path)
    }

    private static func set(_ column: String, _ value: String) -> @Sendable (Database) throws -> Void {
        { db in
            if value.hasPrefix("json_") {
                try db.execute(sql: "UPDATE job SET \(column) = \(value) WHERE id = '2'")
            } else {
                try db.execute(sql: "UPDATE job SET \(column) = ? WHERE id = '2'", arguments: [value])
            }
        }
    }

    /// Runs a worker over such a journal: the others succeed, and what is reported of this one is given back.
    private func run(_ journal: SQLiteJobJournal, _ book: LogBook) async throws -> InMemoryJobQueue.Call {
        let queue = InMemoryJobQueue()
        for id in ["1", "2", "3"] { await queue.hold(.job(id)) }
        try await RunningWorker.run(queue: queue, journal: journal, logger: book.logger) { context in
            if context.job.id == "2" { Issue.record("it isn't known what was done") }
            return JobResult(summary: "done")
        } whileRunning: { worker in
            for id in ["1", "3"] { #expect(await queue.report(of: id).success != nil) }
            _ = await queue.report(of: "2")
        }
        #expect(try await journal.unfinished().isEmpty)
        return await queue.report(of: "2")
    }

    @Test(arguments: records.map { ("record", $0) } + outcomes.map { ("outcome", $0) })
    func `is told and fails its job, and all others go on`(column: String, value: String) async throws {
        try await withJournal(Self.set(column, value)) { journal, folder in
            let book = LogBook()
            let failure = try await run(journal, book).failure
            #expect(failure?.type == .systemUnavailable)
            #expect(failure?.message.contains("can't read what it has noted of this job (its \(column)") == true)
            let said = book.lines(from: .error).filter { $0.message == "A job in the journal can't be read" }
            #expect(said.map { $0.metadata["job"] } == ["2"])
            let listed = try await JournalReader(folder: folder).actions()
            #expect(Set(listed.map(\.record.id)).isSuperset(of: ["1", "3"]))
        }
    }

    @Test func `is acknowledged first, and left to whoever has it, if it wasn't acknowledged`() async throws {
        let damage: @Sendable (Database) throws -> Void = { db in
            try db.execute(
                sql: "UPDATE job SET isAcknowledged = 0, record = json_remove(record, '$.place') WHERE id = '2'"
            )
        }
        try await withJournal(damage) { journal, _ in
            let queue = InMemoryJobQueue()
            for id in ["1", "3"] { await queue.hold(.job(id)) }
            await queue.fail(.acknowledge, with: [AWSError(.jobNotFound, "another's")])
            try await RunningWorker.run(queue: queue, journal: journal) { _ in
                JobResult(summary: "done")
            } whileRunning: { _ in
                for id in ["1", "3"] { #expect(await queue.report(of: id).success != nil) }
                _ = await queue.call { $0 == .acknowledge(id: "2", nonce: "3") }
            }
            #expect(await !queue.calls.contains { if case .failure = $0 { true } else { false } })
            #expect(try await journal.unfinished().isEmpty)
        }
    }

    @Test func `keeps no older journal from being brought up to date`() async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("rows-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let database = try DatabaseQueue(path: folder.appendingPathComponent("journal.sqlite").path)
        try JournalSchema.migrator.migrate(database, upTo: "1")
        let good = String(decoding: try JSONEncoder.compact.encode(JobRecord.record("1")), as: UTF8.self)
        try await database.write { db in
            for (id, text) in [("1", good), ("2", "{broken")] {
                try db.execute(
                    sql: "INSERT INTO job (id, record, claimedAt, isAcknowledged) VALUES (?, ?, 1.0, 1)",
                    arguments: [id, text]
                )
            }
        }
        try database.close()
        let jobs = try await SQLiteJobJournal(folder: folder.path).unfinished()
        #expect(jobs.map(\.id) == ["1", "2"])
        #expect(jobs.map { $0.damage == nil } == [true, false])
    }
}
