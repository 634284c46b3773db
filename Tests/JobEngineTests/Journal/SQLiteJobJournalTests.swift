import Foundation
import GRDB
import HTTPTransport
import TestSupport
import Testing

@testable import JobEngine

@Suite("A journal on disk", .timeLimit(.minutes(1)))
struct SQLiteJobJournalTests {
    private func withFolder<Value>(_ body: (String) async throws -> Value) async throws -> Value {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("journal-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        return try await body(folder.path)
    }

    /// Opens the journal, uses it and lets it go.
    private func session<Value: Sendable>(
        _ folder: String,
        clock: any WorkerClock = .system,
        _ body: (SQLiteJobJournal) async throws -> Value
    ) async throws -> Value {
        try await body(SQLiteJobJournal(folder: folder, clock: clock))
    }

    private func refusal(of folder: String) -> JournalError? {
        #expect(throws: JournalError.self) { try SQLiteJobJournal(folder: folder) }
    }

    @Test func `what is written at once is all on disk, in fewer transactions`() async throws {
        try await withFolder { folder in
            let ids = (1...200).map(String.init)
            let journal = try SQLiteJobJournal(folder: folder)
            try await journal.claim(ids.map { .record($0) })
            try await withThrowingTaskGroup(of: Void.self) { group in
                for id in ids {
                    group.addTask { try await journal.saveCheckpoint(Data(id.utf8), of: id) }
                    group.addTask {
                        await #expect(throws: UnknownJob(id: "x\(id)")) {
                            try await journal.saveCheckpoint(Data(), of: "x\(id)")
                        }
                    }
                }
                try await group.waitForAll()
            }
            let jobs = try await journal.unfinished()
            #expect(jobs.count == 200)
            #expect(jobs.allSatisfy { $0.checkpoint == Data($0.id.utf8) })
        }
    }

    @Test func `waits for another who has the file for a moment`() async throws {
        try await withFolder { folder in
            try await session(folder) { try await $0.claim([.record("1")]) }
            // The journal may still be closing.
            var patient = Configuration()
            patient.busyMode = .timeout(30)
            let other = try DatabaseQueue(path: SQLiteJobJournal.file(in: folder), configuration: patient)
            // Locked in the mode in which nobody else may even read.
            try await other.writeWithoutTransaction { db in
                try db.execute(sql: "PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; SELECT * FROM mark; COMMIT")
            }
            async let jobs = session(folder) { try await $0.unfinished() }
            // It passes after any time; after this one it would have failed without the wait.
            try await Task.sleep(for: .milliseconds(200))
            try other.close()
            #expect(try await jobs.map(\.id) == ["1"])
        }
    }

    @Test func `gives back all that it was told, after it was closed`() async throws {
        try await withFolder { folder in
            var record = JobRecord.record("1", isAcknowledged: false, checkpoint: Data([0, 255]))
            record.claimedAt = Date(timeIntervalSince1970: 1_900_000_000.25)
            let other = JobRecord.record("2", isAcknowledged: false)
            let outcome = JobOutcome.failure(type: "JobFailed", message: "é \u{0}", externalExecutionID: nil)
            try await session(folder) { journal in
                try await journal.claim([record, other])
                try await journal.noteAcknowledged("1")
                try await journal.saveOutcome(outcome, of: "2")
            }
            try await session(folder) { journal in
                let jobs = try await journal.unfinished()
                #expect(jobs.map(\.id) == ["2", "1"])
                let job = try #require(jobs.last)
                #expect(job.isAcknowledged)
                #expect(job.checkpoint == record.checkpoint)
                #expect(job.claimedAt == record.claimedAt)
                #expect(job.offeredAt == record.offeredAt)
                #expect(job.place == record.place)
                #expect(job.actionTypeID == record.actionTypeID)
                #expect(job.nonce == record.nonce)
                #expect(job.outcome == nil)
                #expect(jobs.first?.outcome == outcome)
                #expect(jobs.first?.isAcknowledged == false)
                try await journal.saveCheckpoint(Data("later".utf8), of: "1")
            }
            #expect(try await session(folder) { try await $0.unfinished().last?.checkpoint } == Data("later".utf8))
        }
    }

    @Test func `takes the jobs of one poll all or none`() async throws {
        try await withFolder { folder in
            try await session(folder) { journal in
                let database = try DatabaseQueue(path: folder + "/journal.sqlite")
                try await database.write { db in
                    try db.execute(
                        sql: """
                            CREATE TRIGGER full BEFORE INSERT ON job WHEN NEW.id = '2'
                            BEGIN SELECT RAISE(ABORT, 'no room'); END
                            """
                    )
                }
                await #expect(throws: DatabaseError.self) { try await journal.claim([.record("1"), .record("2")]) }
                #expect(try await journal.unfinished().isEmpty)
            }
        }
    }

    @Test func `writes what jobs wait for when it can, and isn't lost though it can't for long`() async throws {
        try await withFolder { folder in
            let clock = ManualClock()
            try await session(folder, clock: clock) { journal in
                try await journal.claim([.record("1")])
                // The journal may be writing.
                var patient = Configuration()
                patient.busyMode = .timeout(30)
                let database = try DatabaseQueue(path: SQLiteJobJournal.file(in: folder), configuration: patient)
                let full = """
                    CREATE TRIGGER full BEFORE UPDATE OF wait ON job BEGIN SELECT RAISE(ABORT, 'no room'); END
                    """
                try await database.write { try $0.execute(sql: full) }
                let told = Watched<[Bool]>([])
                let watching = Task { try await journal.watch { error in told.withLock { $0.append(error == nil) } } }
                // Each of these looks has something new to write.
                for look in 1...8 {
                    await journal.note(JobWaitInfo(reason: "bell \(look)", deadline: clock.now), of: "1")
                    await clock.wakeSleeper(of: .seconds(10))
                    await told.wait { $0.count == look }
                }
                #expect(told.withLock { $0 } == Array(repeating: true, count: 8))
                try await database.write { try $0.execute(sql: "DROP TRIGGER full") }
                for _ in 1...2 { await clock.wakeSleeper(of: .seconds(10)) }
                await told.wait { $0.count == 10 }
                let wait = try await JournalReader(folder: folder).actions().first?.wait
                #expect(wait?.reason == "bell 8")
                watching.cancel()
                await #expect(throws: CancellationError.self) { try await watching.value }
            }
        }
    }

    @Test func `has no checkpoint for a job that it doesn't hold`() async throws {
        try await withFolder { folder in
            try await session(folder) { journal in
                await #expect(throws: UnknownJob(id: "9")) { try await journal.saveCheckpoint(Data(), of: "9") }
                try await journal.claim([.record("1")])
                try await journal.saveOutcome(.success(JobResult(summary: "")), of: "1")
                try await journal.forget("1")
                await #expect(throws: UnknownJob(id: "1")) { try await journal.saveCheckpoint(Data(), of: "1") }
            }
        }
    }

    @Test func `keeps jobs that have ended for thirty days, and those that weren't its own not at all`() async throws {
        try await withFolder { folder in
            let clock = ManualClock()
            let kept = { (journal: SQLiteJobJournal) in
                try await DatabaseQueue(path: folder + "/journal.sqlite").read { db in
                    try String.fetchAll(db, sql: "SELECT id FROM job ORDER BY id")
                }
            }
            try await session(folder, clock: clock) { journal in
                try await journal.claim([.record("1", checkpoint: Data("x".utf8)), .record("2")])
                try await journal.saveOutcome(.success(JobResult(summary: "")), of: "1")
                try await journal.forget("1")
                try await journal.forget("2")
                #expect(try await journal.unfinished().isEmpty)
                #expect(try await kept(journal) == ["1"])
                clock.leap(by: 29 * 86_400)
                try await journal.claim([.record("3")])
                #expect(try await kept(journal) == ["1", "3"])
                clock.leap(by: 2 * 86_400)
                try await journal.claim([.record("4")])
                #expect(try await kept(journal) == ["3", "4"])
            }
        }
    }

    @Test func `keeps only so many jobs that have ended, the latest, and all that have not`() async throws {
        try await withFolder { folder in
            let clock = ManualClock()
            let journal = try SQLiteJobJournal(folder: folder, mostEnded: 3, clock: clock)
            try await journal.claim([.record("held")])
            for number in 1...6 {
                clock.leap(by: 1)
                try await journal.claim([.record("\(number)")])
                try await journal.saveOutcome(.success(JobResult(summary: "done")), of: "\(number)")
                try await journal.forget("\(number)")
            }
            clock.leap(by: 1)
            try await journal.claim([.record("last")])
            let database = try DatabaseQueue(path: "\(folder)/journal.sqlite")
            let ids = try await database.read { try String.fetchAll($0, sql: "SELECT id FROM job ORDER BY rowid") }
            #expect(ids == ["held", "4", "5", "6", "last"])
            let steps = try await database.read { try Int.fetchOne($0, sql: "SELECT count(DISTINCT action) FROM step") }
            #expect(steps == 5)
            try database.close()
        }
    }

    @Test func `takes a job again that it had let go`() async throws {
        try await withFolder { folder in
            try await session(folder) { journal in
                try await journal.claim([.record("1")])
                try await journal.saveOutcome(.success(JobResult(summary: "")), of: "1")
                try await journal.forget("1")
                try await journal.claim([.record("1", isAcknowledged: false)])
                #expect(try await journal.unfinished().map(\.outcome) == [nil])
            }
        }
    }

    @Test func `finishes a write whose task is cancelled`() async throws {
        try await withFolder { folder in
            try await session(folder) { journal in
                let task = Task {
                    withUnsafeCurrentTask { $0?.cancel() }
                    try await journal.claim([.record("1")])
                }
                try await task.value
                #expect(try await journal.unfinished().count == 1)
            }
        }
    }

    @Test func `is one worker's at a time`() async throws {
        try await withFolder { folder in
            try await session(folder) { journal in
                let error = refusal(of: folder)
                #expect(error?.code == .inUse)
                #expect(error?.message.contains("(process \(ProcessInfo.processInfo.processIdentifier))") == true)
                #expect(error?.message.hasSuffix("or give this one a folder of its own.") == true)
                let jobs = try await journal.unfinished()
                #expect(jobs.isEmpty)
            }
            _ = try SQLiteJobJournal(folder: folder)
        }
    }

    @Test func `is for its owner's eyes alone`() async throws {
        try await withFolder { folder in
            try await session(folder) { journal in
                try await journal.claim([.record("1")])
                for name in ["", "/worker.lock", "/journal.sqlite", "/journal.sqlite-wal"] {
                    let attributes = try FileManager.default.attributesOfItem(atPath: folder + name)
                    let mode = try #require(attributes[.posixPermissions] as? Int)
                    #expect(mode & 0o077 == 0, "\(name)")
                }
            }
        }
    }

    @Test(arguments: ["no database at all, but a text of some length", ""])
    func `refuses a damaged file and leaves it as it is`(text: String) async throws {
        try await withFolder { folder in
            let file = folder + "/journal.sqlite"
            try await session(folder) { journal in
                try await journal.claim((1...200).map { .record("\($0)") })
            }
            // The journal's last thread may still be about to close it, which would bring all into this file.
            let database = try DatabaseQueue(path: file)
            try await database.writeWithoutTransaction { try $0.execute(sql: "PRAGMA wal_checkpoint(TRUNCATE)") }
            try database.close()
            var bytes = try Data(contentsOf: URL(fileURLWithPath: file))
            if text.isEmpty {
                try #require(bytes.count >= 12_288)
                // A page of the tree that holds the jobs, past the header and the schema.
                bytes.replaceSubrange(8_192..<12_288, with: Data(repeating: 0xA5, count: 4_096))
            } else {
                bytes = Data(String(repeating: text, count: 100).utf8)
            }
            try bytes.write(to: URL(fileURLWithPath: file))
            let error = refusal(of: folder)
            #expect(error?.code == .damaged)
            #expect(error?.message.contains(file) == true)
            #expect(try Data(contentsOf: URL(fileURLWithPath: file)) == bytes)
        }
    }

    @Test func `refuses what a newer version has written`() async throws {
        try await withFolder { folder in
            try await session(folder) { try await $0.claim([.record("1")]) }
            try await DatabaseQueue(path: folder + "/journal.sqlite").write { db in
                try db.execute(sql: "INSERT INTO grdb_migrations VALUES ('999')")
            }
            #expect(refusal(of: folder)?.code == .newer)
        }
    }

    @Test func `doesn't use a folder that others can write, or a link in it`() async throws {
        try await withFolder { folder in
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            try #require(chmod(folder, 0o707) == 0)
            let error = try #require(refusal(of: folder))
            #expect(error.code == .unusableFolder)
            #expect(error.message.contains("(mode 707): run chmod o-w \(folder)"))
            try #require(chmod(folder, 0o700) == 0)
            try #require(symlink("/dev/null", "\(folder)/\(StateFolder.lockName)") == 0)
            #expect(refusal(of: folder)?.code == .unusableFolder)
        }
    }

    @Test func `says which folder can't be used`() async throws {
        try await withFolder { folder in
            try Data().write(to: URL(fileURLWithPath: folder))
            let error = refusal(of: folder + "/below")
            #expect(error?.code == .unusableFolder)
            #expect(error?.message.contains(folder + "/below") == true)
        }
    }

    @Test func `holds an outcome without the secrets in it`() async throws {
        try await withFolder { folder in
            let queue = InMemoryJobQueue()
            await queue.offer(.job("1"))
            await queue.fail(.success, with: [CancellationError()])
            try await session(folder) { journal in
                try await RunningWorker.run(queue: queue, journal: journal) {
                    $0.redact = { $0.replacing("hunter2", with: "***") }
                } handler: { _ in
                    JobResult(summary: "it was hunter2", outputVariables: ["CommandOutput": "hunter2"])
                } whileRunning: { _ in
                    _ = await queue.report(of: "1")
                }
            }
            for name in try FileManager.default.contentsOfDirectory(atPath: folder) {
                let bytes = try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(name)"))
                #expect(bytes.range(of: Data("hunter2".utf8)) == nil, "\(name)")
            }
        }
    }
}
