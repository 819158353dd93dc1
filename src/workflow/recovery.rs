//! What to do when the truth about a ukey is unknown.
