-- Version 3. Officers may be there before their certificate (D-6), and what is known of their own
-- ukey stands in their row. Certificates of the unit PKI that this unit issued to its subordinates.
CREATE TABLE officers_3 (
    name TEXT PRIMARY KEY,
    post TEXT NOT NULL,
    enabled INTEGER NOT NULL,
    token TEXT,                      -- JSON: the officer's own ukey and the key on it
    public_key BLOB,                 -- SubjectPublicKeyInfo of that key
    so_pin TEXT,                     -- of that ukey, sealed to the escrow key, hex
    chain TEXT NOT NULL,             -- JSON: certificates from the officer's to the root, hex of DER
    request TEXT REFERENCES requests (id), -- form 1
    person BLOB,                     -- HMAC of the identity number under a key of this home
    disabled_at TEXT,
    for_cause INTEGER NOT NULL DEFAULT 0 -- disabled for cause: their approvals are void (D-22)
) STRICT;
INSERT INTO officers_3 (name, post, enabled, token, so_pin, chain)
SELECT name, post, enabled,
    (SELECT value FROM meta WHERE meta.name = 'officer_token/' || officers.name),
    (SELECT value FROM meta WHERE meta.name = 'officer_so_pin/' || officers.name),
    chain
FROM officers;
DROP TABLE officers;
ALTER TABLE officers_3 RENAME TO officers;
DELETE FROM meta WHERE substr(name, 1, 14) = 'officer_token/' OR substr(name, 1, 15) = 'officer_so_pin/';
-- One person, one post: an enabled person stands once (D-7).
CREATE UNIQUE INDEX officers_person ON officers (person) WHERE enabled = 1;

CREATE TABLE unit_certificates (
    serial TEXT PRIMARY KEY,
    unit_code TEXT NOT NULL,
    officer TEXT,                    -- NULL: the unit's own certificate
    post TEXT,
    der BLOB NOT NULL,
    issued_at TEXT NOT NULL,
    revoked_at TEXT
) STRICT;
CREATE INDEX unit_certificates_by_unit ON unit_certificates (unit_code, officer);

-- The newest believable time of any act (D-61).
INSERT INTO meta (name, value)
SELECT 'newest_time', at FROM audit ORDER BY sequence DESC LIMIT 1;
