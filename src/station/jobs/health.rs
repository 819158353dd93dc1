//! How the station stands at a glance: whether the CA can sign, how long its list of revoked certificates
//! lasts, whether the clock may be believed (D-41, D-43, D-60, D-61).

use super::clock_check::{self, ClockView};
use crate::domain::officer::Duty;
use crate::domain::timestamp::{DAY_SECS, Timestamp};
use crate::issuing::crl::CheckedCrl;
use crate::station::authorities::Issuer;
use crate::station::desk::Desk;
use crate::station::error::Error;
use crate::station::{ActingOfficer, clock};

/// How the station stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Health {
    /// The CA that certifies holders.
    pub ca: CaStanding,
    /// Its list of revoked certificates.
    pub list: ListStanding,
    /// The clock beside the newest record.
    pub clock: ClockView,
}

/// Whether the CA can sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CaStanding {
    /// It is another station's: files go there and come back.
    Elsewhere,
    /// It waits for its own certificate, or that cannot be read.
    NotCertified,
    /// Its certificate has ended.
    Ended,
    /// Security is to unlock it.
    Locked,
    /// In practice it is unlocked by itself whenever it is needed.
    ByItself,
    /// It signs until then, so many certificates more.
    Unlocked(Timestamp, u32),
}

/// How long the published list of revoked certificates lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListStanding {
    /// None was published, and there is nothing yet that could be revoked.
    NotNeeded,
    /// None that is this CA's was published.
    Missing,
    /// It lasts so many whole days more, and less than half its time is over.
    Fresh(i64),
    /// Half its time is over: the next one is due (D-43).
    Due(i64),
    /// Its time is over: who checks certificates refuses them.
    Over,
}

/// How the station stands now.
///
/// # Errors
/// What the store says.
pub fn look(desk: &Desk, officer: &ActingOfficer) -> Result<Health, Error> {
    officer.demand(Duty::ReadRecords)?;
    let now = clock::now();
    Ok(Health {
        ca: ca(desk, now)?,
        list: list(desk, now)?,
        clock: clock_check::look(desk)?,
    })
}

fn ca(desk: &Desk, now: Timestamp) -> Result<CaStanding, Error> {
    if desk.ca_is_elsewhere()? {
        return Ok(CaStanding::Elsewhere);
    }
    let Ok(issuer) = desk.issuer() else {
        return Ok(CaStanding::NotCertified);
    };
    if issuer.authority.not_after() <= now {
        return Ok(CaStanding::Ended);
    }
    let unlock = desk.store().read().ca_unlock()?;
    let unlock = unlock.filter(|row| row.until > now && row.remaining > 0);
    Ok(match unlock {
        Some(row) => CaStanding::Unlocked(row.until, row.remaining),
        None if desk.is_practice() => CaStanding::ByItself,
        None => CaStanding::Locked,
    })
}

fn list(desk: &Desk, now: Timestamp) -> Result<ListStanding, Error> {
    let Some(list) = first_to_end(desk) else {
        return Ok(if is_needed(desk)? {
            ListStanding::Missing
        } else {
            ListStanding::NotNeeded
        });
    };
    let left = list
        .next_update
        .map(|next| next.unix_secs() - now.unix_secs());
    let left = left.unwrap_or(i64::MAX);
    Ok(match left / DAY_SECS {
        _ if left <= 0 => ListStanding::Over,
        days if list.is_due(now) => ListStanding::Due(days),
        days => ListStanding::Fresh(days),
    })
}

/// The published list; of those of several CAs the one that ends first, and none where one is missing.
pub(super) fn first_to_end(desk: &Desk) -> Option<CheckedCrl> {
    let mut issuers = desk.issuers().unwrap_or_default(); // Not certified yet.
    issuers.retain(Issuer::signs_lists);
    let lists: Option<Vec<_>> = issuers
        .iter()
        .map(|issuer| Some(desk.published_list(issuer)?.0))
        .collect();
    lists?.into_iter().min_by_key(|list| list.next_update)
}

/// Whether a list must be there: a CA elsewhere that has sent none yet, or one here that has issued nothing
/// that could be revoked, needs none.
pub(super) fn is_needed(desk: &Desk) -> Result<bool, Error> {
    Ok(desk.home().crl().exists() || desk.store().read().newest_issue()?.is_some())
}
