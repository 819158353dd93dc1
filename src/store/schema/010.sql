-- Version 10. An officer's own ukey (D-58). It leaves the stock when its binding begins; the key before
-- it stays in use until the superior has certified the new one.
ALTER TABLE ukeys ADD COLUMN officer TEXT REFERENCES officers (name);
-- Of such a ukey: sealed to the escrow key, hex, before it is set; kept as long as the ukey may have it.
ALTER TABLE ukeys ADD COLUMN officer_so_pin TEXT;

CREATE TABLE officer_bindings (
    officer TEXT PRIMARY KEY REFERENCES officers (name),
    ukey TEXT NOT NULL UNIQUE REFERENCES ukeys (serial),
    token TEXT NOT NULL,             -- JSON, as in officers
    bind_key BLOB,                   -- NULL once the key is made, and what is sealed under it too
    new_so_pin BLOB,
    old_so_pin BLOB,
    user_pin BLOB,
    public_key BLOB,                 -- once the key is made
    begun_at TEXT NOT NULL
) STRICT;

-- Certificates that others replaced: what was approved under them stands.
CREATE TABLE officer_past_chains (
    officer TEXT NOT NULL REFERENCES officers (name),
    chain TEXT NOT NULL,             -- as in officers
    ended_at TEXT NOT NULL,
    PRIMARY KEY (officer, chain)
) STRICT;
