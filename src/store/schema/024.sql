-- Version 24. The CA gets another key and name (D-60). Certificates tell which generation of the CA signed
-- them; a former CA signs its list until its last certificate has ended.
ALTER TABLE certificates ADD COLUMN generation INTEGER NOT NULL DEFAULT 1;
ALTER TABLE exchange_requests ADD COLUMN generation INTEGER NOT NULL DEFAULT 1;
CREATE TABLE former_authorities (
    generation INTEGER PRIMARY KEY,
    certificate BLOB NOT NULL,       -- DER
    chain TEXT NOT NULL,             -- JSON: certificates above it up to the root, hex of DER
    token TEXT,                      -- JSON; NULL: its key is at another station
    so_pin TEXT,                     -- of that token, sealed to the escrow key: hex
    last_leaf TEXT NOT NULL,         -- when the last certificate it signed ends
    last_list TEXT,                  -- thisUpdate of its newest list
    retired_at TEXT NOT NULL
) STRICT;
-- Each generation's entries of a list are read in their order, from this index alone.
DROP INDEX certificates_in_crl;
CREATE INDEX certificates_in_crl ON certificates (generation, serial, revoked_at, reason, not_after)
    WHERE state IN ('hold', 'revoked');
-- How many of each unit end in each month is counted in this index alone.
ALTER TABLE certificates ADD COLUMN unit TEXT NOT NULL DEFAULT '';
UPDATE certificates SET unit = coalesce((SELECT unit FROM requests WHERE id = certificates.request), '');
CREATE INDEX certificates_by_unit_end ON certificates (unit, not_after)
    WHERE state IN ('active', 'hold');
