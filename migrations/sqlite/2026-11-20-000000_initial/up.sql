-- The first schema. The same tables, columns and unique rules exist in migrations/postgres; a test compares them.
-- Ids are UUIDv7 text, times UTC (microseconds), JSON is text, sizes and counters are 64 bits wide.
-- `number` counts rows inside this database: it breaks ties when sorting and is what the search index refers to.

CREATE TABLE jobs (
    number INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    id TEXT NOT NULL,
    kind TEXT NOT NULL,
    mode TEXT NOT NULL,
    origin TEXT NOT NULL,
    options TEXT NOT NULL,
    priority BIGINT NOT NULL,
    device TEXT NOT NULL,
    drive_id TEXT,
    media_session BIGINT,
    medium TEXT,
    fingerprint TEXT,
    disk_label TEXT NOT NULL,
    disk_type TEXT NOT NULL,
    iso_id TEXT,
    requested_name TEXT,
    output_dir TEXT NOT NULL,
    output_path TEXT,
    status TEXT NOT NULL,
    phase TEXT,
    reason TEXT,
    stopping TEXT,
    verdict TEXT,
    message TEXT,
    error_code TEXT,
    attempts BIGINT NOT NULL,
    size_total BIGINT NOT NULL,
    size_processed BIGINT NOT NULL,
    speed DOUBLE NOT NULL,
    error_count BIGINT NOT NULL,
    md5 TEXT,
    sha256 TEXT,
    lease_owner TEXT,
    lease_until TIMESTAMP,
    created_at TIMESTAMP NOT NULL,
    started_at TIMESTAMP,
    completed_at TIMESTAMP,
    updated_at TIMESTAMP NOT NULL,
    revision BIGINT NOT NULL,
    -- Lower-cased label, for sorting, and everything that a search looks at; both written by the program, because the
    -- databases disagree about what lower case is.
    label_key TEXT NOT NULL,
    search TEXT NOT NULL
);
CREATE UNIQUE INDEX jobs_id_unique ON jobs (id);
CREATE UNIQUE INDEX jobs_output_path_unique ON jobs (output_path);
-- At most one automatic job per media session, whatever happens.
CREATE UNIQUE INDEX jobs_media_session_unique ON jobs (drive_id, media_session) WHERE origin = 'auto';
-- One index per order and per filter of the list, so that a page costs the same with ten jobs and with a million.
CREATE INDEX jobs_by_created ON jobs (created_at, number);
CREATE INDEX jobs_by_updated ON jobs (updated_at, number);
CREATE INDEX jobs_by_priority ON jobs (priority, number);
CREATE INDEX jobs_by_label ON jobs (label_key, number);
CREATE INDEX jobs_by_status ON jobs (status, number);
CREATE INDEX jobs_of_status ON jobs (status, created_at, number);
CREATE INDEX jobs_of_device ON jobs (device, created_at, number);
CREATE INDEX jobs_of_disk_type ON jobs (disk_type, created_at, number);
CREATE INDEX jobs_of_kind ON jobs (kind, created_at, number);
CREATE INDEX jobs_of_verdict ON jobs (verdict, created_at, number);

CREATE TABLE isos (
    number INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    id TEXT NOT NULL,
    job_id TEXT REFERENCES jobs (id) ON DELETE SET NULL,
    filename TEXT NOT NULL,
    filepath TEXT NOT NULL,
    map_path TEXT,
    size BIGINT NOT NULL,
    md5sum TEXT,
    sha256sum TEXT,
    disk_type TEXT NOT NULL,
    disk_label TEXT NOT NULL,
    fingerprint TEXT,
    medium TEXT,
    verdict TEXT NOT NULL,
    reasons TEXT NOT NULL,
    bad_sectors BIGINT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    verified_at TIMESTAMP,
    verify_ok BOOLEAN,
    label_key TEXT NOT NULL,
    search TEXT NOT NULL
);
CREATE UNIQUE INDEX isos_id_unique ON isos (id);
CREATE UNIQUE INDEX isos_job_id_unique ON isos (job_id);
CREATE UNIQUE INDEX isos_filepath_unique ON isos (filepath);
CREATE INDEX isos_by_created ON isos (created_at, number);
CREATE INDEX isos_by_label ON isos (label_key, number);
CREATE INDEX isos_by_filename ON isos (filename, number);
CREATE INDEX isos_by_size ON isos (size, number);
CREATE INDEX isos_of_disk_type ON isos (disk_type, created_at, number);
CREATE INDEX isos_of_verdict ON isos (verdict, created_at, number);
CREATE INDEX isos_of_fingerprint ON isos (fingerprint);

CREATE TABLE drives (
    id TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    path TEXT NOT NULL,
    name TEXT NOT NULL,
    identity TEXT NOT NULL,
    state TEXT NOT NULL,
    reason TEXT,
    job_id TEXT,
    verdict TEXT,
    session BIGINT NOT NULL,
    fingerprint TEXT,
    insertion BIGINT,
    offered BOOLEAN NOT NULL,
    medium TEXT,
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL,
    seen_at TIMESTAMP NOT NULL
);

CREATE TABLE media (
    fingerprint TEXT NOT NULL PRIMARY KEY,
    label TEXT NOT NULL,
    kind TEXT NOT NULL,
    profile BIGINT NOT NULL,
    sectors BIGINT NOT NULL,
    first_seen TIMESTAMP NOT NULL,
    last_seen TIMESTAMP NOT NULL,
    times_seen BIGINT NOT NULL,
    last_drive TEXT
);

-- The log: append-only. No foreign keys, because it must outlive what it speaks of.
CREATE TABLE events (
    seq INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    at TIMESTAMP NOT NULL,
    node TEXT NOT NULL,
    kind TEXT NOT NULL,
    level TEXT NOT NULL,
    drive_id TEXT,
    job_id TEXT,
    iso_id TEXT,
    message TEXT NOT NULL,
    payload TEXT NOT NULL
);
CREATE INDEX events_of_drive ON events (drive_id, seq) WHERE drive_id IS NOT NULL;
CREATE INDEX events_of_job ON events (job_id, seq) WHERE job_id IS NOT NULL;
CREATE INDEX events_of_iso ON events (iso_id, seq) WHERE iso_id IS NOT NULL;
CREATE INDEX events_that_matter ON events (seq) WHERE level <> 'info';

CREATE TABLE settings (
    key TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);

-- Substring search: SQLite's own trigram index over the search columns, kept in step by triggers.
CREATE VIRTUAL TABLE jobs_search USING fts5 (
    search, content = 'jobs', content_rowid = 'number', tokenize = 'trigram case_sensitive 1', detail = 'full'
);
CREATE TRIGGER jobs_search_insert AFTER INSERT ON jobs BEGIN
    INSERT INTO jobs_search (rowid, search) VALUES (new.number, new.search);
END;
CREATE TRIGGER jobs_search_delete AFTER DELETE ON jobs BEGIN
    INSERT INTO jobs_search (jobs_search, rowid, search) VALUES ('delete', old.number, old.search);
END;
CREATE TRIGGER jobs_search_update AFTER UPDATE OF search ON jobs WHEN old.search <> new.search BEGIN
    INSERT INTO jobs_search (jobs_search, rowid, search) VALUES ('delete', old.number, old.search);
    INSERT INTO jobs_search (rowid, search) VALUES (new.number, new.search);
END;
CREATE VIRTUAL TABLE isos_search USING fts5 (
    search, content = 'isos', content_rowid = 'number', tokenize = 'trigram case_sensitive 1', detail = 'full'
);
CREATE TRIGGER isos_search_insert AFTER INSERT ON isos BEGIN
    INSERT INTO isos_search (rowid, search) VALUES (new.number, new.search);
END;
CREATE TRIGGER isos_search_delete AFTER DELETE ON isos BEGIN
    INSERT INTO isos_search (isos_search, rowid, search) VALUES ('delete', old.number, old.search);
END;
CREATE TRIGGER isos_search_update AFTER UPDATE OF search ON isos WHEN old.search <> new.search BEGIN
    INSERT INTO isos_search (isos_search, rowid, search) VALUES ('delete', old.number, old.search);
    INSERT INTO isos_search (rowid, search) VALUES (new.number, new.search);
END;
