-- Version 2. Some models get a new serial number when they are initialised: the number as the token
-- reports it now, where it is another one than at intake. The key of the row stays.
ALTER TABLE ukeys ADD COLUMN token_serial TEXT;
CREATE UNIQUE INDEX ukeys_by_token ON ukeys (coalesce(token_serial, serial));
