-- Version 16. Stock checks (D-28): what is read and scanned, and the signed result.
CREATE TABLE stock_checks (
    id TEXT PRIMARY KEY,
    number TEXT NOT NULL UNIQUE,     -- e.g. 2026-0001
    state TEXT NOT NULL CHECK (state IN ('open', 'paused', 'signed', 'dropped')),
    model TEXT,                      -- only this model
    started_at TEXT NOT NULL,
    started_by TEXT NOT NULL,
    ended_at TEXT,                   -- signed or dropped
    ended_by TEXT,
    signature BLOB,                  -- CMS SignedData over the result
    chain TEXT,                      -- the signer's certificate, then each issuer up to the root
    CHECK ((state = 'signed') = (signature IS NOT NULL)),
    CHECK ((state IN ('signed', 'dropped')) = (ended_at IS NOT NULL))
) STRICT;
CREATE UNIQUE INDEX stock_checks_one_open ON stock_checks ((1)) WHERE state IN ('open', 'paused');

CREATE TABLE stock_check_items (
    id INTEGER PRIMARY KEY,
    stock_check TEXT NOT NULL REFERENCES stock_checks (id),
    serial TEXT NOT NULL,            -- of the records, else as it was read or scanned
    maker TEXT NOT NULL,             -- empty where nothing says it
    model TEXT NOT NULL,
    verdict TEXT NOT NULL,
    detail TEXT,
    state TEXT,                      -- what the records said; NULL when it is not in them
    how TEXT NOT NULL CHECK (how IN ('read', 'scanned')),
    at TEXT NOT NULL,
    UNIQUE (stock_check, serial, maker, model)
) STRICT;

-- What was signed stays.
CREATE TRIGGER stock_check_stays BEFORE UPDATE ON stock_checks WHEN old.state IN ('signed', 'dropped')
BEGIN SELECT raise(ABORT, 'stock check ended'); END;
CREATE TRIGGER stock_check_never_deleted BEFORE DELETE ON stock_checks
BEGIN SELECT raise(ABORT, 'stock check deleted'); END;
CREATE TRIGGER stock_check_item_in_time BEFORE INSERT ON stock_check_items
WHEN NOT EXISTS (SELECT 1 FROM stock_checks WHERE id = new.stock_check AND state = 'open')
BEGIN SELECT raise(ABORT, 'stock check not open'); END;
CREATE TRIGGER stock_check_item_stays BEFORE UPDATE ON stock_check_items
WHEN NOT EXISTS (SELECT 1 FROM stock_checks WHERE id = old.stock_check AND state = 'open')
BEGIN SELECT raise(ABORT, 'stock check not open'); END;
CREATE TRIGGER stock_check_item_never_deleted BEFORE DELETE ON stock_check_items
BEGIN SELECT raise(ABORT, 'stock check item deleted'); END;

-- A check may find that one is gone which was waiting to be wiped or destroyed (D-25).
INSERT INTO ukey_transitions (from_account, to_account) VALUES ('returned', 'lost'), ('damaged', 'lost');
