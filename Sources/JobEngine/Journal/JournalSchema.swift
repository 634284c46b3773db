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
        migrator.registerMigration("2") { db in
            try db.execute(
                sql: """
                    ALTER TABLE job ADD COLUMN action TEXT;
                    -- What the console's link opens, once that is known.
                    ALTER TABLE job ADD COLUMN externalExecutionID TEXT;
                    -- A row that can't be read mustn't keep the others from being read.
                    UPDATE job SET action = json_extract(record, '$.actionExecutionID') WHERE json_valid(record);
                    CREATE INDEX action ON job (action);
                    CREATE TABLE step (
                        -- The action's execution, whose jobs may be many.
                        action TEXT NOT NULL,
                        words TEXT NOT NULL,
                        first REAL NOT NULL,
                        last REAL NOT NULL,
                        -- How often the same has happened.
                        count INTEGER NOT NULL,
                        PRIMARY KEY (action, words)
                    ) STRICT, WITHOUT ROWID;
                    CREATE TRIGGER forgottenAction AFTER DELETE ON job
                    WHEN NOT EXISTS (SELECT 1 FROM job WHERE action = OLD.action)
                    BEGIN DELETE FROM step WHERE action = OLD.action; END;
                    """
            )
        }
        migrator.registerMigration("3") { db in
            try db.execute(
                sql: """
                    -- Whether the job was in a copy of a state folder, so that another worker may have it.
                    ALTER TABLE job ADD COLUMN isInDoubt INTEGER NOT NULL DEFAULT 0;
                    -- The mark of the run that owns the folder; for a moment the one of the next run beside it.
                    CREATE TABLE mark (
                        text TEXT NOT NULL PRIMARY KEY,
                        -- When that run has last claimed a job.
                        lastClaim REAL
                    ) STRICT;
                    """
            )
        }
        migrator.registerMigration("4") { db in
            try db.execute(
                sql: """
                    -- What the job waits for, and until when, for people; a few seconds late.
                    ALTER TABLE job ADD COLUMN wait TEXT;
                    ALTER TABLE job ADD COLUMN waitDeadline REAL;
                    """
            )
        }
        migrator.registerMigration("5") { db in
            try db.execute(
                sql: """
                    -- What jobs have left behind, for who looks after it.
                    CREATE TABLE kept (
                        key TEXT NOT NULL PRIMARY KEY,
                        note BLOB NOT NULL
                    ) STRICT, WITHOUT ROWID;
                    """
            )
        }
        return migrator
    }
}
