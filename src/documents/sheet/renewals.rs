//! Certificates that end, with an appointment each (D-47), as a sheet for people.

use super::write::{Heading, NotWritten, list};

/// A row of the sheet, as people read it.
#[derive(Clone, Debug)]
pub struct Renewal {
    /// The day to come, YYYY-MM-DD.
    pub appointment: String,
    /// The holder.
    pub holder: String,
    /// The holder's unit.
    pub unit: String,
    /// Number of the request.
    pub number: String,
    /// Serial number of the ukey.
    pub ukey: String,
    /// Serial number of the certificate.
    pub certificate: String,
    /// The last day on which it counts, YYYY-MM-DD.
    pub ends: String,
}

const HEADINGS: [Heading; 8] = [
    Heading("预约日期", 14.0),
    Heading("姓名", 16.0),
    Heading("单位", 32.0),
    Heading("申请编号", 14.0),
    Heading("ukey 序列号", 22.0),
    Heading("证书序列号", 36.0),
    Heading("证书到期日", 14.0),
    Heading("签字", 16.0),
];

/// The sheet.
///
/// # Errors
/// [`NotWritten`].
pub fn write(renewals: &[Renewal]) -> Result<Vec<u8>, NotWritten> {
    let cells = renewals.iter().map(|renewal| {
        [
            renewal.appointment.as_str(),
            &renewal.holder,
            &renewal.unit,
            &renewal.number,
            &renewal.ukey,
            &renewal.certificate,
            &renewal.ends,
            "", // To be signed.
        ]
    });
    list("证书到期", &HEADINGS, cells)
}
