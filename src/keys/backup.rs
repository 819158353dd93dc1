//! A backup's file (D-52): keys.json as it is, then one age file sealed to every officer in it, with the
//! parts of the home and a manifest of their hashes; `docs/backup.md` is the format. Streams: no part is
//! held in memory. What the parts are, and whether they fit together, the caller knows.

use std::collections::BTreeMap;
use std::io::{self, BufRead, Read, Write};
use std::iter;
use std::path::{Component, Path};

use age::stream::{StreamReader, StreamWriter};
use age::x25519::Identity;
use age::{DecryptError, Decryptor, EncryptError, Encryptor};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::secret::SecretText;
use super::wrap::{KeysFile, WrapError};
use crate::domain::audit::AuditHash;
use crate::domain::id::{HomeId, InstanceId};
use crate::domain::officer::OfficerName;
use crate::domain::timestamp::Timestamp;

/// Version of the file.
pub const VERSION: u32 = 1;
/// The manifest's `type`.
const TYPE: &str = "ukey-station/backup";
const MAGIC: &str = "ukey-station backup ";
/// The last part.
const MANIFEST: &str = "manifest.json";
const MAX_KEYS_BYTES: u32 = 4 * 1024 * 1024;
const MAX_MANIFEST_BYTES: u64 = 32 * 1024 * 1024;
const MAX_NAME_BYTES: u16 = 1024;
const CHUNK: usize = 256 * 1024;

/// One part of the home.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// Bytes.
    pub length: u64,
    /// SHA-256.
    #[serde(with = "hex::serde")]
    pub sha256: [u8; 32],
}

/// What a backup is of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Facts {
    /// Rows of the audit log.
    pub count: u64,
    /// Which instance of the home.
    pub epoch: u32,
    /// Hash of the last row.
    #[serde(with = "hex::serde")]
    pub head: AuditHash,
    /// The home.
    pub home: HomeId,
    /// Its instance.
    pub instance: InstanceId,
    /// When it was made.
    pub made_at: Timestamp,
    /// Whether the home is for practice.
    pub practice: bool,
    /// Version of the program that made it.
    pub program: String,
    /// Code of the unit.
    pub unit_code: String,
    /// Its name.
    pub unit_name: String,
}

/// The last part: what the others must be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// What it is of.
    pub facts: Facts,
    /// keys.json, which stands before the seal.
    keys: Part,
    /// The parts by name: paths in the home, `/` between folders.
    pub parts: BTreeMap<String, Part>,
    #[serde(rename = "type")]
    kind: String,
    version: u32,
}

/// Why a backup is not written or read. Says nothing of what is inside.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The file or a part of the home.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// Not a backup at all.
    #[error("it is not a backup")]
    NotOne,
    /// Made by a newer program.
    #[error("it has version {0}, this program knows {VERSION}")]
    Newer(u32),
    /// Bytes were changed or are missing.
    #[error("{0}")]
    Damaged(&'static str),
    /// A part of the home changed while it was read.
    #[error("{0} changed meanwhile")]
    Changed(String),
    /// The officer's passphrase, or keys.json.
    #[error(transparent)]
    Keys(#[from] WrapError),
    /// It cannot be sealed.
    #[error(transparent)]
    Seal(#[from] EncryptError),
}

/// A backup while it is written.
pub struct Writer<W: Write> {
    sealed: StreamWriter<W>,
    keys: Part,
    parts: BTreeMap<String, Part>,
}

/// Reads what was just written, before it gets its name: sealed to a key of its own that is forgotten with
/// this value.
pub struct Rehearsal(Identity);

impl<W: Write> Writer<W> {
    /// Begins: the magic line, keys.json, the seal to every officer in it.
    ///
    /// # Errors
    /// [`BackupError`].
    pub fn begin(mut out: W, keys_json: &[u8]) -> Result<(Self, Rehearsal), BackupError> {
        let keys = KeysFile::parse(keys_json)?;
        let own = Identity::generate();
        let recipients = keys.recipients()?;
        let everyone = recipients.iter().map(|to| to as &dyn age::Recipient);
        let own_half = own.to_public();
        let encryptor = Encryptor::with_recipients(everyone.chain(iter::once(&own_half as _)))?;
        let too_long = |_range| BackupError::Damaged("keys.json is too long");
        let length = u32::try_from(keys_json.len()).map_err(too_long)?;
        writeln!(out, "{MAGIC}{VERSION}")?;
        out.write_all(&length.to_le_bytes())?;
        out.write_all(keys_json)?;
        let writer = Self {
            sealed: encryptor.wrap_output(out)?,
            keys: part_of(keys_json),
            parts: BTreeMap::new(),
        };
        Ok((writer, Rehearsal(own)))
    }

    /// Writes one part of this length.
    ///
    /// # Errors
    /// [`BackupError::Changed`] when there are fewer bytes, or any other.
    pub fn part(
        &mut self,
        name: &str,
        length: u64,
        mut from: impl Read,
        mut told: impl FnMut(u64),
    ) -> Result<(), BackupError> {
        let changed = || BackupError::Changed(name.to_owned());
        if !is_allowed(name) || name == MANIFEST || self.parts.contains_key(name) {
            return Err(changed());
        }
        self.head(name, length)?;
        let found = copy(&mut from, &mut self.sealed, length, &mut told)?;
        let part = found.ok_or_else(changed)?;
        self.parts.insert(name.to_owned(), part);
        Ok(())
    }

    fn head(&mut self, name: &str, length: u64) -> Result<(), BackupError> {
        let long = |_range| BackupError::Damaged("a name is too long");
        let name_length = u16::try_from(name.len()).map_err(long)?;
        self.sealed.write_all(&name_length.to_le_bytes())?;
        self.sealed.write_all(name.as_bytes())?;
        Ok(self.sealed.write_all(&length.to_le_bytes())?)
    }

    /// Writes the manifest and ends the seal; gives the file back.
    ///
    /// # Errors
    /// [`BackupError`].
    pub fn finish(mut self, facts: Facts) -> Result<(W, Manifest), BackupError> {
        let manifest = Manifest {
            facts,
            keys: self.keys.clone(),
            parts: std::mem::take(&mut self.parts),
            kind: TYPE.to_owned(),
            version: VERSION,
        };
        let unfit = |_json| BackupError::Damaged("its manifest");
        let json = serde_json::to_vec(&manifest).map_err(unfit)?;
        self.head(MANIFEST, json.len() as u64)?;
        self.sealed.write_all(&json)?;
        Ok((self.sealed.finish()?, manifest))
    }
}

/// A backup whose seal is still closed.
pub struct Sealed<R> {
    keys: KeysFile,
    keys_part: Part,
    rest: R,
}

/// A backup that was opened; its parts are still to be read.
pub struct Unsealed<R: Read> {
    keys_part: Part,
    parts: StreamReader<R>,
}

impl<R: BufRead> Sealed<R> {
    /// Reads as far as the seal.
    ///
    /// # Errors
    /// [`BackupError`].
    pub fn read(mut from: R) -> Result<Self, BackupError> {
        let mut line = Vec::new();
        (&mut from).take(64).read_until(b'\n', &mut line)?;
        let text = std::str::from_utf8(&line).map_err(|_binary| BackupError::NotOne)?;
        let version = text
            .strip_prefix(MAGIC)
            .and_then(|rest| rest.strip_suffix('\n'));
        let version: u32 = version
            .and_then(|digits| digits.parse().ok())
            .ok_or(BackupError::NotOne)?;
        if version != VERSION {
            return Err(BackupError::Newer(version));
        }
        let length = u32::from_le_bytes(array(&mut from)?);
        if length > MAX_KEYS_BYTES {
            return Err(BackupError::Damaged("keys.json is too long"));
        }
        let mut bytes = Vec::new();
        (&mut from).take(length.into()).read_to_end(&mut bytes)?;
        if bytes.len() as u64 != u64::from(length) {
            return Err(BackupError::Damaged("it ends too early"));
        }
        let keys = KeysFile::parse(&bytes)?;
        if !keys.is_affordable() {
            return Err(BackupError::Damaged("keys.json"));
        }
        Ok(Self {
            keys,
            keys_part: part_of(&bytes),
            rest: from,
        })
    }

    /// Its keys.json. Whether it was changed shows once the parts are read.
    pub const fn keys(&self) -> &KeysFile {
        &self.keys
    }

    /// Opens the seal with an officer's passphrase.
    ///
    /// # Errors
    /// [`WrapError::WrongPassphrase`] and the like, [`BackupError::Damaged`].
    pub fn open(
        self,
        name: &OfficerName,
        passphrase: &SecretText,
    ) -> Result<Unsealed<R>, BackupError> {
        let identity = self.keys.identity(name, passphrase)?;
        self.open_with(&identity)
    }

    /// Opens the seal of a backup that was just written.
    ///
    /// # Errors
    /// [`BackupError`].
    pub fn rehearse(self, own: &Rehearsal) -> Result<Unsealed<R>, BackupError> {
        self.open_with(&own.0)
    }

    fn open_with(self, identity: &Identity) -> Result<Unsealed<R>, BackupError> {
        let closed = |error| match error {
            DecryptError::Io(error) => told(error),
            _ => BackupError::Damaged("the seal does not open"),
        };
        let decryptor = Decryptor::new_buffered(self.rest).map_err(closed)?;
        let parts = decryptor
            .decrypt(iter::once(identity as _))
            .map_err(closed)?;
        Ok(Unsealed {
            keys_part: self.keys_part,
            parts,
        })
    }
}

impl<R: Read> Unsealed<R> {
    /// Gives each part to the writer that `place` names for it, compares all with the manifest, and
    /// demands that nothing is missing and nothing follows.
    ///
    /// # Errors
    /// [`BackupError::Damaged`], or what the writers say.
    pub fn read<W: Write>(
        mut self,
        mut place: impl FnMut(&str) -> io::Result<W>,
        mut told_bytes: impl FnMut(u64),
    ) -> Result<Manifest, BackupError> {
        let mut found = BTreeMap::new();
        loop {
            let name = self.name()?;
            let length = u64::from_le_bytes(array(&mut self.parts)?);
            if name == MANIFEST {
                return self.end(length, &found);
            }
            if !is_allowed(&name) || found.contains_key(&name) {
                return Err(BackupError::Damaged("the name of a part"));
            }
            let mut out = place(&name)?;
            let part = copy(&mut self.parts, &mut out, length, &mut told_bytes)?;
            out.flush()?;
            let part = part.ok_or(BackupError::Damaged("it ends too early"))?;
            found.insert(name, part);
        }
    }

    fn name(&mut self) -> Result<String, BackupError> {
        let length = u16::from_le_bytes(array(&mut self.parts)?);
        if length > MAX_NAME_BYTES {
            return Err(BackupError::Damaged("the name of a part"));
        }
        let mut name = vec![0; usize::from(length)];
        self.parts.read_exact(&mut name).map_err(told)?;
        String::from_utf8(name).map_err(|_binary| BackupError::Damaged("the name of a part"))
    }

    fn end(mut self, length: u64, found: &BTreeMap<String, Part>) -> Result<Manifest, BackupError> {
        let unfit = BackupError::Damaged("its parts are not those of its manifest");
        if length > MAX_MANIFEST_BYTES {
            return Err(unfit);
        }
        let mut json = Vec::new();
        (&mut self.parts)
            .take(length)
            .read_to_end(&mut json)
            .map_err(told)?;
        // Only the end of the stream tells that nothing was cut off.
        let more = self.parts.read(&mut [0]).map_err(told)?;
        let manifest: Option<Manifest> = serde_json::from_slice(&json).ok();
        let manifest = manifest.filter(|_whole| more == 0 && json.len() as u64 == length);
        match manifest {
            Some(manifest)
                if manifest.kind == TYPE
                    && manifest.version == VERSION
                    && manifest.keys == self.keys_part
                    && manifest.parts == *found =>
            {
                Ok(manifest)
            }
            _ => Err(unfit),
        }
    }
}

/// What a broken seal says as an I/O error is damage; the rest is the file system's.
fn told(error: io::Error) -> BackupError {
    match error.kind() {
        io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => {
            BackupError::Damaged("it was changed, or its end is missing")
        }
        _ => BackupError::Io(error),
    }
}

fn array<const N: usize>(from: &mut impl Read) -> Result<[u8; N], BackupError> {
    let mut bytes = [0; N];
    from.read_exact(&mut bytes).map_err(told)?;
    Ok(bytes)
}

fn part_of(bytes: &[u8]) -> Part {
    Part {
        length: bytes.len() as u64,
        sha256: Sha256::digest(bytes).into(),
    }
}

/// Copies so many bytes and hashes them; `None` when there are fewer.
fn copy(
    from: &mut impl Read,
    to: &mut impl Write,
    length: u64,
    told_bytes: &mut impl FnMut(u64),
) -> Result<Option<Part>, BackupError> {
    let mut hash = Sha256::new();
    let mut buffer = vec![0; CHUNK];
    let mut left = length;
    while left > 0 {
        let most = usize::try_from(left).unwrap_or(CHUNK).min(CHUNK);
        let count = from
            .read(buffer.get_mut(..most).unwrap_or_default())
            .map_err(told)?;
        let Some(bytes) = buffer.get(..count).filter(|bytes| !bytes.is_empty()) else {
            return Ok(None);
        };
        hash.update(bytes);
        to.write_all(bytes)?;
        left -= count as u64;
        told_bytes(count as u64);
    }
    Ok(Some(Part {
        length,
        sha256: hash.finalize().into(),
    }))
}

/// Whether a name stays inside the folder it is put into.
pub(super) fn is_allowed(name: &str) -> bool {
    let inside = |part| matches!(part, Component::Normal(_));
    !name.is_empty()
        && name.len() <= usize::from(MAX_NAME_BYTES)
        && !name.chars().any(|c| c.is_control() || c == '\\')
        && !name.ends_with('/')
        && !name.contains("//")
        && !name.starts_with("./")
        && !name.contains("/./")
        && !name.ends_with("/.")
        && Path::new(name).components().all(inside)
}

#[cfg(test)]
mod tests;
