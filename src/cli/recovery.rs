//! `recovery …`: who gets in when nobody can sign in any more.

use std::io::Write as _;
use std::path::Path;

use serde_json::json;

use super::args::Recovery;
use super::commands::{AskTerminal, Cli, at_terminal};
use super::officers::officer_name;
use super::output::Output;
use crate::domain::officer::Duty;
use crate::domain::two_officers::TwoOfficerAct;
use crate::station::desk::Access;
use crate::station::jobs::recovery::{self, AskShare, LINES, Replacement};
use crate::station::{Error, SecretText};

/// Asks for the lines at the terminal. They are shown while they are typed: a mistake is to be found, and
/// the shares are void after their use.
pub(super) struct AskLines<'a>(pub(super) &'a Output);

impl AskShare for AskLines<'_> {
    fn share(&self, place: u8) -> Option<Vec<SecretText>> {
        if !at_terminal() {
            return None;
        }
        let words = self.0.wording();
        self.0
            .say(&words.with("share-prompt", [("place", place.to_string())]));
        (1..=LINES).map(|number| self.line(number)).collect()
    }
}

impl AskLines<'_> {
    fn line(&self, number: u8) -> Option<SecretText> {
        let args = [("line", number.to_string())];
        loop {
            write!(std::io::stderr(), "  {number}. ").ok();
            std::io::stderr().flush().ok();
            let mut text = String::new();
            let read = std::io::stdin().read_line(&mut text).ok()?;
            if read == 0 {
                return None;
            }
            if recovery::check_line(number, &text) {
                return Some(SecretText::new(text));
            }
            let words = self.0.wording();
            self.0.say(&words.with("share-line-wrong", args.clone()));
        }
    }
}

impl Cli<'_> {
    pub(super) fn recovery(&self, command: &Recovery) -> Result<u8, Error> {
        match command {
            Recovery::Kit { dir, custodian } => self.recovery_kit(dir, custodian),
            Recovery::Use { name, replaces } => {
                let wanted = Replacement {
                    name: officer_name(name)?,
                    replaces: officer_name(replaces)?,
                };
                let asks = (AskTerminal(self.output), AskLines(self.output));
                let home = self.home_path()?;
                let enrolled = recovery::enrol(&home, &wanted, (&asks.0, &asks.1))?;
                let args = [
                    ("name", enrolled.name.to_string()),
                    ("until", enrolled.until.to_string()),
                ];
                let document = json!({
                    "name": enrolled.name, "post": enrolled.post, "until": enrolled.until,
                    "replaces": wanted.replaces,
                });
                let text = self.output.wording().with("recovery-used", args);
                self.output.document(&document, &text);
                Ok(0)
            }
        }
    }

    fn recovery_kit(&self, dir: &Path, custodians: &[String]) -> Result<u8, Error> {
        let (desk, officer) = self.open(Access::Change, Duty::SetUp)?;
        let second = self.second((&desk, &officer), TwoOfficerAct::RecoveryKit)?;
        let files = recovery::make_kit(&desk, &officer, &second, (dir, custodians))?;
        let text = self.output.wording().text("recovery-kit-made");
        self.output.document(&json!({ "files": files }), &text);
        Ok(0)
    }
}
