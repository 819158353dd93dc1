//! What is where: the stock report and its proof, what is on its way, a ukey's life, reorder levels.

use std::collections::BTreeMap;

use time::Date;

use crate::domain::officer::Duty;
use crate::domain::timestamp::DAY_SECS;
use crate::domain::ukey::{Serial, UkeyState};
use crate::station::desk::Desk;
use crate::station::error::Error;
use crate::station::{ActingOfficer, clock, post};
use crate::store::{EntryRow, NoteLine, NoteRow, StockLine};

/// The report of a day.
#[derive(Clone, Debug)]
pub struct StockReport {
    /// A line for each model.
    pub lines: Vec<StockLine>,
    /// Model, day, and what differs from the entries or the ukeys themselves: nothing, unless somebody
    /// edited the file.
    pub unproven: Vec<(String, String, &'static str)>,
}

/// What is where at the end of a day, or now, and whether it adds up (D-27).
///
/// # Errors
/// What the store says.
pub fn report(
    desk: &Desk,
    officer: &ActingOfficer,
    day: Option<Date>,
) -> Result<StockReport, Error> {
    officer.demand(Duty::ReadRecords)?;
    let store = desk.store();
    let day = day.map(|day| day.to_string());
    store.at_one_moment(|store| {
        let reading = store.read();
        let unproven = reading.unproven_stock()?;
        let mut lines = reading.stock(day.as_deref())?;
        for line in &mut lines {
            line.balanced &= unproven.iter().all(|(model, ..)| *model != line.model);
        }
        Ok(StockReport { lines, unproven })
    })
}

/// What was where at the end of one day.
#[derive(Clone, Debug)]
pub struct StockDay {
    /// The day.
    pub day: Date,
    /// A line for each model that there was.
    pub lines: Vec<StockLine>,
}

/// The lines of [`report`] for each of the last days, the oldest first; the last is today.
///
/// # Errors
/// What the store says.
pub fn last_days(desk: &Desk, officer: &ActingOfficer, count: u8) -> Result<Vec<StockDay>, Error> {
    officer.demand(Duty::ReadRecords)?;
    let now = clock::now();
    desk.store().at_one_moment(|store| {
        let reading = store.read();
        let mut days = Vec::new();
        for ago in (0..count).rev() {
            let day = now.plus_days(-i64::from(ago)).date();
            let lines = reading.stock(Some(&day.to_string()))?;
            days.push(StockDay { day, lines });
        }
        Ok(days)
    })
}

/// Notes sent from here, or to here, the oldest first.
///
/// # Errors
/// What the store says.
pub fn notes(desk: &Desk, officer: &ActingOfficer, sent: bool) -> Result<Vec<NoteRow>, Error> {
    officer.demand(Duty::ReadRecords)?;
    Ok(desk.store().read().dispatch_notes(sent)?)
}

/// How many whole days ago a note was made.
pub fn age_days(note: &NoteRow) -> i64 {
    (clock::now().unix_secs() - note.at.unix_secs()).max(0) / DAY_SECS
}

/// Notes of which something is still on its way, the oldest first.
///
/// # Errors
/// What the store says.
pub fn in_transit(desk: &Desk, officer: &ActingOfficer) -> Result<Vec<NoteRow>, Error> {
    let mut notes = notes(desk, officer, true)?;
    notes.retain(|note| note.in_transit > 0);
    Ok(notes)
}

/// A note by its number or the beginning of its id, and its ukeys. One sent from here comes first.
///
/// # Errors
/// `note-unknown`.
pub fn note(
    desk: &Desk,
    officer: &ActingOfficer,
    text: &str,
) -> Result<(NoteRow, Vec<NoteLine>), Error> {
    let mut all = notes(desk, officer, true)?;
    all.extend(notes(desk, officer, false)?);
    let meant =
        |note: &&NoteRow| note.number == text || (text.len() >= 8 && note.id.starts_with(text));
    let note = all.iter().find(meant).cloned();
    let note = note.ok_or_else(|| Error::usage("note-unknown", text))?;
    let items = desk.store().read().dispatch_items(&note.id)?;
    Ok((note, items))
}

/// Every step of a ukey's life, the oldest first.
///
/// # Errors
/// What the store says.
pub fn life(desk: &Desk, officer: &ActingOfficer, serial: &Serial) -> Result<Vec<EntryRow>, Error> {
    officer.demand(Duty::ReadRecords)?;
    Ok(desk.store().read().stock_entries(serial)?)
}

/// The name of a unit by its code: of this home's records, else as its certificate says it.
///
/// # Errors
/// What the store says.
pub fn unit_name(desk: &Desk, officer: &ActingOfficer, code: &str) -> Result<String, Error> {
    officer.demand(Duty::ReadRecords)?;
    if let Some(unit) = desk.store().read().units_named(code)?.into_iter().next() {
        return Ok(unit.name);
    }
    let superior = post::superior(desk).ok();
    let superior = superior.filter(|facts| facts.code == code);
    let known = superior.or_else(|| post::subordinate(desk, code).ok());
    Ok(known.map_or_else(|| code.to_owned(), |facts| facts.name))
}

/// A model, its reorder level, and the blanks there are now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LevelView {
    /// `manufacturerID`, trimmed.
    pub maker: String,
    /// `model`, trimmed.
    pub model: String,
    /// Fewer blanks than this are too few; none is set where it is absent.
    pub level: Option<u64>,
    /// Blanks in stock.
    pub blank: u64,
}

/// Every model with its reorder level (D-32).
///
/// # Errors
/// What the store says.
pub fn level(desk: &Desk, officer: &ActingOfficer) -> Result<Vec<LevelView>, Error> {
    officer.demand(Duty::ReadRecords)?;
    let store = desk.store();
    let reading = store.read();
    let mut views: BTreeMap<(String, String), LevelView> = BTreeMap::new();
    let view = |maker: String, model: String| LevelView {
        maker,
        model,
        level: None,
        blank: 0,
    };
    for line in reading.stock(None)? {
        let blank = line.count(UkeyState::Blank);
        let key = (line.maker.clone(), line.model.clone());
        let known = view(line.maker, line.model);
        views.insert(key, LevelView { blank, ..known });
    }
    for (maker, model, level) in reading.reorder_levels()? {
        let key = (maker.clone(), model.clone());
        let known = views.entry(key).or_insert_with(|| view(maker, model));
        known.level = Some(level);
    }
    Ok(views.into_values().collect())
}

/// Sets the reorder level of a model that is, or was, in stock.
///
/// # Errors
/// `wrong-duty`, `ukey-unknown-model`.
pub fn set_level(
    desk: &Desk,
    officer: &ActingOfficer,
    (model, level): (&str, u32),
) -> Result<(), Error> {
    officer.demand(Duty::ManageStock)?;
    let views = self::level(desk, officer)?;
    let known = views.iter().find(|view| view.model == model);
    let known = known.ok_or_else(|| Error::usage("ukey-unknown-model", model))?;
    let mut audit = Desk::audit_row(officer, "reorder-level-set");
    audit.detail = Some(format!("{model}: {level}"));
    desk.store().act(&audit, |writing| {
        writing.set_reorder_level((&known.maker, model), level)
    })?;
    Ok(())
}
