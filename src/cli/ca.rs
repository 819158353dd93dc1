//! `ca …`: the CA that certifies holders, its key, and the one before.

use std::path::Path;

use serde_json::json;

use super::args::Ca;
use super::commands::{AskTerminal, Cli};
use super::recovery::AskLines;
use crate::domain::certificate::Generation;
use crate::domain::officer::Duty;
use crate::station::desk::Access;
use crate::station::jobs::ca::CrlStanding;
use crate::station::jobs::{ca, ca_backup, ca_certificate, ca_rekey};
use crate::station::{ActingOfficer, CaKeyHolder, Desk, Error};

impl Cli<'_> {
    pub(super) fn ca(&self, command: &Ca) -> Result<u8, Error> {
        let view = match command {
            Ca::Show => {
                let (desk, officer) = self.read()?;
                ca::show(&desk, &officer)?
            }
            Ca::Export { file } => {
                let (desk, officer) = self.read()?;
                ca::export(&desk, &officer, file)?;
                return Ok(self.written(std::slice::from_ref(file)));
            }
            Ca::Unlock => {
                let (desk, officer) = self.open(Access::Change, Duty::UnlockCa)?;
                ca::unlock(&desk, &officer, &AskTerminal(self.output))?
            }
            Ca::Backup {
                file,
                papers,
                custodian,
            } => return self.ca_backup((file, papers), custodian),
            Ca::Restore { file } => return self.ca_restore(file),
            Ca::Rekey => {
                let (desk, officer) = self.open(Access::Change, Duty::UnlockCa)?;
                let made = ca_rekey::rekey(&desk, &officer, &AskTerminal(self.output))?;
                return Ok(self.ca_rekeyed(&made));
            }
            Ca::Request { file } => {
                let (desk, officer) = self.open(Access::Change, Duty::UnlockCa)?;
                let ask = AskTerminal(self.output);
                let fingerprint = ca_certificate::request(&desk, &officer, file, &ask)?;
                return Ok(self.show(&json!({ "file": file, "fingerprint": fingerprint })));
            }
            Ca::Certify {
                file,
                fingerprint,
                unit,
                generation,
                out,
            } => {
                let (desk, officer) = self.open(Access::Change, Duty::UnlockCa)?;
                let request = (file.as_path(), fingerprint.as_str(), unit.as_str());
                let name = (generation.map(Generation), out.as_path());
                ca_certificate::certify(&desk, &officer, request, name)?;
                return Ok(self.written(std::slice::from_ref(out)));
            }
            Ca::Exchange(command) => return self.exchange(command),
            Ca::Install { file } => {
                let (desk, officer) = self.open(Access::Change, Duty::SetUp)?;
                ca_certificate::install(&desk, &officer, file)?;
                ca::show(&desk, &officer)?
            }
        };
        let former = view.former.iter().map(
            |(generation, until)| json!({ "generation": generation.to_string(), "last_leaf": until }),
        );
        Ok(self.show(&json!({
            "subject": view.subject,
            "generation": view.generation.to_string(),
            "not_after": view.not_after.to_string(),
            "next": view.next,
            "former": former.collect::<Vec<_>>(),
            "unlocked_until": view.unlocked.map(|(until, _count)| until.to_string()),
            "unlocked_certificates": view.unlocked.map(|(_until, count)| count),
        })))
    }

    fn ca_rekeyed(&self, made: &ca_rekey::Rekeyed) -> u8 {
        let document = json!({
            "generation": made.generation.to_string(),
            "fingerprint": made.fingerprint,
            "begun": made.crl.is_some(),
            "crl": made.crl.as_ref().map(CrlStanding::word),
        });
        let key = if made.crl.is_some() {
            "ca-rekeyed"
        } else {
            "ca-rekey-waits"
        };
        let generation = [("generation", made.generation.to_string())];
        let text = self.output.wording().with(key, generation);
        self.output.document(&document, &text);
        0
    }

    fn ca_backup(
        &self,
        (file, papers): (&Path, &Path),
        custodians: &[String],
    ) -> Result<u8, Error> {
        let (desk, officer) = self.open(Access::Change, Duty::SetUp)?;
        let security = self.ca_key_holder(&desk, &officer)?;
        let wanted = (file, papers, custodians);
        let made = ca_backup::make(&desk, &officer, &security, wanted)?;
        let document = json!({
            "generation": made.generation.to_string(),
            "file": file,
            "papers": made.papers,
        });
        let text = self.output.wording().text("ca-backup-made");
        self.output.document(&document, &text);
        Ok(0)
    }

    /// Security, who opens the CA's token beside the first officer.
    fn ca_key_holder(&self, desk: &Desk, officer: &ActingOfficer) -> Result<CaKeyHolder, Error> {
        let named = self.second_name()?;
        let ask = AskTerminal(self.output);
        CaKeyHolder::by_security(desk, officer, (named.as_ref(), &ask))
    }

    fn ca_restore(&self, file: &Path) -> Result<u8, Error> {
        let (desk, officer) = self.open(Access::Change, Duty::SetUp)?;
        let security = self.ca_key_holder(&desk, &officer)?;
        let shares = AskLines(self.output);
        let generation = ca_backup::put_back(&desk, &officer, &security, (file, &shares))?;
        let generation = generation.to_string();
        let args = [("generation", generation.clone())];
        let text = self.output.wording().with("ca-restored", args);
        self.output
            .document(&json!({ "generation": generation }), &text);
        Ok(0)
    }
}
