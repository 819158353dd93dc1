//! Reaches ukeys: PKCS#11 behind worker processes, and the readers they are in. Knows nothing of requests, runs or storage, and
//! outside a worker process it loads no module.

pub mod lister;
mod pkcs11;
pub mod profiles;
pub mod reader;
pub mod virtual_ukey;
pub mod worker;
