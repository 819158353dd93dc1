-- Version 21. The SO PIN that is about to replace the one in escrow (D-44): sealed before the ukey has it.
CREATE TABLE so_pin_rotations (
    ukey TEXT PRIMARY KEY REFERENCES ukeys (serial),
    sealed BLOB NOT NULL,            -- to the escrow key
    stored_at TEXT NOT NULL
) STRICT;
