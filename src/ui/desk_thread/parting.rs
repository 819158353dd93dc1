//! What the desk's thread does when a holder leaves or moves, and when a ukey comes back (D-45).

use super::{AtWork, Typed};
use crate::domain::certificate::RevocationReason;
use crate::domain::departure::Departure;
use crate::domain::two_officers::TwoOfficerAct;
use crate::domain::ukey::{Serial, UkeyState};
use crate::station::jobs::holders::{self, Departing, NextUnit, Ukeys, Who};
use crate::station::jobs::return_ukey;
use crate::station::{Error, SecondOfficer};
use crate::ui::lock;
use crate::ui::loss_view::{LossDone, Parted, Parting, PartingLooked, PartingTo};
use crate::ui::second_view::Confirmed;
use crate::ui::view::on_list;

/// Evidence that it may be, and where it leads.
type Looked = (Departing, Option<NextUnit>);

impl AtWork<'_> {
    /// Looks at what ends, and puts it on the page.
    pub(super) fn look_at_parting(&self, parting: &Parting) -> Result<Looked, Error> {
        lock(self.view).parting = None; // What is refused is not to be done.
        let (desk, officer) = (&self.desk, &self.officer);
        let to = parting.to.as_deref();
        let to = to.map(|to| holders::next_unit(desk, officer, to, parting.certificate.as_deref()));
        let to = to.transpose()?;
        let ukeys = if parting.brought {
            Ukeys::Here
        } else {
            Ukeys::PluggedIn
        };
        let named = [parting.number.clone()];
        let whose = (Who::Named(&named), parting.how, parting.reason.as_str());
        let departing = holders::look(desk, officer, whose, ukeys)?;
        let looked = PartingLooked {
            parting: parting.clone(),
            outlook: departing.outlook(),
            withdrawn: departing.withdrawn(),
            absent: departing.absent(),
            to: to.as_ref().map(|to| PartingTo {
                name: to.name.clone(),
                code: to.code.clone(),
                has_a_desk: to.has_a_desk(),
            }),
        };
        lock(self.view).parting = Some(looked);
        Ok((departing, to))
    }

    /// By one officer: every ukey was brought.
    pub(super) fn part(&self, parting: &Parting) -> Result<(), Error> {
        let looked = self.look_at_parting(parting)?;
        self.carry_out_parting(parting, &looked, None)
    }

    /// With security, who has seen what ends; something else than that does not.
    pub(super) fn part_confirmed(
        &self,
        (confirmed, asked): (&Confirmed, &Typed),
        seen: &PartingLooked,
    ) -> Result<(), Error> {
        let Some(second) = self.second((confirmed, asked), TwoOfficerAct::Departure) else {
            return Ok(());
        };
        let looked = self.look_at_parting(&seen.parting)?;
        if lock(self.view).parting.as_ref() != Some(seen) {
            let number = seen.parting.number.clone();
            return Err(Error::refused("changed-meanwhile", number));
        }
        self.carry_out_parting(&seen.parting, &looked, Some(&second))
    }

    fn carry_out_parting(
        &self,
        parting: &Parting,
        (departing, to): &Looked,
        second: Option<&SecondOfficer>,
    ) -> Result<(), Error> {
        let (desk, officer) = (&self.desk, &self.officer);
        let (left, file) = match to {
            None => (holders::leave(desk, officer, departing, second)?, None),
            Some(to) => {
                let moving = (departing, to);
                let moved = holders::transfer(desk, officer, moving, second, None)?;
                let file = moved.file.map(|file| (file, to.name.clone()));
                (moved.left, file)
            }
        };
        let returned = left.holders.iter();
        let returned = returned.filter(|row| row.ukey_state == UkeyState::Returned);
        let (crl, crl_error) = on_list(left.crl.as_ref());
        let done = LossDone {
            serial: parting.serial.clone(),
            done: match parting.how {
                Departure::Left | Departure::UnitClosed => "ui-part-left-done",
                Departure::Moved => "ui-part-moved-done",
            },
            request: None,
            parted: Some(Parted {
                all: left.holders.len(),
                returned: returned.count(),
                reasons: left.reasons,
                successors: left
                    .holders
                    .into_iter()
                    .filter_map(|row| row.successor)
                    .collect(),
                file,
            }),
            crl,
            crl_error,
        };
        let mut view = lock(self.view);
        (view.parting, view.loss_done) = (None, Some(done));
        Ok(())
    }

    /// It came back from its holder.
    pub(super) fn take_back(
        &self,
        serial: Serial,
        (why, reason): (RevocationReason, &str),
    ) -> Result<(), Error> {
        let what = (serial.as_str(), reason);
        let returned = return_ukey::take_back(&self.desk, &self.officer, what, why)?;
        let (crl, crl_error) = on_list(returned.crl.as_ref());
        lock(self.view).loss_done = Some(LossDone {
            serial,
            done: "ui-take-back-done",
            request: None,
            parted: None,
            crl,
            crl_error,
        });
        Ok(())
    }
}
