//! No bytes that a worker may write end in a panic, or in memory that nobody asked for.

use ukey_station::token::worker;

/// Throws it at the parser.
pub(crate) fn check(bytes: &[u8]) {
    assert!(worker::whole_answers(bytes) <= bytes.len() / 4);
}
