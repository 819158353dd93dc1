//! Joins decisions and effects: the only API of both front ends. A job orders the parts and holds
//! no rule of its own.

pub mod bench;
pub mod clock;
pub mod desk;
pub mod door;
pub mod error;
pub mod files;
pub mod home;
pub mod jobs;
pub mod report;
pub mod secrets;
pub mod sign_in;
pub mod window_choices;

mod authorities;
mod ca_key;
pub mod fonts;
mod foundation;
mod key_token;
mod own_ukey;
mod post;
mod practice_fault;
mod signing_key;
mod so_pin;
mod ukey_pins;
mod unit_key;
mod unit_trust;
mod web;

pub use ca_key::CaKeyHolder;
pub use desk::Desk;
pub use error::{Error, ErrorKind};
pub use home::Home;
pub use practice_fault::{FaultAtStep, PlannedFault};
pub use sign_in::{ActingOfficer, SecondOfficer};
pub use signing_key::SigningKey;
pub use so_pin::SoPinRelease;

pub use crate::keys::secret::SecretText;
pub use crate::store::{
    AuditEntry, AuditFilter, CertificateLine, CertificateOrder, CertificateRow, CheckRow,
    DelegationRow, DepartureRow, DiscrepancyRow, DueRow, EntryRow, Explanation, HandoverRow,
    HolderRow, LossRow, NoteRow, RequestFilter, RequestOrder, RequestRow, ScanRow, StockLine,
    TallyScanRow, UkeyFilter, UkeyRow, UnknownCertificateRow,
};

/// Runs this process as the worker that drives one ukey (hidden command `token-worker`).
pub fn token_worker() -> std::process::ExitCode {
    crate::token::worker::child::main()
}
