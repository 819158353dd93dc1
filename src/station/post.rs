//! The post of a station: packs files for neighbouring stations, opens theirs, and refuses what was
//! replayed, left out or forked (D-57, `docs/parcel.md`). Each file tells how far the sender's log had
//! come; the newest is kept (D-49).

mod history;
mod set_aside;

use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::Value;

use self::history::Place;
pub(super) use self::history::{Restored, open_restored};
pub(super) use self::set_aside::open_refused;
use super::desk::Desk;
use super::error::Error;
use super::files::read_limited;
use super::jobs::enrolment::{pack_failed, parcel_refused, station_identity};
use super::unit_trust::{self, CarriedLists};
use super::{SigningKey, clock};
use crate::domain::timestamp::Timestamp;
use crate::keys::parcel::{
    self, Attachments, Checkpoint, Credentials, Direction, Kind, Manifest, Neighbour, Opened,
    ParcelError, Receiver, Sender, Sha256Hex, Trust,
};
use crate::keys::station_key::StationIdentity;
use crate::keys::unit_pki::{self, Signer, UnitFacts};
use crate::keys::{file, unit_crl};
use crate::store::{NeighbourRow, ParcelReceivedRow, ParcelSentRow, StoreError, Writing};

/// A file that is packed: it counts once [`Self::record`] was committed, and lies in the home's `out` once
/// [`Self::deliver`] has written it.
pub(super) struct Outgoing {
    row: ParcelSentRow,
    bytes: Vec<u8>,
    path: PathBuf,
}

/// A file that was opened and accepted.
pub(super) struct Incoming {
    pub(super) opened: Opened,
    /// The same bytes were received before: nothing is to be done again.
    pub(super) replayed: bool,
    row: ParcelReceivedRow,
    neighbour: Option<NeighbourRow>,
    crls: CarriedLists,
}

/// The unit to which a file is sent.
pub(super) fn superior(desk: &Desk) -> Result<UnitFacts, Error> {
    let chain = desk.superior_chain()?;
    let der = chain
        .first()
        .ok_or_else(|| Error::refused("unit-is-root", ""))?;
    facts(der)
}

/// A direct subordinate, as it was certified here.
pub(super) fn subordinate(desk: &Desk, code: &str) -> Result<UnitFacts, Error> {
    let rows = desk.store().read().certified_units()?;
    let newest = rows.into_iter().rev().find(|row| row.unit_code == code);
    let unknown = || Error::refused("parcel-sender-unknown", code);
    facts(&newest.ok_or_else(unknown)?.der)
}

/// The unit of this name or code to which a record may be handed over: one above, a direct subordinate, or
/// the one whose certificate and issuers, DER, are given. That certificate must lead to the pinned root,
/// which the two have in common, and no known list may have taken it back.
///
/// # Errors
/// `unit-own`, `unit-certificate-missing` for a unit whose station key nobody knows here,
/// `unit-certificate-differs` for another unit's, and as [`named`] and [`unit_trust::check_unit`].
pub(super) fn any_unit(
    desk: &Desk,
    (name, code): (&str, Option<&str>),
    given: Option<&[Vec<u8>]>,
) -> Result<UnitFacts, Error> {
    let means = |facts: &UnitFacts| match code {
        Some(code) => facts.code == code,
        None => facts.code == name || facts.name == name,
    };
    let own = desk.own_unit()?;
    if code == Some(own.code.as_str()) || own.code.as_str() == name {
        return Err(Error::refused("unit-own", own.name));
    }
    let text = code.unwrap_or(name);
    let above = desk.superior_chain()?.into_iter().map(|der| facts(&der));
    let mut known: Vec<UnitFacts> = above.collect::<Result<_, _>>()?;
    known.extend(subordinates(desk)?);
    known.retain(means);
    if let Some(given) = given.filter(|_given| known.iter().all(|facts| facts.code != text)) {
        let chain = unit_trust::check_unit(desk, given, &[])?;
        let found = chain.into_iter().next().filter(means);
        let differs = || Error::refused("unit-certificate-differs", name);
        let found = found.ok_or_else(differs)?;
        if known.iter().all(|facts| facts.code != found.code) {
            known.push(found);
        }
    }
    let missing = || Error::refused("unit-certificate-missing", name);
    named(known, text)?.ok_or_else(missing)
}

/// The one of these units that has this code, or else this name.
///
/// # Errors
/// `unit-ambiguous` for a name that several have: what is sealed to one of them is lost to the other.
pub(super) fn named(mut known: Vec<UnitFacts>, text: &str) -> Result<Option<UnitFacts>, Error> {
    if let Some(at) = known.iter().position(|facts| facts.code == text) {
        return Ok(Some(known.swap_remove(at)));
    }
    known.retain(|facts| facts.name == text);
    if known.len() > 1 {
        let codes: Vec<&str> = known.iter().map(|facts| facts.code.as_str()).collect();
        let subject = format!("{text}: {}", codes.join(", "));
        return Err(Error::usage("unit-ambiguous", subject));
    }
    Ok(known.pop())
}

/// Every direct subordinate that was certified here and still is, by its newest certificate.
pub(super) fn subordinates(desk: &Desk) -> Result<Vec<UnitFacts>, Error> {
    let rows = desk.store().read().certified_units()?;
    let mut found: Vec<UnitFacts> = Vec::new();
    for row in rows.into_iter().rev() {
        if found.iter().all(|facts| facts.code != row.unit_code) {
            found.push(facts(&row.der)?);
        }
    }
    Ok(found)
}

fn facts(der: &[u8]) -> Result<UnitFacts, Error> {
    let damaged = || Error::failed("store-damaged", "unit certificate");
    UnitFacts::read(der).map_err(|error| damaged().because(error))
}

/// Packs a file in the officer's name. It is in nobody's hands before [`Outgoing::record`] was committed:
/// no file without its row in the log (D-49).
pub(super) fn pack(
    desk: &Desk,
    key: &mut SigningKey,
    to: &UnitFacts,
    (kind, body): (Kind, &impl Serialize),
    attachments: &Attachments,
) -> Result<Outgoing, Error> {
    let failed = |error| Error::failed("parcel-encoding", kind.word()).because(error);
    let body: Value = serde_json::to_value(body).map_err(failed)?;
    let own = desk.own_unit()?;
    let (last, crls, log) = {
        let store = desk.store();
        let reading = store.read();
        (
            reading.last_parcel_to(&to.code)?,
            reading.unit_crls()?,
            reading.audit_position(desk.id())?,
        )
    };
    let (sequence, previous) = match last {
        None => (1, None),
        Some((sequence, sha256)) => (sequence + 1, Some(sha256)),
    };
    let from = Sender {
        code: own.code.as_str().to_owned(),
        home: desk.id(),
        name: own.name,
    };
    let receiver = Receiver {
        code: to.code.clone(),
    };
    let (id, now) = (clock::new_uuid(), clock::now());
    let counted = (sequence, previous);
    let mut manifest = Manifest::new((kind, body), (from, receiver), (id, now), counted);
    manifest.checkpoint = Some(Checkpoint {
        count: log.count,
        epoch: log.epoch.into(),
        head: Sha256Hex(log.head),
        home: log.home,
        instance: log.instance.to_string(),
    });
    let chain = key.chain().to_vec();
    let own_chain = match kind.direction() {
        Direction::Up | Direction::Down | Direction::Both => desk.unit_chain()?,
        Direction::Any => Vec::new(), // The own list is of nobody whom a stranger knows.
    };
    let crls = crls_of((&chain, &own_chain), crls);
    let credentials = Credentials {
        chain: &chain,
        crls: &crls,
    };
    let packed = parcel::pack(
        manifest,
        attachments,
        credentials,
        &to.station_key,
        &mut |message| key.sign_raw(message),
    )
    .map_err(pack_failed)?;
    let name = format!("{}-{sequence:04}.ukey-{}", to.code, kind.word());
    Ok(Outgoing {
        path: desk.home().out().join(&name),
        row: ParcelSentRow {
            name,
            id: id.to_string(),
            kind: kind.word().to_owned(),
            to_code: to.code.clone(),
            sequence,
            previous,
            sha256: packed.sha256,
            at: now,
        },
        bytes: packed.bytes,
    })
}

/// Writes the files that were noted as sent and not written before a crash: their numbers are given, and
/// the receiver waits for them.
pub(super) fn finish(desk: &Desk) -> Result<(), Error> {
    let waiting = desk.store().read().parcels_to_write()?;
    for (name, bytes) in waiting {
        let path = desk.home().out().join(&name);
        file::replace(&path, &bytes).map_err(|error| Error::io(&path, error))?;
        desk.store()
            .write(|writing| writing.parcel_written(&name))?;
    }
    Ok(())
}

/// The known lists of the units in an officer's chain and of the own unit; a receiver refuses others.
/// So a list comes down level by level: each unit gives on what it was given, and its own.
pub(super) fn crls_of(
    (chain, unit_chain): (&[Vec<u8>], &[Vec<u8>]),
    mut crls: Vec<Vec<u8>>,
) -> Vec<Vec<u8>> {
    let issuers = chain.iter().skip(1).chain(unit_chain);
    let issuers: Vec<_> = issuers.cloned().collect();
    crls.retain(|crl| unit_crl::check_of(crl, &issuers).is_ok());
    crls
}

impl Outgoing {
    /// The parcel's id.
    pub(super) fn id(&self) -> &str {
        &self.row.id
    }

    /// Notes it as sent, in the transaction of the act.
    pub(super) fn record(&self, writing: &Writing<'_>) -> Result<(), StoreError> {
        writing.insert_parcel_sent(&self.row, &self.bytes)
    }

    /// Writes it to the home's `out`, and where the person wants it, if they said so; tells where it lies.
    ///
    /// # Errors
    /// `parcel-not-delivered`, which names the copy: it is sent already, and not to be made again.
    pub(super) fn deliver(self, desk: &Desk, out: Option<&Path>) -> Result<PathBuf, Error> {
        finish(desk)?;
        let Some(out) = out else {
            return Ok(self.path);
        };
        file::replace(out, &self.bytes).map_err(|error| {
            let text = format!("{}: {error}; {}", out.display(), self.path.display());
            Error::failed("parcel-not-delivered", text).because(error)
        })?;
        Ok(out.to_owned())
    }
}

/// What this home trusts.
struct OwnTrust {
    root: Vec<u8>,
    code: String,
    key: crate::domain::key::PublicKeyDer,
    superior_chain: Vec<Vec<u8>>,
    crls: Vec<Vec<u8>>,
    crl_issuers: Vec<Vec<u8>>,
}

impl OwnTrust {
    fn of(desk: &Desk) -> Result<Self, Error> {
        let chain = desk.unit_chain()?;
        let own = chain
            .first()
            .ok_or_else(|| Error::refused("unit-not-certified", ""))?;
        let crls = desk.store().read().unit_crls()?; // The lock ends here.
        Ok(Self {
            root: desk.pinned_root()?,
            code: desk.own_unit()?.code.as_str().to_owned(),
            key: facts(own)?.public_key,
            superior_chain: desk.superior_chain()?,
            crls,
            crl_issuers: unit_trust::issuers(desk)?,
        })
    }

    fn as_trust(&self) -> Trust<'_> {
        Trust {
            root: &self.root,
            own_code: &self.code,
            own_key: &self.key,
            superior_chain: &self.superior_chain,
            crls: &self.crls,
            crl_issuers: &self.crl_issuers,
        }
    }
}

/// Opens a file of this kind and judges its place among those of its sender.
///
/// # Errors
/// `parcel-…`; the file is then as if it had never come.
pub(super) fn open(desk: &Desk, path: &Path, kind: Kind) -> Result<Incoming, Error> {
    let (opened, row, crls) = open_any(desk, path)?;
    if opened.manifest.kind != kind {
        let word = opened.manifest.kind.word();
        return Err(Error::refused("parcel-other-kind", word));
    }
    let (replayed, neighbour) = match history::place(desk, &opened.manifest, &row)? {
        Place::Replayed => (true, None),
        Place::Next(neighbour) => (false, neighbour),
    };
    Ok(Incoming {
        opened,
        replayed,
        row,
        neighbour,
        crls,
    })
}

/// Opens a file of any kind from a neighbour, how it would be noted, and the lists that it brought.
fn open_any(desk: &Desk, path: &Path) -> Result<(Opened, ParcelReceivedRow, CarriedLists), Error> {
    let (opened, trust) = open_with(desk, path, parcel::open)?;
    demand_known(desk, &opened)?;
    let row = received(&opened);
    let issuers = opened.chain.iter().skip(1).chain(&trust.crl_issuers);
    let issuers: Vec<_> = issuers.cloned().collect();
    let crls = CarriedLists::of(&opened.crls, &issuers);
    Ok((opened, row, crls))
}

/// Demands that a subordinate is one that was certified here and still is, and that no other unit has written
/// a subordinate's code into its officer's certificate.
fn demand_known(desk: &Desk, opened: &Opened) -> Result<(), Error> {
    let code = &opened.signer.unit_code;
    match (opened.sender, subordinate(desk, code)) {
        (Neighbour::Subordinate, Err(unknown)) => Err(unknown),
        (Neighbour::Other, Ok(_subordinate)) => {
            Err(Error::refused("parcel-sender-unknown", code.clone()))
        }
        (Neighbour::Superior | Neighbour::Subordinate | Neighbour::Other, _) => Ok(()),
    }
}

/// Reads a file, and opens it as `open` does under what this home trusts.
fn open_with<T>(
    desk: &Desk,
    path: &Path,
    open: impl FnOnce(&[u8], &StationIdentity, &Trust<'_>, Timestamp) -> Result<T, ParcelError>,
) -> Result<(T, OwnTrust), Error> {
    let bytes = read_limited(path, parcel::MAX_BYTES)?;
    let trust = OwnTrust::of(desk)?;
    let identity = station_identity(desk)?;
    let opened = open(&bytes, &identity, &trust.as_trust(), clock::now());
    Ok((opened.map_err(parcel_refused)?, trust))
}

/// How a file is noted.
fn received(opened: &Opened) -> ParcelReceivedRow {
    let manifest = &opened.manifest;
    ParcelReceivedRow {
        sha256: opened.sha256,
        id: manifest.id.to_string(),
        kind: manifest.kind.word().to_owned(),
        from_code: manifest.from.code.clone(),
        from_home: manifest.from.home,
        sequence: manifest.sequence,
        previous: manifest.previous.map(|hash| hash.0),
        at: clock::now(),
        signer: opened.signer.name.as_str().to_owned(),
    }
}

impl Incoming {
    /// The unit to which an answer to it goes: its sender, by the key under which it is known here.
    pub(super) fn answer_to(&self, desk: &Desk) -> Result<UnitFacts, Error> {
        match self.opened.sender {
            Neighbour::Superior => superior(desk),
            Neighbour::Subordinate | Neighbour::Other => {
                subordinate(desk, &self.opened.signer.unit_code)
            }
        }
    }

    /// Notes it as received, and the revocation lists it brought, in the transaction of the act. A
    /// replayed one is noted already.
    pub(super) fn record(&self, writing: &Writing<'_>) -> Result<(), StoreError> {
        self.crls.record(writing)?;
        if self.replayed {
            return Ok(());
        }
        if let Some(neighbour) = &self.neighbour {
            writing.keep_neighbour_checkpoint(neighbour)?;
        }
        writing.insert_parcel_received(&self.row)
    }
}

/// Whether a signer whose chain was checked is of this unit's superior. A code alone proves nothing:
/// the certificate must come from the key that certified the superior itself.
pub(super) fn is_of_superior(desk: &Desk, signer: &Signer) -> Result<bool, Error> {
    let chain = desk.superior_chain()?;
    let Some(superior) = chain.first() else {
        return Ok(false); // The province.
    };
    let issuer = chain.get(1).unwrap_or(superior); // The province certifies its own officers.
    let key = unit_pki::public_key_of(issuer)
        .map_err(|error| Error::failed("store-damaged", "superior_chain").because(error))?;
    Ok(signer.unit_code == facts(superior)?.code && signer.issuer.public_key == key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_several_units_have_names_none_of_them() {
        let station_key = StationIdentity::generate().public();
        let unit = |name: &str, code: &str| UnitFacts {
            name: name.to_owned(),
            code: code.to_owned(),
            station_key: station_key.clone(),
            public_key: crate::domain::key::PublicKeyDer::new(vec![1]),
        };
        let known = vec![
            unit("示例小学", "2143000001"),
            unit("示例小学", "2143000002"),
            unit("示例中学", "2143000003"),
        ];
        let code = |text: &str| named(known.clone(), text).map(|found| found.map(|unit| unit.code));
        assert_eq!(code("2143000002").unwrap().unwrap(), "2143000002");
        assert_eq!(code("示例中学").unwrap().unwrap(), "2143000003");
        assert!(code("示例大学").unwrap().is_none());
        let refused = code("示例小学").unwrap_err();
        assert_eq!(refused.code, "unit-ambiguous");
        assert_eq!(refused.subject, "示例小学: 2143000001, 2143000002");
    }
}
