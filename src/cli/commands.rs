//! Each command: opens the desk as the right officer, calls one job, prints what it says.

use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};

use clap::CommandFactory as _;
use serde_json::{Value, json};

use super::OpenWindow;
use super::args::{
    AnswerWord, Arguments, Audit, Ca, Certificate, Command, Global, Personalise, PinFrom, Practice,
    Profile, Request, Ukey, Unit,
};
use super::make::Show;
use super::objects::{self, Names};
use super::output::Output;
use crate::domain::officer::{Duty, OfficerName};
use crate::domain::request::{RequestDraft, RequestState};
use crate::domain::ukey::UkeyState;
use crate::station::desk::{Access, OpenTerms};
use crate::station::jobs::personalise::{self, Terms};
use crate::station::jobs::ukeys::UkeyView;
use crate::station::jobs::{
    approvals, audit, ca, certificates, doctor, hand_out, people, practice, profiles, requests,
    slips, ukeys,
};
use crate::station::report::{Clerk, Event, Outcome};
use crate::station::sign_in::AskSecret;
use crate::station::{ActingOfficer, Desk, Error, RequestFilter, SecretText};
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
        None => open_window(cli.home_path()?, cli.terms()?, output.wording().language()),
        Some(Command::Practice(command)) => cli.practice(command),
        Some(Command::Unit(Unit::List)) => cli.unit_list(),
        Some(Command::Request(command)) => cli.request(command),
        Some(Command::Personalise(command)) => cli.personalise(command),
        Some(Command::Resume {
            serial,
            answer,
            lanes,
        }) => cli.resume(serial.as_deref(), *answer, *lanes),
        Some(Command::HandOut { serial }) => cli.hand_out(serial),
        Some(Command::Slip { serial, out }) => cli.slip(serial, out),
        Some(Command::Ukey(command)) => cli.ukey(command),
        Some(Command::Certificate(command)) => cli.certificate(command),
        Some(Command::Ca(command)) => cli.ca(command),
        Some(Command::Audit(Audit::Verify)) => cli.audit_verify(),
        Some(Command::Profile(command)) => cli.profile(command),
        Some(Command::Doctor) => cli.doctor(),
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

/// What every command has: the global options, and where output goes.
pub(super) struct Cli<'a> {
    pub(super) global: &'a Global,
    pub(super) output: &'a Output,
}

/// Asks at the terminal, without echo.
struct AskTerminal<'a>(&'a Output);

impl AskSecret for AskTerminal<'_> {
    fn passphrase(&self, officer: &OfficerName) -> Option<SecretText> {
        if !at_terminal() {
            return None;
        }
        let args = [("name", officer.as_str().to_owned())];
        let prompt = self.0.wording().with("passphrase-prompt", args);
        rpassword::prompt_password(prompt).ok().map(SecretText::new)
    }
}

impl Cli<'_> {
    fn home_path(&self) -> Result<PathBuf, Error> {
        if let Some(path) = &self.global.home {
            return Ok(path.clone());
        }
        let dirs = directories::ProjectDirs::from("", "", "ukey-station");
        let dirs = dirs.ok_or_else(|| Error::usage("home-missing", "no home directory"))?;
        Ok(dirs.data_dir().to_owned())
    }

    fn terms(&self) -> Result<OpenTerms, Error> {
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

    fn practice(&self, command: &Practice) -> Result<u8, Error> {
        match command {
            Practice::New {
                dir,
                ukeys,
                requests,
                profile,
            } => {
                let home = practice::new(dir, profile, *ukeys, *requests)?;
                let path = home.path().display().to_string();
                let secrets = home.secrets().display().to_string();
                let words = self.output.wording();
                let sentence = format!(
                    "{}\n{}\n\n  export UKEY_STATION_HOME={}\n  export UKEY_STATION_SECRETS={}",
                    words.with("practice-made", [("path", path.clone())]),
                    words.text("practice-exports"),
                    quoted(&path),
                    quoted(&secrets),
                );
                let document = json!({
                    "home": path,
                    "secrets": secrets,
                    "ukeys": ukeys,
                    "requests": requests,
                    "exports": [
                        format!("export UKEY_STATION_HOME={}", quoted(&path)),
                        format!("export UKEY_STATION_SECRETS={}", quoted(&secrets)),
                    ],
                });
                self.output.document(&document, &sentence);
                Ok(0)
            }
            Practice::Run { dir, key, lanes } => {
                let terms = Terms {
                    key: (*key).into(),
                    until: Until::Proven,
                    pin: PinSource::Secrets,
                };
                self.practice_run(dir, (terms, *lanes))
            }
            Practice::Insert { dir, serial } => {
                let serial = practice::insert(dir, serial)?;
                Ok(self.done(&json!({ "serial": serial.as_str(), "inserted": true })))
            }
            Practice::Pull { dir, serial } => {
                let serial = practice::pull(dir, serial)?;
                Ok(self.done(&json!({ "serial": serial.as_str(), "inserted": false })))
            }
        }
    }

    /// The main job on all approved requests, each handed over as soon as it is proven.
    fn practice_run(&self, dir: &Path, terms: (Terms, u8)) -> Result<u8, Error> {
        let show = Show::new(self.output);
        let (desk, officer) = practice::open(dir, Duty::Personalise)?;
        let report = |event: Event| {
            let event = match event {
                Event::Result(mut result) if result.outcome == Outcome::Issued => {
                    match hand_out::hand_out(&desk, &officer, &result.serial) {
                        Ok(_row) => result.handed_out = true,
                        Err(error) => self.output.error(&error),
                    }
                    Event::Result(result)
                }
                other => other,
            };
            show.event(event);
        };
        let clerk = Clerk {
            report: &report,
            pins: &show,
        };
        let summary = personalise::personalise(&desk, &officer, None, None, terms, clerk)?;
        Ok(show.finish(summary))
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
        } = command;
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
        };
        let named = (!rows.is_empty()).then_some(rows.as_slice());
        let report = |event| show.event(event);
        let clerk = Clerk {
            report: &report,
            pins: &show,
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
        };
        let summary = personalise::resume(&desk, &officer, on, lanes, clerk)?;
        Ok(show.finish(summary))
    }

    fn hand_out(&self, text: &str) -> Result<u8, Error> {
        let (desk, officer) = self.open(Access::Change, Duty::HandOut)?;
        let serial = ukeys::find(&desk, &officer, text)?.row.identity.serial;
        let row = hand_out::hand_out(&desk, &officer, &serial)?;
        let view = UkeyView {
            row,
            inserted: false,
        };
        let value = Names::read(&desk, &officer)?.ukey(&view);
        Ok(self.done(&value))
    }

    fn slip(&self, text: &str, out: &Path) -> Result<u8, Error> {
        let (desk, officer) = self.open(Access::Change, Duty::HandOut)?;
        let serial = ukeys::find(&desk, &officer, text)?.row.identity.serial;
        let files = slips::write(&desk, &officer, &serial, out)?;
        Ok(self.written(&files))
    }

    fn unit_list(&self) -> Result<u8, Error> {
        let (desk, officer) = self.read()?;
        let items: Vec<Value> = people::units(&desk, &officer)?
            .into_iter()
            .map(|unit| {
                json!({
                    "id": unit.id.to_string(),
                    "name": unit.name,
                    "level": unit.level.word(),
                    "code": unit.code,
                    "own": unit.own,
                })
            })
            .collect();
        self.output.list(
            &items,
            &[
                ("col-unit", "name"),
                ("col-level", "level"),
                ("col-code", "code"),
            ],
        );
        Ok(0)
    }

    fn request(&self, command: &Request) -> Result<u8, Error> {
        match command {
            Request::Add { file } => {
                let (desk, officer) = self.open(Access::Change, Duty::EnterRequest)?;
                let row = requests::enter(&desk, &officer, &read_draft(file)?)?;
                let view = requests::find(&desk, &officer, &row.number)?;
                Ok(self.done(&objects::request(&view)))
            }
            Request::List {
                state,
                search,
                limit,
            } => {
                let (desk, officer) = self.read()?;
                let state = parse_state(state.as_deref(), RequestState::from_word)?;
                let filter = RequestFilter {
                    state,
                    search: search.clone(),
                    limit: *limit,
                };
                let views = requests::list(&desk, &officer, &filter)?;
                let items: Vec<Value> = views.iter().map(objects::request).collect();
                let columns = [
                    ("col-number", "number"),
                    ("col-state", "state"),
                    ("col-holder", "holder_name"),
                    ("col-unit", "unit"),
                    ("col-types", "user_types"),
                ];
                self.output.list(&items, &columns);
                Ok(0)
            }
            Request::Show { id } => {
                let (desk, officer) = self.read()?;
                let view = requests::find(&desk, &officer, id)?;
                Ok(self.show(&objects::request(&view)))
            }
            Request::Approval { id, dir } => {
                let (desk, officer) = self.read()?;
                let row = requests::find(&desk, &officer, id)?.row;
                let files = approvals::export(&desk, &officer, &row, dir)?;
                Ok(self.written(&files))
            }
            Request::Sheet(command) => self.request_sheet(command),
        }
    }

    fn ukey(&self, command: &Ukey) -> Result<u8, Error> {
        let (desk, officer) = self.read()?;
        let names = Names::read(&desk, &officer)?;
        let columns = [
            ("col-serial", "serial"),
            ("col-model", "model"),
            ("col-state", "state"),
            ("col-request", "request"),
            ("col-certificate", "certificate"),
            ("col-inserted", "inserted"),
        ];
        match command {
            Ukey::Inserted => {
                let bench = ukeys::inserted(&desk, &officer)?;
                let items: Vec<Value> = bench
                    .ukeys
                    .iter()
                    .map(|ukey| names.inserted(ukey))
                    .collect();
                let troubles: Vec<Value> = bench
                    .troubles
                    .iter()
                    .map(|trouble| {
                        let folder = trouble.folder.as_ref().and_then(|path| path.file_name());
                        json!({
                            "profile": trouble.profile,
                            "serial": folder.map(|name| name.to_string_lossy()),
                            "code": trouble.fault.kind.word(),
                            "detail": trouble.fault.to_string(),
                        })
                    })
                    .collect();
                if self.output.is_json() {
                    Output::line(&json!({ "items": items, "troubles": troubles }));
                } else {
                    self.output.table(&items, &columns);
                    for trouble in &bench.troubles {
                        let code = trouble.fault.kind.word();
                        let words = self.output.wording();
                        self.output
                            .say(&words.error(code, &trouble.fault.to_string()).0);
                    }
                }
                Ok(0)
            }
            Ukey::List { state, limit } => {
                let state = parse_state(state.as_deref(), UkeyState::from_word)?;
                let views = ukeys::list(&desk, &officer, state)?;
                let limit = limit.unwrap_or(usize::MAX);
                let items: Vec<Value> = views
                    .iter()
                    .take(limit)
                    .map(|view| names.ukey(view))
                    .collect();
                self.output.list(&items, &columns);
                Ok(0)
            }
            Ukey::Show { serial } => {
                let view = ukeys::find(&desk, &officer, serial)?;
                Ok(self.show(&names.ukey(&view)))
            }
        }
    }

    fn certificate(&self, command: &Certificate) -> Result<u8, Error> {
        let (desk, officer) = self.read()?;
        let names = Names::read(&desk, &officer)?;
        match command {
            Certificate::List { limit } => {
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
                let row = certificates::find(&desk, &officer, serial)?;
                Ok(self.show(&names.certificate(&row)))
            }
            Certificate::Export { dir } => {
                let files = certificates::export(&desk, &officer, dir)?;
                Ok(self.written(&files))
            }
        }
    }

    fn ca(&self, command: &Ca) -> Result<u8, Error> {
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
        };
        Ok(self.show(&json!({
            "subject": view.subject,
            "not_after": view.not_after.to_string(),
            "unlocked_until": view.unlocked.map(|(until, _count)| until.to_string()),
            "unlocked_certificates": view.unlocked.map(|(_until, count)| count),
        })))
    }

    fn audit_verify(&self) -> Result<u8, Error> {
        // Whoever is named may ask; without a name the auditor is who has the duty.
        let named = self.global.officer.is_some();
        let duty = if named {
            Duty::ReadRecords
        } else {
            Duty::Audit
        };
        let (desk, officer) = self.open(Access::Read, duty)?;
        let (verdict, told) = audit::verify(&desk, &officer)?;
        let intact = verdict.first_broken.is_none();
        let document = json!({
            "rows": told.then_some(verdict.rows),
            "intact": intact,
            "head": told.then(|| hex::encode(verdict.head)),
            "first_broken": verdict.first_broken.filter(|_row| told),
        });
        let words = self.output.wording();
        let sentence = match verdict.first_broken {
            None => words.with("audit-intact", [("rows", verdict.rows.to_string())]),
            Some(row) if told => words.with("audit-broken", [("row", row.to_string())]),
            Some(_) => words.text("audit-broken-unnamed"),
        };
        self.output.document(&document, &sentence);
        Ok(u8::from(!intact))
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

    fn doctor(&self) -> Result<u8, Error> {
        let (desk, officer) = self.read()?;
        let findings = doctor::examine(&desk, &officer)?;
        let items: Vec<Value> = findings
            .iter()
            .map(|finding| json!({ "check": finding.check, "ok": finding.ok, "detail": finding.detail }))
            .collect();
        let columns = [
            ("col-check", "check"),
            ("col-outcome", "ok"),
            ("col-detail", "detail"),
        ];
        self.output.list(&items, &columns);
        Ok(u8::from(findings.iter().any(|finding| !finding.ok)))
    }

    pub(super) fn done(&self, document: &Value) -> u8 {
        let text = self.output.wording().text("done");
        self.output.document(document, &text);
        0
    }

    /// One object: its fields as lines for people.
    pub(super) fn show(&self, document: &Value) -> u8 {
        let lines: Vec<String> = document
            .as_object()
            .into_iter()
            .flatten()
            .map(|(key, value)| match value {
                Value::String(text) => format!("{key}: {text}"),
                other => format!("{key}: {other}"),
            })
            .collect();
        self.output.document(document, &lines.join("\n"));
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

/// An application file, TOML or JSON by its ending.
fn read_draft(file: &Path) -> Result<RequestDraft, Error> {
    let text = std::fs::read_to_string(file).map_err(|error| Error::io(file, error))?;
    let invalid = |text: String| Error::usage("file", format!("{}: {text}", file.display()));
    if file.extension().is_some_and(|ending| ending == "json") {
        serde_json::from_str(&text)
            .map_err(|error| invalid(format!("line {}, column {}", error.line(), error.column())))
    } else {
        toml::from_str(&text).map_err(|error| invalid(error.message().to_owned()))
    }
}

/// A path as a shell takes it.
fn quoted(path: &str) -> String {
    format!("'{}'", path.replace('\'', "'\\''"))
}
