//! ukey-station (制证台): the desk where a blank ukey becomes a teacher-system administrator's
//! network identity.
//!
//! # Code map
//!
//! The folders are the architecture, in reading order; what a room may use stands behind it, and
//! `tests/architecture.rs` reads the sources to see that it is so.
//!
//! - [`memory`]: pages for secrets, locked and wiped. Uses nothing.
//! - [`domain`]: the words of the trade, pure data and rules: forms, units, officers and their duties,
//!   ukeys, PINs, approvals, checkpoints, retention. No I/O, clock or randomness. Uses memory.
//! - [`workflow`]: decides what happens next, and what the course of practice has seen; never does it. Uses domain.
//! - [`token`]: reaches ukeys, by worker processes, and tells what stirs at the card readers; knows no
//!   request. Uses domain.
//! - [`keys`]: the station's own keys and signatures: wraps and escrow, the unit PKI with its revocation
//!   lists, CMS signatures, checkpoints, the files between stations, those of backups, secrets that any two of
//!   three people open. Knows no token. Uses domain.
//! - [`issuing`]: makes and checks certificates and CRLs, behind a connector. Knows no token. Uses
//!   domain.
//! - [`store`]: keeps the records, one file, one transaction a decision. Decides nothing. Uses domain
//!   and the journal types of workflow.
//! - [`wording`]: Chinese and English for people: messages, and the guide of `docs/guide`. Uses domain.
//! - [`documents`]: paper and sheets, and the bundled fonts: values in, bytes out. Uses domain and wording.
//! - [`station`]: joins decisions and effects, one file a job under `jobs`; the only API of both front
//!   ends. `post` sends and receives files, `door` tells who may come in, `sign_in` makes the evidence who
//!   acts, `web` alone speaks HTTP. Uses all above.
//! - [`ui`], [`cli`]: the two faces of one station; they do not know each other.
//!
//! # Invariants
//!
//! - A private key of a holder is born on its ukey and never leaves it ([`workflow::run`]).
//! - A holder's old key goes once the new one is proven, or the holder was told before ([`workflow::step::Step::RENEWAL`]).
//! - A certificate is issued only under a [`keys::signature::VerifiedApproval`], read anew from the
//!   stored bytes up to the pinned root.
//! - No act without its row in the audit log: [`store::Store::act`].
//! - No job without a [`station::ActingOfficer`] who has the duty ([`domain::officer::Duty`]); acts of two
//!   officers ask for a [`station::SecondOfficer`] as well.
//! - Who is bound to a ukey of their own signs in with it: a [`station::ActingOfficer`] is made only from the
//!   evidence of `station::own_ukey` (D-58).
//! - What is to be known after a crash is stored before the outer world changes.
//! - Faults on request, the bench of virtual ukeys and the course are for practice homes: [`station::jobs::practice`] and
//!   [`station::jobs::course`] refuse every other.

pub mod cli;
pub mod documents;
pub mod domain;
pub mod issuing;
pub mod keys;
pub mod memory;
pub mod station;
pub mod store;
pub mod token;
pub mod ui;
pub mod wording;
pub mod workflow;
