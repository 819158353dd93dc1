//! One making of one ukey.
