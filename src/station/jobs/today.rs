//! What waits today for who is signed in: counted, never listed, so that it is quick however much there is.

use super::health::{self, CaStanding, Health, ListStanding};
use super::tally::{self, Deadline};
use super::{backup, losses, recovery, restore, stock};
use crate::domain::officer::{Duty, Post};
use crate::domain::request::RequestState;
use crate::domain::timestamp::{DAY_SECS, Timestamp};
use crate::domain::ukey::UkeyState;
use crate::domain::working_day;
use crate::station::desk::Desk;
use crate::station::error::Error;
use crate::station::{ActingOfficer, clock};

/// Certificates that end within so many days are spoken of: then their holders are asked to come.
pub const ENDS_SOON_DAYS: u32 = 30;

/// How the day stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Today {
    /// The numbers that matter.
    pub numbers: Numbers,
    /// What waits, the most urgent first.
    pub to_do: Vec<ToDo>,
}

/// The numbers that matter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Numbers {
    /// Requests that are approved and take a blank each.
    pub to_make: u64,
    /// Blanks in stock.
    pub blanks: u64,
    /// Unfinished runs, losses whose clock runs, differences that nobody has accepted.
    pub problems: u64,
    /// Live certificates that end in the rest of this month.
    pub ending: u64,
}

/// One thing that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ToDo {
    /// The clock may not be believed: nothing is issued.
    Clock,
    /// A restored home waits to be compared: nothing is issued.
    Compare,
    /// The CA cannot sign.
    Ca(CaStanding),
    /// The list of revoked certificates is missing, due or over.
    List(ListStanding),
    /// Reports of loss that no published list is known to tell, and how many are over their time.
    Losses {
        /// All of them.
        open: u64,
        /// Those that are over it.
        overdue: u64,
    },
    /// Runs that have not ended.
    Finish(u64),
    /// Differences to explain.
    Explain(u64),
    /// Explanations to accept.
    Accept(u64),
    /// Requests to decide on.
    Decide(u64),
    /// Requests that came back to be mended.
    Mend(u64),
    /// Requests to make ukeys for.
    Make {
        /// How many.
        requests: u64,
        /// Blanks there are for them.
        blanks: u64,
    },
    /// Approved renewals: each is made on the ukey that its holder brings.
    Renew(u64),
    /// Requests that wait for the CA's answer.
    Pending(u64),
    /// Ukeys that are made and with nobody yet.
    HandOut(u64),
    /// Notes of which something is still on its way.
    InTransit {
        /// How many.
        notes: u64,
        /// Days since the oldest left.
        days: i64,
    },
    /// A model with fewer blanks than its reorder level.
    Reorder {
        /// The model.
        model: String,
        /// Blanks of it.
        blanks: u64,
        /// Its reorder level.
        level: u64,
    },
    /// Live certificates that end within [`ENDS_SOON_DAYS`].
    Ending(u64),
    /// Until when people apply.
    ApplyBy(Deadline),
    /// From when everybody needs a certificate.
    MandatoryFrom(Deadline),
    /// The audit log has grown, and nobody has signed how far for a working day.
    Checkpoint,
    /// A backup is due; when the newest was made.
    Backup(Option<Timestamp>),
    /// There is no recovery kit.
    RecoveryKit,
}

/// How much it presses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Urgency {
    /// Something is wrong, or forbids work.
    Wrong,
    /// It is due, or runs out.
    Due,
    /// Work that waits its turn.
    Waits,
}

impl ToDo {
    /// How much it presses.
    pub fn urgency(&self) -> Urgency {
        match self {
            Self::Clock
            | Self::Compare
            | Self::List(ListStanding::Over | ListStanding::Missing)
            | Self::Ca(CaStanding::Ended | CaStanding::NotCertified) => Urgency::Wrong,
            Self::Losses { overdue, .. } if *overdue > 0 => Urgency::Wrong,
            Self::Make { requests, blanks } if blanks < requests => Urgency::Due,
            Self::ApplyBy(deadline) | Self::MandatoryFrom(deadline) if deadline.days > 7 => {
                Urgency::Waits
            }
            Self::Ca(_)
            | Self::List(_)
            | Self::Losses { .. }
            | Self::Finish(_)
            | Self::Explain(_)
            | Self::Reorder { .. }
            | Self::ApplyBy(_)
            | Self::MandatoryFrom(_)
            | Self::Backup(_)
            | Self::RecoveryKit
            | Self::Checkpoint => Urgency::Due,
            Self::Accept(_)
            | Self::Decide(_)
            | Self::Mend(_)
            | Self::Make { .. }
            | Self::Renew(_)
            | Self::Pending(_)
            | Self::HandOut(_)
            | Self::InTransit { .. }
            | Self::Ending(_) => Urgency::Waits,
        }
    }
}

/// What waits now for who is signed in, and how the station stands.
///
/// # Errors
/// What the store says.
pub fn today(desk: &Desk, officer: &ActingOfficer) -> Result<(Today, Health), Error> {
    officer.demand(Duty::ReadRecords)?;
    let now = clock::now();
    let health = health::look(desk, officer)?;
    let counts = Counts::read(desk, officer, now)?;
    let mut to_do = of_station(desk, officer, (&health, now))?;
    to_do.extend(counts.of(officer.post()));
    to_do.extend(of_stock(desk, officer)?);
    if Duty::EnterRequest.belongs_to(officer.post()) {
        let [apply_by, mandatory_from] = tally::countdown(desk, now.date())?;
        let to_come = |deadline: &Deadline| deadline.days >= 0;
        to_do.extend(apply_by.filter(to_come).map(ToDo::ApplyBy));
        to_do.extend(mandatory_from.filter(to_come).map(ToDo::MandatoryFrom));
    }
    to_do.sort_by_key(ToDo::urgency); // Stable: alike they stay as they were found.
    let today = Today {
        numbers: counts.numbers(),
        to_do,
    };
    Ok((today, health))
}

/// What is counted.
struct Counts {
    submitted: u64,
    returned: u64,
    approved: u64,
    renewals: u64,
    pending: u64,
    unfinished: u64,
    blanks: u64,
    issued: u64,
    ending_this_month: u64,
    ending_soon: u64,
    losses: u64,
    overdue: u64,
    unexplained: u64,
    explained: u64,
}

impl Counts {
    fn read(desk: &Desk, officer: &ActingOfficer, now: Timestamp) -> Result<Self, Error> {
        let losses = losses::list(desk, officer, true)?;
        let overdue = losses.iter().filter(|view| view.clock.is_overdue()).count();
        let differences = stock::discrepancies(desk, officer, true)?;
        let explained = differences.iter().filter(|row| row.explained.is_some());
        let explained = explained.count();
        let store = desk.store();
        let reading = store.read();
        Ok(Self {
            submitted: reading.count_in_state(RequestState::Submitted)?,
            returned: reading.count_in_state(RequestState::Returned)?,
            approved: reading.count_in_state(RequestState::Approved)?,
            renewals: reading.count_approved_renewals()?,
            pending: reading.count_in_state(RequestState::Pending)?,
            unfinished: reading.count_unfinished_runs()?,
            blanks: reading.count_ukeys(UkeyState::Blank)?,
            issued: reading.count_ukeys(UkeyState::Issued)?,
            ending_this_month: reading.count_expiring(now, end_of_month(now))?,
            ending_soon: reading.count_expiring(now, now.plus_days(ENDS_SOON_DAYS.into()))?,
            losses: count(losses.len()),
            overdue: count(overdue),
            unexplained: count(differences.len() - explained),
            explained: count(explained),
        })
    }

    const fn numbers(&self) -> Numbers {
        Numbers {
            to_make: self.approved.saturating_sub(self.renewals),
            blanks: self.blanks,
            problems: self.unfinished + self.losses + self.unexplained + self.explained,
            ending: self.ending_this_month,
        }
    }

    /// What of it a post does.
    fn of(&self, post: Post) -> Vec<ToDo> {
        let has = |duty: Duty| duty.belongs_to(post);
        let Numbers {
            to_make, blanks, ..
        } = self.numbers();
        let lines = [
            (
                Duty::ReportLoss,
                self.losses,
                ToDo::Losses {
                    open: self.losses,
                    overdue: self.overdue,
                },
            ),
            (
                Duty::Personalise,
                self.unfinished,
                ToDo::Finish(self.unfinished),
            ),
            (
                Duty::ManageStock,
                self.unexplained,
                ToDo::Explain(self.unexplained),
            ),
            (
                Duty::ConfirmAct,
                self.explained,
                ToDo::Accept(self.explained),
            ),
            (
                Duty::DecideRequest,
                self.submitted,
                ToDo::Decide(self.submitted),
            ),
            (Duty::EnterRequest, self.returned, ToDo::Mend(self.returned)),
            (
                Duty::Personalise,
                to_make,
                ToDo::Make {
                    requests: to_make,
                    blanks,
                },
            ),
            (Duty::Personalise, self.renewals, ToDo::Renew(self.renewals)),
            (Duty::Personalise, self.pending, ToDo::Pending(self.pending)),
            (Duty::HandOut, self.issued, ToDo::HandOut(self.issued)),
            (
                Duty::EnterRequest,
                self.ending_soon,
                ToDo::Ending(self.ending_soon),
            ),
        ];
        let lines = lines.into_iter();
        let lines = lines.filter(|(duty, count, _line)| *count > 0 && has(*duty));
        lines.map(|(_duty, _count, line)| line).collect()
    }
}

fn count(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

/// What waits about the station itself.
fn of_station(
    desk: &Desk,
    officer: &ActingOfficer,
    (health, now): (&Health, Timestamp),
) -> Result<Vec<ToDo>, Error> {
    let has = |duty: Duty| duty.belongs_to(officer.post());
    let mut to_do = Vec::new();
    if !health.clock.plausible {
        to_do.push(ToDo::Clock);
    }
    if restore::waits_to_be_compared(desk, officer)?.is_some() {
        to_do.push(ToDo::Compare);
    }
    let ca = match health.ca {
        CaStanding::NotCertified | CaStanding::Ended => has(Duty::SetUp) || has(Duty::UnlockCa),
        CaStanding::Locked => has(Duty::UnlockCa),
        CaStanding::Elsewhere | CaStanding::ByItself | CaStanding::Unlocked(..) => false,
    };
    if ca {
        to_do.push(ToDo::Ca(health.ca));
    }
    let list = match health.list {
        ListStanding::NotNeeded | ListStanding::Fresh(_) => false,
        // Security signs it, or system brings it from the CA elsewhere.
        ListStanding::Missing | ListStanding::Due(_) | ListStanding::Over => {
            has(Duty::Revoke) || health.ca == CaStanding::Elsewhere && has(Duty::SetUp)
        }
    };
    if list {
        to_do.push(ToDo::List(health.list));
    }
    if has(Duty::SetUp) {
        let (due, newest) = backup::due(desk, officer, now)?;
        to_do.extend(due.map(|_due| ToDo::Backup(newest)));
        let (kit, _temporary) = recovery::state(desk, officer)?;
        if kit.is_none() && !desk.is_practice() {
            to_do.push(ToDo::RecoveryKit);
        }
    }
    if has(Duty::Audit) && checkpoint_is_due(desk, now)? {
        to_do.push(ToDo::Checkpoint);
    }
    Ok(to_do)
}

/// Each working day somebody signs how far the log has come (D-49).
fn checkpoint_is_due(desk: &Desk, now: Timestamp) -> Result<bool, Error> {
    let store = desk.store();
    let reading = store.read();
    let Some((signed_at, rows)) = reading.newest_checkpoint_at()? else {
        return Ok(true);
    };
    Ok(reading.count_audit()? > rows + 1 && now > working_day::a_working_day_after(signed_at))
}

/// What waits about the stock.
fn of_stock(desk: &Desk, officer: &ActingOfficer) -> Result<Vec<ToDo>, Error> {
    if !Duty::ManageStock.belongs_to(officer.post()) {
        return Ok(Vec::new());
    }
    let notes = stock::in_transit(desk, officer)?;
    let mut to_do: Vec<ToDo> = notes
        .first()
        .map(|oldest| ToDo::InTransit {
            notes: count(notes.len()),
            days: stock::age_days(oldest),
        })
        .into_iter()
        .collect();
    let low = stock::level(desk, officer)?.into_iter().filter_map(|view| {
        let level = view.level.filter(|level| view.blank < *level)?;
        Some(ToDo::Reorder {
            model: view.model,
            blanks: view.blank,
            level,
        })
    });
    to_do.extend(low);
    Ok(to_do)
}

/// The last second of the month.
fn end_of_month(now: Timestamp) -> Timestamp {
    let day = now.date();
    let left = i64::from(day.month().length(day.year()) - day.day()) + 1;
    let midnight = now.plus_secs(-now.unix_secs().rem_euclid(DAY_SECS));
    midnight.plus_days(left).plus_secs(-1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_ends_with_its_last_second() {
        for (now, end) in [
            ("2026-11-30T11:39:13Z", "2026-11-30T23:59:59Z"),
            ("2028-02-01T00:00:00Z", "2028-02-29T23:59:59Z"),
            ("2026-12-31T23:59:59Z", "2026-12-31T23:59:59Z"),
        ] {
            let now = Timestamp::parse(now).unwrap();
            assert_eq!(end_of_month(now).to_string(), end);
        }
    }

    #[test]
    fn a_post_is_told_what_it_does_and_a_loss_is_everybodys() {
        let counts = Counts {
            submitted: 4,
            returned: 1,
            approved: 5,
            renewals: 2,
            pending: 0,
            unfinished: 1,
            blanks: 2,
            issued: 6,
            ending_this_month: 7,
            ending_soon: 9,
            losses: 1,
            overdue: 0,
            unexplained: 2,
            explained: 3,
        };
        let numbers = Numbers {
            to_make: 3,
            blanks: 2,
            problems: 7,
            ending: 7,
        };
        assert_eq!(counts.numbers(), numbers);
        let loss = ToDo::Losses {
            open: 1,
            overdue: 0,
        };
        let make = ToDo::Make {
            requests: 3,
            blanks: 2,
        };
        assert_eq!(make.urgency(), Urgency::Due, "there are too few blanks");
        let system = [
            loss.clone(),
            ToDo::Finish(1),
            ToDo::Explain(2),
            ToDo::Mend(1),
            make,
            ToDo::Renew(2),
            ToDo::HandOut(6),
            ToDo::Ending(9),
        ];
        assert_eq!(counts.of(Post::System), system);
        let security = [loss.clone(), ToDo::Accept(3), ToDo::Decide(4)];
        assert_eq!(counts.of(Post::Security), security);
        assert_eq!(counts.of(Post::Auditor), [loss]);
    }
}
