//! `init`, `officer`, `unit enrol` and `clock`: the people of a home and whom it trusts.

use std::path::Path;

use serde_json::{Value, json};

use super::args::{Clock, Officer};
use super::commands::{AskTerminal, Cli};
use crate::domain::certificate::RevocationReason;
use crate::domain::officer::{Duty, OfficerName};
use crate::domain::two_officers::TwoOfficerAct;
use crate::station::desk::Access;
use crate::station::jobs::clock_check::ClockView;
use crate::station::jobs::officers::Why;
use crate::station::jobs::{
    clock_check, enrolment, init, officer_identity, officers, requests, trust, unit_revocation,
    waivers,
};
use crate::station::{ActingOfficer, Desk, Error, SecondOfficer};

impl Cli<'_> {
    pub(super) fn init(&self, config: &Path) -> Result<u8, Error> {
        let config = init::Config::read(config)?;
        let ask = AskTerminal(self.output);
        let path = self.home_path()?;
        let made = init::init(&path, &config, self.global.secrets.as_deref(), &ask)?;
        let officers: Vec<Value> = made
            .officers
            .iter()
            .map(|(name, post)| json!({ "name": name.as_str(), "post": post.word() }))
            .collect();
        let ending = &made.ending;
        let document = json!({
            "home": made.home.path(),
            "unit": made.unit,
            "officers": officers,
            "unidentified": made.unidentified,
            "fingerprint": made.fingerprint,
            "enrolment": made.enrolment,
            "recovery_papers": ending.papers,
            "backup": ending.backup,
            "failed": ending.failed.as_ref().map(|error| self.output.error_of(error)),
        });
        self.output.document(&document, &self.made_text(&made));
        let Some(error) = &ending.failed else {
            return Ok(0);
        };
        self.output.explain(error);
        Ok(1)
    }

    fn made_text(&self, made: &init::Made) -> String {
        let words = self.output.wording();
        let facts = [
            ("path", made.home.path().display().to_string()),
            ("fingerprint", grouped(&made.fingerprint)),
        ];
        let mut lines = match &made.enrolment {
            None => vec![words.with("init-made-root", facts)],
            Some(path) => {
                let file = [("file", path.display().to_string())];
                vec![
                    words.with("init-made", facts),
                    words.with("init-enrolment", file),
                ]
            }
        };
        let names: Vec<&str> = made.unidentified.iter().map(OfficerName::as_str).collect();
        if !names.is_empty() {
            lines.push(words.with("init-unidentified", [("names", names.join("、"))]));
        }
        let init::Ending { papers, backup, .. } = &made.ending;
        if let Some(dir) = papers.first().and_then(|paper| paper.parent()) {
            lines.push(words.with("init-papers", [("dir", dir.display().to_string())]));
        } else {
            lines.push(words.text("init-next-kit"));
        }
        if let Some(file) = backup {
            lines.push(words.with("init-backup", [("file", file.display().to_string())]));
        } else {
            lines.push(words.text("init-next-backup"));
        }
        lines.join("\n")
    }

    pub(super) fn officer(&self, command: &Officer) -> Result<u8, Error> {
        let ask = AskTerminal(self.output);
        match command {
            Officer::List => {
                let (desk, officer) = self.read()?;
                let waiting = officers::waiting_ukeys(&desk, &officer)?;
                let waits = |name: &OfficerName| {
                    let mut found = waiting.iter().filter(|(other, _ukey)| other == name);
                    found.next().map(|(_name, ukey)| ukey.as_str().to_owned())
                };
                let items: Vec<Value> = officers::list(&desk, &officer)?
                    .iter()
                    .map(|row| {
                        json!({
                            "name": row.name.as_str(),
                            "post": row.post.word(),
                            "enabled": row.enabled,
                            "identified": row.person.is_some(),
                            "certified": !row.chain.is_empty(),
                            "ukey": row.token.as_ref().map(|token| token.identity.serial.as_str()),
                            "bound": row.bound_ukey().is_some(),
                            "binding": waits(&row.name),
                        })
                    })
                    .collect();
                let columns = [
                    ("col-name", "name"),
                    ("col-post", "post"),
                    ("col-enabled", "enabled"),
                    ("col-identified", "identified"),
                    ("col-certified", "certified"),
                    ("col-bound", "bound"),
                ];
                self.output.list(&items, &columns);
                Ok(0)
            }
            Officer::Add { request, name } => {
                let name = name.as_deref().map(officer_name).transpose()?;
                let (desk, officer) = self.open(Access::Change, Duty::ManageOfficers)?;
                let request = requests::find(&desk, &officer, request)?.row;
                let row = officers::add(&desk, &officer, &request, name.as_ref(), &ask)?;
                Ok(self.done(&json!({
                    "name": row.name.as_str(),
                    "post": row.post.word(),
                    "request": request.number,
                    "certified": false,
                })))
            }
            Officer::Identify { name, request } => {
                let (desk, officer) = self.open(Access::Change, Duty::ManageOfficers)?;
                let request = requests::find(&desk, &officer, request)?.row;
                let name = officer_name(name)?;
                let row = officer_identity::identify(&desk, &officer, &name, &request)?;
                Ok(self.done(&json!({
                    "name": row.name.as_str(),
                    "post": row.post.word(),
                    "request": request.number,
                    "identified": true,
                })))
            }
            Officer::Certificate { name, file } => {
                let (desk, officer) = self.open(Access::Change, Duty::SetUp)?;
                let chain = officers::read_chain(file)?;
                let row =
                    officers::install_certificate(&desk, &officer, &officer_name(name)?, &chain)?;
                Ok(self.done(&json!({
                    "name": row.name.as_str(),
                    "certified": true,
                    "bound": row.bound_ukey().is_some(),
                })))
            }
            Officer::BindUkey { name, ukey, out } => {
                self.bind_ukey(&officer_name(name)?, ukey.as_deref(), out.as_deref())
            }
            Officer::Certify { file, out } => self.certify_key(file, out.as_deref()),
            Officer::Disable { name, for_cause } => {
                let (desk, officer) = self.open(Access::Change, Duty::ManageOfficers)?;
                let why = if *for_cause { Why::Cause } else { Why::Left };
                let name = officer_name(name)?;
                officers::disable(&desk, &officer, (&name, why), &ask)?;
                Ok(self.done(&json!({ "name": name.as_str(), "enabled": false })))
            }
            Officer::Passphrase => {
                let (desk, officer) = self.open(Access::Change, Duty::ReadRecords)?;
                officers::change_passphrase(&desk, &officer, &ask)?;
                Ok(self.done(&json!({ "name": officer.name().as_str(), "changed": true })))
            }
        }
    }

    pub(super) fn unit_certificate(&self, dir: &Path) -> Result<u8, Error> {
        let (desk, officer) = self.read()?;
        let given = trust::export(&desk, &officer, dir)?;
        Ok(self.show(&json!({
            "files": given.files,
            "root_sha256": given.root_sha256,
            "unit_sha256": given.unit_sha256,
        })))
    }

    pub(super) fn unit_enrol(
        &self,
        file: &Path,
        fingerprint: Option<&str>,
        out: Option<&Path>,
    ) -> Result<u8, Error> {
        let (desk, officer) = self.open(Access::Change, Duty::ManageOfficers)?;
        let proposed = enrolment::open(&desk, &officer, file)?;
        let Some(fingerprint) = fingerprint else {
            let document = json!({
                "unit": proposed.unit,
                "code": proposed.code,
                "fingerprint": proposed.fingerprint,
                "enrolled": false,
            });
            let facts = [
                ("unit", proposed.unit.clone()),
                ("fingerprint", grouped(&proposed.fingerprint)),
            ];
            let words = self.output.wording();
            self.output
                .document(&document, &words.with("enrol-compare", facts));
            return Ok(3);
        };
        let ask = AskTerminal(self.output);
        let enrolled = enrolment::enrol(&desk, &officer, (proposed, fingerprint), out, &ask)?;
        let names: Vec<_> = enrolled
            .officers
            .iter()
            .map(|(name, post)| json!({ "name": name.as_str(), "post": post.word() }))
            .collect();
        let document = json!({
            "unit": enrolled.unit.name,
            "code": enrolled.unit.code,
            "officers": names,
            "enrolled": true,
            "answer": enrolled.answer,
        });
        let words = self.output.wording();
        let path = enrolled.answer.display().to_string();
        self.output
            .document(&document, &words.with("written", [("path", path)]));
        Ok(0)
    }

    pub(super) fn unit_enrolled(&self, file: &Path) -> Result<u8, Error> {
        let (desk, officer) = self.open(Access::Change, Duty::SetUp)?;
        let received = enrolment::receive(&desk, &officer, file)?;
        let names: Vec<_> = received.certified.iter().map(OfficerName::as_str).collect();
        let mut document = json!({ "replayed": received.replayed, "certified": names });
        self.warn_of_ended_lists(&desk, &officer, &mut document)?;
        let words = self.output.wording();
        let text = words.text(if received.replayed {
            "parcel-replayed"
        } else {
            "done"
        });
        self.output.document(&document, &text);
        Ok(0)
    }

    pub(super) fn unit_revoke(
        &self,
        unit: &str,
        of: Option<&str>,
        reason: &str,
    ) -> Result<u8, Error> {
        let unknown = || Error::usage("not-a-reason", reason);
        let (desk, officer) = self.open(Access::Change, Duty::ManageOfficers)?;
        let name = of.map(officer_name).transpose()?;
        let taken = unit_revocation::Taken {
            unit,
            officer: name.as_ref(),
            reason: RevocationReason::from_word(reason).ok_or_else(unknown)?,
        };
        let ask = AskTerminal(self.output);
        let (count, list) = unit_revocation::revoke(&desk, &officer, taken, &ask)?;
        Ok(self.show(&json!({ "unit": unit, "revoked": count, "crl": list })))
    }

    pub(super) fn clock(&self, command: &Clock) -> Result<u8, Error> {
        let view = match command {
            Clock::Show => {
                let (desk, officer) = self.read()?;
                clock_check::show(&desk, &officer)?
            }
            Clock::Confirm => {
                let (desk, officer) = self.open(Access::Change, Duty::SetUp)?;
                let second = self.second((&desk, &officer), TwoOfficerAct::ConfirmClock)?;
                clock_check::confirm(&desk, &officer, &second)?
            }
        };
        let ClockView {
            now,
            newest,
            plausible,
        } = view;
        Ok(self.show(&json!({
            "now": now.to_string(),
            "newest": newest.map(|newest| newest.to_string()),
            "plausible": plausible,
        })))
    }

    /// The second officer, if one is named.
    pub(super) fn second_name(&self) -> Result<Option<OfficerName>, Error> {
        let named = self.global.second.as_deref();
        named.map(officer_name).transpose()
    }

    /// Who confirms an act of two officers: the second one, signed in, or a waiver.
    pub(super) fn second(
        &self,
        (desk, first): (&Desk, &ActingOfficer),
        act: TwoOfficerAct,
    ) -> Result<SecondOfficer, Error> {
        let named = self.second_name()?;
        waivers::confirm(desk, first, act, named.as_ref(), &AskTerminal(self.output))
    }
}

/// An officer's name as it was typed.
pub(super) fn officer_name(text: &str) -> Result<OfficerName, Error> {
    OfficerName::parse(text).map_err(|error| Error::usage("officer-unknown", text).because(error))
}

/// A fingerprint in groups of four, as it is compared on paper.
fn grouped(fingerprint: &str) -> String {
    let digits: Vec<char> = fingerprint.chars().collect();
    let groups: Vec<String> = digits.chunks(4).map(|four| four.iter().collect()).collect();
    groups.join(" ")
}
