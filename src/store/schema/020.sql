-- Version 20. Backups that were made (D-52) and have to be destroyed after a purge (D-51), and
-- certificates that came to light after a restore, of which these records know nothing.
CREATE TABLE backups (
    sha256 BLOB PRIMARY KEY,         -- of the file
    made_at TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    epoch INTEGER NOT NULL,
    count INTEGER NOT NULL,          -- of the rows in its log
    head BLOB NOT NULL
) STRICT;

CREATE TABLE unknown_certificates (
    serial TEXT PRIMARY KEY,
    ukey TEXT,                       -- it was read from this one; NULL when a CRL named it
    public_key BLOB UNIQUE,          -- never certified again (D-36)
    der BLOB,
    noticed_at TEXT NOT NULL,
    reason TEXT NOT NULL,
    revoked_at TEXT NOT NULL
) STRICT;

-- Officers whom two shares of the recovery kit enrolled, until the superior has certified them (D-46).
CREATE TABLE temporary_officers (
    name TEXT PRIMARY KEY REFERENCES officers (name),
    replaces TEXT NOT NULL,
    until TEXT NOT NULL
) STRICT;
