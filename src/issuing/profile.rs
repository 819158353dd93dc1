//! The certificate profile of holders as data (D-38): what every certificate of theirs says.

use rcgen::{
    CertificateParams, DistinguishedName, DnType, DnValue, ExtendedKeyUsagePurpose, IsCa,
    KeyUsagePurpose, SerialNumber,
};

use crate::domain::certificate::{CertificateSubject, IssueIntent};
use crate::domain::timestamp::Timestamp;

/// The name of this profile in approvals.
pub const NAME: &str = "holder-v1";
/// id-kp-documentSigning (RFC 9336).
pub(super) const DOCUMENT_SIGNING: &[u64] = &[1, 3, 6, 1, 5, 5, 7, 3, 36];
const SERIAL_NUMBER: &[u64] = &[2, 5, 4, 5];
const ORGANIZATIONAL_UNIT: &[u64] = &[2, 5, 4, 11];

/// The parts of the profile that a unit chooses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateProfile {
    /// Years of validity, 1 to 3.
    pub years: Years,
}

/// Years of validity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Years {
    One,
    Two,
    Three,
}

impl CertificateProfile {
    /// What is used where a unit has not chosen: three years.
    pub const DEFAULT: Self = Self {
        years: Years::Three,
    };

    /// The dates of a certificate asked for `now`: it begins at once, and ends after whole years of
    /// 365 days.
    pub fn dates(&self, now: Timestamp) -> (Timestamp, Timestamp) {
        let years = match self.years {
            Years::One => 1,
            Years::Two => 2,
            Years::Three => 3,
        };
        (now, now.plus_days(365 * years))
    }

    /// Every field of the certificate: nothing is taken from the applicant.
    pub(super) fn params(
        subject: &CertificateSubject,
        intent: &IssueIntent,
    ) -> Result<CertificateParams, rcgen::Error> {
        let mut params = CertificateParams::default();
        params.serial_number = Some(SerialNumber::from_slice(intent.serial.as_octets()));
        params.not_before = intent.not_before.to_offset();
        params.not_after = intent.not_after.to_offset();
        params.distinguished_name = name(subject)?;
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_usages = vec![
            KeyUsagePurpose::DigitalSignature,
            KeyUsagePurpose::ContentCommitment,
        ];
        params.extended_key_usages = vec![
            ExtendedKeyUsagePurpose::ClientAuth,
            ExtendedKeyUsagePurpose::Other(DOCUMENT_SIGNING.to_vec()),
        ];
        params.use_authority_key_identifier_extension = true;
        Ok(params)
    }
}

fn name(subject: &CertificateSubject) -> Result<DistinguishedName, rcgen::Error> {
    let CertificateSubject {
        province,
        prefecture,
        unit,
        unit_code,
        user_types,
        name,
        pseudonym,
    } = subject;
    let printable = |text: &str| text.try_into().map(DnValue::PrintableString);
    let utf8 = |text: &str| DnValue::Utf8String(text.to_owned());
    let mut dn = DistinguishedName::new();
    dn.push(DnType::CountryName, printable("CN")?);
    dn.push(DnType::StateOrProvinceName, utf8(province));
    dn.push(DnType::LocalityName, utf8(prefecture));
    dn.push(DnType::OrganizationName, utf8(unit));
    dn.push(DnType::OrganizationalUnitName, utf8(unit_code));
    // rcgen keeps one value per type: the second OU goes by its OID.
    dn.push(
        DnType::CustomDnType(ORGANIZATIONAL_UNIT.to_vec()),
        utf8(user_types),
    );
    dn.push(DnType::CommonName, utf8(name));
    dn.push(
        DnType::CustomDnType(SERIAL_NUMBER.to_vec()),
        printable(pseudonym)?,
    );
    Ok(dn)
}
