-- What was sent under a key, so that a double click, a resent form and the back button are one run: whose key, of what
-- kind of event, and the event that it became, which knows the run.
CREATE TABLE sent (
    person TEXT NOT NULL,
    kind   TEXT NOT NULL,
    key    TEXT NOT NULL,
    event  INTEGER NOT NULL,
    PRIMARY KEY (person, kind, key)
) STRICT, WITHOUT ROWID;
