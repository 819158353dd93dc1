//! What is at hand on every page: who is signed in, what can be made, who may confirm, what is plugged in.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::{MutexGuard, PoisonError};

use super::AtWork;
use super::stock::Stale;
use crate::domain::request::RequestState;
use crate::domain::setting::IDLE_LOCK_MINUTES;
use crate::domain::ukey::{Serial, UkeyState};
use crate::station::jobs::ukeys::Watch;
use crate::station::jobs::{hand_out, losses, people, rekey, requests, settings, temporary};
use crate::station::{Error, RequestFilter};
use crate::ui::lock;

/// Who is plugged in, from the first look on.
#[derive(Debug, Default)]
pub(super) struct Plugged {
    pub(super) watch: Option<Watch>,
    /// Another look is due at once.
    pub(super) looks_soon: bool,
}

impl AtWork<'_> {
    pub(super) fn plugged(&self) -> MutexGuard<'_, Plugged> {
        self.plugged.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the records say.
    pub(super) fn read_records(&self) -> Result<(), Error> {
        let (desk, officer) = (&self.desk, &self.officer);
        let filter = RequestFilter {
            state: Some(RequestState::Approved),
            ..RequestFilter::default()
        };
        let mut requests = requests::list(desk, officer, &filter)?;
        // A renewal takes no blank: it is made on the ukey that its holder brings.
        let renewals = rekey::renewals(desk, officer)?;
        let mut to_renew = BTreeMap::new();
        for request in requests
            .iter()
            .filter(|request| renewals.contains(&request.row.id))
        {
            let renews = rekey::replaced(desk, officer, &request.row)?.renews;
            let serial = renews.and_then(|serial| Serial::parse(&serial).ok());
            to_renew.extend(serial.map(|serial| (serial, request.row.number.clone())));
        }
        requests.retain(|request| !renewals.contains(&request.row.id));
        let units = people::units(desk, officer)?;
        let unit = units.into_iter().find(|unit| unit.own);
        let idle = settings::get(desk, officer, IDLE_LOCK_MINUTES.name)?;
        let mut view = lock(self.view);
        view.unit = unit.map(|unit| unit.name).unwrap_or_default();
        officer.name().as_str().clone_into(&mut view.officer);
        view.post = Some(officer.post());
        view.practice = desk.is_practice();
        view.idle_minutes = idle.value.parse().unwrap_or_default(); // Checked: a whole number.
        view.requests = Arc::new(requests);
        view.to_renew = to_renew;
        Ok(())
    }

    /// What is plugged in, for whom it is, and how long a second officer waits for the next try; whether
    /// any of it is new.
    pub(super) fn read_ukeys(&self, stale: Stale) -> Result<bool, Error> {
        let (desk, officer) = (&self.desk, &self.officer);
        let seconds = self.seconds()?;
        let waited = {
            let mut view = lock(self.view);
            let waited = (&view.own, &view.seconds) != (&seconds.0, &seconds.1);
            (view.own, view.seconds) = seconds;
            waited
        };
        let moved = self.look_who_is_in()?;
        if !moved && stale != Stale::Records {
            return Ok(waited);
        }
        let Some(ukeys) = self
            .plugged()
            .watch
            .as_ref()
            .map(|watch| watch.plugged_in(desk, officer))
            .transpose()?
        else {
            return Ok(waited);
        };
        let (mut to_hold, mut temporary) = (BTreeSet::new(), BTreeSet::new());
        let mut holders = BTreeMap::new();
        for ukey in ukeys.iter().filter(|ukey| ukey.inserted) {
            let serial = &ukey.row.identity.serial;
            if ukey.row.state == UkeyState::Issued && hand_out::will_hold(desk, officer, serial)? {
                to_hold.insert(serial.clone());
            }
            if ukey.row.request.is_some() {
                let own = losses::holder_of(desk, officer, serial)?;
                holders.extend(own.map(|row| (serial.clone(), row)));
            }
            if temporary::is_temporary(desk, officer, serial)? {
                temporary.insert(serial.clone());
            }
        }
        let mut view = lock(self.view);
        view.ukeys = ukeys;
        view.to_hold = to_hold;
        view.holders = holders;
        view.temporary = temporary;
        Ok(true)
    }

    /// Looks who came and who went; whether anybody did. Who stirred at a reader is asked by a look at once,
    /// and a blank that came may be what an order waits for.
    fn look_who_is_in(&self) -> Result<bool, Error> {
        let (desk, officer) = (&self.desk, &self.officer);
        let mut plugged = self.plugged();
        plugged.looks_soon = false;
        let Some(watch) = &mut plugged.watch else {
            plugged.watch = Some(Watch::start(desk, officer)?);
            return Ok(true);
        };
        let moved = watch
            .look(desk, officer)?
            .iter()
            .any(|change| change.serial().is_some());
        plugged.looks_soon = moved || watch.is_stirred();
        Ok(moved)
    }
}
