//! The desktop: the same jobs in a window.

use std::path::PathBuf;

use crate::station::Error;
use crate::station::desk::OpenTerms;
use crate::wording::Language;

/// Opens the window.
///
/// # Errors
/// When the system gives no window.
pub fn open(_home: PathBuf, _terms: OpenTerms, _language: Language) -> Result<u8, Error> {
    Err(Error::failed("no-window", ""))
}
