import GRDB

/// The tables of a journal on disk, and the way from each version to the next.
enum JournalSchema {
    /// The steps from an empty file to today's tables.
    ///
    /// A step that has been released is never changed.
    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1") { db in
            try db.execute(
                sql: """
                    CREATE TABLE job (
                        id TEXT NOT NULL PRIMARY KEY,
                        -- The record as it was claimed, as JSON; what changes later has columns of its own.
                        record TEXT NOT NULL,
                        claimedAt REAL NOT NULL,
                        isAcknowledged INTEGER NOT NULL DEFAULT 0,
                        checkpoint BLOB,
                        outcome TEXT,
                        -- When CodePipeline had the result; NULL while the job is to be resumed after a crash.
                        endedAt REAL
                    ) STRICT;
                    CREATE INDEX unfinished ON job (claimedAt) WHERE endedAt IS NULL;
                    CREATE INDEX history ON job (endedAt) WHERE endedAt IS NOT NULL;
                    """
            )
        }
        return migrator
    }
}
