//! `certificate renew`: a new key and certificate on the ukey that its holder has.

use super::args::Key;
use super::commands::Cli;
use super::make::Show;
use crate::domain::officer::Duty;
use crate::station::Error;
use crate::station::desk::Access;
use crate::station::jobs::renew::{self, RenewalTerms};
use crate::station::report::{Clerk, Straight};
use crate::workflow::journal::{KeyOrder, PinSource};

impl Cli<'_> {
    pub(super) fn renew(
        &self,
        serial: &str,
        (key, old_key_first): (Option<Key>, bool),
    ) -> Result<u8, Error> {
        let show = Show::new(self.output);
        let (desk, officer) = self.open(Access::Change, Duty::Personalise)?;
        let terms = RenewalTerms {
            key: key.map(Into::into),
            pin: if desk.is_practice() {
                PinSource::Secrets
            } else {
                PinSource::Holder
            },
            order: if old_key_first {
                KeyOrder::OldFirst
            } else {
                KeyOrder::NewFirst
            },
        };
        let report = |event| show.event(event);
        let clerk = Clerk {
            report: &report,
            pins: &show,
            pace: &Straight,
        };
        let renewed = renew::renew(&desk, &officer, (serial, terms), clerk)?;
        Ok(show.finish_renewal(&renewed))
    }
}
