//! The guided course of a practice home (D-56): where it began, and how far each lesson has come since.

use crate::domain::officer::Duty;
use crate::domain::timestamp::Timestamp;
use crate::station::ActingOfficer;
use crate::station::desk::Desk;
use crate::station::error::Error;
use crate::workflow::course::{Lesson, Progress, judge};

/// How a trainee stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Course {
    /// When it began; none was begun without it.
    pub begun: Option<Timestamp>,
    /// Every lesson, in order.
    pub lessons: Vec<Progress>,
}

impl Course {
    /// The first lesson that is not done.
    pub fn present(&self) -> Option<Lesson> {
        let left = self.lessons.iter().find(|progress| !progress.is_done());
        left.map(|progress| progress.lesson)
    }

    /// How many lessons are done.
    pub fn done(&self) -> usize {
        let lessons = self.lessons.iter();
        lessons.filter(|progress| progress.is_done()).count()
    }
}

/// Begins the course, or begins it again: only what happens from here on counts.
///
/// # Errors
/// `not-practice`, or what the store says.
pub fn begin(desk: &Desk, officer: &ActingOfficer) -> Result<(), Error> {
    demand_practice(desk, officer)?;
    let row = Desk::audit_row(officer, "course-begun");
    desk.store().act(&row, |_writing| Ok::<_, Error>(()))
}

/// How far each lesson has come, whoever acted: in practice one trainee has every post (D-7).
///
/// # Errors
/// `not-practice`, or what the store says.
pub fn course(desk: &Desk, officer: &ActingOfficer) -> Result<Course, Error> {
    demand_practice(desk, officer)?;
    let store = desk.store();
    let reading = store.read();
    let Some((begun, at)) = reading.newest_course()? else {
        return Ok(Course {
            begun: None,
            lessons: judge(&[], &[]),
        });
    };
    let mut rows = Vec::new();
    reading.each_audit_row_from(begun + 1, |entry| {
        rows.push(entry.row.clone());
        Ok::<_, Error>(())
    })?;
    let mut runs = Vec::new();
    for row in rows.iter().filter(|row| row.act == "run-opened") {
        let Some(id) = &row.detail else { continue };
        let run = id.parse();
        let run =
            run.map_err(|error| Error::failed("store-damaged", id.as_str()).because(error))?;
        runs.push((id.clone(), reading.journal(run)?));
    }
    Ok(Course {
        begun: Some(at),
        lessons: judge(&rows, &runs),
    })
}

fn demand_practice(desk: &Desk, officer: &ActingOfficer) -> Result<(), Error> {
    officer.demand(Duty::ReadRecords)?;
    if desk.is_practice() {
        Ok(())
    } else {
        Err(Error::refused(
            "not-practice",
            desk.home().path().display().to_string(),
        ))
    }
}
