//! What the desk's thread does with two officers: signs the second one in beside the first, for one act.

use std::cell::RefCell;

use super::{AtWork, Typed};
use crate::domain::officer::Duty;
use crate::domain::two_officers::TwoOfficerAct;
use crate::domain::ukey::Serial;
use crate::station::door::{self, AtDoor};
use crate::station::jobs::{intake, stock, ukeys, unblock, waivers, wipe};
use crate::station::{Error, SecondOfficer, SoPinRelease};
use crate::ui::lock;
use crate::ui::make_view::UkeyNote;
use crate::ui::second_view::{Confirmed, Proposed, SecondTried};

impl AtWork<'_> {
    /// Who may confirm what the officer at the desk proposes.
    pub(super) fn seconds(&self) -> Result<Vec<AtDoor>, Error> {
        let mut officers = door::look(self.desk.home().path(), None)?.officers;
        officers.retain(|other| {
            other.name != *self.officer.name() && Duty::ConfirmAct.belongs_to(other.post)
        });
        Ok(officers)
    }

    /// What the second officer is refused stays in their card; what then goes wrong is told on the page.
    pub(super) fn confirmed(&self, mut confirmed: Confirmed) -> Result<(), Error> {
        self.officer.demand(confirmed.act.duty())?;
        let act = confirmed.act.clone();
        let asked = Typed(RefCell::new(confirmed.passphrase.take()));
        match &act {
            Proposed::Unblock { serial } => {
                if let Some(release) = self.release((&confirmed, &asked), serial) {
                    self.unblock(&release)?;
                }
            }
            Proposed::Wipe { serial, reason } => {
                let Some(release) = self.release((&confirmed, &asked), serial) else {
                    return Ok(());
                };
                wipe::wipe(&self.desk, &self.officer, (&release, reason))?;
                self.done(serial, "ui-wiped");
            }
            Proposed::Destroy { serial, reason } => {
                let act = TwoOfficerAct::Destruction;
                let Some(second) = self.second((&confirmed, &asked), act) else {
                    return Ok(());
                };
                let row = ukeys::named(&self.desk, &self.officer, serial.as_str())?;
                stock::destroy(&self.desk, &self.officer, &second, (&row, reason))?;
                self.done(serial, "ui-destroyed");
            }
            Proposed::TakeIn { serial, reason } => {
                let Some(second) = self.second((&confirmed, &asked), TwoOfficerAct::Intake) else {
                    return Ok(());
                };
                let what = (serial.as_str(), reason.as_str());
                intake::intake(&self.desk, &self.officer, &second, what)?;
                if let Some(strangers) = &mut lock(self.view).strangers {
                    strangers.retain(|other| other.serial != *serial);
                }
                self.done(serial, "ui-taken-in");
            }
        }
        Ok(())
    }

    fn second(
        &self,
        (confirmed, asked): (&Confirmed, &Typed),
        act: TwoOfficerAct,
    ) -> Option<SecondOfficer> {
        let named = confirmed.named.as_ref();
        let second = waivers::confirm(&self.desk, &self.officer, act, named, asked);
        self.tried(confirmed.turn, second)
    }

    fn release(
        &self,
        (confirmed, asked): (&Confirmed, &Typed),
        serial: &Serial,
    ) -> Option<SoPinRelease> {
        let by = (
            confirmed.named.as_ref(),
            asked as &dyn crate::station::sign_in::AskSecret,
        );
        let release = SoPinRelease::by_security(&self.desk, &self.officer, by, serial);
        self.tried(confirmed.turn, release)
    }

    /// Tells the card how the try ended.
    fn tried<T>(&self, turn: u64, result: Result<T, Error>) -> Option<T> {
        let (evidence, refused) = match result {
            Ok(evidence) => (Some(evidence), None),
            Err(error) => (None, Some((error.code.to_owned(), error.subject))),
        };
        lock(self.view).second_tried = Some(SecondTried { turn, refused });
        (self.repaint)();
        evidence
    }

    fn unblock(&self, release: &SoPinRelease) -> Result<(), Error> {
        let done = unblock::unblock(&self.desk, &self.officer, release, &self.holder())?;
        let mut said = vec!["ui-unblocked"];
        said.extend(done.so_pin_rotated.then_some("ui-so-pin-rotated"));
        said.extend(done.lifted.is_some().then_some("hold-lifted"));
        said.extend(done.hold.then_some("hold-stays"));
        let note = UkeyNote::new(release.serial(), said, done.lifted.as_ref());
        lock(self.view).note = Some(note);
        Ok(())
    }

    fn done(&self, serial: &Serial, said: &'static str) {
        lock(self.view).note = Some(UkeyNote::new(serial, vec![said], None));
    }
}
