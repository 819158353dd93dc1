//! A file that is refused because its signer was revoked since: it is never read, and would for ever be
//! missing before those that follow it (D-57).

use std::path::Path;

use super::history::{self, Place};
use super::{demand_known, open_with, received};
use crate::keys::parcel::{self, Neighbour};
use crate::station::desk::Desk;
use crate::station::error::Error;
use crate::store::{ParcelReceivedRow, StoreError, Writing};

/// A file that can be put aside.
pub(in crate::station) struct Refused {
    /// The sender's unit.
    pub(in crate::station) unit: String,
    row: ParcelReceivedRow,
}

/// Opens a file that is refused for its signer's revocation alone, and is the next of its sender's.
///
/// # Errors
/// `parcel-not-refused` for one that can be taken, else `parcel-…` as when it is taken.
pub(in crate::station) fn open_refused(desk: &Desk, path: &Path) -> Result<Refused, Error> {
    let (opened, _trust) = open_with(desk, path, parcel::open_revoked)?;
    let name = || path.file_name().unwrap_or_default().to_string_lossy();
    let opened = opened.ok_or_else(|| Error::refused("parcel-not-refused", name()))?;
    if opened.sender == Neighbour::Other {
        demand_known(desk, &opened)?;
    }
    let row = received(&opened);
    match history::place(desk, &opened.manifest, &row)? {
        Place::Replayed => Err(Error::refused("parcel-not-refused", name())),
        Place::Next(_told) => Ok(Refused {
            unit: opened.manifest.from.name,
            row,
        }),
    }
}

impl Refused {
    /// How it is noted.
    pub(in crate::station) const fn row(&self) -> &ParcelReceivedRow {
        &self.row
    }

    /// Notes its place as filled, in the transaction of the act. What it tells of its sender's log is not
    /// believed.
    pub(in crate::station) fn record(&self, writing: &Writing<'_>) -> Result<(), StoreError> {
        writing.insert_parcel_received(&self.row)
    }
}
