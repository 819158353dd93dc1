-- Version 6: how far the log has come, here and at the neighbours (D-49), and what was purged (D-51).

-- One row for each instance of this home; a restore begins the next (D-52). `count` is the number of
-- audit rows it began with.
CREATE TABLE audit_instances (
    epoch INTEGER PRIMARY KEY,
    instance TEXT NOT NULL UNIQUE,
    count INTEGER NOT NULL
) STRICT;
-- A random UUID (version 4): no caller is there who could bring one.
INSERT INTO audit_instances (epoch, instance, count) VALUES (1,
    lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2)
        || '-8' || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6))), 0);

CREATE TABLE audit_checkpoints (
    epoch INTEGER NOT NULL REFERENCES audit_instances (epoch),
    count INTEGER NOT NULL,
    signature BLOB NOT NULL,         -- CMS SignedData, checkpoint embedded
    chain TEXT NOT NULL,             -- as in officers
    stored_at TEXT NOT NULL,
    PRIMARY KEY (epoch, count)
) STRICT;

-- The newest position seen of each other home.
CREATE TABLE neighbours (
    home TEXT PRIMARY KEY,
    instance TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    count INTEGER NOT NULL,
    head BLOB NOT NULL,
    seen_at TEXT NOT NULL,
    file TEXT NOT NULL               -- the file that carried it: its kind and digest, no names
) STRICT;

ALTER TABLE requests ADD COLUMN purged_at TEXT;
CREATE INDEX audit_by_request ON audit (request, sequence) WHERE request IS NOT NULL;
