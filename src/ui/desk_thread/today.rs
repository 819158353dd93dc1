//! What the desk's thread does for 今日 and for the top bar: how the day stands.

use std::sync::Arc;

use super::AtWork;
use super::stock::Stale;
use crate::domain::timestamp::Timestamp;
use crate::station::jobs::today;
use crate::station::{Error, clock};
use crate::ui::lock;
use crate::ui::stock_view::Shown;

/// While nothing is done it is looked again after this: days end and unlocks run out by themselves.
const AGAIN_SECS: u64 = 60;

impl AtWork<'_> {
    /// How the day stands, after every act, when the page is turned to, and from time to time; whether it
    /// was looked.
    pub(super) fn look_at_day(
        &self,
        (shown, stale): (&Shown, Stale),
        looked_at: &mut Option<Timestamp>,
    ) -> Result<bool, Error> {
        let now = clock::now();
        let old = looked_at.is_none_or(|at| now.unix_secs().abs_diff(at.unix_secs()) >= AGAIN_SECS);
        let turned_to = stale == Stale::Page && *shown == Shown::Today;
        if !old && !turned_to && stale != Stale::Records {
            return Ok(false);
        }
        *looked_at = Some(now);
        let (today, health) = today::today(&self.desk, &self.officer)?;
        let mut view = lock(self.view);
        view.today = Some(Arc::new(today));
        view.health = Some(health);
        Ok(true)
    }
}
