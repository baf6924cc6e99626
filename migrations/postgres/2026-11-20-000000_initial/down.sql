DROP TABLE settings;
DROP TABLE events;
DROP TABLE media;
DROP TABLE drives;
DROP TABLE isos;
DROP TABLE jobs;
DROP FUNCTION disk2iso_trigrams(text);
