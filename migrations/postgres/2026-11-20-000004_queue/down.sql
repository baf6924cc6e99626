DROP INDEX jobs_of_drive_by_created;
DROP INDEX jobs_deleted;
ALTER TABLE jobs DROP COLUMN deleted_at;
DROP INDEX jobs_of_queue;
ALTER TABLE jobs DROP COLUMN position;
