-- Where each person's last visit to the activity ended: the run up to which everything has been seen.
CREATE TABLE visits (
    person TEXT PRIMARY KEY,
    seen   INTEGER NOT NULL,
    latest INTEGER NOT NULL,
    at     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What the mentions follower finds: who is named with an @ in which event.
CREATE TABLE mentions (
    person TEXT NOT NULL,
    event  INTEGER NOT NULL,
    PRIMARY KEY (person, event)
) STRICT, WITHOUT ROWID;

-- What somebody asked for, and what became of it; paid only by runs that were asked for.
CREATE INDEX runs_asked ON runs (asked_by, at) WHERE asked_by IS NOT NULL;
