//! `ukey unblock request|grant|apply|confirm`: unblocking at a neighbour's desk, by files.

use serde_json::json;

use super::args::Unblock;
use super::commands::Cli;
use super::pins::AtTerminal;
use crate::domain::officer::Duty;
use crate::station::Error;
use crate::station::desk::Access;
use crate::station::jobs::ca::CrlStanding;
use crate::station::jobs::unblock::remote;

impl Cli<'_> {
    pub(super) fn remote_unblock(&self, command: &Unblock) -> Result<u8, Error> {
        let (desk, officer) = self.open(Access::Change, Duty::HandOut)?;
        let words = self.output.wording();
        match command {
            Unblock::Request {
                serial,
                file,
                owner,
            } => {
                let asking = (serial.as_str(), owner.as_deref());
                let asked = remote::ask(&desk, &officer, asking, Some(file))?;
                let args = [
                    ("unit", asked.owner.clone()),
                    ("path", asked.file.display().to_string()),
                ];
                let document = json!({
                    "serial": asked.serial,
                    "owner": asked.owner,
                    "file": asked.file,
                });
                let text = words.with("unblock-asked", args);
                self.output.document(&document, &text);
                Ok(0)
            }
            Unblock::Grant { file, out } => {
                let question = remote::question(&desk, &officer, file)?;
                let release = self.so_pin((&desk, &officer), question.serial())?;
                let grant = remote::grant(&desk, &officer, (&question, &release), Some(out))?;
                let args = [
                    ("unit", grant.to.clone()),
                    ("until", grant.expires.to_string()),
                    ("path", grant.file.display().to_string()),
                ];
                let document = json!({
                    "serial": grant.serial,
                    "to": grant.to,
                    "expires": grant.expires.to_string(),
                    "file": grant.file,
                });
                let text = words.with("unblock-granted", args);
                self.output.document(&document, &text);
                Ok(0)
            }
            Unblock::Apply { file, out, .. } => {
                let files = (file.as_path(), Some(out.as_path()));
                let applied = remote::apply(&desk, &officer, files, &AtTerminal(self.output))?;
                let document = json!({
                    "serial": applied.serial,
                    "so_pin_rotated": applied.so_pin_rotated,
                    "file": applied.file,
                });
                let args = [("path", applied.file.display().to_string())];
                let text = words.with("unblock-applied", args);
                self.output.document(&document, &text);
                Ok(0)
            }
            Unblock::Confirm { file } => {
                let confirmed = remote::confirm(&desk, &officer, file)?;
                let document = json!({
                    "serial": confirmed.serial,
                    "replayed": confirmed.replayed,
                    "so_pin_rotated": confirmed.so_pin_rotated,
                    "crl": confirmed.lifted.as_ref().map(CrlStanding::word),
                });
                let key = if confirmed.replayed {
                    "parcel-replayed"
                } else {
                    "done"
                };
                self.output.document(&document, &words.text(key));
                self.say_crl(confirmed.lifted.as_ref());
                Ok(0)
            }
        }
    }
}
