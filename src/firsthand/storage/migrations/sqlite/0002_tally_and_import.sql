-- What the tally follower counts: runs a dimension, key and day (days since 1970; -1 is all days together).
CREATE TABLE tally (
    dimension TEXT NOT NULL,
    key       TEXT NOT NULL,
    day       INTEGER NOT NULL,
    runs      INTEGER NOT NULL,
    PRIMARY KEY (dimension, key, day)
) STRICT, WITHOUT ROWID;

CREATE INDEX tally_most ON tally (dimension, runs) WHERE day = -1;
CREATE INDEX tally_day ON tally (dimension, day) WHERE day >= 0;

CREATE TABLE followers (
    name     TEXT PRIMARY KEY,
    position INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Rows of past support work that are in the journal already, by content and ordinal among equals.
CREATE TABLE imported (
    row BLOB PRIMARY KEY
) STRICT, WITHOUT ROWID;
