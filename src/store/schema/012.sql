-- Version 12. A file that is sent is noted before it is written: until then its bytes stand here.
ALTER TABLE parcels_sent ADD COLUMN name TEXT;
ALTER TABLE parcels_sent ADD COLUMN sealed BLOB; -- NULL once it lies in the home's `out`
