//! Judges what was seen against the records and keeps it in the check: what is told stands there already.

use crate::domain::identity_number::IdentityNumber;
use crate::domain::stock_check::{Again, CheckItem, How, Known, Sight, Verdict, again, judge};
use crate::domain::timestamp::Timestamp;
use crate::domain::token_profile::{NotBlank, Profiles, TokenProfile};
use crate::domain::ukey::{Serial, UkeyReading};
use crate::station::clock;
use crate::station::desk::Desk;
use crate::station::error::Error;
use crate::store::{StoreError, UkeyRow, Writing};

/// A ukey that was read or scanned.
#[derive(Clone, Debug)]
pub struct Checked {
    /// What it is. A [`Verdict::Duplicate`] changed nothing.
    pub item: CheckItem,
    /// What stood in the check before.
    pub before: Option<Verdict>,
    /// How long its reading took, from the start of its worker to the answer, in milliseconds.
    pub ms: Option<f64>,
    /// The part of it that the ukey's own module took.
    pub module_ms: Option<f64>,
    /// Why it gives no answer: the fault's word.
    pub fault: Option<&'static str>,
}

/// What was seen, before it is judged.
pub(super) struct Seen {
    what: What,
    ms: Option<f64>,
    module_ms: Option<f64>,
    fault: Option<&'static str>,
}

pub(super) enum What {
    Read {
        reading: UkeyReading,
        profile: String,
        twice: bool,
    },
    Unreadable(Serial),
    Scanned(Serial),
}

impl Seen {
    /// A serial number alone.
    pub(super) const fn scanned(serial: Serial) -> Self {
        Self {
            what: What::Scanned(serial),
            ms: None,
            module_ms: None,
            fault: None,
        }
    }

    /// What a worker answered, in so many milliseconds; those of the module.
    pub(super) const fn answered(
        what: What,
        (ms, module_ms): (f64, f64),
        fault: Option<&'static str>,
    ) -> Self {
        Self {
            what,
            ms: Some(ms),
            module_ms: Some(module_ms),
            fault,
        }
    }
}

/// A serial number as a scanner or a person gives it: whole.
pub(super) fn scanned(desk: &Desk, text: &str) -> Result<Serial, Error> {
    let refused = || Error::usage("stock-check-serial", text.trim());
    let serial = Serial::parse(text).map_err(|error| refused().because(error))?;
    // A number of a person must not get into the records (D-39).
    let is_person = IdentityNumber::parse(serial.as_str(), clock::now().date()).is_ok();
    if is_person && desk.store().read().ukey(&serial)?.is_none() {
        return Err(refused());
    }
    Ok(serial)
}

/// Judges what was seen and keeps it, all in one transaction.
pub(super) fn keep_all(desk: &Desk, check: &str, seen: &[Seen]) -> Result<Vec<Checked>, Error> {
    if seen.is_empty() {
        return Ok(Vec::new());
    }
    let now = clock::now();
    let checked = desk.store().write(|writing| {
        let keep = |seen: &Seen| keep(writing, desk.profiles(), (check, seen, now));
        seen.iter()
            .map(keep)
            .collect::<Result<Vec<_>, StoreError>>()
    });
    Ok(checked?)
}

fn keep(
    writing: &Writing<'_>,
    profiles: &Profiles,
    (check, seen, at): (&str, &Seen, Timestamp),
) -> Result<Checked, StoreError> {
    let (record, sight, how) = match &seen.what {
        What::Scanned(serial) => (known(writing, serial)?, Sight::Scanned, How::Scanned),
        What::Unreadable(serial) => (known(writing, serial)?, Sight::Unreadable, How::Read),
        What::Read {
            reading,
            profile,
            twice,
        } => {
            let record = writing.ukey_reported(&reading.identity.serial)?;
            let of_record = record.as_ref().and_then(|row| profiles.get(&row.profile));
            let profile = of_record.or_else(|| profiles.get(profile));
            (record, sight(profile, reading, *twice), How::Read)
        }
    };
    let mut item = CheckItem {
        at,
        detail: sight.detail().map(str::to_owned),
        how,
        maker: String::new(),
        model: String::new(),
        serial: match &seen.what {
            What::Scanned(serial) | What::Unreadable(serial) => serial.clone(),
            What::Read { reading, .. } => reading.identity.serial.clone(),
        },
        state: None,
        verdict: Verdict::Unknown,
    };
    let read = match &seen.what {
        What::Read { reading, .. } => Some(&reading.identity),
        What::Scanned(_) | What::Unreadable(_) => None,
    };
    let identity = read.or_else(|| record.as_ref().map(|row| &row.identity));
    if let Some(identity) = identity {
        item.maker.clone_from(&identity.maker);
        item.model.clone_from(&identity.model);
    }
    let known = record.map(|row| {
        item.serial = row.identity.serial.clone();
        item.state = row.officer.is_none().then_some(row.state);
        Known {
            state: row.state,
            of_officer: row.officer.is_some(),
            same_model: read.is_none_or(|read| *read == row.reported()),
        }
    });
    item.verdict = judge(known, &sight);
    let stood = stands(writing.stock_check_seen(check, &item.serial)?, &item);
    let before = stood.as_ref().map(|(_place, old)| old.verdict);
    match stood {
        None => writing.put_stock_check_item(check, &item, None)?,
        Some((place, old)) => {
            let both = ((old.verdict, old.how), (item.verdict, item.how));
            match again(both.0, both.1) {
                Again::Replaces => writing.put_stock_check_item(check, &item, Some(place))?,
                Again::Stays => {
                    item.verdict = Verdict::Duplicate;
                    item.detail = Some(old.verdict.word().to_owned());
                }
            }
        }
    }
    Ok(Checked {
        item,
        before,
        ms: seen.ms,
        module_ms: seen.module_ms,
        fault: seen.fault,
    })
}

fn known(writing: &Writing<'_>, serial: &Serial) -> Result<Option<UkeyRow>, StoreError> {
    match writing.ukey(serial)? {
        Some(row) => Ok(Some(row)),
        None => writing.ukey_reported(serial),
    }
}

fn sight(profile: Option<&TokenProfile>, reading: &UkeyReading, twice: bool) -> Sight {
    let unknown = || NotBlank::UnknownModel(reading.identity.clone());
    Sight::Read {
        blank: profile
            .ok_or_else(unknown)
            .and_then(|profile| profile.blankness(reading)),
        objects: profile
            .is_some_and(|profile| reading.public_objects > profile.blank.max_public_objects),
        twice,
    }
}

/// What stands in the check for the same ukey: of the same maker and model, or where one of both does not
/// say them.
fn stands(mut rows: Vec<(i64, CheckItem)>, item: &CheckItem) -> Option<(i64, CheckItem)> {
    let same = |old: &CheckItem| (&old.maker, &old.model) == (&item.maker, &item.model);
    let silent = |old: &CheckItem| old.maker.is_empty() || item.maker.is_empty();
    let place = rows
        .iter()
        .position(|(_, old)| same(old))
        .or_else(|| rows.iter().position(|(_, old)| silent(old)))?;
    Some(rows.swap_remove(place))
}
