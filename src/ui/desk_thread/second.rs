//! What the desk's thread does with two officers: signs the second one in beside the first, for one act.

use std::cell::RefCell;

use super::{AtWork, Typed};
use crate::domain::officer::Duty;
use crate::domain::two_officers::TwoOfficerAct;
use crate::domain::ukey::Serial;
use crate::station::door::{self, AtDoor};
use crate::station::jobs::{
    ca, clock_check, intake, older_records, stock, ukeys, unblock, waivers, wipe,
};
use crate::station::sign_in::AskSecret;
use crate::station::{CaKeyHolder, Error, SecondOfficer, SoPinRelease};
use crate::ui::lock;
use crate::ui::make_view::UkeyNote;
use crate::ui::second_view::{Confirmed, Proposed, SecondTried};

impl AtWork<'_> {
    /// Who is at the desk, and who may confirm what they propose.
    pub(super) fn seconds(&self) -> Result<(Option<AtDoor>, Vec<AtDoor>), Error> {
        let officers = door::look(self.desk.home().path(), None)?.officers;
        let officers = officers.into_iter();
        let (own, mut others): (Vec<_>, Vec<_>) =
            officers.partition(|officer| officer.name == *self.officer.name());
        others.retain(|other| Duty::ConfirmAct.belongs_to(other.post));
        Ok((own.into_iter().next(), others))
    }

    /// What the second officer is refused stays in their card; what then goes wrong is told on the page.
    pub(super) fn confirmed(&self, mut confirmed: Confirmed) -> Result<(), Error> {
        self.officer.demand(confirmed.act.duty())?;
        let act = confirmed.act.clone();
        let asked = Typed(RefCell::new(confirmed.passphrase.take()));
        let by = (&confirmed, &asked);
        match &act {
            Proposed::Unblock { serial } => {
                if let Some(release) = self.release(by, serial) {
                    self.unblock(&release)?;
                }
            }
            Proposed::Wipe { serial, reason } => self.wipe(by, (serial, reason))?,
            Proposed::Destroy { serial, reason } => self.destroy(by, (serial, reason))?,
            Proposed::TakeIn { serial, reason } => self.take_in(by, (serial, reason))?,
            Proposed::TakeDelivery(order) => {
                if let Some(second) = self.second(by, TwoOfficerAct::Intake) {
                    self.take_delivery(order, Some(&second))?;
                }
            }
            Proposed::Part(looked) => self.part_confirmed(by, looked)?,
            Proposed::MakeKit(order) => self.kit_confirmed(by, order)?,
            Proposed::BackUpCa(order) => {
                if let Some(security) = self.ca_key_holder(by) {
                    self.back_up_ca(&security, order)?;
                }
            }
            Proposed::Compare(order) => self.compare_confirmed(by, order)?,
            Proposed::Grant(seen) => self.grant_confirmed(by, seen)?,
            Proposed::Reveal(sight) => self.see_confirmed(by, sight)?,
            Proposed::UnlockCa => {
                self.tried(confirmed.turn, self.unlock_ca(by));
            }
            Proposed::ConfirmClock => {
                if let Some(second) = self.second(by, TwoOfficerAct::ConfirmClock) {
                    clock_check::confirm(&self.desk, &self.officer, &second)?;
                }
            }
            Proposed::GoOn => {
                if let Some(second) = self.second(by, TwoOfficerAct::OlderRecords) {
                    older_records::go_on(&self.desk, &self.officer, &second)?;
                }
            }
        }
        Ok(())
    }

    fn wipe(
        &self,
        by: (&Confirmed, &Typed),
        (serial, reason): (&Serial, &str),
    ) -> Result<(), Error> {
        let Some(release) = self.release(by, serial) else {
            return Ok(());
        };
        wipe::wipe(&self.desk, &self.officer, (&release, reason))?;
        self.done(serial, "ui-wiped");
        Ok(())
    }

    fn destroy(
        &self,
        by: (&Confirmed, &Typed),
        (serial, reason): (&Serial, &str),
    ) -> Result<(), Error> {
        let Some(second) = self.second(by, TwoOfficerAct::Destruction) else {
            return Ok(());
        };
        let row = ukeys::named(&self.desk, &self.officer, serial.as_str())?;
        stock::destroy(&self.desk, &self.officer, &second, (&row, reason))?;
        self.done(serial, "ui-destroyed");
        Ok(())
    }

    fn take_in(
        &self,
        by: (&Confirmed, &Typed),
        (serial, reason): (&Serial, &str),
    ) -> Result<(), Error> {
        let Some(second) = self.second(by, TwoOfficerAct::Intake) else {
            return Ok(());
        };
        let what = (serial.as_str(), reason);
        intake::intake(&self.desk, &self.officer, &second, what)?;
        if let Some(strangers) = &mut lock(self.view).strangers {
            strangers.retain(|other| other.serial != *serial);
        }
        self.done(serial, "ui-taken-in");
        Ok(())
    }

    /// By whoever is at the desk if that is security, else by security beside them.
    fn unlock_ca(&self, (confirmed, asked): (&Confirmed, &Typed)) -> Result<(), Error> {
        let (desk, officer) = (&self.desk, &self.officer);
        if Duty::UnlockCa.belongs_to(officer.post()) {
            ca::unlock(desk, officer, asked)?;
        } else {
            let by = (confirmed.named.as_ref(), asked as &dyn AskSecret);
            let security = CaKeyHolder::by_security(desk, officer, by)?;
            ca::unlock_beside(desk, officer, &security)?;
        }
        Ok(())
    }

    pub(super) fn second(
        &self,
        (confirmed, asked): (&Confirmed, &Typed),
        act: TwoOfficerAct,
    ) -> Option<SecondOfficer> {
        let named = confirmed.named.as_ref();
        let second = waivers::confirm(&self.desk, &self.officer, act, named, asked);
        self.tried(confirmed.turn, second)
    }

    pub(super) fn release(
        &self,
        (confirmed, asked): (&Confirmed, &Typed),
        serial: &Serial,
    ) -> Option<SoPinRelease> {
        let by = (confirmed.named.as_ref(), asked as &dyn AskSecret);
        let release = SoPinRelease::by_security(&self.desk, &self.officer, by, serial);
        self.tried(confirmed.turn, release)
    }

    /// Security beside who is at the desk, who opens the CA's key.
    fn ca_key_holder(&self, (confirmed, asked): (&Confirmed, &Typed)) -> Option<CaKeyHolder> {
        let by = (confirmed.named.as_ref(), asked as &dyn AskSecret);
        let security = CaKeyHolder::by_security(&self.desk, &self.officer, by);
        self.tried(confirmed.turn, security)
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
