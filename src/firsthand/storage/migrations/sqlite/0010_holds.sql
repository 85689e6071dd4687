-- What a run has for itself while it is performed, where its action says so: of two runs that hold the same, only one
-- is performed at a time. The index is paid by those alone, and a run leaves it with the status.
ALTER TABLE runs ADD COLUMN holds TEXT;

CREATE INDEX runs_holds ON runs (holds) WHERE holds IS NOT NULL AND status = 'performing';

-- Not a unique index: INSERT OR REPLACE would delete a run through that.
CREATE TRIGGER runs_alone BEFORE UPDATE OF status ON runs
WHEN NEW.holds IS NOT NULL AND NEW.status = 'performing'
    AND EXISTS (SELECT 1 FROM runs WHERE holds = NEW.holds AND status = 'performing' AND id <> NEW.id)
BEGIN SELECT RAISE(ABORT, 'what one run holds is not performed on by another'); END;
