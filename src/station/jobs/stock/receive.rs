//! A delivery comes into stock by list (D-26): serial numbers, ranges and boxes, typed or on a sheet.
//! Every row is judged; what cannot be right is refused with its place.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::movement;
use crate::documents::sheet::stock::{self as sheet, SheetDelivery};
use crate::domain::officer::Duty;
use crate::domain::stock::{MovementKind, RangeError, range};
use crate::domain::token_profile::TokenProfile;
use crate::domain::ukey::{Serial, UkeyIdentity, UkeyState};
use crate::keys::file;
use crate::station::desk::Desk;
use crate::station::error::Error;
use crate::station::jobs::people;
use crate::station::jobs::request_import::{Place, RowFault};
use crate::station::jobs::sheets::{not_written, unreadable};
use crate::station::jobs::units::BadRows;
use crate::station::{ActingOfficer, SecondOfficer, clock};

/// What was delivered.
#[derive(Clone, Debug, Default)]
pub struct Delivery {
    /// The bytes of a sheet.
    pub sheet: Option<Vec<u8>>,
    /// Serial numbers, and ranges of them as first and last.
    pub typed: Vec<(String, Option<String>)>,
    /// Model or profile of rows that name none.
    pub model: Option<String>,
    /// The box of rows that name none.
    pub box_of: Option<String>,
    /// How many it must be in all, as the papers say.
    pub count: Option<usize>,
    /// From whom, and by which paper.
    pub reason: Option<String>,
}

/// What became of a delivery.
#[derive(Clone, Debug, Default)]
pub struct Received {
    /// Ukeys that are in stock now.
    pub received: usize,
    /// Rows with faults.
    pub refused: usize,
    /// Every fault, row by row.
    pub faults: Vec<RowFault>,
    /// Id of the movement, if anything was taken.
    pub movement: Option<String>,
}

/// A ukey that comes.
struct Coming {
    identity: UkeyIdentity,
    profile: String,
    box_of: Option<String>,
}

/// Takes a delivery into stock as blank. Outside the root of the tree and practice, where stock comes by
/// dispatch note, it needs a second officer as an intake does (D-30).
///
/// # Errors
/// `wrong-duty`, `second-officer-required`, `sheet-…`, `stock-count-differs`, or what the store says. Rows
/// with faults are no error: they are in the report.
pub fn receive(
    desk: &Desk,
    officer: &ActingOfficer,
    second: Option<&SecondOfficer>,
    (delivery, bad_rows): (&Delivery, BadRows),
) -> Result<Received, Error> {
    officer.demand(Duty::ManageStock)?;
    if second.is_none() && !comes_from_supplier(desk)? {
        return Err(Error::refused("second-officer-required", "D-30"));
    }
    let reason = delivery.reason.as_deref().map(people::reason_text);
    let reason = reason.transpose()?;
    let rows = rows(delivery)?;
    let mut judge = Judge::new(desk, delivery);
    for row in &rows {
        judge.take(row)?;
    }
    let Judge {
        coming,
        faults,
        bad,
        ..
    } = judge;
    let mut report = Received {
        refused: bad.len(),
        faults,
        ..Received::default()
    };
    let wrong_count = delivery.count.filter(|count| *count != coming.len());
    if let (Some(count), true) = (wrong_count, report.faults.is_empty()) {
        let text = format!("{} ≠ {count}", coming.len());
        return Err(Error::refused("stock-count-differs", text));
    }
    let refuse_all = report.refused > 0 && bad_rows == BadRows::RefuseAll;
    if refuse_all || coming.is_empty() || wrong_count.is_some() {
        return Ok(report);
    }
    let now = clock::now();
    let why = movement(MovementKind::Receive, officer, now, (second, reason, None));
    let mut audit = Desk::audit_row(officer, "stock-received");
    let confirmed = second.map_or_else(String::new, |second| format!("; {}", second.told()));
    audit.detail = Some(format!("{} ukeys, {}{confirmed}", coming.len(), why.id));
    desk.store().act(&audit, |writing| {
        writing.insert_movement(&why)?;
        for ukey in &coming {
            let what = (ukey.profile.as_str(), ukey.box_of.as_deref());
            let when = (now, Some(why.id.as_str()));
            writing.receive_ukey(&ukey.identity, what, UkeyState::Blank, when)?;
        }
        Ok::<_, crate::store::StoreError>(())
    })?;
    report.received = coming.len();
    report.movement = Some(why.id);
    Ok(report)
}

/// Whether ukeys come here from the supplier: at the root of the tree, and in practice.
///
/// # Errors
/// What the store says.
pub fn comes_from_supplier(desk: &Desk) -> Result<bool, Error> {
    Ok(desk.is_practice() || desk.superior_chain()?.is_empty())
}

/// Writes an empty sheet to be filled in.
///
/// # Errors
/// What the file system says.
pub fn template(desk: &Desk, officer: &ActingOfficer, out: &Path) -> Result<(), Error> {
    let _ = desk;
    officer.demand(Duty::ReadRecords)?;
    let bytes = sheet::template().map_err(not_written)?;
    file::replace(out, &bytes).map_err(|error| Error::io(out, error))
}

/// The rows of the sheet, then what was typed, counted on from there.
fn rows(delivery: &Delivery) -> Result<Vec<SheetDelivery>, Error> {
    let mut rows = match &delivery.sheet {
        Some(bytes) => sheet::read(bytes).map_err(unreadable)?,
        None => Vec::new(),
    };
    let typed = (1..).zip(&delivery.typed);
    rows.extend(typed.map(|(row, (serial, last))| SheetDelivery {
        row,
        serial: serial.clone(),
        last: last.clone().unwrap_or_default(),
        ..SheetDelivery::default()
    }));
    if rows.is_empty() {
        return Err(Error::usage("stock-nothing-named", ""));
    }
    Ok(rows)
}

/// Judges rows one after another; each ukey may come once.
struct Judge<'a> {
    desk: &'a Desk,
    delivery: &'a Delivery,
    profiles: BTreeMap<String, Option<(String, String, String)>>,
    seen: BTreeSet<Serial>,
    coming: Vec<Coming>,
    faults: Vec<RowFault>,
    bad: BTreeSet<u32>,
}

impl<'a> Judge<'a> {
    const fn new(desk: &'a Desk, delivery: &'a Delivery) -> Self {
        Self {
            desk,
            delivery,
            profiles: BTreeMap::new(),
            seen: BTreeSet::new(),
            coming: Vec::new(),
            faults: Vec::new(),
            bad: BTreeSet::new(),
        }
    }

    fn fault(&mut self, row: u32, field: &'static str, (value, word): (&str, &'static str)) {
        self.bad.insert(row);
        self.faults.push(RowFault {
            place: Place {
                row,
                column: sheet::heading(field).unwrap_or_default(),
                cell: String::new(),
                field,
            },
            value: Some(value.chars().take(64).collect()),
            rule: "D-24",
            word,
            number: None,
        });
    }

    fn take(&mut self, row: &SheetDelivery) -> Result<(), Error> {
        for fault in &row.faults {
            let value = fault.value.clone().unwrap_or_default();
            self.fault(row.row, fault.field, (&value, fault.problem.word()));
        }
        let serials = self.serials(row);
        let model = self.model(row);
        let (Some(serials), Some((maker, model, profile)), true) =
            (serials, model, row.faults.is_empty())
        else {
            return Ok(());
        };
        let known = {
            let store = self.desk.store();
            let reading = store.read();
            let mut known = Vec::new();
            for serial in &serials {
                if reading.ukey(serial)?.is_some() {
                    known.push(serial.clone());
                }
            }
            known
        };
        let twice: Vec<Serial> = serials
            .iter()
            .filter(|serial| self.seen.contains(*serial))
            .cloned()
            .collect();
        for (serials, word) in [(&known, "serial-known"), (&twice, "serial-twice")] {
            if let Some(serial) = serials.first() {
                self.fault(row.row, "serial", (serial.as_str(), word));
            }
        }
        self.seen.extend(serials.iter().cloned());
        if !known.is_empty() || !twice.is_empty() || self.bad.contains(&row.row) {
            return Ok(());
        }
        let box_of = Some(row.box_of.clone()).filter(|label| !label.is_empty());
        let box_of = box_of.or_else(|| self.delivery.box_of.clone());
        self.coming.extend(serials.into_iter().map(|serial| Coming {
            identity: UkeyIdentity {
                maker: maker.clone(),
                model: model.clone(),
                serial,
            },
            profile: profile.clone(),
            box_of: box_of.clone(),
        }));
        Ok(())
    }

    /// The serial numbers of a row.
    fn serials(&mut self, row: &SheetDelivery) -> Option<Vec<Serial>> {
        let parse = |judge: &mut Self, field, text: &str| match Serial::parse(text) {
            Ok(serial) => Some(serial),
            Err(_) if text.is_empty() => {
                judge.fault(row.row, field, (text, "missing"));
                None
            }
            Err(_) => {
                judge.fault(row.row, field, (text, "serial"));
                None
            }
        };
        let first = parse(self, "serial", &row.serial)?;
        let serials = if row.last.is_empty() {
            vec![first]
        } else {
            let last = parse(self, "last", &row.last)?;
            match range(&first, &last) {
                Ok(serials) => serials,
                Err(error) => {
                    let word = match error {
                        RangeError::Backwards => "range-backwards",
                        RangeError::Shape => "range-shape",
                        RangeError::TooLong => "range-long",
                    };
                    self.fault(row.row, "last", (&row.last, word));
                    return None;
                }
            }
        };
        let counts = row.count.is_empty() || row.count.parse() == Ok(serials.len());
        if !counts {
            self.fault(row.row, "count", (&row.count, "count-differs"));
        }
        let fits = |text: &str| text.chars().nth(64).is_none();
        if !fits(&row.box_of) || row.box_of.chars().any(crate::domain::text::is_hidden) {
            self.fault(row.row, "box", (&row.box_of, "control-characters"));
        }
        Some(serials)
    }

    /// Maker, model and profile of a row.
    fn model(&mut self, row: &SheetDelivery) -> Option<(String, String, String)> {
        let named = Some(row.model.as_str()).filter(|text| !text.is_empty());
        let text = named.or(self.delivery.model.as_deref()).unwrap_or_default();
        let text = text.to_owned();
        if !self.profiles.contains_key(&text) {
            let found = known_model(self.desk, &text);
            self.profiles.insert(text.clone(), found);
        }
        let found = self.profiles.get(&text).cloned().flatten();
        if found.is_none() {
            let word = if text.is_empty() { "missing" } else { "model" };
            self.fault(row.row, "model", (&text, word));
        }
        found
    }
}

/// Maker, model and profile by the name of a profile or of a model. Without a name, of the one model that
/// is in stock already.
fn known_model(desk: &Desk, text: &str) -> Option<(String, String, String)> {
    let of_profile = |profile: &TokenProfile, model: Option<&str>| {
        let select = &profile.select;
        let maker = select.makers.first().cloned().unwrap_or_default();
        let model = model
            .map(str::to_owned)
            .or_else(|| select.models.first().cloned());
        Some((maker, model?, profile.name.clone()))
    };
    if text.is_empty() {
        let store = desk.store();
        let lines = store.read().stock(None).ok()?;
        let [line] = lines.as_slice() else {
            return None;
        };
        let (maker, model) = (line.maker.clone(), line.model.clone());
        drop(store);
        let mut fitting = desk.profiles().values().filter(|profile| {
            profile.select.makers.contains(&maker) && profile.select.models.contains(&model)
        });
        return fitting
            .next()
            .map(|profile| (maker, model, profile.name.clone()));
    }
    if let Some(profile) = desk.profiles().get(text) {
        return of_profile(profile, None);
    }
    let mut fitting = desk
        .profiles()
        .values()
        .filter(|profile| profile.select.models.iter().any(|model| model == text));
    of_profile(fitting.next()?, Some(text))
}
