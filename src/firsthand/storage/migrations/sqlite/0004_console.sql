-- Who may sign in to the console, who is signed in, and who was turned away. Of tokens only SHA-256 digests are kept.
CREATE TABLE credentials (
    person TEXT PRIMARY KEY,
    hash   TEXT NOT NULL,
    at     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- A session has a row for each of its tokens: the one in use, and for a minute the one that it replaced.
CREATE TABLE sessions (
    token    BLOB PRIMARY KEY,
    session  TEXT NOT NULL,
    person   TEXT NOT NULL,
    address  TEXT NOT NULL,
    started  INTEGER NOT NULL,
    made     INTEGER NOT NULL,
    seen     INTEGER NOT NULL,
    expires  INTEGER NOT NULL,
    replaced INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

CREATE INDEX sessions_person ON sessions (person);

CREATE TABLE invitations (
    token   BLOB PRIMARY KEY,
    person  TEXT NOT NULL,
    expires INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE throttle (
    key      BLOB PRIMARY KEY,
    failures INTEGER NOT NULL,
    last     INTEGER NOT NULL,
    until    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX throttle_last ON throttle (last);

-- How often somebody was turned away at the door, by day (days since 1970) and kind, without content.
CREATE TABLE turned_away (
    day   INTEGER NOT NULL,
    kind  TEXT NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (day, kind)
) STRICT, WITHOUT ROWID;

-- Whoever leaves is signed out for good, however they were let go.
CREATE TRIGGER people_leave AFTER UPDATE OF active ON people WHEN NEW.active = 0
BEGIN
    DELETE FROM sessions WHERE person = NEW.id;
    DELETE FROM invitations WHERE person = NEW.id;
END;
