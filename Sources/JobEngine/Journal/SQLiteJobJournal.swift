package import Foundation
import GRDB
import HTTPTransport

/// A journal on disk, which survives the process, the power and the kernel.
///
/// It is one SQLite file in a folder that one process at a time owns. Each method returns when the disk has what it was
/// told (`synchronous = FULL`); what is written at the same time goes there in one transaction. A write that has begun
/// isn't given up when its task is cancelled.
///
/// Jobs that have ended are kept as history for a while, with their outcome and without their checkpoint.
///
/// The jobs in a copy of a folder, and in one that a backup has brought back, are in doubt, until
/// a person makes a file named `moved` in the folder, which says that no other worker has it.
public final class SQLiteJobJournal: JobJournal {
    /// The file's name.
    static let name = "journal.sqlite"
    /// The file that says that the folder was moved, and is no copy.
    private static let movedName = "moved"
    /// The pause between looks whether the folder is still there, and how many of them make a minute.
    private static let lookPause: Duration = .seconds(10)
    private static let mostLooks = 6

    /// What is open.
    private struct Store: Sendable {
        let folder: StateFolder
        let database: DatabaseQueue
        let commits: GroupCommit
    }

    private let path: String
    private let store = Locked<Store?>(nil)
    /// Where the folder is looked at, and opened when that is to be tried again, since a disk may take long.
    private let desk = DispatchQueue(label: "state folder")
    private let isAway = Locked(false)
    private let retention: TimeInterval
    private let mostEnded: Int
    /// How many jobs were claimed since history was last cut to its length.
    private let claimed = Locked(0)
    private let clock: any WorkerClock
    private let notes = Locked<[String: [Note]]>([:])
    /// What jobs wait for, as far as that isn't written.
    private let waits = Locked<[String: JobWaitInfo?]>([:])

    /// Whether a later run will find what it holds; not while its folder is gone.
    package var isDurable: Bool { !isAway.withLock { $0 } }

    /// Opens the journal of a folder, or begins one there.
    ///
    /// It reads and checks the file before it returns, so call it at the start of a program. A disk that is full or
    /// read-only is no error here: then each method tries to open it, and throws as long as that is so.
    ///
    /// - Parameters:
    ///   - path: The folder; it is made if it doesn't exist.
    ///   - retention: How long jobs are kept after their end.
    ///   - mostEnded: How many of them are kept, give or take one in a hundred; each takes some 4 KB.
    /// - Throws: ``JournalError`` when the folder can't be used, another process has it, or the file is damaged or a
    ///   newer version's. The file is left as it is.
    public convenience init(
        folder path: String,
        retention: Duration = .seconds(30 * 86_400),
        mostEnded: Int = 10_000
    ) throws {
        try self.init(folder: path, retention: retention, mostEnded: mostEnded, clock: .system)
    }

    /// Opens a journal that has a time of its own.
    package init(
        folder path: String,
        retention: Duration = .seconds(30 * 86_400),
        mostEnded: Int = 10_000,
        clock: any WorkerClock
    ) throws {
        self.path = path
        self.retention = retention.timeInterval
        self.mostEnded = max(1, mostEnded)
        self.clock = clock
        do {
            _ = try openStore()
        } catch let error as JournalError where error.isPassing {
        }
    }

    /// Where the journal of a folder is.
    static func file(in folder: String) -> String { "\(folder)/\(name)" }

    // MARK: Opening

    /// What is open, or is opened now.
    private func opened() async throws -> Store {
        if let store = store.withLock({ $0 }) { return store }
        return try await atDesk { try self.openStore() }
    }

    private func atDesk<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            desk.async { continuation.resume(with: Result { try work() }) }
        }
    }

    /// Opens it; blocks, so at the desk or at the start.
    private func openStore() throws -> Store {
        if let store = store.withLock({ $0 }) { return store }
        let folder = try StateFolder(path)
        let file = Self.file(in: path)
        // Beforehand, so that it and the files that SQLite puts beside it are for their owner's eyes alone.
        try folder.touch(file)
        for beside in ["\(file)-wal", "\(file)-shm"]
        where unsafe access(beside, F_OK) == 0 && access(beside, R_OK | W_OK) != 0 {
            throw StateFolder.failure(path, "holds \(beside), which can't be written", errno)
        }
        do {
            let database = try Self.open(file)
            try Self.mark(path, database)
            let opened = Store(folder: folder, database: database, commits: GroupCommit(database))
            store.withLock { $0 = opened }
            return opened
        } catch let error as DatabaseError {
            throw Self.refusal(error, path)
        }
    }

    private static func open(_ file: String) throws -> DatabaseQueue {
        var configuration = Configuration()
        configuration.label = "journal"
        // The last of several to close it has it for itself for a moment.
        configuration.busyMode = .timeout(5)
        configuration.prepareDatabase { db in
            try db.execute(sql: "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL")
            // What a savepoint keeps to be undone would else go through files in /var/tmp.
            try db.execute(sql: "PRAGMA temp_store = MEMORY")
        }
        let database = try DatabaseQueue(path: file, configuration: configuration)
        let migrator = JournalSchema.migrator
        try database.write { db in
            guard try String.fetchAll(db, sql: "PRAGMA quick_check") == ["ok"] else { throw damaged(file) }
            guard try !migrator.hasBeenSuperseded(db) else { throw newer(file) }
        }
        try migrator.migrate(database)
        return database
    }

    /// Makes the folder this run's, and puts the jobs of a copy in doubt.
    ///
    /// A run that dies within leaves two marks in the journal, of which one is the folder's.
    private static func mark(_ path: String, _ database: DatabaseQueue) throws {
        let old = FolderMark(in: path)
        let own = try FolderMark.make(in: path)
        let moved = "\(path)/\(movedName)"
        let wasMoved = unsafe access(moved, F_OK) == 0
        try database.write { db in
            let known = try String.fetchAll(db, sql: "SELECT text FROM mark").compactMap { FolderMark($0) }
            // A journal of an older version has none, and neither has its folder.
            let isCopy = known.isEmpty ? old != nil : !known.contains { $0 == old }
            if isCopy, !wasMoved { try db.execute(sql: "UPDATE job SET isInDoubt = 1 WHERE endedAt IS NULL") }
            if wasMoved { try db.execute(sql: "UPDATE job SET isInDoubt = 0") }
            try db.execute(sql: "INSERT INTO mark (text) VALUES (?)", arguments: ["\(own)"])
        }
        try FolderMark.take(path)
        unsafe unlink(moved)
        try database.write { try $0.execute(sql: "DELETE FROM mark WHERE text != ?", arguments: ["\(own)"]) }
    }

    /// What an error of the database means for the journal.
    private static func refusal(_ error: DatabaseError, _ path: String) -> JournalError {
        let reason = "holds a journal that can't be used: \(error)"
        switch error.resultCode {
        case .SQLITE_CORRUPT, .SQLITE_NOTADB: return damaged(file(in: path))
        // Whose file it is was found out before, so what is read-only is the disk.
        case .SQLITE_FULL, .SQLITE_IOERR, .SQLITE_READONLY, .SQLITE_BUSY, .SQLITE_LOCKED, .SQLITE_NOMEM,
            .SQLITE_CANTOPEN:
            return StateFolder.troubled(path, reason)
        default: return StateFolder.unusable(path, reason)
        }
    }

    /// Writes; when it returns, the disk has it.
    private func write(_ body: @escaping @Sendable (Database) throws -> Void) async throws {
        try await opened().commits.write(body)
    }

    /// Makes sure that the next run would find what is claimed now.
    private func checkPlace(_ folder: StateFolder) throws {
        do {
            try folder.checkPlace()
            isAway.withLock { $0 = false }
        } catch let error as JournalError where error.code == .vanished {
            isAway.withLock { $0 = true }
            throw error
        }
    }

    /// Watches, until the task is cancelled, whether the folder, its lock and its file are still in their place.
    ///
    /// - Throws: ``JournalError`` once that has lasted for a minute; `CancellationError`.
    package func watch(_ tell: @escaping @Sendable ((any Error)?) -> Void) async throws {
        var looks = 0
        while true {
            try await clock.sleep(for: Self.lookPause)
            guard let folder = store.withLock({ $0?.folder }) else { continue }
            do {
                try await atDesk { try self.checkPlace(folder) }
                looks = 0
                tell(nil)
            } catch {
                tell(error)
                looks += 1
                if looks > Self.mostLooks { throw error }
                continue
            }
            await writeWaits()
        }
    }

    static func newer(_ file: String) -> JournalError {
        JournalError(
            .newer,
            """
            The journal '\(file)' was written by a newer version of this program. Run that version, or give this \
            one a folder of its own; the jobs in the journal then wait for the newer one.
            """
        )
    }

    static func damaged(_ file: String) -> JournalError {
        JournalError(
            .damaged,
            """
            The journal '\(file)' is damaged, so it can't be known which jobs this worker holds. Move it away to begin a \
            new one: actions that were under way then stay "In progress" until their time is over or somebody stops their \
            pipeline, and their sandboxes run until their duration ends. A backup of it doesn't help: it tells of jobs \
            that have gone on since.
            """
        )
    }

    /// Notes jobs in one transaction, unless the folder isn't in its place any more, and drops history that is too old or too long.
    ///
    /// - Throws: An error, such as ``JournalError``, when the disk can't take it.
    package func claim(_ records: [JobRecord]) async throws {
        let now = clock.now
        let rows = try records.map { record in
            var record = record
            let checkpoint = record.checkpoint
            (record.checkpoint, record.outcome) = (nil, nil)
            return (record, String(decoding: try JSONEncoder.compact.encode(record), as: UTF8.self), checkpoint)
        }
        // To count history takes long, so not each time.
        let isDue = claimed.withLock { claimed in
            claimed += records.count
            defer { if claimed * 100 >= mostEnded { claimed = 0 } }
            return claimed * 100 >= mostEnded
        }
        let folder = try await opened().folder
        try await write { [self, retention, mostEnded] db in
            try checkPlace(folder)
            // Always something to write, so that the disk is asked.
            try db.run("UPDATE mark SET lastClaim = ?", [now.timeIntervalSince1970])
            try db.run("DELETE FROM job WHERE endedAt < ?", [now.timeIntervalSince1970 - retention])
            if isDue {
                try db.run(
                    """
                    DELETE FROM job WHERE endedAt <= (
                        SELECT endedAt FROM job WHERE endedAt IS NOT NULL ORDER BY endedAt DESC LIMIT 1 OFFSET ?
                    )
                    """,
                    [mostEnded]
                )
            }
            for (record, text, checkpoint) in rows {
                try db.run(
                    """
                    INSERT OR REPLACE INTO job
                        (id, action, record, claimedAt, isAcknowledged, checkpoint, externalExecutionID)
                    VALUES
                        (?1, ?2, ?3, ?4, ?5, ?6, (SELECT max(externalExecutionID) FROM job WHERE action = ?2))
                    """,
                    [
                        record.id, record.actionExecutionID, text, record.claimedAt.timeIntervalSince1970,
                        record.isAcknowledged, checkpoint,
                    ]
                )
                let isContinued = record.offeredAt != record.claimedAt
                try db.addStep(isContinued ? "Taken from the queue again" : "Claimed", of: record.id, at: now)
            }
        }
    }

    /// Notes that a job is this worker's.
    ///
    /// - Throws: An error, such as ``JournalError``, when the disk can't take it.
    package func noteAcknowledged(_ jobID: String) async throws {
        let now = clock.now
        try await write { db in
            try db.run("UPDATE job SET isAcknowledged = 1 WHERE id = ?", [jobID])
            // An action that was put back has one row, however often it is taken again.
            try db.run(
                """
                DELETE FROM job
                WHERE action = (SELECT action FROM job WHERE id = ?1) AND id != ?1 AND endedAt IS NOT NULL
                """,
                [jobID]
            )
            try db.addStep("Acknowledged", of: jobID, at: now)
        }
    }

    /// Keeps for people how far a job has come; it is written with the job's next checkpoint or its outcome.
    package func note(_ progress: JobProgress, of jobID: String) async {
        let now = clock.now
        notes.withLock { $0[jobID, default: []].append(Note(time: now, progress: progress)) }
    }

    /// Keeps for people what a job waits for; waits that last are written together, every few seconds.
    package func note(_ wait: JobWaitInfo?, of jobID: String) async {
        waits.withLock { $0[jobID] = .some(wait) }
    }

    /// Writes what jobs wait for, if that has changed; what can't be written is written next time.
    ///
    /// A full disk is told of by what has to be written, so it is no news here.
    private func writeWaits() async {
        let new = waits.withLock { waits in
            defer { waits = [:] }
            return waits
        }
        guard !new.isEmpty else { return }
        do {
            try await write { db in
                for (id, wait) in new {
                    try db.run(
                        "UPDATE job SET wait = ?, waitDeadline = ? WHERE id = ?",
                        [wait?.reason, wait?.deadline?.timeIntervalSince1970, id]
                    )
                }
            }
        } catch {
            waits.withLock { $0.merge(new) { newer, _ in newer } }
        }
    }

    /// Replaces the checkpoint of a job.
    ///
    /// - Throws: ``UnknownJob`` for a job that was never claimed or has ended.
    package func saveCheckpoint(_ checkpoint: Data, of jobID: String) async throws {
        let notes = takeNotes(of: jobID)
        try await write { db in
            try db.run("UPDATE job SET checkpoint = ? WHERE id = ? AND endedAt IS NULL", [checkpoint, jobID])
            guard db.changesCount == 1 else { throw UnknownJob(id: jobID) }
            try db.add(notes, of: jobID)
        }
    }

    /// Notes how a job ended.
    ///
    /// - Throws: An error, such as ``JournalError``, when the disk can't take it.
    package func saveOutcome(_ outcome: JobOutcome, of jobID: String) async throws {
        let text = String(decoding: try JSONEncoder.compact.encode(outcome), as: UTF8.self)
        let (now, notes) = (clock.now, takeNotes(of: jobID))
        try await write { db in
            try db.run(
                """
                UPDATE job SET outcome = ?, externalExecutionID = coalesce(?, externalExecutionID) WHERE id = ?
                """,
                [text, outcome.externalExecutionID, jobID]
            )
            try db.add(notes, of: jobID)
            try db.addStep(outcome.step, of: jobID, at: now)
        }
    }

    /// Makes a job that has an outcome history, and drops one that has none: it was never this worker's.
    ///
    /// - Throws: An error, such as ``JournalError``, when the disk can't take it.
    package func forget(_ jobID: String) async throws {
        let now = clock.now.timeIntervalSince1970
        notes.withLock { $0[jobID] = nil }
        waits.withLock { $0[jobID] = nil }
        try await write { db in
            try db.run("DELETE FROM job WHERE id = ? AND outcome IS NULL", [jobID])
            try db.run("UPDATE job SET endedAt = ?, checkpoint = NULL, wait = NULL WHERE id = ?", [now, jobID])
        }
    }

    /// The jobs that have not been forgotten, oldest first.
    ///
    /// One whose notes can't be read is among them, and says so.
    ///
    /// - Throws: ``JournalError`` when it can't be read.
    package func unfinished() async throws -> [JobRecord] {
        do {
            return try await opened().database.read { db in
                try Row.fetchAll(db, sql: "SELECT * FROM job WHERE endedAt IS NULL ORDER BY claimedAt, id")
                    .map { JobRecord($0) }
            }
        } catch let error as DatabaseError {
            throw Self.refusal(error, path)
        }
    }

    /// Keeps a note, or removes it.
    package func keep(_ note: Data?, as key: String) async throws {
        try await write { db in
            if let note {
                try db.run("INSERT OR REPLACE INTO kept (key, note) VALUES (?, ?)", [key, note])
            } else {
                try db.run("DELETE FROM kept WHERE key = ?", [key])
            }
        }
    }

    /// The notes that are kept, by their keys.
    package func keptNotes() async throws -> [String: Data] {
        do {
            return try await opened().database.read { db in
                let rows = try Row.fetchAll(db, sql: "SELECT key, note FROM kept")
                return Dictionary(rows.map { ($0["key"] as String, $0["note"] as Data) }) { first, _ in first }
            }
        } catch let error as DatabaseError {
            throw Self.refusal(error, path)
        }
    }

    private func takeNotes(of jobID: String) -> [Note] {
        notes.withLock { $0.removeValue(forKey: jobID) } ?? []
    }
}

/// How far a job had come at a time.
private struct Note: Sendable {
    let time: Date
    let progress: JobProgress
}

extension Database {
    /// Runs a statement that is prepared once.
    fileprivate func run(_ sql: String, _ arguments: StatementArguments) throws {
        try cachedStatement(sql: sql).execute(arguments: arguments)
    }

    /// Adds a step to the story of a job's action, which has an end; the same again is counted.
    fileprivate func addStep(_ words: String, of jobID: String, at time: Date) throws {
        try run(
            """
            INSERT INTO step (action, words, first, last, count) SELECT action, ?1, ?2, ?2, 1 FROM job
            WHERE id = ?3 AND (SELECT count(*) FROM step WHERE step.action = job.action) < 200
            ON CONFLICT DO UPDATE SET last = excluded.last, count = count + 1
            """,
            [words.cut(to: 300), time.timeIntervalSince1970, jobID]
        )
    }

    fileprivate func add(_ notes: [Note], of jobID: String) throws {
        for note in notes {
            try addStep(note.progress.summary, of: jobID, at: note.time)
            guard let id = note.progress.externalExecutionID else { continue }
            try run("UPDATE job SET externalExecutionID = ? WHERE id = ?", [id, jobID])
        }
    }
}

extension JobOutcome {
    /// The outcome as a step of the action.
    fileprivate var step: String {
        switch self {
        case .success: "Succeeded"
        case .failure: "Failed"
        case .continuation: "Put back into the queue"
        case .abandoned: "Abandoned: nobody wants a result any more"
        }
    }
}
