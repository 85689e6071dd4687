-- survives: 12
-- Which version of the schema a process knows, and of which Firsthand it is; see SQLite's migration.
ALTER TABLE processes ADD COLUMN schema integer;
ALTER TABLE processes ADD COLUMN version text COLLATE "C";
