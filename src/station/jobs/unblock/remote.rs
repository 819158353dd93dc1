//! Unblocking at a neighbour's desk, by three files (D-44): that desk asks, security of the ukey's owner
//! releases the SO PIN once, and the answer brings the next SO PIN back, sealed to the owner's escrow.

mod desk;
mod owner;

use serde::{Deserialize, Serialize};

pub use self::desk::{Applied, Asked, apply, ask};
pub use self::owner::{Confirmed, Grant, Question, confirm, grant, question};
use crate::domain::officer::Post;
use crate::domain::timestamp::Timestamp;
use crate::domain::ukey::UkeyIdentity;
use crate::keys::parcel::Kind;
use crate::station::error::Error;
use crate::station::post::Incoming;

/// Body of an `unblock` parcel.
#[derive(Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case")]
enum Body {
    /// A holder stands at a desk that does not hold the SO PIN (system).
    Ask(Ask),
    /// It is released once (security).
    Release(Release),
    /// The ukey has new PINs (system).
    Answer(AnswerBody),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Ask {
    /// 16 random bytes, hex: what is released is bound to it.
    nonce: String,
    /// The ukey, by its own words.
    ukey: Named,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Release {
    /// Seals the next SO PIN to its owner.
    escrow_key: String,
    expires: Timestamp,
    /// Name of the holder, and the number on the document that is compared.
    holder: String,
    id_number: String,
    nonce: String,
    /// What no PIN may quote.
    personal: Vec<String>,
    /// Number of the request at the owner.
    request: String,
    /// The SO PINs that may hold, each sealed to the desk's station once more, hex; the likelier first.
    so_pins: Vec<String>,
    ukey: Named,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct AnswerBody {
    nonce: String,
    set_at: Timestamp,
    /// The next SO PIN, sealed to the owner's escrow key, hex; none where the model has none that can be set.
    so_pin: Option<String>,
    ukey: Named,
}

/// A ukey as a file names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Named {
    maker: String,
    model: String,
    serial: String,
}

impl From<&UkeyIdentity> for Named {
    fn from(identity: &UkeyIdentity) -> Self {
        Self {
            maker: identity.maker.clone(),
            model: identity.model.clone(),
            serial: identity.serial.as_str().to_owned(),
        }
    }
}

/// What a file says; who may sign which step its kind alone does not tell (D-7).
fn body(incoming: &Incoming) -> Result<Body, Error> {
    let damaged = || Error::refused("parcel-damaged", Kind::Unblock.word());
    let body: Body = serde_json::from_value(incoming.opened.manifest.body.clone())
        .map_err(|error| damaged().because(error))?;
    let post = match body {
        Body::Ask(_) | Body::Answer(_) => Post::System,
        Body::Release(_) => Post::Security,
    };
    if incoming.opened.signer.post == post {
        Ok(body)
    } else {
        let name = incoming.opened.signer.name.as_str();
        Err(Error::refused("parcel-not-allowed", name))
    }
}

/// A file of another step than the command is for.
fn other_step() -> Error {
    Error::refused("parcel-other-kind", Kind::Unblock.word())
}
