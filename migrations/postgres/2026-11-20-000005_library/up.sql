-- The library: a trash to take images back from, renaming that survives a power failure, filters by size and by the last check.
-- The same columns and indexes exist on the other database; a test compares them.

-- When a person deleted the image; NULL: it is in the library.
ALTER TABLE isos ADD COLUMN trashed_at TIMESTAMP;
-- The name that the files are being given; NULL: none. Whoever finds it at the start goes on.
ALTER TABLE isos ADD COLUMN rename_to TEXT COLLATE "C";
-- How the last comparison with the stored hashes ended: never, passed, failed.
ALTER TABLE isos ADD COLUMN check_state TEXT COLLATE "C" NOT NULL DEFAULT 'never';
UPDATE isos SET check_state = CASE WHEN verify_ok THEN 'passed' ELSE 'failed' END WHERE verify_ok IS NOT NULL;

-- Lists show the library or the trash, never both: each has its own indexes, so that a full trash costs the library nothing.
DROP INDEX isos_by_created;
DROP INDEX isos_by_label;
DROP INDEX isos_by_filename;
DROP INDEX isos_by_size;
DROP INDEX isos_of_disk_type;
DROP INDEX isos_of_verdict;
CREATE INDEX isos_by_created ON isos (created_at, number) WHERE trashed_at IS NULL;
CREATE INDEX isos_by_label ON isos (label_key, number) WHERE trashed_at IS NULL;
CREATE INDEX isos_by_filename ON isos (filename, number) WHERE trashed_at IS NULL;
CREATE INDEX isos_by_size ON isos (size, number) WHERE trashed_at IS NULL;
CREATE INDEX isos_of_disk_type ON isos (disk_type, created_at, number) WHERE trashed_at IS NULL;
CREATE INDEX isos_of_verdict ON isos (verdict, created_at, number) WHERE trashed_at IS NULL;
CREATE INDEX isos_of_check_state ON isos (check_state, created_at, number) WHERE trashed_at IS NULL;
CREATE INDEX isos_trashed ON isos (trashed_at, size) WHERE trashed_at IS NOT NULL;
CREATE INDEX isos_trashed_by_created ON isos (created_at, number) WHERE trashed_at IS NOT NULL;
CREATE INDEX isos_renaming ON isos (number) WHERE rename_to IS NOT NULL;

-- Jobs that work with an image.
CREATE INDEX jobs_of_iso ON jobs (iso_id, number) WHERE iso_id IS NOT NULL;
