//! The CA at another station, reached by files (D-53): nothing is answered at once, and what comes
//! back is read here, not yet believed.

use std::convert::Infallible;

use cms::cert::CertificateChoices;
use cms::content_info::ContentInfo;
use cms::signed_data::SignedData;
use der::{Decode as _, Encode as _};

use super::{Answer, Connector, ConnectorError, Submission};
use crate::domain::certificate::CertificateSerial;
use crate::issuing::crl::{CrlTerms, Revoked};

/// The CA of another station.
#[derive(Clone, Copy, Debug)]
pub struct FileExchange;

impl Connector for FileExchange {
    type Failure = Infallible;

    /// The order is written by a person, as a file.
    fn submit(&mut self, _order: Submission<'_>) -> Result<Answer, ConnectorError<Infallible>> {
        Ok(Answer::Pending)
    }

    fn poll(&mut self, _serial: &CertificateSerial) -> Result<Answer, ConnectorError<Infallible>> {
        Ok(Answer::Pending)
    }

    fn revoke(&mut self, _revoked: &Revoked) -> Result<(), ConnectorError<Infallible>> {
        Err(ConnectorError::Encoding("the CA is elsewhere".to_owned()))
    }

    fn crl(
        &mut self,
        _revoked: &[Revoked],
        _terms: CrlTerms,
    ) -> Result<Vec<u8>, ConnectorError<Infallible>> {
        Err(ConnectorError::Encoding("the CA is elsewhere".to_owned()))
    }
}

/// Every certificate in an answer: one in DER, or a `.p7b` (CMS `SignedData` without signers). PEM
/// is taken off before. Nothing is verified.
pub fn certificates(der: &[u8]) -> Option<Vec<Vec<u8>>> {
    if x509_cert::Certificate::from_der(der).is_ok() {
        return Some(vec![der.to_vec()]);
    }
    let outer = ContentInfo::from_der(der).ok()?;
    let data: SignedData = outer.content.decode_as().ok()?;
    let choices = data.certificates?;
    let certificates: Option<Vec<_>> = choices
        .0
        .iter()
        .map(|choice| match choice {
            CertificateChoices::Certificate(certificate) => certificate.to_der().ok(),
            CertificateChoices::Other(_) => None,
        })
        .collect();
    certificates.filter(|found| !found.is_empty())
}
