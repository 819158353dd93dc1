//! `stock …`.

use super::args::Stock;
use super::commands::Cli;
use super::objects::Names;
use crate::domain::officer::Duty;
use crate::domain::two_officers::TwoOfficerAct;
use crate::station::Error;
use crate::station::desk::Access;
use crate::station::jobs::intake;
use crate::station::jobs::ukeys::UkeyView;

impl Cli<'_> {
    pub(super) fn stock(&self, command: &Stock) -> Result<u8, Error> {
        let Stock::Intake { serial, reason } = command;
        let (desk, officer) = self.open(Access::Change, Duty::ManageStock)?;
        let second = self.second((&desk, &officer), TwoOfficerAct::Intake)?;
        let row = intake::intake(&desk, &officer, &second, (serial, reason))?;
        let view = UkeyView {
            row,
            inserted: true,
        };
        let value = Names::read(&desk, &officer)?.ukey(&view);
        Ok(self.done(&value))
    }
}
