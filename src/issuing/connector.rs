//! The CA behind a trait, so that the run does not know which one it is (D-53): submit, poll,
//! revoke, CRL.

mod embedded;
mod file_exchange;

pub use embedded::EmbeddedCa;
pub use file_exchange::{FileExchange, certificates};

use super::crl::{CrlTerms, Revoked};
use super::csr::CheckedCsr;
use crate::domain::certificate::{CertificateSerial, CertificateSubject, IssueIntent};
use crate::domain::timestamp::Timestamp;

/// What is submitted: the intent is committed before (D-36).
#[derive(Clone, Copy, Debug)]
pub struct Submission<'a> {
    /// The checked request.
    pub csr: &'a CheckedCsr,
    /// From the approved record.
    pub subject: &'a CertificateSubject,
    /// Serial number, dates and key.
    pub intent: &'a IssueIntent,
}

/// What a CA answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The certificate, DER; not checked yet.
    Issued(Vec<u8>),
    /// Later (待下载).
    Pending,
}

/// Why a CA did not answer.
#[derive(Debug, thiserror::Error)]
pub enum ConnectorError<E> {
    /// The CA's key, or the way to it.
    #[error("the CA's key failed")]
    Key(E),
    /// The certificate would outlive the CA.
    #[error("the certificate would outlive the CA, which ends {0}")]
    OutlivesAuthority(Timestamp),
    /// What was submitted cannot be encoded.
    #[error("the CA cannot encode it: {0}")]
    Encoding(String),
}

/// A CA.
pub trait Connector {
    /// The failure of its key, or of the way to it.
    type Failure;

    /// Asks for a certificate. The same intent gives the same serial number, dates and key.
    ///
    /// # Errors
    /// [`ConnectorError`].
    fn submit(
        &mut self,
        submission: Submission<'_>,
    ) -> Result<Answer, ConnectorError<Self::Failure>>;

    /// Asks for the answer to what was submitted before.
    ///
    /// # Errors
    /// [`ConnectorError`].
    fn poll(&mut self, serial: &CertificateSerial)
    -> Result<Answer, ConnectorError<Self::Failure>>;

    /// Tells the CA that a certificate is revoked; it stands in the next CRL.
    ///
    /// # Errors
    /// [`ConnectorError`].
    fn revoke(&mut self, revoked: &Revoked) -> Result<(), ConnectorError<Self::Failure>>;

    /// A full CRL, DER.
    ///
    /// # Errors
    /// [`ConnectorError`].
    fn crl(
        &mut self,
        revoked: &[Revoked],
        terms: CrlTerms,
    ) -> Result<Vec<u8>, ConnectorError<Self::Failure>>;
}
