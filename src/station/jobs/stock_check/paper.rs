//! The check on paper, to be signed by hand beside the officer's signature (D-28).

use std::path::Path;

use sha2::{Digest as _, Sha256};

use super::{CheckView, sign, view};
use crate::documents::stock_check::{self, StockCheckPaper};
use crate::domain::officer::Duty;
use crate::domain::stock_check::{CheckItem, CheckState, Verdict};
use crate::domain::ukey::UkeyState;
use crate::keys::file;
use crate::station::ActingOfficer;
use crate::station::desk::Desk;
use crate::station::error::Error;
use crate::station::fonts::{self, Face};
use crate::wording::{Language, Wording};

/// Digits of the result's digest that stand on paper.
const DIGEST_DIGITS: usize = 16;

/// Writes the paper of a check, signed or not.
///
/// # Errors
/// `stock-check-none`, `stock-check-unknown`, `stock-check-altered`, or what the file
/// system says.
pub fn print(
    desk: &Desk,
    officer: &ActingOfficer,
    number: Option<&str>,
    out: &Path,
) -> Result<(), Error> {
    officer.demand(Duty::ReadRecords)?;
    let view = view(desk, officer, number)?;
    let (unit, checkpoint) = {
        let store = desk.store();
        let reading = store.read();
        (reading.own_unit()?.name, reading.audit_position(desk.id())?)
    };
    let digest = match view.row.state {
        CheckState::Signed => {
            let (_result, content) = sign::verified(desk, &view.row)?;
            let mut digest = hex::encode(Sha256::digest(content));
            digest.truncate(DIGEST_DIGITS);
            Some(digest)
        }
        CheckState::Open | CheckState::Paused | CheckState::Dropped => None,
    };
    let words = Wording::new(Language::Chinese);
    let facts = StockCheckPaper {
        number: view.row.number.clone(),
        id: view.row.id.clone(),
        unit,
        model: view.row.model.clone(),
        begun: format!("{} {}", view.row.started_at, view.row.started_by),
        state: state(&view, &words),
        counts: counts(&view, &words),
        differences: differences(&view, &words),
        digest,
        checkpoint: checkpoint.code().to_string(),
    };
    let models = facts.differences.iter().flatten().map(String::as_str);
    let font = fonts::with(Face::Sans, models.chain([facts.unit.as_str()]))?;
    let pdf = stock_check::pdf(&facts, &font).map_err(fonts::paper)?;
    file::replace(out, &pdf).map_err(|error| Error::io(out, error))
}

fn state(view: &CheckView, words: &Wording) -> String {
    let word = words.text(&format!("state-{}", view.row.state.word()));
    match (&view.row.ended_at, &view.row.ended_by) {
        (Some(at), Some(by)) => format!("{word} {at} {by}"),
        _ => word,
    }
}

fn counts(view: &CheckView, words: &Wording) -> Vec<(String, u64)> {
    let count = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
    let mut counts = vec![
        (words.text("check-expected"), view.expected),
        (words.text("check-found"), view.found()),
        (words.text("check-missing"), count(view.missing.len())),
    ];
    let verdicts = Verdict::ALL.into_iter().filter(|one| one.is_difference());
    for verdict in verdicts {
        let seen = view.count(verdict);
        if seen > 0 {
            let word = words.text(&format!("verdict-{}", verdict.word()));
            counts.push((word, count(seen)));
        }
    }
    counts
}

fn differences(view: &CheckView, words: &Wording) -> Vec<[String; 3]> {
    let missing = view.missing.iter().map(|missing| {
        let what = words.text("check-missing");
        let place = missing.r#box.as_deref();
        let place = place.map_or_else(String::new, |label| format!("，箱 {label}"));
        let what = format!("{what}（{}{place}）", missing.state.chinese());
        [missing.serial.to_string(), missing.model.clone(), what]
    });
    let seen = view
        .items
        .iter()
        .filter(|item| item.verdict.is_difference());
    let seen = seen.map(|item| {
        [
            item.serial.to_string(),
            item.model.clone(),
            told(item, words),
        ]
    });
    missing.chain(seen).collect()
}

/// What differs and what to do.
fn told(item: &CheckItem, words: &Wording) -> String {
    let verdict = words.text(&format!("verdict-{}", item.verdict.word()));
    let cure = words.text(&format!("check-cure-{}", item.verdict.word()));
    match item.state.map(UkeyState::chinese) {
        Some(state) => format!("{verdict}（账上{state}）：{cure}"),
        None => format!("{verdict}：{cure}"),
    }
}
