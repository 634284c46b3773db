import AWSLite
import Foundation
import GRDB
import HTTPTransport
import Logging
import TestSupport
import Testing

@testable import JobEngine

@Suite("A state folder that was copied, moved or brought back", .timeLimit(.minutes(1)))
struct CopiedFolderTests {
    private let files = FileManager.default

    /// Two paths for folders, of which neither is there yet.
    private func withFolders(_ body: (_ one: String, _ other: String) async throws -> Void) async throws {
        let home = files.temporaryDirectory.appendingPathComponent("copies-\(UUID().uuidString)")
        try files.createDirectory(at: home, withIntermediateDirectories: true)
        defer { try? files.removeItem(at: home) }
        try await body(home.appendingPathComponent("one").path, home.appendingPathComponent("other").path)
    }

    /// Opens the journal of a folder, and closes it again.
    @discardableResult
    private func jobs(
        in folder: String,
        _ body: (SQLiteJobJournal) async throws -> Void = { _ in }
    ) async throws -> [String: Bool] {
        let inDoubt: [String: Bool]
        do {
            let journal = try SQLiteJobJournal(folder: folder)
            try await body(journal)
            inDoubt = Dictionary(uniqueKeysWithValues: try await journal.unfinished().map { ($0.id, $0.isInDoubt) })
        }
        // The journal's last thread may still be about to close it.
        try await OwnThread.run {
            let lock = open("\(folder)/\(StateFolder.lockName)", O_RDONLY | O_CLOEXEC)
            flock(lock, LOCK_SH)
            close(lock)
        }
        return inDoubt
    }

    /// Copies what is in a folder over what another has, as `cp -a` does: files that are there stay the same files.
    private func overwrite(_ folder: String, with backup: String) throws {
        let run = Process()
        run.executableURL = URL(fileURLWithPath: "/bin/cp")
        run.arguments = ["-a", "\(backup)/.", folder]
        try run.spawn()
        run.waitUntilExit()
        try #require(run.terminationStatus == 0)
    }

    @Test func `is the same after each start, and after it was moved`() async throws {
        try await withFolders { one, other in
            try await jobs(in: one) { try await $0.claim([.record("1")]) }
            #expect(try await jobs(in: one) == ["1": false])
            try files.moveItem(atPath: one, toPath: other)
            #expect(try await jobs(in: other) == ["1": false])
            #expect(try await jobs(in: other) == ["1": false])
        }
    }

    @Test func `is known as a copy, for good, but not for what is claimed with it later`() async throws {
        try await withFolders { one, other in
            try await jobs(in: one) { try await $0.claim([.record("1"), .record("2")]) }
            try overwrite(other, with: one)
            #expect(try await jobs(in: other) == ["1": true, "2": true])
            try await jobs(in: other) { try await $0.claim([.record("3"), .record("2")]) }
            #expect(try await jobs(in: other) == ["1": true, "2": false, "3": false])
            #expect(try await jobs(in: one) == ["1": false, "2": false])
        }
    }

    @Test func `is known as a copy that is taken while the worker runs`() async throws {
        try await withFolders { one, other in
            try await jobs(in: one) { journal in
                try await journal.claim([.record("1")])
                try overwrite(other, with: one)
                #expect(try await jobs(in: other) == ["1": true])
            }
        }
    }

    /// How a backup comes back.
    enum Restoration: CaseIterable {
        case intoAnEmptyPlace, overWhatIsThere, theJournalAlone, overTheJournalAlone
    }

    @Test(arguments: Restoration.allCases)
    func `is known when a backup brings it back`(restoration: Restoration) async throws {
        try await withFolders { one, backup in
            try await jobs(in: one) { try await $0.claim([.record("1")]) }
            try overwrite(backup, with: one)
            try await jobs(in: one) { try await $0.forget("1") }
            let name = "journal.sqlite"
            switch restoration {
            case .intoAnEmptyPlace:
                try files.removeItem(atPath: one)
                try overwrite(one, with: backup)
            case .overWhatIsThere: try overwrite(one, with: backup)
            case .theJournalAlone:
                try files.removeItem(atPath: one)
                try files.createDirectory(atPath: one, withIntermediateDirectories: false)
                try files.copyItem(atPath: "\(backup)/\(name)", toPath: "\(one)/\(name)")
            case .overTheJournalAlone:
                for name in [name, "\(name)-wal", "\(name)-shm"] { try? files.removeItem(atPath: "\(one)/\(name)") }
                try files.copyItem(atPath: "\(backup)/\(name)", toPath: "\(one)/\(name)")
            }
            #expect(try await jobs(in: one) == ["1": true])
        }
    }

    @Test func `goes on when a person says that it was moved, once`() async throws {
        try await withFolders { one, other in
            try await jobs(in: one) { try await $0.claim([.record("1")]) }
            try overwrite(other, with: one)
            #expect(try await jobs(in: other) == ["1": true])
            try Data().write(to: URL(fileURLWithPath: "\(other)/moved"))
            #expect(try await jobs(in: other) == ["1": false])
            #expect(!files.fileExists(atPath: "\(other)/moved"))
            try files.removeItem(atPath: one)
            try overwrite(one, with: other)
            try Data().write(to: URL(fileURLWithPath: "\(one)/moved"))
            #expect(try await jobs(in: one) == ["1": false])
        }
    }

    @Test func `of an older version is no copy, unless the folder has been a newer one's since`() async throws {
        try await withFolders { one, _ in
            /// What versions before marks have written.
            func age() async throws {
                let database = try DatabaseQueue(path: "\(one)/journal.sqlite")
                try await database.write { db in
                    try db.execute(
                        sql: """
                            DROP TABLE mark; ALTER TABLE job DROP COLUMN isInDoubt;
                            DELETE FROM grdb_migrations WHERE identifier = '3'
                            """
                    )
                }
                try database.close()
            }
            try await jobs(in: one) { try await $0.claim([.record("1")]) }
            try await age()
            try files.removeItem(atPath: "\(one)/worker.run")
            #expect(try await jobs(in: one) == ["1": false])
            try await age()
            #expect(try await jobs(in: one) == ["1": true])
        }
    }

    @Test func `stays its own when a start is cut off, whatever was done by then`() async throws {
        try await withFolders { one, _ in
            try await jobs(in: one) { try await $0.claim([.record("1")]) }
            let database = try DatabaseQueue(path: "\(one)/journal.sqlite")
            func note(_ mark: FolderMark) async throws {
                try await database.write {
                    try $0.execute(sql: "INSERT INTO mark (text) VALUES (?)", arguments: ["\(mark)"])
                }
            }
            _ = try FolderMark.make(in: one)
            #expect(try await jobs(in: one) == ["1": false])
            try await note(FolderMark.make(in: one))
            #expect(try await jobs(in: one) == ["1": false])
            try await note(FolderMark.make(in: one))
            try FolderMark.take(one)
            #expect(try await jobs(in: one) == ["1": false])
            let marks = try await database.read { try String.fetchAll($0, sql: "SELECT text FROM mark") }
            #expect(marks == [FolderMark(in: one)?.description])
            try database.close()
        }
    }

    // MARK: Under a running worker

    /// What happens to the folder of a running worker.
    enum Loss: CaseIterable {
        case moved, removed, lockRemoved, lockReplaced, journalReplaced
    }

    @Test(arguments: Loss.allCases)
    func `isn't written to in vain: nothing is claimed`(loss: Loss) async throws {
        try await withFolders { one, other in
            let journal = try SQLiteJobJournal(folder: one)
            try await journal.claim([.record("1")])
            #expect(journal.isDurable)
            switch loss {
            case .moved: try files.moveItem(atPath: one, toPath: other)
            case .removed: try files.removeItem(atPath: one)
            case .lockRemoved, .lockReplaced: try files.moveItem(atPath: "\(one)/worker.lock", toPath: other)
            case .journalReplaced: try files.moveItem(atPath: "\(one)/journal.sqlite", toPath: other)
            }
            if loss == .lockReplaced { try Data().write(to: URL(fileURLWithPath: "\(one)/worker.lock")) }
            if loss == .journalReplaced { try Data().write(to: URL(fileURLWithPath: "\(one)/journal.sqlite")) }
            let error = await #expect(throws: JournalError.self) { try await journal.claim([.record("2")]) }
            #expect(error?.code == .vanished)
            #expect(error?.message.contains(one) == true)
            #expect(!journal.isDurable)
            // What is under way goes on, as long as this worker lives.
            try await journal.saveCheckpoint(Data("x".utf8), of: "1")
            #expect(try await journal.unfinished().map(\.id) == ["1"])
            switch loss {
            case .moved: try files.moveItem(atPath: other, toPath: one)
            case .lockRemoved: try files.moveItem(atPath: other, toPath: "\(one)/worker.lock")
            default: return
            }
            try await journal.claim([.record("2")])
            #expect(journal.isDurable)
        }
    }

    @Test func `is looked after, and given up after a minute`() async throws {
        try await withFolders { one, _ in
            let clock = ManualClock()
            let journal = try SQLiteJobJournal(folder: one, clock: clock)
            let told = Watched<[Bool]>([])
            let begin = clock.now
            let watching = Task { try await journal.watch { error in told.withLock { $0.append(error == nil) } } }
            await clock.wakeSleeper(of: .seconds(10))
            await told.wait { !$0.isEmpty }
            try files.removeItem(atPath: one)
            let error = await #expect(throws: JournalError.self) {
                try await clock.running { try await watching.value }
            }
            #expect(error?.code == .vanished)
            #expect(told.withLock { $0 } == [true] + Array(repeating: false, count: 7))
            #expect((60...120).contains(clock.now.timeIntervalSince(begin)))
        }
    }

    @Test func `makes the worker hand its jobs over and end, once it is gone for a minute`() async throws {
        try await withFolders { one, _ in
            let (queue, clock, begun, book) = (InMemoryJobQueue(), ManualClock(), Gate(), LogBook())
            await queue.offer(.job("1"))
            let monitor = WorkerMonitor()
            var configuration = JobWorker.Configuration()
            (configuration.pipelinePollInterval, configuration.progressInterval) = (nil, nil)
            let worker = JobWorker(
                queue: queue,
                actions: [
                    JobAction(
                        .start,
                        handler: ClosureHandler { context in
                            try await context.save(7)
                            begun.open()
                            try await Task.sleep(for: .seconds(86_400))
                            return JobResult(summary: "not yet")
                        }
                    )
                ],
                artifactStore: InMemoryArtifactStore(),
                journal: try SQLiteJobJournal(folder: one, clock: clock),
                configuration: configuration,
                monitor: monitor,
                clock: clock,
                logger: book.logger
            )
            let running = Task { try await worker.run() }
            await begun.wait()
            try files.removeItem(atPath: one)
            for _ in 1...7 { await clock.wakeSleeper(of: .seconds(10)) }
            let error = await #expect(throws: JournalError.self) { try await running.value }
            #expect(error?.code == .vanished)
            #expect(await queue.report(of: "1").success?.continuationToken != nil)
            let said = book.lines(from: .warning).map(\.message)
            #expect(
                said.starts(with: [
                    "Finding the journal in its place fails", "The worker stops, since its journal is lost",
                ])
            )
            #expect(monitor.snapshot().journalTrouble?.contains(one) == true)
        }
    }
}
