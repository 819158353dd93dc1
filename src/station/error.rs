//! What went wrong, as a stable code with facts; the wording room says it to people.

use std::fmt;
use std::io;
use std::path::Path;

use crate::domain::fault::Fault;
use crate::domain::identity_number::mask_within;
use crate::domain::request::FieldFault;
use crate::keys::random::NoRandom;
use crate::keys::secret::{NotOpened, SealError};
use crate::keys::wrap::WrapError;
use crate::store::StoreError;
use crate::token::{profiles, virtual_ukey};

/// What became of the command: its exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// Device, file or program: 1.
    Failed,
    /// The command itself is wrong: 2.
    Usage,
    /// A rule refuses; nothing was begun: 4.
    Refused,
}

impl ErrorKind {
    /// The word of JSON.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Usage => "usage",
            Self::Refused => "refused",
        }
    }
}

/// An error with its stable code.
#[derive(Debug)]
pub struct Error {
    /// What became of the command.
    pub kind: ErrorKind,
    /// Stable kebab-case word.
    pub code: &'static str,
    /// What it is about: a path, a serial, a number, the facts below. No personal data, no secret.
    pub subject: String,
    /// Every fault of a form.
    pub faults: Vec<FieldFault>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    /// A rule refuses.
    pub fn refused(code: &'static str, subject: impl Into<String>) -> Self {
        Self::new(ErrorKind::Refused, code, subject)
    }

    /// The command is wrong.
    pub fn usage(code: &'static str, subject: impl Into<String>) -> Self {
        Self::new(ErrorKind::Usage, code, subject)
    }

    /// Something failed.
    pub fn failed(code: &'static str, subject: impl Into<String>) -> Self {
        Self::new(ErrorKind::Failed, code, subject)
    }

    /// A form with faults.
    pub fn invalid(faults: Vec<FieldFault>) -> Self {
        let fields: Vec<_> = faults.iter().map(|fault| fault.field).collect();
        Self {
            faults,
            ..Self::refused("request-invalid", fields.join(", "))
        }
    }

    /// A file.
    pub fn io(path: &Path, error: io::Error) -> Self {
        Self::failed("file", format!("{}: {error}", path.display())).because(error)
    }

    fn new(kind: ErrorKind, code: &'static str, subject: impl Into<String>) -> Self {
        Self {
            kind,
            code,
            subject: mask_within(&subject.into()),
            faults: Vec::new(),
            source: None,
        }
    }

    /// The same with its cause.
    #[must_use]
    pub fn because(mut self, source: impl std::error::Error + Send + Sync + 'static) -> Self {
        self.source = Some(Box::new(source));
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.subject)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source
            .as_ref()
            .map(|source| &**source as &(dyn std::error::Error + 'static))
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        let text = error.to_string();
        let made = match &error {
            StoreError::Missing(_) => Self::failed("home-missing", text),
            StoreError::File(_, source) => Self::failed("file", format!("{text}: {source}")),
            StoreError::NotOpened(_) => Self::failed("store-damaged", text),
            StoreError::Newer { .. } => Self::refused("store-newer", text),
            StoreError::Busy => Self::failed("store-busy", ""),
            StoreError::Changed(_) => Self::refused("changed-meanwhile", text),
            StoreError::Constraint(_) => Self::refused("record-refused", text),
            StoreError::Sqlite(source) => Self::failed("store-failed", source.to_string()),
        };
        made.because(error)
    }
}

impl From<WrapError> for Error {
    fn from(error: WrapError) -> Self {
        let text = error.to_string();
        let made = match &error {
            WrapError::Io(source) => Self::failed("file", format!("keys.json: {source}")),
            WrapError::Newer(_) => Self::refused("store-newer", text),
            WrapError::Older(_) => Self::refused("store-older", text),
            WrapError::UnknownOfficer(name) => Self::usage("officer-unknown", name.as_str()),
            WrapError::WrongPassphrase(name) => Self::refused("passphrase-wrong", name.as_str()),
            _ => Self::failed("keys-damaged", text),
        };
        made.because(error)
    }
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        Self::failed(fault.kind.word(), fault.to_string()).because(fault)
    }
}

impl From<virtual_ukey::Error> for Error {
    fn from(error: virtual_ukey::Error) -> Self {
        match error {
            virtual_ukey::Error::Fault(fault) => fault.into(),
            other => Self::failed("virtual-ukey", other.to_string()).because(other),
        }
    }
}

impl From<profiles::Error> for Error {
    fn from(error: profiles::Error) -> Self {
        Self::refused("profile-invalid", error.to_string()).because(error)
    }
}

impl From<NoRandom> for Error {
    fn from(error: NoRandom) -> Self {
        Self::failed("no-random", error.to_string()).because(error)
    }
}

impl From<SealError> for Error {
    fn from(error: SealError) -> Self {
        Self::failed("no-random", error.to_string()).because(error)
    }
}

impl From<NotOpened> for Error {
    fn from(error: NotOpened) -> Self {
        Self::failed("keys-damaged", error.to_string()).because(error)
    }
}
