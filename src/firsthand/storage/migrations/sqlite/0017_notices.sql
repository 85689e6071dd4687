-- survives: 13
-- Telling people: how each person wants to be told, what they watch, and the webhooks of the desk. What a person has
-- never chosen has no row; ``preferences`` holds JSON.
CREATE TABLE preferences (
    person      TEXT PRIMARY KEY,
    preferences TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- ``kind`` is action, namespace, tag or subject.
CREATE TABLE watches (
    person TEXT NOT NULL,
    kind   TEXT NOT NULL,
    key    TEXT NOT NULL,
    PRIMARY KEY (person, kind, key)
) STRICT, WITHOUT ROWID;

CREATE INDEX watches_key ON watches (kind, key);

-- ``kinds`` and ``roles`` hold JSON; ``failures`` counts tries in a row that failed, ``said`` is what the last one said.
CREATE TABLE webhooks (
    id       INTEGER PRIMARY KEY,
    name     TEXT NOT NULL,
    url      TEXT NOT NULL,
    secret   TEXT NOT NULL,
    kinds    TEXT NOT NULL,
    roles    TEXT NOT NULL,
    state    TEXT NOT NULL,
    failures INTEGER NOT NULL DEFAULT 0,
    said     TEXT NOT NULL DEFAULT ''
) STRICT;

-- The outbox: what each recipient (``person:ID`` or ``webhook:ID``) is to be told, one row an event, written in the
-- transaction that moves the follower. A message is made of what waits for one recipient.
CREATE TABLE notices (
    id        INTEGER PRIMARY KEY,
    recipient TEXT NOT NULL,
    kind      TEXT NOT NULL,
    event     INTEGER NOT NULL,
    run       INTEGER,
    at        INTEGER NOT NULL,
    message   INTEGER,
    UNIQUE (recipient, kind, event)
) STRICT;

CREATE INDEX notices_waiting ON notices (recipient, kind, at) WHERE message IS NULL;
CREATE INDEX notices_late ON notices (event) WHERE kind IN ('waiting', 'run.waiting');
CREATE INDEX notices_message ON notices (message) WHERE message IS NOT NULL;

-- ``due`` is when a message is tried next, and, while somebody has claimed it, when another may; each claim raises
-- ``fence``, so that whoever held it before changes nothing any more.
CREATE TABLE messages (
    id        INTEGER PRIMARY KEY,
    recipient TEXT NOT NULL,
    state     TEXT NOT NULL,
    at        INTEGER NOT NULL,
    due       INTEGER NOT NULL,
    tries     INTEGER NOT NULL DEFAULT 0,
    fence     INTEGER NOT NULL DEFAULT 0,
    ended_at  INTEGER,
    said      TEXT NOT NULL DEFAULT ''
) STRICT;

CREATE INDEX messages_waiting ON messages (due, id) WHERE state = 'waiting';
CREATE INDEX messages_failed ON messages (id) WHERE state = 'failed';
CREATE INDEX messages_ended ON messages (ended_at) WHERE ended_at IS NOT NULL;
