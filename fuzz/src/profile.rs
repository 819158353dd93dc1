//! No text that claims to be a token profile ends in a panic.

use ukey_station::domain::token_profile::TokenProfile;

/// Throws it at the parser.
pub(crate) fn check(text: &str) {
    drop(TokenProfile::parse(text));
}
