-- The journal: runs (current state, one row a run) and events (append-only), written in the same transaction.
-- Times are microseconds since 1970 in UTC. Columns named after mappings and lists hold JSON.

CREATE TABLE meta (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE processes (
    id         INTEGER PRIMARY KEY,
    host       TEXT NOT NULL,
    pid        INTEGER NOT NULL,
    started_at INTEGER NOT NULL
) STRICT;

CREATE TABLE people (
    id         TEXT PRIMARY KEY,
    name       TEXT NOT NULL,
    roles      TEXT NOT NULL,
    login      TEXT,
    administers INTEGER NOT NULL DEFAULT 0,
    active     INTEGER NOT NULL DEFAULT 1
) STRICT, WITHOUT ROWID;

CREATE TABLE catalogue (
    desk   TEXT NOT NULL,
    action TEXT NOT NULL,
    entry  TEXT NOT NULL,
    PRIMARY KEY (desk, action)
) STRICT, WITHOUT ROWID;

CREATE TABLE runs (
    id            INTEGER PRIMARY KEY,
    at            INTEGER NOT NULL,
    action        TEXT NOT NULL,
    actor         TEXT,
    status        TEXT NOT NULL,
    surface       TEXT NOT NULL,
    environment   TEXT NOT NULL,
    desk          TEXT NOT NULL,
    requested_by  TEXT,
    asked_by      TEXT,
    ticket        TEXT,
    reason        TEXT,
    notes         TEXT,
    digest        TEXT,
    tags          TEXT,
    subject       TEXT,
    subjects      TEXT,
    inputs        TEXT,
    value         TEXT,
    output        TEXT,
    refusal       TEXT,
    error         TEXT,
    performing_at INTEGER,
    ended_at      INTEGER,
    process       INTEGER
) STRICT;

-- Each index is paid at every step, so there are few, and none holds a column that a later step changes, but for the
-- partial one of what is open or did not succeed.
CREATE INDEX runs_at ON runs (at);
CREATE INDEX runs_action ON runs (action, at);
CREATE INDEX runs_actor ON runs (actor, at);
CREATE INDEX runs_status ON runs (status, at) WHERE status <> 'succeeded';

CREATE TRIGGER runs_stay BEFORE DELETE ON runs
BEGIN SELECT RAISE(ABORT, 'runs are never deleted'); END;

CREATE TRIGGER runs_once BEFORE INSERT ON runs WHEN EXISTS (SELECT 1 FROM runs WHERE id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'runs are never replaced'); END;

-- A step changes how far a run is, never what it was recorded as; who performs an ask is known once it is taken.
CREATE TRIGGER runs_facts BEFORE UPDATE OF id, at, action, environment, desk, requested_by, asked_by, ticket, notes
ON runs
BEGIN SELECT RAISE(ABORT, 'what a run was recorded as is never changed'); END;

CREATE TRIGGER runs_actor BEFORE UPDATE OF actor ON runs WHEN OLD.actor IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'who performed a run is never changed'); END;

CREATE TRIGGER runs_ended BEFORE UPDATE OF status ON runs
WHEN OLD.status IN ('succeeded', 'refused', 'failed', 'declined', 'withdrawn')
BEGIN SELECT RAISE(ABORT, 'how a run ended is never changed'); END;

-- Which runs concerned a subject: its history, newest first.
CREATE TABLE run_subjects (
    subject TEXT NOT NULL,
    at      INTEGER NOT NULL,
    run     INTEGER NOT NULL,
    PRIMARY KEY (subject, at, run)
) STRICT, WITHOUT ROWID;

CREATE TABLE events (
    id    INTEGER PRIMARY KEY,
    run   INTEGER,
    at    INTEGER NOT NULL,
    kind  TEXT NOT NULL,
    actor TEXT,
    data  TEXT NOT NULL
) STRICT;

CREATE INDEX events_run ON events (run) WHERE run IS NOT NULL;
CREATE INDEX events_other ON events (at) WHERE run IS NULL;

CREATE TRIGGER events_stay BEFORE DELETE ON events
BEGIN SELECT RAISE(ABORT, 'events are never deleted'); END;

CREATE TRIGGER events_unchanged BEFORE UPDATE ON events
BEGIN SELECT RAISE(ABORT, 'events are never changed'); END;

-- INSERT OR REPLACE passes the two above; this one stops it.
CREATE TRIGGER events_once BEFORE INSERT ON events WHEN EXISTS (SELECT 1 FROM events WHERE id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'events are never replaced'); END;
