package import Foundation
import GRDB

/// Reads the journal on a host's disk, for people, without owning it: a worker may use it meanwhile.
///
/// It writes nothing into the journal. SQLite may make the files that it keeps beside one, with the journal's owner.
package struct JournalReader: Sendable {
    private let database: DatabaseQueue

    /// Opens the journal of a folder.
    ///
    /// - Parameter folder: The worker's state folder.
    /// - Throws: ``JournalError`` when there is none, it can't be read, or it is damaged or of another version.
    package init(folder: String) throws {
        let file = SQLiteJobJournal.file(in: folder)
        if unsafe access(file, R_OK) != 0 {
            let code = errno
            throw unsafe code == ENOENT ? Self.absent(folder) : Self.unreadable(file, String(cString: strerror(code)))
        }
        var configuration = Configuration()
        configuration.label = "journal's reader"
        configuration.readonly = true
        configuration.busyMode = .timeout(5)
        do {
            let database = try DatabaseQueue(path: file, configuration: configuration)
            let migrator = JournalSchema.migrator
            try database.read { db in
                guard try !migrator.hasBeenSuperseded(db) else { throw SQLiteJobJournal.newer(file) }
                guard try migrator.hasCompletedMigrations(db) else { throw Self.older(file) }
            }
            self.database = database
        } catch let error as DatabaseError where [.SQLITE_CORRUPT, .SQLITE_NOTADB].contains(error.resultCode) {
            throw SQLiteJobJournal.damaged(file)
        } catch let error as DatabaseError {
            throw Self.unreadable(file, error.message ?? "\(error)")
        }
    }

    /// The actions that the journal knows: those that go on, oldest first, then those that have ended, latest first.
    ///
    /// - Throws: ``JournalError`` when the journal can't be read.
    package func actions() async throws -> [JournalledAction] {
        try await read { db in
            let order = "ORDER BY endedAt IS NOT NULL, endedAt DESC, claimedAt, id"
            return try Row.fetchAll(db, sql: "SELECT * FROM job \(order)").map { JournalledAction($0) }
        }
    }

    /// What has happened to an action on this host, in the order in which it first did.
    ///
    /// - Throws: ``JournalError`` when the journal can't be read.
    package func steps(of action: JournalledAction) async throws -> [JournalledAction.Step] {
        try await read { db in
            try Row.fetchAll(
                db,
                sql: "SELECT * FROM step WHERE action = ? ORDER BY first, last",
                arguments: [action.record.actionExecutionID]
            ).map { JournalledAction.Step($0) }
        }
    }

    private func read<Value: Sendable>(_ body: @escaping @Sendable (Database) throws -> Value) async throws -> Value {
        do {
            return try await database.read(body)
        } catch let error as DatabaseError where ![.SQLITE_CORRUPT, .SQLITE_NOTADB].contains(error.resultCode) {
            throw Self.unreadable(database.path, error.message ?? "\(error)")
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            throw SQLiteJobJournal.damaged(database.path)
        }
    }

    private static func absent(_ folder: String) -> JournalError {
        JournalError(
            .absent,
            """
            There is no journal in the state folder '\(folder)'. Either no worker has run with it yet, or the worker's \
            folder is another one: name it with --quali-state-dir, or its file of settings with --config.
            """
        )
    }

    private static func unreadable(_ file: String, _ reason: String) -> JournalError {
        let folder = URL(fileURLWithPath: file).deletingLastPathComponent().path
        return JournalError(
            .unusableFolder,
            """
            The journal '\(file)' can't be read: \(reason). Ask as the worker's user: sudo -u USER quali-worker jobs \
            --quali-state-dir '\(folder)'
            """
        )
    }

    private static func older(_ file: String) -> JournalError {
        JournalError(
            .older,
            """
            The journal '\(file)' was written by an older version of this program. It is brought up to date when this \
            version's worker starts with it; until then, ask the older version.
            """
        )
    }
}

/// An action as a worker's journal knows it.
package struct JournalledAction: Sendable {
    /// Something that has happened, maybe more than once.
    package struct Step: Sendable, Hashable {
        /// What it was.
        package let words: String
        /// When it happened first.
        package let first: Date
        /// When it happened last.
        package let last: Date
        /// How often it happened.
        package let count: Int
    }

    /// Its latest job on this host.
    package let record: JobRecord
    /// What the console's link opens, if that is known.
    package let externalExecutionID: String?
    /// When CodePipeline had the outcome; `nil` while the worker holds the job.
    package let endedAt: Date?
    /// What it waits for, as of some seconds ago; `nil` while it doesn't.
    package let wait: JobWaitInfo?

    init(_ row: Row) {
        record = JobRecord(row)
        externalExecutionID = row["externalExecutionID"]
        endedAt = (row["endedAt"] as Double?).map { Date(timeIntervalSince1970: $0) }
        wait = (row["wait"] as String?).map { reason in
            JobWaitInfo(
                reason: reason,
                deadline: (row["waitDeadline"] as Double?).map { Date(timeIntervalSince1970: $0) }
            )
        }
    }
}

extension JournalledAction.Step {
    fileprivate init(_ row: Row) {
        words = row["words"]
        first = Date(timeIntervalSince1970: row["first"])
        last = Date(timeIntervalSince1970: row["last"])
        count = row["count"]
    }
}
