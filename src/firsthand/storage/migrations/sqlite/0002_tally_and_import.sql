-- What the tally follower counts: runs a dimension, day and key. A day is days since 1970; -1 is all days together.
-- The key comes last, so that a span of days is read in one go.
CREATE TABLE tally (
    dimension TEXT NOT NULL,
    day       INTEGER NOT NULL,
    key       TEXT NOT NULL,
    runs      INTEGER NOT NULL,
    PRIMARY KEY (dimension, day, key)
) STRICT, WITHOUT ROWID;

CREATE INDEX tally_most ON tally (dimension, runs DESC, key) WHERE day = -1;

-- The id of the last event that each follower has followed; -1 while what it made is being taken away.
CREATE TABLE followers (
    name     TEXT PRIMARY KEY,
    position INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Rows of past support work that are in the journal already: digests of content and ordinal among equals.
CREATE TABLE imported (
    row BLOB PRIMARY KEY
) STRICT, WITHOUT ROWID;
