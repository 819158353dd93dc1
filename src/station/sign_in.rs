//! Who acts: an officer whose passphrase opened the store and whose own ukey answered, if they are bound
//! to one (D-58), with the post that the store says.

use super::clock;
use super::error::Error;
use super::home::Home;
use super::own_ukey::SecondProof;
use super::secrets::Secrets;
use crate::domain::officer::{Duty, OfficerName, Post};
use crate::domain::pin::{Pin, PinError, PinPolicy, WeakPin};
use crate::domain::ukey::Serial;
use crate::keys::secret::SecretText;
use crate::keys::wrap::{KeysFile, Opened, WrapError};
use crate::store::OfficerRow;

/// Evidence that an officer has signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActingOfficer {
    name: OfficerName,
    post: Post,
    standing: Standing,
}

/// How somebody came to be an officer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// As D-6 says.
    Ordinary,
    /// By the recovery kit, until the superior has certified them (D-46).
    Temporary,
}

impl ActingOfficer {
    /// Called by the desk once passphrase and record agree; the second proof is the ukey's answer.
    pub(super) fn new(row: &OfficerRow, standing: Standing, _proof: SecondProof) -> Self {
        Self {
            name: row.name.clone(),
            post: row.post,
            standing,
        }
    }

    /// The officer's name.
    pub const fn name(&self) -> &OfficerName {
        &self.name
    }

    /// Their post.
    pub const fn post(&self) -> Post {
        self.post
    }

    /// Demands a duty of the officer (D-7).
    ///
    /// # Errors
    /// `wrong-duty`, `officer-temporary`.
    pub fn demand(&self, duty: Duty) -> Result<(), Error> {
        demand(&self.name, self.post, duty)?;
        if self.standing == Standing::Temporary && !duty.is_temporary_s() {
            return Err(Error::refused("officer-temporary", self.name.as_str()));
        }
        Ok(())
    }
}

/// Demands a duty of an officer who has not signed in yet.
///
/// # Errors
/// `wrong-duty`.
pub(super) fn demand(name: &OfficerName, post: Post, duty: Duty) -> Result<(), Error> {
    if duty.belongs_to(post) {
        Ok(())
    } else {
        let text = format!("{name} ({})", post.chinese());
        Err(Error::refused("wrong-duty", text))
    }
}

/// Evidence that an act of two officers is confirmed (D-7): a second officer, whose duty it is, signed
/// in, or the superior's waiver frees from it (D-8).
#[derive(Debug)]
pub struct SecondOfficer(Confirmation);

#[derive(Debug)]
enum Confirmation {
    Officer(ActingOfficer),
    /// Its id.
    Waiver(String),
}

impl SecondOfficer {
    /// Called by `Desk::second_officer` alone.
    pub(super) const fn new(officer: ActingOfficer) -> Self {
        Self(Confirmation::Officer(officer))
    }

    /// Called by `waivers::confirm` alone.
    pub(super) const fn waived(waiver: String) -> Self {
        Self(Confirmation::Waiver(waiver))
    }

    /// The officer; nobody under a waiver.
    pub const fn officer(&self) -> Option<&ActingOfficer> {
        match &self.0 {
            Confirmation::Officer(officer) => Some(officer),
            Confirmation::Waiver(_) => None,
        }
    }

    /// Who confirmed, for the audit log: `with NAME`, or `under waiver ID`.
    pub(super) fn told(&self) -> String {
        match &self.0 {
            Confirmation::Officer(officer) => format!("with {}", officer.name()),
            Confirmation::Waiver(id) => format!("under waiver {id}"),
        }
    }
}

/// Asks a person for a secret, without echo.
pub trait AskSecret {
    /// The passphrase of an officer; `None` when nobody can be asked.
    fn passphrase(&self, officer: &OfficerName) -> Option<SecretText>;

    /// A new passphrase of an officer, typed twice; `None` when nobody can be asked. `refused` says
    /// why the last answer was not taken: a key of the wording.
    fn new_passphrase(
        &self,
        _officer: &OfficerName,
        _refused: Option<&'static str>,
    ) -> Option<[SecretText; 2]> {
        None
    }
}

/// Least number of characters of a passphrase (domain.md, section 11).
const PASSPHRASE_CHARS: usize = 12;

/// A new passphrase for an officer: from a secrets file, else typed twice until it may be used.
///
/// # Errors
/// `passphrase-weak` from a file, `officer-required` when nobody can be asked.
pub(super) fn new_passphrase(
    secrets: Option<&Secrets>,
    name: &OfficerName,
    ask: &dyn AskSecret,
) -> Result<SecretText, Error> {
    if let Some(given) = secrets.and_then(|secrets| secrets.passphrase(name)) {
        return match weakness(given, name) {
            None => Ok(given.clone()),
            Some(_reason) => Err(Error::refused("passphrase-weak", name.as_str())),
        };
    }
    let mut refused = None;
    loop {
        let typed = ask.new_passphrase(name, refused);
        let required = || Error::usage("officer-required", name.as_str());
        let [first, second] = typed.ok_or_else(required)?;
        refused = if first.expose() == second.expose() {
            weakness(&first, name)
        } else {
            Some("passphrase-refused-differ")
        };
        if refused.is_none() {
            return Ok(first);
        }
    }
}

/// Why a passphrase may not be used: a key of the wording.
fn weakness(passphrase: &SecretText, name: &OfficerName) -> Option<&'static str> {
    let text = passphrase.expose();
    let different: std::collections::BTreeSet<char> = text.chars().collect();
    if text.chars().count() < PASSPHRASE_CHARS {
        Some("passphrase-refused-short")
    } else if different.len() < 5 || text.to_lowercase().contains(&name.as_str().to_lowercase()) {
        Some("passphrase-refused-easy")
    } else {
        None
    }
}

/// Opens an officer's wraps. Wrong passphrases are counted in keys.json, so that the wait after them
/// outlives a restart (D-58).
///
/// # Errors
/// `sign-in-wait` with the seconds, `passphrase-wrong`, `officer-unknown`.
pub(super) fn open_wraps(
    home: &Home,
    keys: &mut KeysFile,
    name: &OfficerName,
    passphrase: &SecretText,
) -> Result<Opened, Error> {
    let now = clock::now();
    if let Some(secs) = keys.wait_secs(name, now) {
        return Err(Error::refused("sign-in-wait", format!("{name}: {secs} s")));
    }
    let opened = keys.open(name, passphrase);
    match &opened {
        Err(WrapError::WrongPassphrase(_)) => {
            home.change_keys(keys, |keys| keys.note_failure(name, now))?;
        }
        Ok(_) if keys.has_failures(name) => {
            home.change_keys(keys, |keys| keys.note_success(name))?;
        }
        _ => {}
    }
    Ok(opened?)
}

/// Asks the holder at the desk for a new user PIN, without echo.
pub trait AskUserPin: Sync {
    /// The PIN as the holder typed it twice; `None` when nobody can be asked or nobody answers.
    fn user_pin(&self, question: &PinQuestion<'_>) -> Option<[SecretText; 2]>;

    /// The PIN that the ukey has, typed once; `None` as above. Asked once: nobody types it again
    /// for a second try.
    fn present_user_pin(&self, _question: &PinQuestion<'_>) -> Option<SecretText> {
        None
    }
}

/// For which ukey a PIN is asked.
#[derive(Clone, Copy, Debug)]
pub struct PinQuestion<'a> {
    /// Number of the request.
    pub request: &'a str,
    /// Name of the holder.
    pub holder: &'a str,
    /// The ukey.
    pub serial: &'a Serial,
    /// What the ukey takes.
    pub policy: PinPolicy,
    /// Why the last answer was refused.
    pub refused: Option<PinRefused>,
}

/// Why a typed PIN is refused; no try on the ukey is spent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PinRefused {
    /// The two are not the same.
    Differ,
    /// No PIN at all.
    NoPin(PinError),
    /// Too weak (D-37).
    Weak(WeakPin),
    /// The one the ukey has already.
    Unchanged,
}

impl PinRefused {
    /// The word its sentence has in the wording.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Differ => "differ",
            Self::NoPin(PinError::Character) => "character",
            Self::NoPin(PinError::Length { .. })
            | Self::Weak(WeakPin::TooShort { .. } | WeakPin::TooLong { .. }) => "length",
            Self::Weak(WeakPin::NotDigits) => "not-digits",
            Self::Weak(WeakPin::Run) => "run",
            Self::Weak(WeakPin::Repeat) => "repeat",
            Self::Weak(WeakPin::Personal) => "personal",
            Self::Unchanged => "unchanged",
        }
    }
}

/// Asks until the holder types a PIN that may be set, twice the same, and another one than before.
pub(super) fn new_user_pin(
    ask: &dyn AskUserPin,
    mut question: PinQuestion<'_>,
    personal: &[&str],
    present: Option<&Pin>,
) -> Option<Pin> {
    loop {
        let [first, second] = ask.user_pin(&question)?;
        let policy = &question.policy;
        let judged = if first.expose() == second.expose() {
            Pin::parse(first.expose())
                .map_err(PinRefused::NoPin)
                .and_then(|pin| match pin.check(policy, personal) {
                    Ok(()) if present == Some(&pin) => Err(PinRefused::Unchanged),
                    Ok(()) => Ok(pin),
                    Err(weak) => Err(PinRefused::Weak(weak)),
                })
        } else {
            Err(PinRefused::Differ)
        };
        match judged {
            Ok(pin) => return Some(pin),
            Err(refused) => question.refused = Some(refused),
        }
    }
}

/// Nobody can be asked.
#[derive(Clone, Copy, Debug)]
pub struct NobodyToAsk;

impl AskSecret for NobodyToAsk {
    fn passphrase(&self, _officer: &OfficerName) -> Option<SecretText> {
        None
    }
}

impl AskUserPin for NobodyToAsk {
    fn user_pin(&self, _question: &PinQuestion<'_>) -> Option<[SecretText; 2]> {
        None
    }
}

/// Chooses who acts: the one named, else the first of system, security, auditor in the secrets
/// file who has the duty (interface.md).
///
/// # Errors
/// `officer-required` when nobody is named, `officer-unknown`.
pub(super) fn choose(
    keys: &KeysFile,
    secrets: Option<&Secrets>,
    named: Option<&OfficerName>,
    duty: Duty,
) -> Result<OfficerName, Error> {
    if let Some(name) = named {
        let unknown = || Error::usage("officer-unknown", name.as_str());
        let mut officers = keys.officers().into_iter();
        let found = officers.find(|(other, _post)| other == name);
        return found.map(|(name, _post)| name).ok_or_else(unknown);
    }
    let known =
        |name: &OfficerName| secrets.is_some_and(|secrets| secrets.passphrase(name).is_some());
    keys.officers()
        .into_iter()
        .find(|(name, post)| duty.belongs_to(*post) && known(name))
        .map(|(name, _post)| name)
        .ok_or_else(|| Error::usage("officer-required", ""))
}

/// The passphrase of an officer: from the secrets file, else asked.
///
/// # Errors
/// `officer-required` when nobody can be asked.
pub(super) fn passphrase(
    secrets: Option<&Secrets>,
    name: &OfficerName,
    ask: &dyn AskSecret,
) -> Result<SecretText, Error> {
    let given = secrets
        .and_then(|secrets| secrets.passphrase(name))
        .cloned();
    given
        .or_else(|| ask.passphrase(name))
        .ok_or_else(|| Error::usage("officer-required", name.as_str()))
}
