-- What people set per drive, and what a drive has done in its life. The same tables exist on the other database; a test
-- compares them.

-- `settings` is one JSON document: it is read and written as a whole, and never searched.
CREATE TABLE drive_settings (
    drive_id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    settings TEXT NOT NULL,
    updated_at TIMESTAMP NOT NULL
);

CREATE TABLE drive_statistics (
    drive_id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    jobs BIGINT NOT NULL,
    complete BIGINT NOT NULL,
    complete_trimmed BIGINT NOT NULL,
    degraded BIGINT NOT NULL,
    incomplete BIGINT NOT NULL,
    failed BIGINT NOT NULL,
    sectors BIGINT NOT NULL,
    recovered BIGINT NOT NULL,
    unreadable BIGINT NOT NULL,
    resets BIGINT NOT NULL,
    wedged BIGINT NOT NULL,
    seconds DOUBLE PRECISION NOT NULL,
    updated_at TIMESTAMP NOT NULL
);

-- Speed and errors by radius: ten rings per class of disc, 0 is the innermost.
CREATE TABLE drive_zones (
    drive_id TEXT COLLATE "C" NOT NULL,
    class TEXT COLLATE "C" NOT NULL,
    zone BIGINT NOT NULL,
    sectors BIGINT NOT NULL,
    seconds DOUBLE PRECISION NOT NULL,
    bad BIGINT NOT NULL,
    PRIMARY KEY (drive_id, class, zone)
);

-- For the discs that one drive fails and another one reads.
CREATE INDEX jobs_of_drive ON jobs (drive_id, number);
CREATE INDEX jobs_of_fingerprint ON jobs (fingerprint, number);
