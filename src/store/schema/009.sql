-- Version 9. Waivers of the two-person rule (D-8): granted here to a subordinate, or received.
CREATE TABLE waivers (
    id TEXT PRIMARY KEY,             -- of the file
    unit_code TEXT NOT NULL,         -- whom it frees
    granted_by TEXT NOT NULL,        -- the superior's officer
    granted_at TEXT NOT NULL,
    until TEXT NOT NULL,             -- its last day
    reason TEXT NOT NULL
) STRICT;

-- The paper belongs to the revision that is entered from it: another person's or post's is another paper.
ALTER TABLE scans ADD COLUMN revision INTEGER NOT NULL DEFAULT 1;
ALTER TABLE opinions ADD COLUMN revision INTEGER NOT NULL DEFAULT 1;
UPDATE scans SET revision = (SELECT revision FROM requests WHERE id = request);
UPDATE opinions SET revision = (SELECT revision FROM requests WHERE id = request);

-- Who of the superior's decided.
ALTER TABLE superior_refusals ADD COLUMN officer TEXT NOT NULL DEFAULT 'superior';
