-- Version 8. Whole sheets are entered: the fields of a request stand together in one tree, not in a
-- table and an index beside it, and no index says what another says too.
CREATE TABLE request_fields_8 (
    request TEXT NOT NULL REFERENCES requests (id),
    field TEXT NOT NULL,
    value TEXT NOT NULL,
    salt BLOB,                       -- set when it is approved
    PRIMARY KEY (request, field)
) STRICT, WITHOUT ROWID;
INSERT INTO request_fields_8 (request, field, value, salt)
    SELECT request, field, value, salt FROM request_fields ORDER BY request, field;
DROP TABLE request_fields;
ALTER TABLE request_fields_8 RENAME TO request_fields;
-- requests_by_state_place has the same.
DROP INDEX requests_by_state;
