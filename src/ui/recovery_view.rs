//! What the window draws while a replacement officer is enrolled with two shares of the recovery kit, and what it
//! asks for (D-46).

use crate::station::SecretText;
use crate::station::jobs::recovery::{Enrolled, Replacement};

/// Who is to be enrolled, with what was typed.
#[derive(Clone, Debug)]
pub(super) struct Recovery {
    pub(super) replacement: Replacement,
    /// Typed twice by the new officer.
    pub(super) passphrase: [SecretText; 2],
    /// Two shares, line by line.
    pub(super) shares: [Vec<SecretText>; 2],
}

/// What became of the last try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Recovered {
    /// They may sign in.
    Enrolled(Enrolled),
    /// The passphrase is to be another one: key of why.
    Passphrase(&'static str),
}
