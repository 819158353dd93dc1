//! Makes and checks certificates and CRLs. Knows nothing of tokens: signing is a closure.

pub mod authority;
pub mod check;
pub mod connector;
pub mod crl;
pub mod csr;
pub mod profile;

mod signer;

pub use signer::{SignError, SignFn};
