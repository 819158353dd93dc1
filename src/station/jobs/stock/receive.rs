//! A delivery comes into stock by list (D-26): serial numbers, ranges and boxes, typed or on a sheet.
//! Every row is judged; what cannot be right is refused with its place.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::movement;
use crate::documents::sheet::stock::{self as sheet, SheetDelivery};
use crate::domain::officer::Duty;
use crate::domain::stock::{MovementKind, RangeError, range};
use crate::domain::text::is_hidden;
use crate::domain::token_profile::TokenProfile;
use crate::domain::ukey::{Serial, UkeyIdentity};
use crate::keys::file;
use crate::station::desk::Desk;
use crate::station::error::Error;
use crate::station::jobs::people;
use crate::station::jobs::request_import::{Place, RowFault};
use crate::station::jobs::sheets::{not_written, unreadable};
use crate::station::jobs::units::BadRows;
use crate::station::{ActingOfficer, SecondOfficer, clock};
use crate::store::NewUkey;

/// Most characters of a box's label.
const MOST_OF_BOX: usize = 64;

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

/// What several ukeys have in common.
#[derive(Clone)]
struct UkeyKind {
    maker: String,
    model: String,
    profile: String,
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
    desk.store().act_on_many(|writing, acts| {
        writing.insert_movement(&why)?;
        writing.receive_ukeys(&coming, (now, &why.id))?;
        acts.add(&audit)
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
pub fn template(officer: &ActingOfficer, out: &Path) -> Result<(), Error> {
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
    /// By the text that names it; empty for the one in stock.
    kinds: BTreeMap<String, Option<UkeyKind>>,
    seen: BTreeSet<Serial>,
    coming: Vec<NewUkey>,
    faults: Vec<RowFault>,
    bad: BTreeSet<u32>,
}

impl<'a> Judge<'a> {
    const fn new(desk: &'a Desk, delivery: &'a Delivery) -> Self {
        Self {
            desk,
            delivery,
            kinds: BTreeMap::new(),
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
        let kind = self.kind(row)?;
        let (Some(serials), Some(kind), true) = (serials, kind, row.faults.is_empty()) else {
            return Ok(());
        };
        let known = self.desk.store().read().known_ukeys(&serials)?;
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
        self.coming
            .extend(serials.into_iter().map(|serial| NewUkey {
                identity: UkeyIdentity {
                    maker: kind.maker.clone(),
                    model: kind.model.clone(),
                    serial,
                },
                profile: kind.profile.clone(),
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
        if row.box_of.chars().any(is_hidden) {
            self.fault(row.row, "box", (&row.box_of, "control-characters"));
        } else if row.box_of.chars().nth(MOST_OF_BOX).is_some() {
            self.fault(row.row, "box", (&row.box_of, "too-long"));
        }
        Some(serials)
    }

    /// Which kind of ukey a row is of; of one that names none, the delivery's, else the one in stock.
    fn kind(&mut self, row: &SheetDelivery) -> Result<Option<UkeyKind>, Error> {
        let named = Some(row.model.as_str()).filter(|text| !text.is_empty());
        let text = named.or(self.delivery.model.as_deref()).unwrap_or_default();
        let text = text.to_owned();
        if !self.kinds.contains_key(&text) {
            let found = if text.is_empty() {
                kind_in_stock(self.desk)?
            } else {
                kind_named(self.desk, &text)
            };
            self.kinds.insert(text.clone(), found);
        }
        let found = self.kinds.get(&text).cloned().flatten();
        if found.is_none() {
            let word = if text.is_empty() { "missing" } else { "model" };
            self.fault(row.row, "model", (&text, word));
        }
        Ok(found)
    }
}

/// Which kind of ukey, by the name of a profile or of a model.
fn kind_named(desk: &Desk, text: &str) -> Option<UkeyKind> {
    let profiles = desk.profiles();
    let of = |profile: &TokenProfile, model: &String| UkeyKind {
        maker: profile.select.makers.first().cloned().unwrap_or_default(),
        model: model.clone(),
        profile: profile.name.clone(),
    };
    if let Some(profile) = profiles.get(text) {
        return profile
            .select
            .models
            .first()
            .map(|model| of(profile, model));
    }
    profiles.values().find_map(|profile| {
        let mut models = profile.select.models.iter();
        let model = models.find(|model| *model == text);
        model.map(|model| of(profile, model))
    })
}

/// The kind of ukey that is in stock, if it is only one.
fn kind_in_stock(desk: &Desk) -> Result<Option<UkeyKind>, Error> {
    let lines = desk.store().read().stock(None)?;
    let [line] = lines.as_slice() else {
        return Ok(None);
    };
    let mut fitting = desk.profiles().values().filter(|profile| {
        let select = &profile.select;
        select.makers.contains(&line.maker) && select.models.contains(&line.model)
    });
    Ok(fitting.next().map(|profile| UkeyKind {
        maker: line.maker.clone(),
        model: line.model.clone(),
        profile: profile.name.clone(),
    }))
}
