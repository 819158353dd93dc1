-- Version 25. Requests share the rows of their terms: a row says after its own place which further ones its
-- term finds, in order, each as 16 bytes: how the name's key begins, then the place.
ALTER TABLE request_terms ADD COLUMN more BLOB NOT NULL DEFAULT x'';
