DROP INDEX jobs_of_fingerprint;
DROP INDEX jobs_of_drive;
DROP TABLE drive_zones;
DROP TABLE drive_statistics;
DROP TABLE drive_settings;
