DROP INDEX isos_without_sidecars;
ALTER TABLE isos DROP COLUMN sidecars;
ALTER TABLE isos DROP COLUMN provenance;
ALTER TABLE isos DROP COLUMN details;
ALTER TABLE isos DROP COLUMN mode;
ALTER TABLE jobs DROP COLUMN result;
ALTER TABLE jobs DROP COLUMN decision;
