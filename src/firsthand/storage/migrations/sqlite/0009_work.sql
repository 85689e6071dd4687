-- How a run is performed (mode), when at the earliest (due), how often it was claimed by a worker (fence), and of which
-- batch or schedule it is part.
ALTER TABLE runs ADD COLUMN mode TEXT;
ALTER TABLE runs ADD COLUMN due INTEGER;
ALTER TABLE runs ADD COLUMN fence INTEGER NOT NULL DEFAULT 0;
ALTER TABLE runs ADD COLUMN batch INTEGER;
ALTER TABLE runs ADD COLUMN schedule INTEGER;

-- What waits to be performed, in its order; paid only by runs that wait, or are part of a batch.
CREATE INDEX runs_queued ON runs (due, id) WHERE status = 'queued';
CREATE INDEX runs_batch ON runs (batch, id) WHERE batch IS NOT NULL;

-- A digest of what was sent under a key, so that another request under the same key is refused.
ALTER TABLE sent ADD COLUMN digest TEXT;
