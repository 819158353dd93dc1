//! What the desk's thread does for the page of losses.

use std::sync::Arc;

use super::AtWork;
use crate::domain::loss::LossKind;
use crate::domain::scan;
use crate::domain::ukey::Serial;
use crate::station::files::read_limited;
use crate::station::jobs::losses::{self, Reported};
use crate::station::jobs::{holders, rekey};
use crate::station::{ActingOfficer, Desk, Error, RequestRow};
use crate::ui::lock;
use crate::ui::loss_view::{LossAct, LossDone, LossPicture};
use crate::ui::view::on_list;

/// So many ukeys are listed; a search finds the others.
const MOST: usize = 200;

/// Enters a request in the place of the one that a ukey was made for.
type Enter = fn(&Desk, &ActingOfficer, &str) -> Result<RequestRow, Error>;

impl AtWork<'_> {
    pub(super) fn loss_picture(&self, search: &str) -> Result<(), Error> {
        let (desk, officer) = (&self.desk, &self.officer);
        let mut ukeys = losses::holders(desk, officer, search, MOST + 1)?;
        let more = ukeys.len() > MOST;
        ukeys.truncate(MOST);
        let picture = LossPicture {
            ukeys,
            more,
            open: losses::list(desk, officer, true)?,
            due: holders::due(desk, officer)?,
        };
        lock(self.view).losses = Some(Arc::new(picture));
        Ok(())
    }

    pub(super) fn loss_act(&self, act: LossAct) -> Result<(), Error> {
        let (desk, officer) = (&self.desk, &self.officer);
        lock(self.view).loss_done = None;
        let (done, reported) = match act {
            LossAct::Report {
                serial,
                kind,
                reason,
            } => {
                let done = match kind {
                    LossKind::Suspended => "ui-loss-suspended-done",
                    LossKind::Lost | LossKind::Stolen => "loss-revoked",
                };
                let what = (serial.as_str(), kind);
                (done, losses::report(desk, officer, what, &reason)?)
            }
            LossAct::Found { serial, statement } => {
                let content = read_limited(&statement, scan::MAX_BYTES)?;
                let found = losses::found(desk, officer, serial.as_str(), &content)?;
                ("loss-found", found)
            }
            LossAct::Anew { serial, renewal } => return self.enter_anew(serial, renewal),
            LossAct::TakeBack {
                serial,
                why,
                reason,
            } => return self.take_back(serial, (why, &reason)),
            LossAct::LookAtParting(parting) => {
                self.look_at_parting(&parting)?;
                return Ok(());
            }
            LossAct::Part(parting) => return self.part(&parting),
            LossAct::Remote(act) => return self.remote_act(act),
        };
        self.loss_done(done, &reported);
        Ok(())
    }

    /// Its holder's request, for another ukey or for a new key on this one.
    fn enter_anew(&self, serial: Serial, renewal: bool) -> Result<(), Error> {
        let (enter, done): (Enter, _) = if renewal {
            (rekey::renewal, "ui-loss-renewal-entered")
        } else {
            (rekey::rekey, "ui-loss-rekey-entered")
        };
        let row = enter(&self.desk, &self.officer, serial.as_str())?;
        lock(self.view).loss_done = Some(LossDone {
            serial,
            done,
            request: Some(row.number),
            parted: None,
            crl: None,
            crl_error: None,
        });
        Ok(())
    }

    fn loss_done(&self, done: &'static str, reported: &Reported) {
        let (crl, crl_error) = on_list(reported.crl.as_ref());
        lock(self.view).loss_done = Some(LossDone {
            serial: reported.ukey.identity.serial.clone(),
            done,
            request: None,
            parted: None,
            crl,
            crl_error,
        });
    }
}
