//! What the window draws of certificates, and what it asks the desk to do with them.

use std::path::PathBuf;
use std::sync::Arc;

use crate::domain::certificate::{CertificateSerial, Generation, RevocationReason};
use crate::domain::timestamp::Timestamp;
use crate::domain::ukey::Serial;
use crate::station::CertificateLine;
use crate::station::jobs::certificates::{CertificateCard, Wanted};
use crate::wording::Language;

/// Which certificates are listed, and which one lies open.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct CertificateQuery {
    pub(super) wanted: Wanted,
    pub(super) open: Option<CertificateSerial>,
}

/// The page of certificates.
#[derive(Clone, Debug, Default)]
pub(super) struct CertificatePicture {
    pub(super) rows: Vec<CertificateLine>,
    /// There are more than are listed.
    pub(super) more: bool,
    /// The one that lies open.
    pub(super) card: Option<Arc<CertificateCard>>,
    /// The newest published list of revoked ones; none where there is none.
    pub(super) list: Option<ListFacts>,
}

/// The published list of revoked certificates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ListFacts {
    pub(super) generation: Generation,
    pub(super) number: u64,
    pub(super) until: Option<Timestamp>,
    /// Half its time is over.
    pub(super) due: bool,
    pub(super) revoked: usize,
}

/// What the window asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum CertificateAct {
    /// Write one certificate, or all, to a folder.
    Export {
        serial: Option<CertificateSerial>,
        dir: PathBuf,
    },
    /// Write everything that proves how a ukey came to be.
    Evidence { ukey: Serial, out: PathBuf },
    /// Revoke it.
    Revoke {
        serial: CertificateSerial,
        reason: RevocationReason,
    },
    /// Write who is to come for renewal, and when.
    Expiring {
        within_days: u32,
        out: PathBuf,
        language: Language,
    },
    /// Sign the next list of revoked certificates and publish it, or give on the newest.
    PublishList,
}

/// What became of the last act here.
#[derive(Clone, Debug)]
pub(super) enum CertificateDone {
    /// So many files lie in this folder, or one is this.
    Written { files: usize, path: PathBuf },
    /// A certificate was revoked.
    Revoked {
        serial: CertificateSerial,
        /// What is still to be done about the list: key of its words.
        crl: Option<&'static str>,
        /// Code and facts of why the station could not publish it.
        crl_error: Option<(String, String)>,
    },
    /// A list was published.
    Published {
        number: u64,
        /// Losses that it confirms, and those that it does not.
        losses: (usize, usize),
        /// Places that have it, of all.
        places: (usize, usize),
        /// Code and facts of the first place that has not.
        failed: Option<(String, String)>,
    },
}
