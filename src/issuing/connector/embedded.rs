//! The CA inside the station (D-60). Its records are the station's own: it keeps none itself.

use super::{Answer, Connector, ConnectorError, Submission};
use crate::domain::certificate::CertificateSerial;
use crate::issuing::authority::{Authority, IssueError};
use crate::issuing::crl::{self, CrlTerms, Revoked};
use crate::issuing::signer::{SignError, SignFn};

/// The embedded CA and the way to its key.
pub struct EmbeddedCa<'a, E> {
    /// Its certificate.
    pub authority: &'a Authority,
    /// Signs with the CA's key.
    pub sign: SignFn<'a, E>,
}

impl<E> From<SignError<E>> for ConnectorError<E> {
    fn from(error: SignError<E>) -> Self {
        match error {
            SignError::Key(failure) => Self::Key(failure),
            SignError::Encoding(text) => Self::Encoding(text),
        }
    }
}

impl<E> Connector for EmbeddedCa<'_, E> {
    type Failure = E;

    fn submit(&mut self, submission: Submission<'_>) -> Result<Answer, ConnectorError<E>> {
        let Submission {
            csr,
            subject,
            intent,
        } = submission;
        match self.authority.sign(subject, intent, csr, &mut *self.sign) {
            Ok(der) => Ok(Answer::Issued(der)),
            Err(IssueError::Sign(error)) => Err(error.into()),
            Err(IssueError::OutlivesAuthority(end)) => Err(ConnectorError::OutlivesAuthority(end)),
        }
    }

    /// Nothing is ever pending here: what was asked before is asked again, with the same intent.
    fn poll(&mut self, _serial: &CertificateSerial) -> Result<Answer, ConnectorError<E>> {
        Ok(Answer::Pending)
    }

    /// The station's own records feed the next CRL.
    fn revoke(&mut self, _revoked: &Revoked) -> Result<(), ConnectorError<E>> {
        Ok(())
    }

    fn crl(&mut self, revoked: &[Revoked], terms: CrlTerms) -> Result<Vec<u8>, ConnectorError<E>> {
        Ok(crl::sign(self.authority, revoked, terms, &mut *self.sign)?)
    }
}
