//! PKCS#11 itself, inside a worker process: the only part that loads a module.

mod der;
pub(super) mod device;
mod fault;
mod objects;
