-- Which event declared each version of a manual action; the event has the declaration, so the two cannot differ.
CREATE TABLE manual (
    action  TEXT NOT NULL,
    version INTEGER NOT NULL,
    event   INTEGER NOT NULL,
    PRIMARY KEY (action, version)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER manual_stays BEFORE DELETE ON manual
BEGIN SELECT RAISE(ABORT, 'versions of manual actions are never deleted'); END;

CREATE TRIGGER manual_unchanged BEFORE UPDATE ON manual
BEGIN SELECT RAISE(ABORT, 'versions of manual actions are never changed'); END;

CREATE TRIGGER manual_once BEFORE INSERT ON manual
WHEN EXISTS (SELECT 1 FROM manual WHERE action = NEW.action AND version = NEW.version)
BEGIN SELECT RAISE(ABORT, 'versions of manual actions are never replaced'); END;
