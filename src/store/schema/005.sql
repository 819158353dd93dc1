-- Version 5. Units in a tree; both forms with revisions, opinions, scans and signed decisions; search
-- and order of requests; the home's table of user types; 代制.

ALTER TABLE units ADD COLUMN parent TEXT REFERENCES units (id);
ALTER TABLE units ADD COLUMN school_type TEXT;
ALTER TABLE units ADD COLUMN address TEXT;
ALTER TABLE units ADD COLUMN contacts TEXT;
ALTER TABLE units ADD COLUMN closed_at TEXT;
CREATE INDEX units_by_parent ON units (parent, name);
CREATE INDEX units_by_name ON units (name);
-- Where a search text begins, a unit is found: its name from each of its characters on.
CREATE TABLE unit_terms (
    term TEXT NOT NULL,
    unit TEXT NOT NULL REFERENCES units (id),
    PRIMARY KEY (term, unit)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX unit_terms_by_unit ON unit_terms (unit, term);
INSERT INTO unit_terms (term, unit)
    WITH RECURSIVE rest (term, unit) AS (
        SELECT lower(replace(name, ' ', '')), id FROM units
        UNION SELECT substr(term, 2), unit FROM rest WHERE length(term) > 1
    )
    SELECT term, unit FROM rest;

-- A county makes ukeys for a school without a desk (D-4): a record of the school's signed paper.
CREATE TABLE delegations (
    id TEXT PRIMARY KEY,
    unit TEXT NOT NULL REFERENCES units (id),        -- whose holders
    signed_on TEXT NOT NULL,                         -- YYYY-MM-DD, on the paper
    valid_until TEXT NOT NULL,
    scan_sha256 BLOB NOT NULL,
    scan_kind TEXT NOT NULL,
    scan BLOB NOT NULL,
    recorded_by TEXT NOT NULL,
    recorded_at TEXT NOT NULL,
    confirmed_by TEXT,                               -- the second officer
    confirmed_at TEXT
) STRICT;
CREATE INDEX delegations_by_unit ON delegations (unit, valid_until);

CREATE TABLE user_types (
    name TEXT PRIMARY KEY,
    place INTEGER NOT NULL UNIQUE
) STRICT;
INSERT INTO user_types (name, place) VALUES
    ('安全审计员', 1), ('信息查询员', 2), ('系统管理员', 3), ('培训管理员', 4), ('信息管理员', 5);

-- place orders by number beyond 9999: year * 10000000 + count. person: HMAC of the identity number
-- under a key of this home. name_key: the name's place in a Chinese list; empty until it is known.
ALTER TABLE requests ADD COLUMN place INTEGER NOT NULL DEFAULT 0;
ALTER TABLE requests ADD COLUMN form INTEGER NOT NULL DEFAULT 2;
ALTER TABLE requests ADD COLUMN post TEXT;
ALTER TABLE requests ADD COLUMN person BLOB;
ALTER TABLE requests ADD COLUMN name_key BLOB NOT NULL DEFAULT x'';
ALTER TABLE requests ADD COLUMN replaces TEXT REFERENCES requests (id);
UPDATE requests SET place =
    CAST(substr(number, 1, 4) AS INTEGER) * 10000000 + CAST(substr(number, 6) AS INTEGER);
CREATE UNIQUE INDEX requests_by_place ON requests (place);
CREATE INDEX requests_by_state_place ON requests (state, place);
CREATE INDEX requests_by_unit ON requests (unit, place, state);
CREATE INDEX requests_by_name ON requests (name_key, place, state);
CREATE INDEX requests_by_person ON requests (person, place);
CREATE INDEX requests_by_expiry ON requests (expires_at) WHERE state = 'approved';
-- One live request of a form for a person and unit (D-20); a re-key stands beside the one it replaces.
CREATE UNIQUE INDEX requests_live ON requests (unit, person, form, coalesce(replaces, ''))
    WHERE state NOT IN ('closed', 'rejected', 'withdrawn', 'expired');

-- Where a search text begins, a request is found: parts of its name, pinyin, initials, number.
CREATE TABLE request_terms (
    term TEXT NOT NULL,
    place INTEGER NOT NULL,
    PRIMARY KEY (term, place)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX request_terms_by_place ON request_terms (place, term);

-- What a request said before an edit, and who had entered that. Purged with request_fields.
CREATE TABLE request_revisions (
    request TEXT NOT NULL REFERENCES requests (id),
    revision INTEGER NOT NULL,
    entered_by TEXT NOT NULL,
    entered_at TEXT NOT NULL,
    unit TEXT NOT NULL REFERENCES units (id),
    PRIMARY KEY (request, revision)
) STRICT;
CREATE TABLE revision_fields (
    request TEXT NOT NULL,
    revision INTEGER NOT NULL,
    field TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (request, revision, field),
    FOREIGN KEY (request, revision) REFERENCES request_revisions (request, revision)
) STRICT;

CREATE TABLE opinions (
    request TEXT NOT NULL REFERENCES requests (id),
    kind TEXT NOT NULL,
    given_by TEXT NOT NULL,
    given_on TEXT NOT NULL,          -- YYYY-MM-DD, on the paper
    note TEXT,
    recorded_by TEXT NOT NULL,
    recorded_at TEXT NOT NULL,
    PRIMARY KEY (request, kind)
) STRICT;

CREATE TABLE scans (
    request TEXT NOT NULL REFERENCES requests (id),
    sha256 BLOB NOT NULL,
    kind TEXT NOT NULL,              -- pdf, jpg, png: by content
    bytes INTEGER NOT NULL,
    attached_by TEXT NOT NULL,
    attached_at TEXT NOT NULL,
    content BLOB,                    -- NULL once it is purged
    PRIMARY KEY (request, sha256)
) STRICT;

-- Returns and rejections, signed like approvals (D-22). The reason is committed to with its salt.
CREATE TABLE refusals (
    id TEXT PRIMARY KEY,
    request TEXT NOT NULL REFERENCES requests (id),
    revision INTEGER NOT NULL,
    decision TEXT NOT NULL,          -- returned, rejected
    officer TEXT NOT NULL,
    reason TEXT NOT NULL,
    salts TEXT NOT NULL,             -- JSON: field to hex of its salt, the reason's too
    signature BLOB NOT NULL,
    chain TEXT NOT NULL,             -- as in officers
    decided_at TEXT NOT NULL
) STRICT;
CREATE INDEX refusals_by_request ON refusals (request, decided_at);

-- Why personal data was looked at in full: the audit row has the hash alone.
CREATE TABLE reveal_reasons (
    sha256 BLOB PRIMARY KEY,
    reason TEXT NOT NULL
) STRICT;
