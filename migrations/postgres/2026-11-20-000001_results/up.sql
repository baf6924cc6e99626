-- What came out of reading beside the verdict. JSON is text, as everywhere.

-- The decision about missing sectors that is in force for the next run; NULL: none was made.
ALTER TABLE jobs ADD COLUMN decision TEXT;
-- Result of a job that makes no image (a scan); NULL for others.
ALTER TABLE jobs ADD COLUMN result TEXT;

ALTER TABLE isos ADD COLUMN mode TEXT NOT NULL DEFAULT 'standard';
-- Files, tracks, damage, statistics, programs.
ALTER TABLE isos ADD COLUMN details TEXT NOT NULL DEFAULT '{}';
-- Drives, host, times, options, comparisons.
ALTER TABLE isos ADD COLUMN provenance TEXT NOT NULL DEFAULT '{}';
-- Whether the files beside the image say what this row says.
ALTER TABLE isos ADD COLUMN sidecars BOOLEAN NOT NULL DEFAULT FALSE;
CREATE INDEX isos_without_sidecars ON isos (number) WHERE NOT sidecars;
