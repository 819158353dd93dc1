//! The guided course of practice (D-56): what each lesson asks for, and what the records say of it. Judges by
//! the audit log and the journals of runs alone; nothing can be ticked off by hand.

use std::collections::BTreeSet;

use super::journal::{Entry, Failure, Finding};
use super::step::Step;
use crate::domain::audit::AuditRow;
use crate::domain::fault::FaultKind;
use crate::domain::officer::Post;

/// So many ukeys are made in the lesson about making.
const TO_MAKE: usize = 3;

/// A lesson, in the order of the course.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lesson {
    /// Enter an application and submit it.
    Enter,
    /// Approve one.
    Approve,
    /// Make three ukeys.
    Make,
    /// Hand one to its holder.
    HandOut,
    /// A ukey is pulled out midway, and its run is brought to its end.
    PulledOut,
    /// A wrong PIN is tried, and the run is brought to its end.
    WrongPin,
    /// The power fails midway, and the run is brought to its end.
    PowerCut,
    /// Report a ukey missing, lost or stolen.
    Loss,
    /// Make another one for its holder.
    Rekey,
    /// Count the stock.
    Check,
    /// Verify the log and sign how far it has come.
    Verify,
    /// Back the records up.
    BackUp,
}

impl Lesson {
    /// Every lesson, in the order of the course.
    pub const ALL: [Self; 12] = [
        Self::Enter,
        Self::Approve,
        Self::Make,
        Self::HandOut,
        Self::PulledOut,
        Self::WrongPin,
        Self::PowerCut,
        Self::Loss,
        Self::Rekey,
        Self::Check,
        Self::Verify,
        Self::BackUp,
    ];

    /// Its word in JSON and wording.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Enter => "enter",
            Self::Approve => "approve",
            Self::Make => "make",
            Self::HandOut => "hand-out",
            Self::PulledOut => "pulled-out",
            Self::WrongPin => "wrong-pin",
            Self::PowerCut => "power-cut",
            Self::Loss => "loss",
            Self::Rekey => "rekey",
            Self::Check => "check",
            Self::Verify => "verify",
            Self::BackUp => "back-up",
        }
    }

    /// The post that begins it (D-7).
    pub const fn post(self) -> Post {
        match self {
            Self::Approve => Post::Security,
            Self::Verify => Post::Auditor,
            Self::Enter
            | Self::Make
            | Self::HandOut
            | Self::PulledOut
            | Self::WrongPin
            | Self::PowerCut
            | Self::Loss
            | Self::Rekey
            | Self::Check
            | Self::BackUp => Post::System,
        }
    }
}

/// How far a lesson has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// The lesson.
    pub lesson: Lesson,
    /// So many of its parts are done.
    pub done: u8,
    /// So many parts it has.
    pub of: u8,
}

impl Progress {
    /// Whether nothing of it is left.
    pub const fn is_done(self) -> bool {
        self.done >= self.of
    }
}

/// Judges every lesson by what happened since the course began: rows of the audit log, and the journals of the
/// runs that were opened, each with its run's id as the log names it.
pub fn judge(rows: &[AuditRow], runs: &[(String, Vec<Entry>)]) -> Vec<Progress> {
    let facts = Facts { rows, runs };
    let lessons = Lesson::ALL.into_iter();
    lessons.map(|lesson| facts.progress(lesson)).collect()
}

struct Facts<'a> {
    rows: &'a [AuditRow],
    runs: &'a [(String, Vec<Entry>)],
}

impl Facts<'_> {
    fn progress(&self, lesson: Lesson) -> Progress {
        let parts: Vec<bool> = match lesson {
            Lesson::Enter => self.in_turn(&[&["request-entered"], &["request-submitted"]]),
            Lesson::Approve => self.in_turn(&[&["request-approved"]]),
            Lesson::Make => {
                let made = self.made();
                (1..=TO_MAKE).map(|count| made.len() >= count).collect()
            }
            Lesson::HandOut => self.in_turn(&[&["ukey-handed-out"]]),
            Lesson::PulledOut => self.mended(was_pulled_out),
            Lesson::WrongPin => self.mended(had_wrong_pin),
            Lesson::PowerCut => self.mended(broke_off),
            Lesson::Loss => self.in_turn(&[&["ukey-suspended", "ukey-lost", "ukey-stolen"]]),
            Lesson::Rekey => self.replaced(),
            Lesson::Check => self.in_turn(&[&["stock-check-started"], &["stock-check-signed"]]),
            Lesson::Verify => self.in_turn(&[&["checkpoint-signed"]]),
            Lesson::BackUp => self.in_turn(&[&["backup-made"]]),
        };
        let count = |parts: usize| u8::try_from(parts).unwrap_or(u8::MAX);
        Progress {
            lesson,
            done: count(parts.iter().filter(|done| **done).count()),
            of: count(parts.len()),
        }
    }

    /// Acts that were done, not refused.
    fn done(&self, act: &str) -> impl Iterator<Item = &AuditRow> {
        let rows = self.rows.iter();
        rows.filter(move |row| row.act == act && row.result == "done")
    }

    /// Parts that are each done by one of some acts; who did a later one has done those before it.
    fn in_turn(&self, parts: &[&[&str]]) -> Vec<bool> {
        let happened = |acts: &&[&str]| acts.iter().any(|act| self.done(act).next().is_some());
        let last = parts.iter().rposition(happened);
        (0..parts.len()).map(|at| Some(at) <= last).collect()
    }

    /// The ukeys that were made.
    fn made(&self) -> BTreeSet<&str> {
        let rows = self.done("ukey-issued");
        rows.filter_map(|row| row.ukey.as_deref()).collect()
    }

    /// A run in trouble of a kind, and brought to its proven end all the same.
    fn mended(&self, in_trouble: fn(&[Entry]) -> bool) -> Vec<bool> {
        let issued: BTreeSet<_> = self.done("ukey-issued").map(|row| &row.detail).collect();
        let troubled = self
            .runs
            .iter()
            .filter(|(_id, journal)| in_trouble(journal));
        let mut ended = troubled
            .clone()
            .filter(|(id, _journal)| issued.contains(&Some(id.clone())));
        vec![troubled.count() > 0, ended.next().is_some()]
    }

    /// An application that replaces another: entered, approved, made.
    fn replaced(&self) -> Vec<bool> {
        let requests: BTreeSet<_> = self
            .done("request-rekeyed")
            .filter_map(|row| row.request.as_deref())
            .collect();
        let any = |act: &str| {
            self.done(act)
                .filter_map(|row| row.request.as_deref())
                .any(|request| requests.contains(request))
        };
        vec![
            !requests.is_empty(),
            any("request-approved"),
            any("ukey-issued"),
        ]
    }
}

fn has_failed(journal: &[Entry], kind: &FaultKind) -> bool {
    journal.iter().any(|entry| match entry {
        Entry::Failed(_, Failure::Ukey(fault)) => fault.kind == *kind,
        _ => false,
    })
}

fn was_pulled_out(journal: &[Entry]) -> bool {
    has_failed(journal, &FaultKind::Removed)
}

fn had_wrong_pin(journal: &[Entry]) -> bool {
    has_failed(journal, &FaultKind::PinIncorrect)
}

/// Whether the run was taken up again in the middle of its work: it had neither failed nor waited.
fn broke_off(journal: &[Entry]) -> bool {
    let pairs = journal.windows(2);
    pairs.into_iter().any(|pair| match pair {
        [Entry::Done(Step::Issue, Finding::Pending), _] => false,
        [Entry::Started(_) | Entry::Done(..), Entry::Resumed] => true,
        _ => false,
    })
}

#[cfg(test)]
mod tests;
