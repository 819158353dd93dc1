-- Version 19. Reports of loss (D-41): who reported it and when, and the list of revoked certificates that
-- was fetched back with it.
CREATE TABLE loss_reports (
    id TEXT PRIMARY KEY,             -- UUIDv7
    ukey TEXT NOT NULL REFERENCES ukeys (serial),
    certificate TEXT NOT NULL REFERENCES certificates (serial), -- the newest on it
    kind TEXT NOT NULL CHECK (kind IN ('suspended', 'lost', 'stolen')),
    reported_at TEXT NOT NULL,
    reported_by TEXT NOT NULL,       -- `station` when a hold had lasted too long (D-43)
    reason TEXT NOT NULL,
    state_before TEXT NOT NULL,      -- of the ukey
    queued_at TEXT,                  -- the list could not be published at once
    crl_number INTEGER,
    crl_confirmed_at TEXT,           -- the published list was fetched back and says it
    ended_at TEXT,                   -- of a suspension
    ended_by TEXT,
    ending TEXT CHECK (ending IN ('found', 'lost', 'hold-over', 'revoked', 'returned')),
    statement_sha256 BLOB,           -- of the holder's signed statement
    statement_kind TEXT,
    statement BLOB,                  -- NULL once it is purged
    CHECK ((ended_at IS NULL) = (ending IS NULL)),
    CHECK ((crl_confirmed_at IS NULL) = (crl_number IS NULL))
) STRICT;
CREATE INDEX loss_reports_by_ukey ON loss_reports (ukey, reported_at);
CREATE INDEX loss_reports_by_certificate ON loss_reports (certificate);

-- How a hold ends (hold_ends) has two words more: found, found-and-pin-changed.

-- A list is made from this index alone.
CREATE INDEX certificates_in_crl ON certificates (serial, revoked_at, reason, not_after)
    WHERE state IN ('hold', 'revoked');
