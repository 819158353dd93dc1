//! The worker process that drives one ukey, and the station's end of the line to it.

pub mod child;
pub(in crate::token) mod protocol;
mod supervisor;

pub use protocol::ModuleSpec;
pub use supervisor::{Worker, WorkerSpec};

/// How many whole answers stand at the beginning of what a worker wrote: what the fuzz target and the
/// property test ask, since a worker's module may write anything into its pipe.
pub fn whole_answers(mut bytes: &[u8]) -> usize {
    let mut whole = 0;
    while let Ok(Some(protocol::Answer { .. })) = protocol::read_frame(&mut bytes) {
        whole += 1;
    }
    whole
}
