-- Version 17. Tallies (D-33): the newest of each direct subordinate, and the sealed scans that came
-- with them (D-13).
CREATE TABLE tallies (
    unit_code TEXT PRIMARY KEY,      -- who sent it
    parcel TEXT NOT NULL,            -- id of its file
    created TEXT NOT NULL,           -- by the sender's clock
    received_at TEXT NOT NULL,
    signer TEXT NOT NULL,
    units TEXT NOT NULL,             -- JSON: each unit, as in docs/parcel.md
    passed TEXT NOT NULL             -- JSON: what the books here said then of what went to it (D-27)
) STRICT;

CREATE TABLE tally_scans (
    request TEXT NOT NULL,           -- in the home that entered it
    sha256 BLOB NOT NULL,
    number TEXT NOT NULL,
    revision INTEGER NOT NULL,
    unit_code TEXT NOT NULL,         -- the holder's unit
    from_code TEXT NOT NULL,         -- the subordinate that sent it
    kind TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    received_at TEXT NOT NULL,
    content BLOB,                    -- NULL once it is purged
    PRIMARY KEY (request, sha256)
) STRICT;

-- What went up, from here or from below: once.
CREATE TABLE tally_scans_sent (
    request TEXT NOT NULL,
    sha256 BLOB NOT NULL,
    parcel TEXT NOT NULL REFERENCES parcels_sent (id),
    PRIMARY KEY (request, sha256)
) STRICT, WITHOUT ROWID;
