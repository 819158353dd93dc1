//! No text that claims to be a token profile ends in a panic.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ukey_station::domain::token_profile::TokenProfile;

fuzz_target!(|text: &str| {
    drop(TokenProfile::parse(text));
});
