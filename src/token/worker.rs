//! The worker process that drives one ukey, and the station's end of the line to it.

pub mod child;
pub(in crate::token) mod protocol;
mod supervisor;

pub use protocol::ModuleSpec;
pub use supervisor::{Worker, WorkerSpec};
