//! Decides what happens next; never does it. Pure and total: the same input gives the same
//! decision, and nothing here panics.

pub mod course;
pub mod journal;
pub mod recovery;
pub mod run;
pub mod step;
