-- Version 7. Files between stations (D-57), the superior's reviews (D-3, D-8), and the CA by files
-- (D-53).

CREATE TABLE parcels_sent (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    to_code TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    previous BLOB,                   -- sha256 of the one before to this unit
    sha256 BLOB NOT NULL UNIQUE,
    at TEXT NOT NULL,
    UNIQUE (to_code, sequence)
) STRICT;

CREATE TABLE parcels_received (
    sha256 BLOB PRIMARY KEY,
    id TEXT NOT NULL,
    kind TEXT NOT NULL,
    from_code TEXT NOT NULL,
    from_home TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    previous BLOB,
    at TEXT NOT NULL,
    signer TEXT NOT NULL,
    UNIQUE (from_code, from_home, sequence)
) STRICT;

-- The newest list of revoked certificates of each unit key.
CREATE TABLE unit_crls (
    issuer_key BLOB PRIMARY KEY,     -- SubjectPublicKeyInfo
    number INTEGER NOT NULL,
    der BLOB NOT NULL
) STRICT;

-- At the origin: what went up and waits. The salts go when the answer comes.
CREATE TABLE sent_up (
    request TEXT NOT NULL REFERENCES requests (id),
    revision INTEGER NOT NULL,
    parcel TEXT NOT NULL REFERENCES parcels_sent (id),
    salts TEXT,                      -- JSON: field to hex of its salt
    PRIMARY KEY (request, revision)
) STRICT;

-- At the origin: the superior's signed returns and rejections.
CREATE TABLE superior_refusals (
    request TEXT NOT NULL REFERENCES requests (id),
    revision INTEGER NOT NULL,
    decision TEXT NOT NULL,          -- returned, rejected
    reason TEXT NOT NULL,
    signature BLOB NOT NULL,
    chain TEXT NOT NULL,             -- as in officers
    decided_at TEXT NOT NULL,
    PRIMARY KEY (request, revision)
) STRICT;

-- At the superior: one decision for one revision of a subordinate's request. No personal data.
CREATE TABLE reviews (
    from_code TEXT NOT NULL,
    from_home TEXT NOT NULL,
    request TEXT NOT NULL,
    revision INTEGER NOT NULL,
    decision TEXT NOT NULL,
    signature BLOB NOT NULL,
    decided_at TEXT NOT NULL,
    PRIMARY KEY (from_home, request, revision)
) STRICT;

-- At the CA: what subordinates asked for, by files. One certificate for a key and for an approval.
CREATE TABLE exchange_requests (
    serial TEXT PRIMARY KEY,
    from_code TEXT NOT NULL,
    order_sha256 BLOB NOT NULL UNIQUE,
    signed_order BLOB NOT NULL,      -- CMS by the unit's system administrator
    approval BLOB NOT NULL,          -- CMS
    csr BLOB NOT NULL,
    public_key BLOB NOT NULL UNIQUE,
    approval_nonce BLOB NOT NULL UNIQUE,
    received_at TEXT NOT NULL,
    certificate BLOB,                -- once it is signed
    signed_at TEXT,
    revoked_at TEXT,
    reason TEXT
) STRICT;
