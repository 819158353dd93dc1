//! The manifest of a parcel: canonical JSON.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::{Neighbour, ParcelError};
use crate::domain::id::HomeId;
use crate::domain::officer::Post;
use crate::domain::timestamp::Timestamp;

/// Version of the format that this program writes; a newer one is refused.
pub const VERSION: u64 = 1;
/// The manifest's `type`.
const TYPE: &str = "ukey-station/parcel";

/// What a parcel is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Requests for the superior to decide on (D-3, D-8).
    Requests,
    /// The superior's decisions.
    Review,
    /// A dispatch note (D-26).
    Dispatch,
    /// A sign-for of a dispatch note (D-26).
    Signfor,
    /// A tally (D-33).
    Tally,
    /// The remote unblock of a ukey (D-44).
    Unblock,
    /// A record handed over (D-45).
    Handover,
    /// A new unit asks to be certified; the one kind that no officer signs.
    Enrol,
    /// The superior's answer: the unit's certificate.
    Enrolled,
    /// CSRs for the superior's CA (D-53).
    CaRequest,
    /// Certificates from it.
    CaAnswer,
    /// The superior's waiver of the two-person rule (D-8).
    Waiver,
}

/// From where a kind of parcel may come, seen from the receiver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Only from a direct subordinate.
    Up,
    /// Only from the superior.
    Down,
    /// From either.
    Both,
    /// From any unit under the same root.
    Any,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 12] = [
        Self::Requests,
        Self::Review,
        Self::Dispatch,
        Self::Signfor,
        Self::Tally,
        Self::Unblock,
        Self::Handover,
        Self::Enrol,
        Self::Enrolled,
        Self::CaRequest,
        Self::CaAnswer,
        Self::Waiver,
    ];

    /// The word of JSON and of the store; the file's ending is `ukey-` and this.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Requests => "requests",
            Self::Review => "review",
            Self::Dispatch => "dispatch",
            Self::Signfor => "signfor",
            Self::Tally => "tally",
            Self::Unblock => "unblock",
            Self::Handover => "handover",
            Self::Enrol => "enrol",
            Self::Enrolled => "enrolled",
            Self::CaRequest => "ca-request",
            Self::CaAnswer => "ca-answer",
            Self::Waiver => "waiver",
        }
    }

    /// Reads [`Self::word`] back.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }

    /// Which way it travels.
    pub const fn direction(self) -> Direction {
        match self {
            Self::Requests | Self::Tally | Self::Enrol | Self::CaRequest => Direction::Up,
            Self::Review | Self::Enrolled | Self::CaAnswer | Self::Waiver => Direction::Down,
            // Ukeys are sent back, unblocking asks and answers.
            Self::Dispatch | Self::Signfor | Self::Unblock => Direction::Both,
            Self::Handover => Direction::Any, // People move anywhere.
        }
    }

    /// Whether it may come from there.
    pub const fn comes_from(self, sender: Neighbour) -> bool {
        match self.direction() {
            Direction::Up => matches!(sender, Neighbour::Subordinate),
            Direction::Down => matches!(sender, Neighbour::Superior),
            Direction::Both => !matches!(sender, Neighbour::Other),
            Direction::Any => true,
        }
    }

    /// Whether an officer of this post may sign it (D-7).
    pub const fn may_be_signed_by(self, post: Post) -> bool {
        match self {
            Self::Review | Self::Enrolled | Self::CaAnswer | Self::Waiver => {
                matches!(post, Post::Security)
            }
            Self::Requests
            | Self::Dispatch
            | Self::Signfor
            | Self::Tally
            | Self::Handover
            | Self::CaRequest => matches!(post, Post::System),
            Self::Unblock => matches!(post, Post::System | Post::Security), // Asks, releases.
            Self::Enrol => false,
        }
    }
}

/// SHA-256, as lower-case hex in JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Sha256Hex(#[serde(with = "hex::serde")] pub [u8; 32]);

/// One attachment as the manifest binds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attachment {
    /// Bytes, unpacked.
    pub length: u64,
    /// SHA-256 of them.
    pub sha256: Sha256Hex,
}

/// How far the sender's audit log had come: neighbours keep the newest they saw (D-49).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Checkpoint {
    /// Rows.
    pub count: u64,
    /// Epoch of the instance: grows with each restore (D-52).
    pub epoch: u64,
    /// Hash of the newest row.
    pub head: Sha256Hex,
    /// The home.
    pub home: HomeId,
    /// The instance.
    pub instance: String,
}

/// Who sends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sender {
    /// The unit's code: as in the signer's certificate.
    pub code: String,
    /// The home.
    pub home: HomeId,
    /// The unit's name: as in the signer's certificate.
    pub name: String,
}

/// To whom.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Receiver {
    /// The unit's code.
    pub code: String,
}

/// The manifest. Its bytes are JSON without white space, keys in alphabetical order at every depth.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The attachments by name; packing fills them in.
    pub attachments: BTreeMap<String, Attachment>,
    /// What the kind says; no fractions (their text is not canonical).
    pub body: Value,
    /// The sender's audit log; none while it has no instance yet (enrolment).
    pub checkpoint: Option<Checkpoint>,
    /// When it was made.
    pub created: Timestamp,
    /// Who sends.
    pub from: Sender,
    /// The parcel's id, a `UUIDv7`.
    pub id: Uuid,
    /// What it is for.
    pub kind: Kind,
    /// SHA-256 of the sealed file sent before from this home to this receiver; none for the first.
    pub previous: Option<Sha256Hex>,
    /// Counts the parcels from this home to this receiver, from 1; 0 for enrolment and its answer,
    /// which come before.
    pub sequence: u64,
    /// To whom.
    pub to: Receiver,
    /// [`TYPE`].
    #[serde(rename = "type")]
    type_word: String,
    version: u64,
}

impl Manifest {
    /// A manifest of the version that this program writes, without checkpoint.
    pub fn new(
        (kind, body): (Kind, Value),
        (from, to): (Sender, Receiver),
        (id, created): (Uuid, Timestamp),
        (sequence, previous): (u64, Option<[u8; 32]>),
    ) -> Self {
        Self {
            attachments: BTreeMap::new(),
            body,
            checkpoint: None,
            created,
            from,
            id,
            kind,
            previous: previous.map(Sha256Hex),
            sequence,
            to,
            type_word: TYPE.to_owned(),
            version: VERSION,
        }
    }

    /// The bytes that are packed.
    pub(super) fn canonical(&self) -> Result<Vec<u8>, serde_json::Error> {
        // By way of `Value`, whose maps are sorted.
        serde_json::to_vec(&serde_json::to_value(self)?)
    }

    /// Reads a manifest and demands that it is in canonical form.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, ParcelError> {
        #[derive(Deserialize)]
        struct Versioned {
            r#type: String,
            version: u64,
        }
        let bad = || ParcelError::Damaged("its manifest");
        let versioned: Versioned = serde_json::from_slice(bytes).map_err(|_json| bad())?;
        if versioned.r#type != TYPE {
            return Err(bad());
        }
        if versioned.version > VERSION {
            return Err(ParcelError::Newer(versioned.version));
        }
        let manifest: Self = serde_json::from_slice(bytes).map_err(|_json| bad())?;
        let same = manifest.canonical().is_ok_and(|again| again == bytes);
        let counted = match manifest.kind {
            Kind::Enrol | Kind::Enrolled => manifest.sequence == 0 && manifest.previous.is_none(),
            _ => manifest.sequence > 0 && (manifest.sequence == 1) == manifest.previous.is_none(),
        };
        if same && counted {
            Ok(manifest)
        } else {
            Err(bad())
        }
    }
}
