//! `practice …`: a whole desk in one folder, what is done to its bench, and the course.

use std::path::Path;

use serde_json::{Value, json};

use super::args::{CaWord, FaultWord, Key, Practice};
use super::commands::{AskTerminal, Cli, quoted};
use super::make::Show;
use crate::domain::officer::Duty;
use crate::station::desk::Access;
use crate::station::jobs::personalise::{self, Terms};
use crate::station::jobs::practice::CaAnswers;
use crate::station::jobs::{course, hand_out, practice};
use crate::station::report::{Clerk, Event, Outcome, Straight};
use crate::station::{Desk, Error, FaultAtStep, PlannedFault};
use crate::workflow::journal::{PinSource, Until};

/// In the place of a serial number: whichever ukey comes to the step next.
const NEXT: &str = "next";

impl Cli<'_> {
    pub(super) fn practice(&self, command: &Practice) -> Result<u8, Error> {
        match command {
            Practice::New {
                dir,
                ukeys,
                requests,
                profile,
            } => self.practice_new(dir, profile, (*ukeys, *requests)),
            Practice::Run { dir, key, lanes } => self.practice_run(dir, (*key, *lanes)),
            Practice::Insert { dir, serial } => {
                let serial = practice::insert(dir, serial)?;
                Ok(self.done(&json!({ "serial": serial.as_str(), "inserted": true })))
            }
            Practice::Pull { dir, serial } => {
                let serial = practice::pull(dir, serial)?;
                Ok(self.done(&json!({ "serial": serial.as_str(), "inserted": false })))
            }
            Practice::Fault {
                dir,
                serial,
                kind,
                at,
            } => {
                let serial = (serial != NEXT).then_some(serial.as_str());
                let planned = practice::fault(dir, serial, ((*kind).into(), at.as_deref()))?;
                Ok(self.done(&fault(&planned)))
            }
            Practice::Faults { dir, clear } => self.practice_faults(dir, *clear),
            Practice::Ca { dir, answers } => {
                let answers = match answers {
                    CaWord::On => CaAnswers::Yes,
                    CaWord::Off => CaAnswers::No,
                };
                practice::set_ca(dir, answers)?;
                Ok(self.done(&json!({ "ca_answers": answers == CaAnswers::Yes })))
            }
            Practice::Course { dir, begin } => self.practice_course(dir, *begin),
        }
    }

    /// The faults that wait; they are taken back where it is asked for.
    fn practice_faults(&self, dir: &Path, clear: bool) -> Result<u8, Error> {
        let bench = practice::bench(dir)?;
        if clear {
            for planned in &bench.planned {
                practice::withdraw_fault(dir, planned.serial.as_ref())?;
            }
            return Ok(self.done(&json!({ "withdrawn": bench.planned.len() })));
        }
        let items: Vec<Value> = bench.planned.iter().map(fault).collect();
        let columns = [
            ("col-serial", "serial"),
            ("col-fault", "kind"),
            ("col-step", "at"),
        ];
        self.output.list(&items, &columns);
        Ok(0)
    }

    /// How far each lesson has come, or the beginning of the course.
    fn practice_course(&self, dir: &Path, begin: bool) -> Result<u8, Error> {
        let access = if begin { Access::Change } else { Access::Read };
        let ask = AskTerminal(self.output);
        let (desk, officer) = Desk::open(dir, access, &self.terms()?, Duty::ReadRecords, &ask)?;
        if begin {
            course::begin(&desk, &officer)?;
        }
        let course = course::course(&desk, &officer)?;
        let words = self.output.wording();
        let lessons = course.lessons.iter();
        let items: Vec<Value> = lessons
            .map(|progress| {
                let word = progress.lesson.word();
                json!({
                    "lesson": word,
                    "title": words.text(&format!("lesson-{word}")),
                    "done": progress.done,
                    "of": progress.of,
                })
            })
            .collect();
        let columns = [
            ("col-lesson", "title"),
            ("col-done", "done"),
            ("col-of", "of"),
        ];
        self.output.list(&items, &columns);
        Ok(0)
    }

    fn practice_new(
        &self,
        dir: &Path,
        profile: &str,
        (ukeys, requests): (u16, u16),
    ) -> Result<u8, Error> {
        let home = practice::new(dir, profile, ukeys, requests)?;
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

    /// The main job on all approved requests, each handed over as soon as it is proven.
    fn practice_run(&self, dir: &Path, (key, lanes): (Key, u8)) -> Result<u8, Error> {
        let terms = Terms {
            key: key.into(),
            until: Until::Proven,
            pin: PinSource::Secrets,
            temporary: None,
        };
        let show = Show::new(self.output);
        let (desk, officer) = practice::open(dir, Duty::Personalise)?;
        let report = |event: Event| {
            let event = match event {
                Event::Result(mut result) if result.outcome == Outcome::Issued => {
                    match hand_out::hand_out(&desk, &officer, &result.serial) {
                        Ok(_handed_out) => result.handed_out = true,
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
            pace: &Straight,
        };
        let summary = personalise::personalise(&desk, &officer, None, None, (terms, lanes), clerk)?;
        Ok(show.finish(summary))
    }
}

impl From<FaultWord> for FaultAtStep {
    fn from(word: FaultWord) -> Self {
        match word {
            FaultWord::Removed => Self::Removed,
            FaultWord::WrongPin => Self::WrongPin,
            FaultWord::PowerCut => Self::PowerCut,
            FaultWord::Crash => Self::Crash,
            FaultWord::Hang => Self::Hang,
            FaultWord::Error => Self::Error,
            FaultWord::Lost => Self::Lost,
        }
    }
}

fn fault(planned: &PlannedFault) -> Value {
    let PlannedFault { serial, kind, at } = planned;
    let serial = serial.as_ref().map_or(NEXT, |serial| serial.as_str());
    json!({ "serial": serial, "kind": kind, "at": at.word() })
}
