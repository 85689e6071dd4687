-- survives: 12
-- Which version of the schema a process knows, and of which Firsthand it is, so that an upgrade is not done under one
-- that would not survive it.
ALTER TABLE processes ADD COLUMN schema INTEGER;
ALTER TABLE processes ADD COLUMN version TEXT;
