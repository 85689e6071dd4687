-- One action for many subjects: batches, and their rows as they were when it was drafted. A row with a fault is never
-- performed; one that is has its run. What happened to a batch stands in events of its own (batch_drafted and so on).
CREATE TABLE batches (
    id           INTEGER PRIMARY KEY,
    action       TEXT NOT NULL,
    actor        TEXT NOT NULL,
    at           INTEGER NOT NULL,
    surface      TEXT NOT NULL,
    environment  TEXT NOT NULL,
    desk         TEXT NOT NULL,
    requested_by TEXT,
    ticket       TEXT,
    reason       TEXT,
    notes        TEXT,
    source       TEXT NOT NULL,
    mode         TEXT NOT NULL,
    status       TEXT NOT NULL,
    digest       TEXT NOT NULL DEFAULT '',
    total        INTEGER NOT NULL DEFAULT 0,
    fit          INTEGER NOT NULL DEFAULT 0,
    faults       TEXT NOT NULL DEFAULT '[]',
    throttle     INTEGER,
    stop_after   INTEGER,
    failures     INTEGER NOT NULL DEFAULT 0,
    why          TEXT NOT NULL DEFAULT '',
    place        INTEGER NOT NULL DEFAULT 0,
    next_at      INTEGER NOT NULL DEFAULT 0,
    confirmed_at INTEGER,
    ended_at     INTEGER
) STRICT;

CREATE INDEX batches_open ON batches (status, id) WHERE status IN ('loading', 'confirmed', 'paused');

CREATE TABLE batch_rows (
    batch  INTEGER NOT NULL,
    number INTEGER NOT NULL,
    inputs TEXT NOT NULL,
    said   TEXT,
    same   TEXT NOT NULL,
    fault  TEXT,
    run    INTEGER,
    PRIMARY KEY (batch, number)
) STRICT, WITHOUT ROWID;

CREATE INDEX batch_rows_same ON batch_rows (batch, same);

-- The rows of a batch are frozen once it is drafted: only what became of them is added.
CREATE TRIGGER batch_rows_frozen BEFORE UPDATE OF batch, number, inputs, said, same ON batch_rows
BEGIN SELECT RAISE(ABORT, 'the rows of a batch are never changed'); END;

-- The feed shows one line for a batch: without this it would walk over all of a batch's runs.
CREATE INDEX runs_alone ON runs (at) WHERE batch IS NULL;
