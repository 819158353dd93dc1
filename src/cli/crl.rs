//! `crl …`.

use serde_json::{Value, json};

use super::args::Crl;
use super::commands::Cli;
use crate::domain::officer::Duty;
use crate::station::Error;
use crate::station::desk::Access;
use crate::station::jobs::crl::{self, CrlView};

impl Cli<'_> {
    pub(super) fn crl(&self, command: &Crl) -> Result<u8, Error> {
        match command {
            Crl::Show => {
                let (desk, officer) = self.read()?;
                Ok(self.show(&crl_value(&crl::show(&desk, &officer)?)))
            }
            Crl::Publish { to } => {
                // Security's own, unless somebody is named: system gives on the newest.
                let duty = match self.global.officer {
                    None => Duty::Revoke,
                    Some(_) => Duty::ReadRecords,
                };
                let (desk, officer) = self.open(Access::Change, duty)?;
                let published = crl::publish(&desk, &officer, to.as_deref())?;
                Ok(self.show(&crl_value(&published)))
            }
        }
    }
}

fn crl_value(view: &CrlView) -> Value {
    let list = &view.list;
    let revoked = list.revoked.iter().map(|entry| {
        json!({
            "serial": entry.serial,
            "reason": entry.reason.word(),
            "revoked_at": entry.at,
        })
    });
    json!({
        "number": list.number,
        "this_update": list.this_update,
        "next_update": list.next_update,
        "due": view.due,
        "revoked": revoked.collect::<Vec<_>>(),
        "files": view.files,
    })
}
