//! Reaches ukeys: PKCS#11 behind worker processes. Knows nothing of requests, runs or storage, and
//! outside a worker process it loads no module.

pub mod lister;
mod pkcs11;
pub mod profiles;
pub mod virtual_ukey;
pub mod worker;
