-- What a run has for itself while it is performed, where its action says so: of two runs that hold the same, only one
-- is performed at a time.
ALTER TABLE runs ADD COLUMN holds text COLLATE "C";

CREATE UNIQUE INDEX runs_holds ON runs (holds) WHERE holds IS NOT NULL AND status = 'performing';
