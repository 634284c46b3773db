public import Foundation
import GRDB

/// A journal on disk, which survives the process, the power and the kernel.
///
/// It is one SQLite file in a folder that one process at a time owns. Each method returns when the disk has what it was
/// told (`synchronous = FULL`); what is written at the same time goes there in one transaction. A write that has begun
/// isn't given up when its task is cancelled.
///
/// Jobs that have ended are kept as history for a while, with their outcome and without their checkpoint.
public final class SQLiteJobJournal: JobJournal {
    /// Always `true`.
    public let isDurable = true

    private let folder: StateFolder
    private let database: DatabaseQueue
    private let commits: GroupCommit
    private let retention: TimeInterval
    private let clock: any WorkerClock

    /// Opens the journal of a folder, or begins one there.
    ///
    /// It reads and checks the file before it returns, so call it at the start of a program.
    ///
    /// - Parameters:
    ///   - path: The folder; it is made if it doesn't exist.
    ///   - retention: How long jobs are kept after their end.
    ///   - clock: The time.
    /// - Throws: ``JournalError`` when the folder can't be used, another process has it, or the file is damaged or a
    ///   newer version's. The file is left as it is.
    public init(
        folder path: String,
        retention: Duration = .seconds(30 * 86_400),
        clock: any WorkerClock = .system
    ) throws {
        self.retention = retention.timeInterval
        self.clock = clock
        folder = try StateFolder(path)
        let file = "\(path)/journal.sqlite"
        do {
            database = try Self.open(file)
            commits = GroupCommit(database)
        } catch let error as DatabaseError where [.SQLITE_CORRUPT, .SQLITE_NOTADB].contains(error.resultCode) {
            throw Self.damaged(file)
        } catch let error as DatabaseError {
            throw StateFolder.unusable(path, "holds a journal that can't be used: \(error)")
        }
    }

    private static func open(_ file: String) throws -> DatabaseQueue {
        // Made beforehand, so that it and the files that SQLite puts beside it are for their owner's eyes alone.
        close(Glibc.open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0o600))
        var configuration = Configuration()
        configuration.label = "journal"
        configuration.prepareDatabase { db in
            try db.execute(sql: "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL")
        }
        let database = try DatabaseQueue(path: file, configuration: configuration)
        let migrator = JournalSchema.migrator
        try database.write { db in
            guard try String.fetchAll(db, sql: "PRAGMA quick_check") == ["ok"] else { throw damaged(file) }
            guard try !migrator.hasBeenSuperseded(db) else {
                throw JournalError(
                    .newer,
                    """
                    The journal '\(file)' was written by a newer version of this program. Run that version, or give this \
                    one a folder of its own with QUALI_STATE_DIR; the jobs in the journal then wait for the newer one.
                    """
                )
            }
        }
        try migrator.migrate(database)
        return database
    }

    private static func damaged(_ file: String) -> JournalError {
        JournalError(
            .damaged,
            """
            The journal '\(file)' is damaged, so it can't be known which jobs this worker holds. Restore it from a backup, \
            or move it away to begin a new one: actions that were under way then stay "In progress" until their time is \
            over or somebody stops their pipeline, and their sandboxes run until their duration ends.
            """
        )
    }

    /// Notes jobs in one transaction, and drops history that is too old.
    public func claim(_ records: [JobRecord]) async throws {
        let now = clock.now
        let rows = try records.map { record in
            var record = record
            let checkpoint = record.checkpoint
            (record.checkpoint, record.outcome) = (nil, nil)
            return (record, String(decoding: try JSONEncoder.compact.encode(record), as: UTF8.self), checkpoint)
        }
        try await commits.write { [retention] db in
            try db.execute(
                sql: "DELETE FROM job WHERE endedAt < ?",
                arguments: [now.timeIntervalSince1970 - retention]
            )
            for (record, text, checkpoint) in rows {
                try db.execute(
                    sql: """
                        INSERT OR REPLACE INTO job (id, record, claimedAt, isAcknowledged, checkpoint)
                        VALUES (?, ?, ?, ?, ?)
                        """,
                    arguments: [
                        record.id, text, record.claimedAt.timeIntervalSince1970, record.isAcknowledged, checkpoint,
                    ]
                )
            }
        }
    }

    /// Notes that a job is this worker's.
    public func noteAcknowledged(_ jobID: String) async throws {
        try await commits.write {
            try $0.execute(sql: "UPDATE job SET isAcknowledged = 1 WHERE id = ?", arguments: [jobID])
        }
    }

    /// Replaces the checkpoint of a job.
    ///
    /// - Throws: ``UnknownJob`` for a job that was never claimed or has ended.
    public func saveCheckpoint(_ checkpoint: Data, of jobID: String) async throws {
        try await commits.write { db in
            try db.execute(
                sql: "UPDATE job SET checkpoint = ? WHERE id = ? AND endedAt IS NULL",
                arguments: [checkpoint, jobID]
            )
            guard db.changesCount == 1 else { throw UnknownJob(id: jobID) }
        }
    }

    /// Notes how a job ended.
    public func saveOutcome(_ outcome: JobOutcome, of jobID: String) async throws {
        let text = String(decoding: try JSONEncoder.compact.encode(outcome), as: UTF8.self)
        try await commits.write {
            try $0.execute(sql: "UPDATE job SET outcome = ? WHERE id = ?", arguments: [text, jobID])
        }
    }

    /// Makes a job that has an outcome history, and drops one that has none: it was never this worker's.
    public func forget(_ jobID: String) async throws {
        let now = clock.now.timeIntervalSince1970
        try await commits.write { db in
            try db.execute(sql: "DELETE FROM job WHERE id = ? AND outcome IS NULL", arguments: [jobID])
            try db.execute(
                sql: "UPDATE job SET endedAt = ?, checkpoint = NULL WHERE id = ?",
                arguments: [now, jobID]
            )
        }
    }

    /// The jobs that have not been forgotten, oldest first.
    public func unfinished() async throws -> [JobRecord] {
        try await database.read { db in
            try Row.fetchAll(db, sql: "SELECT * FROM job WHERE endedAt IS NULL ORDER BY claimedAt, id").map { row in
                let text: String = row["record"]
                var record = try JSONDecoder.compact.decode(JobRecord.self, from: Data(text.utf8))
                record.isAcknowledged = row["isAcknowledged"]
                record.checkpoint = row["checkpoint"]
                let outcome: String? = row["outcome"]
                record.outcome = try outcome.map {
                    try JSONDecoder.compact.decode(JobOutcome.self, from: Data($0.utf8))
                }
                return record
            }
        }
    }
}
