-- Schedules as they are now: the current version, and when they are due next. While a moment is begun, ``pinned`` is the
-- version of which it is, so that whoever begins it besides begins the same.
CREATE TABLE schedules (
    id      INTEGER PRIMARY KEY,
    desk    TEXT NOT NULL,
    action  TEXT NOT NULL,
    version INTEGER NOT NULL,
    state   TEXT NOT NULL,
    due     INTEGER,
    pinned  INTEGER
) STRICT;

CREATE INDEX schedules_due ON schedules (desk, due) WHERE due IS NOT NULL;

CREATE TRIGGER schedules_stay BEFORE DELETE ON schedules
BEGIN SELECT RAISE(ABORT, 'schedules are never deleted'); END;

-- Which event declared each version of a schedule; the event has the declaration, so the two cannot differ.
CREATE TABLE schedule_versions (
    schedule INTEGER NOT NULL,
    version  INTEGER NOT NULL,
    event    INTEGER NOT NULL,
    PRIMARY KEY (schedule, version)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER schedule_versions_stay BEFORE DELETE ON schedule_versions
BEGIN SELECT RAISE(ABORT, 'versions of schedules are never deleted'); END;

CREATE TRIGGER schedule_versions_unchanged BEFORE UPDATE ON schedule_versions
BEGIN SELECT RAISE(ABORT, 'versions of schedules are never changed'); END;

CREATE TRIGGER schedule_versions_once BEFORE INSERT ON schedule_versions
WHEN EXISTS (SELECT 1 FROM schedule_versions WHERE schedule = NEW.schedule AND version = NEW.version)
BEGIN SELECT RAISE(ABORT, 'versions of schedules are never replaced'); END;

-- The runs of a schedule, newest last; paid by those alone.
CREATE INDEX runs_schedule ON runs (schedule, id) WHERE schedule IS NOT NULL;
