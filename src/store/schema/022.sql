-- Version 22. Who left or moved (D-45), what was handed over from another unit's desk, units that were
-- merged; and ukeys that are unblocked at a neighbour's desk (D-44).
CREATE TABLE departures (
    request TEXT PRIMARY KEY REFERENCES requests (id),
    ukey TEXT NOT NULL REFERENCES ukeys (serial),
    at TEXT NOT NULL,
    officer TEXT NOT NULL,
    confirmed_by TEXT,               -- of a ukey that was not brought
    reason TEXT NOT NULL,            -- in words; empty once it is purged
    to_code TEXT,                    -- code of the unit moved to; NULL when the person left
    parcel TEXT,                     -- id of the file that handed the record over
    successor TEXT REFERENCES requests (id) -- entered here for that unit
) STRICT;
CREATE INDEX departures_by_ukey ON departures (ukey);

CREATE TABLE handovers_received (
    request TEXT PRIMARY KEY REFERENCES requests (id), -- entered for it, or there before
    parcel TEXT NOT NULL,            -- id of the file
    from_code TEXT NOT NULL,         -- the unit that was left
    from_unit TEXT NOT NULL,
    number TEXT NOT NULL,            -- of the request there
    certificate TEXT NOT NULL,       -- its serial number
    ukey TEXT NOT NULL,
    at TEXT NOT NULL
) STRICT;

CREATE TABLE unit_mergers (
    unit TEXT PRIMARY KEY REFERENCES units (id),
    into_code TEXT NOT NULL,
    into_unit TEXT NOT NULL,         -- its name then
    at TEXT NOT NULL
) STRICT;

-- At the desk where the holder stands: what it asked of the owner of a ukey, and how far that came.
CREATE TABLE unblock_requests (
    nonce TEXT PRIMARY KEY,
    maker TEXT NOT NULL,
    model TEXT NOT NULL,
    serial TEXT NOT NULL,            -- as the ukey reports it
    owner_code TEXT NOT NULL,
    asked_at TEXT NOT NULL,
    begun_at TEXT,                   -- the grant was taken
    next_key BLOB,                   -- the next SO PIN under a key of its own, until the ukey is proven
    next_pin BLOB,
    escrowed BLOB,                   -- the same, sealed to the owner's escrow key
    done_at TEXT,
    CHECK ((next_key IS NULL) = (next_pin IS NULL)),
    CHECK (done_at IS NULL OR next_pin IS NULL)
) STRICT;

-- At the owner: SO PINs that security released to a neighbour's desk, once each.
CREATE TABLE unblock_grants (
    nonce TEXT PRIMARY KEY,
    ukey TEXT NOT NULL REFERENCES ukeys (serial),
    to_code TEXT NOT NULL,
    escrow_key TEXT NOT NULL,        -- to which the answer is sealed
    granted_at TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    released_by TEXT NOT NULL,
    confirmed_at TEXT                -- the answer came: the escrow holds what the ukey has
) STRICT;
