-- Version 15. The stock ledger (D-24 … D-28). Every change of a ukey's state is booked by the file
-- itself, as an entry from one account to another, in the transaction of the change; the accounts of a
-- day stand in one row, whose sum is checked with every entry.

-- D-25, as `UkeyState::may_become` and `may_be_corrected_to`. `outside` is what is no stock: before it
-- came, and officers' own ukeys.
CREATE TABLE ukey_transitions (
    from_account TEXT NOT NULL,
    to_account TEXT NOT NULL,
    PRIMARY KEY (from_account, to_account)
) STRICT, WITHOUT ROWID;
INSERT INTO ukey_transitions (from_account, to_account) VALUES
    ('outside', 'blank'), ('outside', 'damaged'), ('outside', 'returned'), ('blank', 'outside'),
    ('blank', 'allocated'), ('blank', 'personalising'), ('blank', 'damaged'), ('blank', 'lost'),
    ('blank', 'dispatched'), ('blank', 'destroyed'),
    ('allocated', 'blank'), ('allocated', 'personalising'), ('allocated', 'damaged'), ('allocated', 'lost'),
    ('personalising', 'blank'), ('personalising', 'issued'), ('personalising', 'damaged'),
    ('personalising', 'lost'),
    ('issued', 'handed_out'), ('issued', 'suspended'), ('issued', 'lost'), ('issued', 'damaged'),
    ('issued', 'returned'),
    ('handed_out', 'suspended'), ('handed_out', 'lost'), ('handed_out', 'damaged'),
    ('handed_out', 'returned'),
    ('suspended', 'issued'), ('suspended', 'handed_out'), ('suspended', 'lost'), ('suspended', 'damaged'),
    ('suspended', 'returned'),
    ('lost', 'returned'), ('lost', 'destroyed'), ('lost', 'blank'), ('lost', 'dispatched'),
    ('damaged', 'destroyed'), ('damaged', 'dispatched'), ('damaged', 'blank'),
    ('returned', 'blank'), ('returned', 'destroyed'), ('returned', 'damaged'), ('returned', 'dispatched'),
    ('dispatched', 'blank'), ('dispatched', 'damaged'), ('dispatched', 'returned'), ('dispatched', 'lost');

-- Notes that travel with ukeys, sent from here or to here (D-26).
CREATE TABLE dispatch_notes (
    id TEXT PRIMARY KEY,             -- the same in both homes
    number TEXT NOT NULL,            -- the sender's, e.g. 2026-0003
    sent INTEGER NOT NULL,           -- 1 from here, 0 to here
    unit_code TEXT NOT NULL,         -- the other unit
    at TEXT NOT NULL,                -- when the sender made it
    officer TEXT NOT NULL,           -- who made it
    reason TEXT,                     -- of what is sent back
    signed_for_at TEXT,              -- by the receiver
    signed_for_by TEXT
) STRICT;
CREATE INDEX dispatch_notes_by_number ON dispatch_notes (sent, number);
CREATE TABLE dispatch_items (
    note TEXT NOT NULL REFERENCES dispatch_notes (id),
    serial TEXT NOT NULL,
    maker TEXT NOT NULL,
    model TEXT NOT NULL,
    profile TEXT NOT NULL,
    box TEXT,
    state TEXT NOT NULL,             -- what it was when it was sent
    outcome TEXT,                    -- received, missing, refused; NULL in transit
    PRIMARY KEY (note, serial)
) STRICT, WITHOUT ROWID;
CREATE INDEX dispatch_items_by_serial ON dispatch_items (serial);
CREATE UNIQUE INDEX dispatch_items_in_transit ON dispatch_items (serial) WHERE outcome IS NULL;

-- Why ukeys moved.
CREATE TABLE stock_movements (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    at TEXT NOT NULL,
    officer TEXT NOT NULL,
    confirmed_by TEXT,               -- the second officer, or a waiver
    reason TEXT,
    note TEXT REFERENCES dispatch_notes (id)
) STRICT;

ALTER TABLE ukeys ADD COLUMN box TEXT;
ALTER TABLE ukeys ADD COLUMN moved_at TEXT NOT NULL DEFAULT '';
ALTER TABLE ukeys ADD COLUMN movement TEXT REFERENCES stock_movements (id);
-- Whatever a page is filtered by, it is found here, in its order.
CREATE INDEX ukeys_in_stock ON ukeys (serial, state, model, box) WHERE officer IS NULL;
DROP INDEX ukeys_by_state;
CREATE INDEX ukeys_by_state ON ukeys (state, serial) WHERE officer IS NULL;
-- A ukey is listed with its newest certificate.
CREATE INDEX certificates_by_ukey ON certificates (ukey, stored_at, serial);
CREATE INDEX ukeys_by_model ON ukeys (maker, model, state) WHERE officer IS NULL;

-- One ukey from one account to another.
CREATE TABLE stock_entries (
    id INTEGER PRIMARY KEY,
    day TEXT NOT NULL,
    at TEXT NOT NULL,
    maker TEXT NOT NULL,
    model TEXT NOT NULL,
    ukey TEXT NOT NULL REFERENCES ukeys (serial),
    from_account TEXT NOT NULL,
    to_account TEXT NOT NULL CHECK (to_account <> from_account),
    movement TEXT REFERENCES stock_movements (id)
) STRICT;
CREATE INDEX stock_entries_by_ukey ON stock_entries (ukey, id);
CREATE INDEX stock_entries_by_day ON stock_entries (maker, model, day, from_account, to_account);

-- What was where at the end of a day on which something moved (D-27).
CREATE TABLE stock_days (
    maker TEXT NOT NULL,
    model TEXT NOT NULL,
    day TEXT NOT NULL,               -- UTC
    received INTEGER NOT NULL,       -- what came, less what became officers' own
    blank INTEGER NOT NULL CHECK (blank >= 0),
    allocated INTEGER NOT NULL CHECK (allocated >= 0),
    personalising INTEGER NOT NULL CHECK (personalising >= 0),
    issued INTEGER NOT NULL CHECK (issued >= 0),
    handed_out INTEGER NOT NULL CHECK (handed_out >= 0),
    suspended INTEGER NOT NULL CHECK (suspended >= 0),
    lost INTEGER NOT NULL CHECK (lost >= 0),
    damaged INTEGER NOT NULL CHECK (damaged >= 0),
    returned INTEGER NOT NULL CHECK (returned >= 0),
    destroyed INTEGER NOT NULL CHECK (destroyed >= 0),
    dispatched INTEGER NOT NULL CHECK (dispatched >= 0),
    PRIMARY KEY (maker, model, day),
    CONSTRAINT stock_balance CHECK (received = blank + allocated + personalising + issued + handed_out
        + suspended + lost + damaged + returned + destroyed + dispatched)
) STRICT, WITHOUT ROWID;

-- A model's first row of a day begins with the row before it.
CREATE TRIGGER stock_day_begins BEFORE INSERT ON stock_entries
WHEN NOT EXISTS (SELECT 1 FROM stock_days WHERE maker = new.maker AND model = new.model AND day = new.day)
BEGIN
    INSERT INTO stock_days
        SELECT maker, model, new.day, received, blank, allocated, personalising, issued, handed_out,
            suspended, lost, damaged, returned, destroyed, dispatched
        FROM stock_days WHERE maker = new.maker AND model = new.model ORDER BY day DESC LIMIT 1;
    INSERT INTO stock_days VALUES (new.maker, new.model, new.day, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
        ON CONFLICT DO NOTHING;
END;

CREATE TRIGGER stock_entry_booked AFTER INSERT ON stock_entries
BEGIN
    UPDATE stock_days SET
        received = received + (new.from_account = 'outside') - (new.to_account = 'outside'),
        blank = blank + (new.to_account = 'blank') - (new.from_account = 'blank'),
        allocated = allocated + (new.to_account = 'allocated') - (new.from_account = 'allocated'),
        personalising = personalising + (new.to_account = 'personalising')
            - (new.from_account = 'personalising'),
        issued = issued + (new.to_account = 'issued') - (new.from_account = 'issued'),
        handed_out = handed_out + (new.to_account = 'handed_out') - (new.from_account = 'handed_out'),
        suspended = suspended + (new.to_account = 'suspended') - (new.from_account = 'suspended'),
        lost = lost + (new.to_account = 'lost') - (new.from_account = 'lost'),
        damaged = damaged + (new.to_account = 'damaged') - (new.from_account = 'damaged'),
        returned = returned + (new.to_account = 'returned') - (new.from_account = 'returned'),
        destroyed = destroyed + (new.to_account = 'destroyed') - (new.from_account = 'destroyed'),
        dispatched = dispatched + (new.to_account = 'dispatched') - (new.from_account = 'dispatched')
    WHERE maker = new.maker AND model = new.model AND day = new.day;
END;

-- What was here before there was a ledger: opened with what stands.
UPDATE ukeys SET moved_at = received_at;
INSERT INTO stock_entries (day, at, maker, model, ukey, from_account, to_account)
    SELECT substr(received_at, 1, 10), received_at, maker, model, serial, 'outside', state
    FROM ukeys WHERE officer IS NULL ORDER BY received_at, serial;

CREATE TRIGGER ukey_comes AFTER INSERT ON ukeys WHEN new.officer IS NULL
BEGIN
    INSERT INTO stock_entries (day, at, maker, model, ukey, from_account, to_account, movement)
    VALUES (
        max(substr(new.moved_at, 1, 10), coalesce((SELECT max(day) FROM stock_days
            WHERE maker = new.maker AND model = new.model), '')),
        new.moved_at, new.maker, new.model, new.serial, 'outside', new.state, new.movement);
END;

-- A clock that went back books on the newest day.
CREATE TRIGGER ukey_moves AFTER UPDATE OF state, officer ON ukeys
WHEN (old.officer IS NULL OR new.officer IS NULL)
    AND iif(old.officer IS NULL, old.state, 'outside') <> iif(new.officer IS NULL, new.state, 'outside')
BEGIN
    INSERT INTO stock_entries (day, at, maker, model, ukey, from_account, to_account, movement)
    VALUES (
        max(substr(new.moved_at, 1, 10), coalesce((SELECT max(day) FROM stock_days
            WHERE maker = new.maker AND model = new.model), '')),
        new.moved_at, new.maker, new.model, new.serial,
        iif(old.officer IS NULL, old.state, 'outside'), iif(new.officer IS NULL, new.state, 'outside'),
        new.movement);
END;

-- Identity is what the ledger counts by.
CREATE TRIGGER ukey_stays_itself BEFORE UPDATE OF serial, maker, model ON ukeys
BEGIN SELECT raise(ABORT, 'ukey identity'); END;
CREATE TRIGGER ukey_never_deleted BEFORE DELETE ON ukeys
BEGIN SELECT raise(ABORT, 'ukey deleted'); END;

CREATE TRIGGER stock_entry_allowed BEFORE INSERT ON stock_entries
WHEN NOT EXISTS (SELECT 1 FROM ukey_transitions
    WHERE from_account = new.from_account AND to_account = new.to_account)
BEGIN SELECT raise(ABORT, 'ukey transition'); END;
CREATE TRIGGER stock_entry_stays BEFORE UPDATE ON stock_entries
BEGIN SELECT raise(ABORT, 'stock entry edited'); END;
CREATE TRIGGER stock_entry_never_deleted BEFORE DELETE ON stock_entries
BEGIN SELECT raise(ABORT, 'stock entry deleted'); END;

-- What differs: found, explained by system, accepted by security (D-27).
CREATE TABLE discrepancies (
    id TEXT PRIMARY KEY,
    number TEXT NOT NULL UNIQUE,     -- e.g. 2026-0001
    kind TEXT NOT NULL,
    serial TEXT NOT NULL,
    note TEXT REFERENCES dispatch_notes (id),
    stock_check TEXT,                -- the check that found it
    detail TEXT,                     -- what was seen, e.g. a state
    found_at TEXT NOT NULL,
    found_by TEXT NOT NULL,
    resolution TEXT,                 -- what system proposes
    explanation TEXT,
    explained_at TEXT,
    explained_by TEXT,
    accepted_at TEXT,
    accepted_by TEXT
) STRICT;
CREATE INDEX discrepancies_open ON discrepancies (number) WHERE accepted_at IS NULL;
CREATE INDEX discrepancies_by_serial ON discrepancies (serial);

-- How few blanks of a model are too few (D-32).
CREATE TABLE reorder_levels (
    maker TEXT NOT NULL,
    model TEXT NOT NULL,
    level INTEGER NOT NULL CHECK (level >= 0),
    PRIMARY KEY (maker, model)
) STRICT, WITHOUT ROWID;
