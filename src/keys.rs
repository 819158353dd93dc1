//! The station's own keys: store key, run keys, escrow, the unit PKI and signatures by officers.
//! Knows nothing of tokens: signing by a ukey is a closure.

pub mod backup;
pub mod ca_backup;
pub mod checkpoint;
pub mod escrow;
pub mod file;
pub mod officer_key;
pub mod parcel;
pub mod random;
pub mod secret;
pub mod shares;
pub mod signature;
pub mod station_key;
pub mod unit_crl;
pub mod unit_pki;
pub mod wrap;

mod age_pair;
mod signer;

pub use signer::{SignError, SignFn};
