//! What an evidence bundle says in short (D-50); its other parts are the proof.

use serde::{Deserialize, Serialize};

use super::certificate::CertificateSerial;
use super::id::{HomeId, RequestId, RunId};
use super::timestamp::Timestamp;
use super::ukey::UkeyIdentity;

const TYPE: &str = "ukey-station/evidence";
const VERSION: u32 = 1;

/// The summary of a bundle: `facts.json`, keys in alphabetical order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EvidenceFacts {
    /// What was made on the ukey, the oldest first; never none.
    pub certificates: Vec<CertificateFacts>,
    /// When the bundle was sealed, and by whom.
    pub exported_at: Timestamp,
    /// The officer.
    pub exported_by: String,
    /// The first row of the log inside.
    pub first_row: u64,
    /// The home whose log it is.
    pub home: HomeId,
    /// The last row of the log inside, which the checkpoint signs.
    pub last_row: u64,
    /// The state of the ukey at the export, the word of D-25.
    pub state: String,
    /// [`TYPE`].
    #[serde(rename = "type")]
    kind: String,
    /// The ukey.
    pub ukey: UkeyIdentity,
    /// 统一社会信用代码 or 学校标识码 of the unit that made it.
    pub unit_code: String,
    /// [`VERSION`].
    version: u32,
}

/// One certificate of a ukey.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CertificateFacts {
    /// When the ukey was given to its holder.
    pub handed_out_at: Option<Timestamp>,
    /// notAfter.
    pub not_after: Timestamp,
    /// notBefore.
    pub not_before: Timestamp,
    /// The request that was approved.
    pub request: RequestId,
    /// Its revision.
    pub revision: u32,
    /// The run.
    pub run: RunId,
    /// Its serial number, which names its folder.
    pub serial: CertificateSerial,
}

/// What the whole bundle is about, beside its certificates and rows.
#[derive(Clone, Debug)]
pub struct EvidenceOf {
    /// The home.
    pub home: HomeId,
    /// The unit's code.
    pub unit_code: String,
    /// The ukey.
    pub ukey: UkeyIdentity,
    /// The word of its state.
    pub state: String,
}

impl EvidenceFacts {
    /// The summary.
    pub fn new(
        of: EvidenceOf,
        certificates: Vec<CertificateFacts>,
        (first_row, last_row): (u64, u64),
        (exported_by, exported_at): (String, Timestamp),
    ) -> Self {
        Self {
            certificates,
            exported_at,
            exported_by,
            first_row,
            home: of.home,
            last_row,
            state: of.state,
            kind: TYPE.to_owned(),
            ukey: of.ukey,
            unit_code: of.unit_code,
            version: VERSION,
        }
    }

    /// Its bytes.
    ///
    /// # Errors
    /// Never for a summary of this type; `serde_json` cannot promise it.
    pub fn canonical(&self) -> Result<Vec<u8>, serde_json::Error> {
        serde_json::to_vec(self)
    }

    /// Reads a summary of this version, with one certificate at least.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let facts: Self = serde_json::from_slice(bytes).ok()?;
        let known = facts.kind == TYPE && facts.version == VERSION;
        (known && !facts.certificates.is_empty()).then_some(facts)
    }
}
