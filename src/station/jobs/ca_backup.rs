//! The backup of the CA's key (D-60): made while the key works, put back when its token is lost or damaged.
//! The home's own backup has the token's folder too; this one needs neither that nor any passphrase of then,
//! but two of three custodians.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::backup::{self, PartFile};
use super::recovery::{self, AskShare};
use super::restore::new_file;
use crate::documents::recovery_share::ShareOf;
use crate::domain::certificate::Generation;
use crate::domain::key::PublicKeyDer;
use crate::domain::officer::Duty;
use crate::domain::pin::Pin;
use crate::keys::ca_backup::{About, CaBackup, Content, KeptFile, MOST_BYTES};
use crate::keys::{file, unit_pki};
use crate::station::authorities::Issuer;
use crate::station::ca_key::{self, CaKeyHolder};
use crate::station::desk::Desk;
use crate::station::error::Error;
use crate::station::files::read_limited;
use crate::station::home::make_dir;
use crate::station::key_token;
use crate::station::{ActingOfficer, clock};
use crate::store::KeyToken;
use crate::token::virtual_ukey;

/// What each paper is called, before its number.
const PAPER: &str = "ca-share";
/// Where the files of a token lie in its folder; everything else there is written anew, or is another's.
const TOKENS: &str = "tokens";
/// What is signed to see that a key answers.
const PROBE: &[u8] = b"ukey-station/ca-backup/v1";

/// A backup that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    /// Whose key it holds.
    pub generation: Generation,
    /// A share each.
    pub papers: Vec<PathBuf>,
}

/// Backs the key of the present CA up: into a file, and three shares on paper (system; security opens the
/// key).
///
/// # Errors
/// `wrong-duty`, `ca-elsewhere`, `ca-not-certified`, `ca-key-not-copied` for a key on a token of its own,
/// `custodians-same`, `custodian-is-officer`, `file-exists`, or what token and file system say.
pub fn make(
    desk: &Desk,
    officer: &ActingOfficer,
    security: &CaKeyHolder,
    (path, dir, custodians): (&Path, &Path, &[String]),
) -> Result<Made, Error> {
    officer.demand(Duty::SetUp)?;
    let issuer = desk.issuer()?;
    let (folder, token) = copied(desk, &issuer)?;
    recovery::check_custodians(desk, custodians)?;
    let papers = recovery::vacant_papers(dir, PAPER)?;
    if path.symlink_metadata().is_ok() {
        return Err(Error::usage("file-exists", path.display().to_string()));
    }
    let pin = security.pin();
    answers(desk, (&folder, &token, pin), issuer.authority.key())?;
    let content = Content {
        files: files(&folder)?,
        pin: pin.clone(),
    };
    let about = About {
        home: desk.id(),
        generation: issuer.generation,
        key: unit_pki::fingerprint(issuer.authority.key().as_bytes()),
        made_at: clock::now(),
    };
    let made = CaBackup::make(about, &content);
    let (backup, shares) = made.map_err(|error| Error::failed("ca-failed", error.to_string()))?;
    let failed = |error| Error::failed("ca-failed", "").because(error);
    let bytes = backup.encode().map_err(failed)?;
    file::create(path, &bytes).map_err(|error| Error::io(path, error))?;
    let of = ShareOf::CaKey(issuer.generation);
    let mut audit = Desk::audit_row(officer, "ca-key-backed-up");
    audit.detail = Some(format!("{}; {}", issuer.generation, security.told()));
    let written = recovery::write_papers(desk, of, (&shares, custodians), &papers);
    let noted = written.and_then(|()| {
        let mut store = desk.store();
        store.act(&audit, |_writing| Ok::<_, Error>(()))
    });
    if let Err(error) = noted {
        // Without its papers, or its row (D-49), it is none.
        fs::remove_file(path).ok();
        return Err(error);
    }
    Ok(Made {
        generation: issuer.generation,
        papers,
    })
}

/// Puts a key back with two shares, once its token does not answer any more. The folder that was there is
/// kept beside.
///
/// # Errors
/// `wrong-duty`, `ca-backup-invalid`, `ca-backup-other-home`, `ca-key-works` while the key answers,
/// `share-line`, `share-same`, `share-other-kit`, `share-wrong`, `ca-backup-differs` when the key in it is not
/// the CA's, or what token and file system say.
pub fn put_back(
    desk: &Desk,
    officer: &ActingOfficer,
    security: &CaKeyHolder,
    (path, ask): (&Path, &dyn AskShare),
) -> Result<Generation, Error> {
    officer.demand(Duty::SetUp)?;
    let name = path.display().to_string();
    let invalid = || Error::refused("ca-backup-invalid", name.clone());
    let backup = CaBackup::parse(&read_limited(path, MOST_BYTES)?);
    let backup = backup.map_err(|error| invalid().because(error))?;
    if backup.home != desk.id() {
        return Err(Error::refused("ca-backup-other-home", name));
    }
    let issuer = desk.issuer_of(backup.generation)?;
    let (folder, token) = copied(desk, &issuer)?;
    let key = issuer.authority.key();
    if answers(desk, (&folder, &token, security.pin()), key).is_ok() {
        let generation = issuer.generation.to_string();
        return Err(Error::refused("ca-key-works", generation));
    }
    if backup.key != unit_pki::fingerprint(key.as_bytes()) {
        return Err(Error::refused("ca-backup-differs", name));
    }
    let opened = backup.open(&recovery::two_shares(ask)?);
    let opened = opened.map_err(|error| invalid().because(error))?;
    let content = opened.map_err(recovery::share_error)?;
    let mut audit = Desk::audit_row(officer, "ca-key-put-back");
    audit.detail = Some(format!("{}; {}", issuer.generation, security.told()));
    // Noted first (D-49): after a crash the key answers, and nobody would say who put it back.
    desk.store().act(&audit, |_writing| Ok::<_, Error>(()))?;
    lay(desk, (&folder, &token), &content, key)?;
    desk.forget_ca_key();
    Ok(issuer.generation)
}

/// Folder and token of a key that can be copied: a virtual one.
fn copied(desk: &Desk, issuer: &Issuer) -> Result<(PathBuf, KeyToken), Error> {
    let (folder, token) = ca_key::token(desk, issuer.generation)?;
    if token.profile.is_some() {
        let serial = token.identity.serial.to_string();
        return Err(Error::refused("ca-key-not-copied", serial));
    }
    Ok((folder, token))
}

/// Whether the key in a folder is this one and signs.
fn answers(
    desk: &Desk,
    (folder, token, pin): (&Path, &KeyToken, &Pin),
    key: &PublicKeyDer,
) -> Result<(), Error> {
    let mut open = key_token::open(desk, folder, token, pin)?;
    let signature = open.sign(PROBE)?;
    if key.verifies(PROBE, &signature) {
        Ok(())
    } else {
        Err(Error::refused(
            "ca-backup-differs",
            token.identity.serial.to_string(),
        ))
    }
}

/// The files of a token, by their paths in its folder.
fn files(folder: &Path) -> Result<Vec<KeptFile>, Error> {
    let mut found = Vec::new();
    backup::gather(&mut found, (TOKENS.to_owned(), folder.join(TOKENS)))?;
    let read = found.into_iter().map(|PartFile { name, path, .. }| {
        let bytes = fs::read(&path).map_err(|error| Error::io(&path, error))?;
        Ok((name, Zeroizing::new(bytes)))
    });
    read.collect()
}

/// Lays the kept files where the token's were, after they have answered in a folder of their own. What was
/// there is kept aside.
fn lay(
    desk: &Desk,
    (folder, token): (&Path, &KeyToken),
    content: &Content,
    key: &PublicKeyDer,
) -> Result<(), Error> {
    make_dir(folder)?;
    let rehearsal = tempfile::Builder::new()
        .prefix(".putting-back-")
        .tempdir_in(folder)
        .map_err(|error| Error::io(folder, error))?;
    for (name, bytes) in &content.files {
        if !Path::new(name).starts_with(TOKENS) {
            return Err(Error::refused("ca-backup-invalid", name.clone()));
        }
        let path = rehearsal.path().join(name);
        let written = new_file(&path).and_then(|mut file| {
            file.write_all(bytes)?;
            file.sync_all()
        });
        written.map_err(|error| Error::io(&path, error))?;
    }
    virtual_ukey::insert(rehearsal.path())?;
    answers(desk, (rehearsal.path(), token, &content.pin), key)?;
    let (present, aside) = (folder.join(TOKENS), folder.join(aside_name()));
    if present.exists() {
        fs::rename(&present, &aside).map_err(|error| Error::io(&aside, error))?;
    }
    let back = rehearsal.path().join(TOKENS);
    fs::rename(&back, &present).map_err(|error| Error::io(&present, error))?;
    virtual_ukey::insert(folder)?; // Gone with the folder, where that was lost.
    file::sync(folder).map_err(|error| Error::io(folder, error))?;
    answers(desk, (folder, token, &content.pin), key)
}

/// What does not answer any more is kept, by the moment it was put aside.
fn aside_name() -> String {
    format!("{TOKENS}-{}", clock::now().unix_secs())
}
