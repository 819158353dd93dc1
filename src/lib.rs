//! ukey-station (制证台): the desk where a blank ukey becomes a teacher-system administrator's
//! network identity.
//!
//! # Code map
//!
//! The folders are the architecture, in reading order; what a room may use stands behind it, and
//! `tests/architecture.rs` reads the sources to see that it is so.
//!
//! - [`domain`]: the words of the trade, pure data and rules. Uses nothing.
//! - [`workflow`]: decides what happens next, never does it. Uses domain.
//! - [`token`]: reaches ukeys, by worker processes. Uses domain.
//! - [`keys`]: the station's own keys and signatures. Uses domain.
//! - [`issuing`]: makes and checks certificates and CRLs. Uses domain.
//! - [`store`]: keeps the records. Uses domain and the journal types of workflow.
//! - [`wording`]: Chinese and English for people. Uses domain.
//! - [`documents`]: paper and sheets. Uses domain and wording.
//! - [`station`]: joins decisions and effects; the only API of both front ends. Uses all above.
//! - [`ui`], [`cli`]: the two faces of one station.

pub mod cli;
pub mod documents;
pub mod domain;
pub mod issuing;
pub mod keys;
pub mod station;
pub mod store;
pub mod token;
pub mod ui;
pub mod wording;
pub mod workflow;
