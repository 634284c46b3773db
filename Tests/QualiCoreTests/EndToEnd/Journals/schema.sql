CREATE TABLE grdb_migrations (identifier TEXT NOT NULL PRIMARY KEY);
INSERT INTO "grdb_migrations" VALUES('1');
INSERT INTO "grdb_migrations" VALUES('2');
INSERT INTO "grdb_migrations" VALUES('3');
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
, action TEXT, externalExecutionID TEXT, isInDoubt INTEGER NOT NULL DEFAULT 0) STRICT;
CREATE TABLE mark (
    text TEXT NOT NULL PRIMARY KEY,
    -- When that run has last claimed a job.
    lastClaim REAL
) STRICT;
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
CREATE INDEX unfinished ON job (claimedAt) WHERE endedAt IS NULL;
CREATE INDEX history ON job (endedAt) WHERE endedAt IS NOT NULL;
CREATE INDEX action ON job (action);
CREATE TRIGGER forgottenAction AFTER DELETE ON job
WHEN NOT EXISTS (SELECT 1 FROM job WHERE action = OLD.action)
BEGIN DELETE FROM step WHERE action = OLD.action; END;
