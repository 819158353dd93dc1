//! Each command: opens the desk as the right officer, calls one job, prints what it says.

use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};

use clap::CommandFactory as _;
use serde_json::{Value, json};

use super::OpenWindow;
use super::args::{
    AnswerWord, Arguments, Certificate, Command, Global, Personalise, PinFrom, Profile,
};
use super::make::Show;
use super::objects::Names;
use super::output::Output;
use crate::domain::certificate::TemporaryDays;
use crate::domain::officer::{Duty, OfficerName};
use crate::station::desk::{Access, OpenTerms};
use crate::station::jobs::expiring::Plan;
use crate::station::jobs::personalise::{self, Terms};
use crate::station::jobs::{certificates, profiles, requests, slips, ukeys};
use crate::station::report::{Clerk, Straight};
use crate::station::sign_in::AskSecret;
use crate::station::{ActingOfficer, Desk, Error, SecretText};
use crate::workflow::journal::{Answer, PinSource, Until};

/// Runs a command and gives its exit code.
pub(super) fn run(
    arguments: &Arguments,
    output: &Output,
    open_window: OpenWindow,
) -> Result<u8, Error> {
    let cli = Cli {
        global: &arguments.global,
        output,
    };
    match &arguments.command {
        None => open_window(cli.home_path()?, cli.terms()?, arguments.global.language()),
        Some(Command::Practice(command)) => cli.practice(command),
        Some(Command::Init { config }) => cli.init(config),
        Some(Command::Officer(command)) => cli.officer(command),
        Some(Command::Clock(command)) => cli.clock(command),
        Some(Command::Waiver(command)) => cli.waiver(command),
        Some(Command::Unit(command)) => cli.unit(command),
        Some(Command::UserType(command)) => cli.user_type(command),
        Some(Command::Config(command)) => cli.config(command),
        Some(Command::Request(command)) => cli.request(command),
        Some(Command::Personalise(command)) => cli.personalise(command),
        Some(Command::Resume {
            serial,
            answer,
            lanes,
        }) => cli.resume(serial.as_deref(), *answer, *lanes),
        Some(Command::HandOut { serial }) => cli.hand_out(serial),
        Some(Command::Slip { serial, out }) => cli.slip(serial, out),
        Some(Command::Holder(command)) => cli.holder(command),
        Some(Command::Ukey(command)) => cli.ukey(command),
        Some(Command::Stock(command)) => cli.stock(command),
        Some(Command::Certificate(command)) => cli.certificate(command),
        Some(Command::Ca(command)) => cli.ca(command),
        Some(Command::Crl(command)) => cli.crl(command),
        Some(Command::Audit(command)) => cli.audit(command),
        Some(Command::Evidence(command)) => cli.evidence(command),
        Some(Command::Profile(command)) => cli.profile(command),
        Some(Command::Backup { file }) => cli.backup(file),
        Some(Command::Recovery(command)) => cli.recovery(command),
        Some(Command::Restore(command)) => cli.restore(command),
        Some(Command::Purge { dry_run }) => cli.purge(*dry_run),
        Some(Command::Doctor { report, command }) => {
            cli.doctor(report.as_deref(), command.as_ref())
        }
        Some(Command::Guide { page, out }) => cli.guide(page.as_deref(), out.as_deref()),
        Some(Command::Completions { shell }) => {
            let mut script = Vec::new();
            clap_complete::generate(
                *shell,
                &mut Arguments::command(),
                "ukey-station",
                &mut script,
            );
            Output::bytes(&script);
            Ok(0)
        }
    }
}

/// One call of the program.
pub(super) struct Cli<'a> {
    pub(super) global: &'a Global,
    pub(super) output: &'a Output,
}

/// Asks at the terminal, without echo.
pub(super) struct AskTerminal<'a>(pub(super) &'a Output);

impl AskSecret for AskTerminal<'_> {
    fn passphrase(&self, officer: &OfficerName) -> Option<SecretText> {
        if !at_terminal() {
            return None;
        }
        let args = [("name", officer.as_str().to_owned())];
        let prompt = self.0.wording().with("passphrase-prompt", args);
        rpassword::prompt_password(prompt).ok().map(SecretText::new)
    }

    fn new_passphrase(
        &self,
        officer: &OfficerName,
        refused: Option<&'static str>,
    ) -> Option<[SecretText; 2]> {
        if !at_terminal() {
            return None;
        }
        let words = self.0.wording();
        if let Some(key) = refused {
            self.0.say(&words.text(key));
        }
        let args = [("name", officer.as_str().to_owned())];
        let first = rpassword::prompt_password(words.with("passphrase-new-prompt", args)).ok()?;
        let first = SecretText::new(first);
        let again = rpassword::prompt_password(words.text("passphrase-again-prompt")).ok()?;
        (!first.expose().is_empty()).then(|| [first, SecretText::new(again)])
    }
}

impl Cli<'_> {
    pub(super) fn home_path(&self) -> Result<PathBuf, Error> {
        if let Some(path) = &self.global.home {
            return Ok(path.clone());
        }
        let dirs = directories::ProjectDirs::from("", "", "ukey-station");
        let dirs = dirs.ok_or_else(|| Error::usage("home-missing", "no home directory"))?;
        Ok(dirs.data_dir().to_owned())
    }

    pub(super) fn terms(&self) -> Result<OpenTerms, Error> {
        let officer = self
            .global
            .officer
            .as_deref()
            .map(OfficerName::parse)
            .transpose();
        let named = || self.global.officer.clone().unwrap_or_default();
        let officer =
            officer.map_err(|error| Error::usage("officer-unknown", named()).because(error))?;
        Ok(OpenTerms {
            officer,
            secrets: self.global.secrets.clone(),
        })
    }

    pub(super) fn open(&self, access: Access, duty: Duty) -> Result<(Desk, ActingOfficer), Error> {
        let ask = AskTerminal(self.output);
        Desk::open(&self.home_path()?, access, &self.terms()?, duty, &ask)
    }

    pub(super) fn read(&self) -> Result<(Desk, ActingOfficer), Error> {
        self.open(Access::Read, Duty::ReadRecords)
    }

    fn personalise(&self, command: &Personalise) -> Result<u8, Error> {
        let Personalise {
            ids,
            all: _,
            ukey,
            lanes,
            key,
            pin,
            csr_only,
            temporary,
        } = command;
        let too_long = |days: &u32| Error::refused("temporary-too-long", days.to_string());
        let temporary = temporary
            .as_ref()
            .map(|days| TemporaryDays::new(*days).ok_or_else(|| too_long(days)))
            .transpose()?;
        let show = Show::new(self.output);
        let (desk, officer) = self.open(Access::Change, Duty::Personalise)?;
        let find = |id: &String| requests::find(&desk, &officer, id).map(|view| view.row);
        let rows = ids.iter().map(find).collect::<Result<Vec<_>, _>>()?;
        let ukey = match ukey {
            Some(text) => Some(ukeys::find(&desk, &officer, text)?.row),
            None => None,
        };
        let pin = match pin {
            Some(PinFrom::Secrets) => PinSource::Secrets,
            Some(PinFrom::Random) => PinSource::Random,
            None if desk.is_practice() || self.global.yes || !at_terminal() => {
                personalise::usual_pin_source(&desk)
            }
            Some(PinFrom::Ask) | None => PinSource::Holder,
        };
        if pin == PinSource::Holder && !at_terminal() {
            return Err(Error::usage("pin-not-typed", ""));
        }
        let until = if *csr_only { Until::Csr } else { Until::Proven };
        let terms = Terms {
            key: (*key).into(),
            until,
            pin,
            temporary,
        };
        let named = (!rows.is_empty()).then_some(rows.as_slice());
        let report = |event| show.event(event);
        let clerk = Clerk {
            report: &report,
            pins: &show,
            pace: &Straight,
        };
        let summary = personalise::personalise(
            &desk,
            &officer,
            named,
            ukey.as_ref(),
            (terms, *lanes),
            clerk,
        )?;
        Ok(show.finish(summary))
    }

    fn resume(
        &self,
        serial: Option<&str>,
        answer: Option<AnswerWord>,
        lanes: u8,
    ) -> Result<u8, Error> {
        let show = Show::new(self.output);
        let (desk, officer) = self.open(Access::Change, Duty::Personalise)?;
        let answer = answer.map(|word| match word {
            AnswerWord::TryAgain => Answer::TryAgain,
            AnswerWord::Reinitialise => Answer::Reinitialise,
            AnswerWord::WriteOff => Answer::WriteOff,
            AnswerWord::GiveUp => Answer::GiveUp,
        });
        let serial = match serial {
            Some(text) => {
                let found = ukeys::find(&desk, &officer, text)?.row.identity.serial;
                // Writing off needs the whole serial.
                if answer == Some(Answer::WriteOff) && found.as_str() != text {
                    return Err(Error::usage("ukey-ambiguous", text));
                }
                Some(found)
            }
            None => None,
        };
        let on = serial.as_ref().map(|serial| (serial, answer));
        let report = |event| show.event(event);
        let clerk = Clerk {
            report: &report,
            pins: &show,
            pace: &Straight,
        };
        let summary = personalise::resume(&desk, &officer, on, lanes, clerk)?;
        Ok(show.finish(summary))
    }

    fn slip(&self, text: &str, out: &Path) -> Result<u8, Error> {
        let (desk, officer) = self.open(Access::Change, Duty::HandOut)?;
        let serial = ukeys::find(&desk, &officer, text)?.row.identity.serial;
        let files = slips::write(&desk, &officer, &serial, out)?;
        Ok(self.written(&files))
    }

    fn certificate(&self, command: &Certificate) -> Result<u8, Error> {
        match command {
            Certificate::List { limit } => {
                let (desk, officer) = self.read()?;
                let names = Names::read(&desk, &officer)?;
                let rows = certificates::list(&desk, &officer)?;
                let limit = limit.unwrap_or(usize::MAX);
                let items: Vec<Value> = rows
                    .iter()
                    .take(limit)
                    .map(|row| names.certificate(row))
                    .collect();
                let columns = [
                    ("col-certificate", "serial"),
                    ("col-state", "state"),
                    ("col-not-after", "not_after"),
                    ("col-serial", "ukey"),
                    ("col-request", "request"),
                ];
                self.output.list(&items, &columns);
                Ok(0)
            }
            Certificate::Show { serial } => {
                let (desk, officer) = self.read()?;
                let names = Names::read(&desk, &officer)?;
                let row = certificates::find(&desk, &officer, serial)?;
                Ok(self.show(&names.certificate(&row)))
            }
            Certificate::Expiring {
                within,
                per_day,
                out,
            } => {
                let plan = Plan {
                    within_days: *within,
                    per_day: usize::from(*per_day),
                };
                self.expiring(plan, out.as_deref())
            }
            Certificate::Renew {
                serial,
                key,
                old_key_first,
            } => self.renew(serial, (*key, *old_key_first)),
            Certificate::Export { dir } => {
                let (desk, officer) = self.read()?;
                let files = certificates::export(&desk, &officer, dir)?;
                Ok(self.written(&files))
            }
            Certificate::Revoke {
                serial,
                list,
                reason,
            } => self.certificate_revoke((serial.as_deref(), list.as_deref()), reason),
        }
    }

    fn profile(&self, command: &Profile) -> Result<u8, Error> {
        match command {
            Profile::List => {
                let views = profiles::list(&self.home_path()?)?;
                let items: Vec<Value> = views
                    .iter()
                    .map(|view| {
                        json!({
                            "name": view.profile.name,
                            "vendor": view.profile.vendor,
                            "tested": view.profile.tested,
                            "module": view.module,
                        })
                    })
                    .collect();
                let columns = [
                    ("col-name", "name"),
                    ("col-tested", "tested"),
                    ("col-detail", "module"),
                ];
                self.output.list(&items, &columns);
                Ok(0)
            }
            Profile::Check { file } => {
                let profile = profiles::check(file)?;
                Ok(self.done(&json!({ "name": profile.name, "valid": true })))
            }
        }
    }

    pub(super) fn done(&self, document: &Value) -> u8 {
        let text = self.output.wording().text("done");
        self.output.document(document, &text);
        0
    }

    /// One object: its fields as lines for people.
    pub(super) fn show(&self, document: &Value) -> u8 {
        self.output.facts(document);
        0
    }

    pub(super) fn written(&self, files: &[PathBuf]) -> u8 {
        let words = self.output.wording();
        let lines: Vec<String> = files
            .iter()
            .map(|path| words.with("written", [("path", path.display().to_string())]))
            .collect();
        self.output
            .document(&json!({ "files": files }), &lines.join("\n"));
        0
    }
}

/// Whether a person sits at a terminal.
pub(super) fn at_terminal() -> bool {
    std::io::stdin().is_terminal()
}

pub(super) fn parse_state<T>(
    text: Option<&str>,
    parse: impl Fn(&str) -> Option<T>,
) -> Result<Option<T>, Error> {
    let parsed = text.map(|word| parse(word).ok_or_else(|| Error::usage("not-a-state", word)));
    parsed.transpose()
}

/// A path as a shell takes it.
pub(super) fn quoted(path: &str) -> String {
    format!("'{}'", path.replace('\'', "'\\''"))
}
