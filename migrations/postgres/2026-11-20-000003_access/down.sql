DROP TABLE links;
DROP TABLE tokens;
DROP TABLE sessions;
DROP TABLE users;
