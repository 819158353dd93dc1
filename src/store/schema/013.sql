-- Version 13. Whole sheets are entered: what a request says stands in one row, not in one for each of
-- its fields; a search term stands in one tree; and one index finds a person's requests and keeps the
-- live one alone.
CREATE TABLE request_fields_13 (
    place INTEGER PRIMARY KEY REFERENCES requests (place),
    fields TEXT NOT NULL,            -- JSON: field to value
    salts TEXT                       -- JSON: field to hex of its salt; set when it is approved
) STRICT;
INSERT INTO request_fields_13 (place, fields, salts)
    SELECT place, json_group_object(field, value ORDER BY field),
        CASE WHEN count(salt) > 0 THEN
            json_group_object(field, lower(hex(salt)) ORDER BY field) FILTER (WHERE salt IS NOT NULL)
        END
    FROM request_fields JOIN requests ON requests.id = request_fields.request
    GROUP BY place ORDER BY place;
DROP TABLE request_fields;
ALTER TABLE request_fields_13 RENAME TO request_fields;

-- What a request said before an edit. JSON, as in request_fields; purged with it.
ALTER TABLE request_revisions ADD COLUMN fields TEXT NOT NULL DEFAULT '{}';
UPDATE request_revisions SET fields = (
    SELECT json_group_object(field, value ORDER BY field) FROM revision_fields
    WHERE revision_fields.request = request_revisions.request
      AND revision_fields.revision = request_revisions.revision);
DROP TABLE revision_fields;

-- The terms of a request in request_terms, a line each: to find them again when its name goes.
ALTER TABLE requests ADD COLUMN terms TEXT NOT NULL DEFAULT '';
UPDATE requests SET terms = coalesce((
    SELECT group_concat(term, char(10) ORDER BY term) FROM request_terms
    WHERE request_terms.place = requests.place), '');
DROP INDEX request_terms_by_place;

-- As requests_live, where what is over is told apart by its place.
DROP INDEX requests_live;
DROP INDEX requests_by_person;
CREATE UNIQUE INDEX requests_by_person ON requests (person, unit, form, coalesce(replaces, ''),
    CASE WHEN state IN ('closed', 'rejected', 'withdrawn', 'expired') THEN place ELSE 0 END);
