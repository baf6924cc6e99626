-- The queue can be put in order, and what was deleted comes back for a while.

-- Place among jobs of the same priority; smaller goes first. New jobs get the time of their creation in microseconds, so they come
-- last, and between two of them there is room. What is there already keeps its order and comes before everything new.
ALTER TABLE jobs ADD COLUMN position BIGINT NOT NULL DEFAULT 0;
UPDATE jobs SET position = number * 1000000;
CREATE INDEX jobs_of_queue ON jobs (status, priority DESC, position, number);

-- When a person deleted it; it is in no list any more and can be taken back until it is removed for good.
ALTER TABLE jobs ADD COLUMN deleted_at TIMESTAMP;
CREATE INDEX jobs_deleted ON jobs (deleted_at, status) WHERE deleted_at IS NOT NULL;

-- The filter by drive, in the order of the list.
CREATE INDEX jobs_of_drive_by_created ON jobs (drive_id, created_at, number);
