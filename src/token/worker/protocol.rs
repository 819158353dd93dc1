//! What station and worker say to each other: frames of a little-endian `u32` length and a postcard
//! message. PINs are encoded here and nowhere else, in buffers that are locked in memory and wiped.

use std::fmt;
use std::io::{self, Read, Write};
use std::path::PathBuf;

use serde::de::{DeserializeOwned, Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::domain::certificate::CertificateObject;
use crate::domain::fault::Fault;
use crate::domain::key::{KeyAlgorithm, KeyAttributes, KeyId, PublicKeyDer};
use crate::domain::label::TokenLabel;
use crate::domain::pin::Pin;
use crate::domain::token_profile::Keys;
use crate::domain::ukey::{Expected, Inventory, UkeyReading};
use crate::memory::SecretBytes;

/// Longest message in bytes; a longer one is a fault, not memory.
pub(super) const MAX_FRAME_BYTES: usize = 256 * 1024;
/// A message with a PIN has some hundred bytes: with its length it stands on one page.
const SHORT_FRAME_BYTES: usize = 4096 - 4;

/// Which module a worker loads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModuleSpec {
    /// The file.
    pub path: PathBuf,
    /// The file's pinned SHA-256 (D-31).
    pub sha256: Option<Vec<u8>>,
    /// Marker of a virtual ukey: gone means pulled out.
    pub marker: Option<PathBuf>,
}

/// A PIN on its way into the worker.
#[derive(Debug)]
pub(super) struct WirePin(pub(super) Pin);

impl Serialize for WirePin {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.expose())
    }
}

impl<'de> Deserialize<'de> for WirePin {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(PinText)
    }
}

/// Takes a PIN from where it stands in the frame, without a copy that nobody wipes.
struct PinText;

impl Visitor<'_> for PinText {
    type Value = WirePin;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a PIN")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<WirePin, E> {
        Pin::parse(text).map(WirePin).map_err(E::custom)
    }
}

/// One order to a worker, and by when it must be done.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Order {
    /// Milliseconds until the worker ends itself.
    pub(super) deadline_ms: u64,
    /// What to do.
    pub(super) act: Act,
}

/// What a worker can be told to do.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Act {
    /// Take the lock, set limits, load the module. The first order and only the first.
    Start {
        module: ModuleSpec,
        lock: Option<PathBuf>,
        keys: Keys,
    },
    List,
    Identify {
        expected: Expected,
    },
    InitToken {
        so_pin: WirePin,
        label: TokenLabel,
    },
    MakeToken {
        so_pin: WirePin,
        label: TokenLabel,
    },
    SetSoPin {
        current: WirePin,
        new: WirePin,
    },
    InitUserPin {
        so_pin: WirePin,
        user: WirePin,
    },
    TrySoPin {
        so_pin: WirePin,
    },
    LogIn {
        user: WirePin,
    },
    SetUserPin {
        current: WirePin,
        new: WirePin,
    },
    Generate {
        algorithm: KeyAlgorithm,
        id: KeyId,
        label: TokenLabel,
    },
    ReadKey {
        id: KeyId,
    },
    Sign {
        id: KeyId,
        message: Vec<u8>,
    },
    WriteCertificate {
        id: KeyId,
        certificate: CertificateObject,
    },
    WriteChain {
        chain: Vec<CertificateObject>,
    },
    ReadCertificates {
        id: KeyId,
    },
    ClearCertificates {
        id: KeyId,
    },
    DestroyObjects {
        id: KeyId,
    },
    Inventory,
}

/// What a worker answers.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Answer {
    /// Microseconds spent inside the module since the worker began.
    pub(super) c_micros: u64,
    /// The result.
    pub(super) result: Result<Reply, Fault>,
}

/// The result of an act that worked.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Reply {
    Done,
    Readings(Vec<UkeyReading>),
    Reading(Box<UkeyReading>),
    Holds(bool),
    PublicKey(PublicKeyDer),
    Key(Box<KeyAttributes>, PublicKeyDer),
    Signature(Vec<u8>),
    Certificates(Vec<Vec<u8>>),
    Cleared(u32),
    Inventory(Inventory),
}

/// Writes one message.
///
/// # Errors
/// `InvalidData` when it is too long, else what the pipe says.
pub(super) fn write_frame(out: &mut impl Write, message: &impl Serialize) -> io::Result<()> {
    let frame = match frame(message, SHORT_FRAME_BYTES) {
        Err(postcard::Error::SerializeBufferFull) => frame(message, MAX_FRAME_BYTES),
        done => done,
    };
    let (buffer, used) = frame.map_err(invalid)?;
    out.write_all(buffer.get(..used).unwrap_or_default())?;
    out.flush()
}

/// A message behind its length, and how long both are together.
fn frame(message: &impl Serialize, most: usize) -> postcard::Result<(SecretBytes, usize)> {
    let mut buffer = SecretBytes::zeroed(most + 4);
    let (length, body) = buffer.split_at_mut(4);
    let used = postcard::to_slice(message, body)?.len();
    let told = u32::try_from(used).map_err(|_too_long| postcard::Error::SerializeBufferFull)?;
    length.copy_from_slice(&told.to_le_bytes());
    Ok((buffer, used + 4))
}

/// Reads one message; `None` at the end of the pipe.
///
/// # Errors
/// `InvalidData` for a message that is too long or cannot be read, else what the pipe says.
pub(super) fn read_frame<T: DeserializeOwned>(input: &mut impl Read) -> io::Result<Option<T>> {
    let mut length = [0; 4];
    match input.read_exact(&mut length) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        Err(error) => return Err(error),
    }
    let length = usize::try_from(u32::from_le_bytes(length)).map_err(invalid)?;
    if length > MAX_FRAME_BYTES {
        return Err(invalid(format!("a message of {length} bytes")));
    }
    let mut body = SecretBytes::zeroed(length);
    input.read_exact(&mut body)?;
    postcard::from_bytes(&body).map(Some).map_err(invalid)
}

fn invalid(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_comes_back_as_it_was_sent() {
        let pin = Pin::parse("59301746").unwrap();
        let order = Order {
            deadline_ms: 7,
            act: Act::LogIn {
                user: WirePin(pin.clone()),
            },
        };
        let mut pipe = Vec::new();
        write_frame(&mut pipe, &order).unwrap();
        let mut input = pipe.as_slice();
        let read: Order = read_frame(&mut input).unwrap().unwrap();
        let Act::LogIn { user } = read.act else {
            panic!("{read:?}")
        };
        assert_eq!(user.0, pin);
        assert!(read_frame::<Order>(&mut input).unwrap().is_none());
    }

    #[test]
    fn a_message_that_is_too_long_is_refused_before_it_is_read() {
        let mut endless = u32::MAX.to_le_bytes().to_vec();
        endless.extend([0; 16]);
        let error = read_frame::<Answer>(&mut endless.as_slice()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
        let chain = vec![0; MAX_FRAME_BYTES + 1];
        let act = Act::Sign {
            id: KeyId::of_run(crate::domain::id::RunId::new(uuid::Uuid::nil())),
            message: chain,
        };
        assert!(
            write_frame(
                &mut Vec::new(),
                &Order {
                    deadline_ms: 1,
                    act
                }
            )
            .is_err()
        );
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_answers_or_refused_and_never_panic(bytes: Vec<u8>) {
            let whole = crate::token::worker::whole_answers(&bytes);
            proptest::prop_assert!(whole <= bytes.len() / 4);
        }
    }

    #[test]
    fn garbage_is_an_error_and_a_cut_message_too() {
        let garbage = [5, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff];
        assert!(read_frame::<Answer>(&mut garbage.as_slice()).is_err());
        assert!(read_frame::<Answer>(&mut [5, 0, 0, 0, 1].as_slice()).is_err());
    }
}
