-- The tally counts by scope from now on: all runs, an action's, a tag's. What was counted is taken away with the
-- follower's position, so that it is counted anew.
DROP TABLE tally;
DELETE FROM followers WHERE name = 'tally';

-- A list of figures: what is counted (dimension), of which runs (scope: '' all of them, 'action:NAME', 'tag:TAG').
-- Lists are never deleted, a rebuild counts into the same ones.
CREATE TABLE tally_lists (
    id        INTEGER PRIMARY KEY,
    scope     TEXT NOT NULL,
    dimension TEXT NOT NULL,
    UNIQUE (scope, dimension)
) STRICT;

-- Runs a list, period and key, where there are few keys; part says more of the key. A period is a day in days since
-- 1970, or a month: its number since the year 0, negative. So a span of days or months is read in one go.
CREATE TABLE tally (
    list   INTEGER NOT NULL,
    period INTEGER NOT NULL,
    key    TEXT NOT NULL,
    part   TEXT NOT NULL,
    runs   INTEGER NOT NULL,
    PRIMARY KEY (list, period, key, part)
) STRICT, WITHOUT ROWID;

-- The same where there are very many keys: by month, and -1 for all time, with the keys of most runs at hand.
CREATE TABLE tally_wide (
    list   INTEGER NOT NULL,
    period INTEGER NOT NULL,
    key    TEXT NOT NULL,
    runs   INTEGER NOT NULL,
    PRIMARY KEY (list, period, key)
) STRICT, WITHOUT ROWID;

CREATE INDEX tally_most ON tally_wide (list, period, runs DESC, key);
