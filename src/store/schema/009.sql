-- Version 9. Waivers of the two-person rule (D-8): granted here to a subordinate, or received.
CREATE TABLE waivers (
    id TEXT PRIMARY KEY,             -- of the file
    unit_code TEXT NOT NULL,         -- whom it frees
    granted_by TEXT NOT NULL,        -- the superior's officer
    granted_at TEXT NOT NULL,
    until TEXT NOT NULL,             -- its last day
    reason TEXT NOT NULL
) STRICT;
