-- Version 1. Ids are UUIDv7 text, times RFC 3339 UTC text, hashes and sealed values BLOBs.

CREATE TABLE meta (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;

CREATE TABLE units (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    level TEXT NOT NULL,
    code TEXT NOT NULL UNIQUE,
    province TEXT NOT NULL,
    prefecture TEXT NOT NULL,
    own INTEGER NOT NULL
) STRICT;

CREATE TABLE officers (
    name TEXT PRIMARY KEY,
    post TEXT NOT NULL,
    enabled INTEGER NOT NULL,
    ukey_serial TEXT NOT NULL,
    key_id BLOB NOT NULL,
    chain TEXT NOT NULL              -- JSON: certificates from the officer's to the root, hex of DER
) STRICT;

CREATE TABLE requests (
    id TEXT PRIMARY KEY,
    number TEXT NOT NULL UNIQUE,
    revision INTEGER NOT NULL,
    state TEXT NOT NULL,
    unit TEXT NOT NULL REFERENCES units (id),
    holder_name TEXT NOT NULL,
    user_types TEXT NOT NULL,
    apply_certificate INTEGER NOT NULL,
    entered_by TEXT NOT NULL,
    entered_at TEXT NOT NULL,
    approved_by TEXT,
    approved_at TEXT,
    expires_at TEXT
) STRICT;
CREATE INDEX requests_by_state ON requests (state, number);

-- What D-51 purges: values and salts; chain and signatures stay.
CREATE TABLE request_fields (
    request TEXT NOT NULL REFERENCES requests (id),
    field TEXT NOT NULL,
    value TEXT NOT NULL,
    salt BLOB,                       -- set when it is approved
    PRIMARY KEY (request, field)
) STRICT;

CREATE TABLE approvals (
    request TEXT NOT NULL REFERENCES requests (id),
    revision INTEGER NOT NULL,
    officer TEXT NOT NULL,
    signature BLOB NOT NULL,         -- CMS SignedData, record embedded
    chain TEXT NOT NULL,             -- as in officers
    decided_at TEXT NOT NULL,
    PRIMARY KEY (request, revision)
) STRICT;

CREATE TABLE pseudonyms (
    unit TEXT NOT NULL REFERENCES units (id),
    person BLOB NOT NULL,            -- HMAC of the identity number under a key of this home
    pseudonym TEXT NOT NULL UNIQUE,
    PRIMARY KEY (unit, person)
) STRICT;

CREATE TABLE ukeys (
    serial TEXT PRIMARY KEY,
    maker TEXT NOT NULL,
    model TEXT NOT NULL,
    profile TEXT NOT NULL,
    state TEXT NOT NULL,
    request TEXT REFERENCES requests (id),
    received_at TEXT NOT NULL
) STRICT;
CREATE INDEX ukeys_by_state ON ukeys (state, serial);

CREATE TABLE runs (
    id TEXT PRIMARY KEY,
    request TEXT NOT NULL REFERENCES requests (id),
    ukey TEXT NOT NULL REFERENCES ukeys (serial),
    officer TEXT NOT NULL,
    opened_at TEXT NOT NULL,
    ended_at TEXT,
    outcome TEXT,                    -- proven, written-off
    csr BLOB                         -- PKCS #10, once it is made
) STRICT;
-- One open run for a ukey and for a request.
CREATE UNIQUE INDEX runs_open_by_ukey ON runs (ukey) WHERE ended_at IS NULL;
CREATE UNIQUE INDEX runs_open_by_request ON runs (request) WHERE ended_at IS NULL;

CREATE TABLE run_journal (
    run TEXT NOT NULL REFERENCES runs (id),
    sequence INTEGER NOT NULL,
    at TEXT NOT NULL,
    entry TEXT NOT NULL,             -- JSON
    PRIMARY KEY (run, sequence)
) STRICT;

-- Erased when the run is proven (D-37).
CREATE TABLE run_secrets (
    run TEXT PRIMARY KEY REFERENCES runs (id),
    run_key BLOB NOT NULL,
    so_pin BLOB NOT NULL,            -- sealed under run_key, as the others
    old_so_pin BLOB NOT NULL,
    user_pin BLOB NOT NULL
) STRICT;

-- Sealed to the escrow key. The newest confirmed one holds; an unconfirmed one may.
CREATE TABLE escrow (
    ukey TEXT NOT NULL REFERENCES ukeys (serial),
    run TEXT NOT NULL REFERENCES runs (id),
    sealed BLOB NOT NULL,
    stored_at TEXT NOT NULL,
    confirmed INTEGER NOT NULL,
    PRIMARY KEY (ukey, run)
) STRICT;

CREATE TABLE issue_intents (
    run TEXT PRIMARY KEY REFERENCES runs (id),
    request TEXT NOT NULL REFERENCES requests (id),
    serial TEXT NOT NULL UNIQUE,
    not_before TEXT NOT NULL,
    not_after TEXT NOT NULL,
    public_key BLOB NOT NULL UNIQUE, -- a key is certified once (D-36)
    subject TEXT NOT NULL            -- JSON
) STRICT;

CREATE TABLE certificates (
    serial TEXT PRIMARY KEY,
    run TEXT NOT NULL UNIQUE REFERENCES runs (id),
    request TEXT NOT NULL REFERENCES requests (id),
    ukey TEXT NOT NULL REFERENCES ukeys (serial),
    subject TEXT NOT NULL,
    not_before TEXT NOT NULL,
    not_after TEXT NOT NULL,
    der BLOB NOT NULL,
    state TEXT NOT NULL,             -- active, hold, revoked
    reason TEXT,
    revoked_at TEXT,
    stored_at TEXT NOT NULL
) STRICT;
-- One live certificate for a request (D-23).
CREATE UNIQUE INDEX certificates_live ON certificates (request) WHERE state IN ('active', 'hold');

CREATE TABLE slips (
    ukey TEXT NOT NULL REFERENCES ukeys (serial),
    run TEXT PRIMARY KEY REFERENCES runs (id),
    handed_out_at TEXT,
    handed_out_by TEXT
) STRICT;

-- A random user PIN until its letter is printed, sealed under letter_key.
CREATE TABLE pin_letters (
    run TEXT PRIMARY KEY REFERENCES runs (id),
    letter_key BLOB NOT NULL,
    user_pin BLOB NOT NULL
) STRICT;

CREATE TABLE ca_unlock (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    officer TEXT NOT NULL,
    pin BLOB NOT NULL,               -- sealed under the store key
    until TEXT NOT NULL,
    remaining INTEGER NOT NULL
) STRICT;

CREATE TABLE audit (
    sequence INTEGER PRIMARY KEY,
    at TEXT NOT NULL,
    officer TEXT NOT NULL,
    post TEXT,
    act TEXT NOT NULL,
    request TEXT,
    ukey TEXT,
    certificate TEXT,
    result TEXT NOT NULL,
    detail TEXT,
    hash BLOB NOT NULL
) STRICT;
