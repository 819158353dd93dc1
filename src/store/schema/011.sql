-- Version 11. What was taken of a superior's answers to an enrolment (D-57); files of a history that its
-- neighbour's restore ended (D-52); revocation of certificates of a CA by files (D-43, D-53).

CREATE TABLE enrolments_received (
    sha256 BLOB PRIMARY KEY,
    id TEXT NOT NULL,                -- the file's, a UUIDv7: orders what was made in one second
    from_home TEXT NOT NULL,
    created TEXT NOT NULL,           -- when the superior says it was made
    signer TEXT NOT NULL,
    at TEXT NOT NULL
) STRICT;

-- As parcels_received: what came before a restore of the sender and has no place in its new history.
CREATE TABLE parcels_superseded (
    sha256 BLOB PRIMARY KEY,
    id TEXT NOT NULL,
    kind TEXT NOT NULL,
    from_code TEXT NOT NULL,
    from_home TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    previous BLOB,
    at TEXT NOT NULL,
    signer TEXT NOT NULL
) STRICT;

-- At a requester: what the newest list of the CA says of the certificates of this home.
CREATE TABLE exchange_revocations (
    serial TEXT PRIMARY KEY,
    reason TEXT NOT NULL,
    revoked_at TEXT NOT NULL,
    crl_number INTEGER NOT NULL,
    at TEXT NOT NULL
) STRICT;

-- At the CA: the newest order to revoke, hold or release it: CMS by the unit's security administrator.
ALTER TABLE exchange_requests ADD COLUMN revocation_order BLOB;
