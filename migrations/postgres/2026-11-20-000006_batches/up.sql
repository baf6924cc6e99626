-- Sessions of people with stacks of discs. The same table exists on the other database; a test compares them.

-- `active`: discs are taken, or jobs of it are not over. `document` is one JSON document: its items are read and written as a whole, and never searched.
CREATE TABLE batches (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    active BOOLEAN NOT NULL,
    document TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL
);

CREATE INDEX batches_created ON batches (created_at);
