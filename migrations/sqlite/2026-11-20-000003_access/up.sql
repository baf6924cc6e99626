-- Who may use the service. The same tables exist on the other database; a test compares them.
-- Whatever opens a door is stored as a hash: passwords as Argon2id, random secrets as SHA-256. Only `totp` must be kept as it is.

CREATE TABLE users (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    -- Lower case, by the program, because the databases disagree about what that is.
    name_key TEXT NOT NULL,
    role TEXT NOT NULL,
    -- PHC text; NULL: the account waits for its owner to choose a password.
    password TEXT,
    -- Base32; NULL: signing in takes the password only. `totp_step` is the last step that was used, so that no code works twice.
    totp TEXT,
    totp_step BIGINT NOT NULL,
    -- Hashes of recovery codes that are left, as a JSON list.
    recovery TEXT NOT NULL,
    -- What forms of a person carry whom a proxy signs in, and who has no session here.
    stamp TEXT NOT NULL,
    language TEXT,
    blocked BOOLEAN NOT NULL,
    failures BIGINT NOT NULL,
    locked_until TIMESTAMP,
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL,
    seen_at TIMESTAMP
);
CREATE UNIQUE INDEX users_name_key_unique ON users (name_key);

CREATE TABLE sessions (
    id TEXT NOT NULL PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    secret TEXT NOT NULL,
    -- The secret before the last rotation: requests that were under way still carry it.
    previous TEXT,
    rotated_at TIMESTAMP NOT NULL,
    csrf TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    seen_at TIMESTAMP NOT NULL,
    expires_at TIMESTAMP NOT NULL,
    address TEXT NOT NULL,
    agent TEXT NOT NULL
);
CREATE INDEX sessions_of_user ON sessions (user_id);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

CREATE TABLE tokens (
    id TEXT NOT NULL PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    secret TEXT NOT NULL,
    scope TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    expires_at TIMESTAMP,
    used_at TIMESTAMP
);
CREATE UNIQUE INDEX tokens_secret_unique ON tokens (secret);
CREATE INDEX tokens_of_user ON tokens (user_id);

-- One-time links. `user_id` is NULL in the one that makes the first account.
CREATE TABLE links (
    secret TEXT NOT NULL PRIMARY KEY,
    user_id TEXT REFERENCES users (id) ON DELETE CASCADE,
    created_at TIMESTAMP NOT NULL,
    expires_at TIMESTAMP
);
CREATE INDEX links_of_user ON links (user_id);
