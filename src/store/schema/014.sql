-- Version 14. Whom a frequent text finds is listed by name: beside each place the tree of terms says how
-- the name's key begins, so that only those who begin alike are looked at more closely.
CREATE TABLE request_terms_14 (
    term TEXT NOT NULL,
    place INTEGER NOT NULL,
    name_start BLOB NOT NULL,        -- the first 8 bytes of the request's name_key
    PRIMARY KEY (term, place)
) STRICT, WITHOUT ROWID;
INSERT INTO request_terms_14 (term, place, name_start)
    SELECT term, place, coalesce((
        SELECT substr(name_key, 1, 8) FROM requests WHERE requests.place = request_terms.place), x'')
    FROM request_terms ORDER BY term, place;
DROP TABLE request_terms;
ALTER TABLE request_terms_14 RENAME TO request_terms;
