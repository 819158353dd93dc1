//! Nobody can sign in any more, on a home that is no practice home: two shares of the kit, read from their papers,
//! let a replacement in at the door.

use super::*;
use crate::domain::officer::Duty;
use crate::domain::two_officers::TwoOfficerAct;
use crate::station::Desk;
use crate::station::desk::Access;
use crate::station::jobs::{recovery, waivers};
use crate::station::sign_in::AskSecret;
use crate::ui::recovery_view::Recovered;

const HELPER: (&str, &str) = ("sun-helper", "steady copper kettle 64");

/// Security, who is asked as the second officer.
struct Security;

impl AskSecret for Security {
    fn passphrase(&self, _officer: &OfficerName) -> Option<SecretText> {
        Some(SecretText::new(SECURITY.1.to_owned()))
    }
}

/// Two officers make the kit; its papers lie in the home's `out`.
fn make_kit(home: &Home, terms: &OpenTerms) {
    let opened = Desk::open(
        home.path(),
        Access::Change,
        terms,
        Duty::SetUp,
        &NobodyToAsk,
    );
    let (desk, system) = opened.unwrap();
    let (act, security) = (TwoOfficerAct::RecoveryKit, name(SECURITY.0));
    let second = waivers::confirm(&desk, &system, act, Some(&security), &Security).unwrap();
    let custodians = ["陈一", "林二", "何三"].map(str::to_owned);
    recovery::make_kit(&desk, &system, &second, (&home.out(), &custodians)).unwrap();
}

/// The lines of a share, as a custodian reads them from its paper.
fn lines_on(path: &std::path::Path) -> Vec<String> {
    let read = std::process::Command::new("pdftotext")
        .args(["-layout", path.to_str().unwrap(), "-"])
        .output()
        .unwrap();
    let text = String::from_utf8(read.stdout).unwrap();
    let is_line = |word: &&str| {
        let groups: Vec<_> = word.split('-').map(str::len).collect();
        groups == [4, 4, 2]
    };
    let lines: Vec<_> = text.split_whitespace().filter(is_line).collect();
    assert_eq!(lines.len(), usize::from(recovery::LINES), "{text}");
    lines.into_iter().map(str::to_owned).collect()
}

impl RealDesk {
    fn type_share(&mut self, place: u8, lines: &[String]) {
        for (number, line) in (1..=recovery::LINES).zip(lines) {
            let args = [("place", place.to_string()), ("line", number.to_string())];
            let word = self.harness.state().wording.with("ui-recover-line", args);
            self.write(Role::TextInput, &word, line);
        }
    }
}

#[test]
fn two_shares_let_a_replacement_in_at_the_door_and_the_kit_is_void() {
    let file = SecretsFile::Gone;
    let mut desk = RealDesk::real_after(Some(SYSTEM.0), &file, |home, terms| {
        let secrets = home.path().with_file_name("one.toml");
        let terms = OpenTerms {
            secrets: Some(secrets),
            ..terms.clone()
        };
        make_kit(home, &terms);
    });
    desk.until(|view| is_door(view, None));
    let papers = [1, 2, 3].map(|number| {
        let paper = desk.home.out().join(format!("share-{number}.pdf"));
        lines_on(&paper)
    });
    desk.press("ui-recover-open");
    desk.choose(SECURITY.0);
    let label = desk.word("ui-recover-name");
    desk.write(Role::TextInput, &label, HELPER.0);
    for key in ["ui-recover-passphrase", "ui-recover-again"] {
        let word = desk.word(key);
        desk.write(Role::PasswordInput, &word, HELPER.1);
    }
    desk.type_share(1, &papers[2]);
    desk.press_below("ui-recover");
    assert!(!desk.view().busy, "one share opens nothing");

    // The same paper twice, whole as it is, opens nothing either.
    desk.type_share(2, &papers[2]);
    desk.press_below("ui-recover");
    desk.until(|view| !view.busy && view.error.is_some());
    assert_eq!(desk.view().error.unwrap().0, "share-same");
    desk.type_share(2, &papers[0]);
    desk.press_below("ui-recover");
    desk.until(|view| !view.busy && view.recovered.is_some());
    let told = desk.view();
    let Some(Recovered::Enrolled(enrolled)) = told.recovered.clone() else {
        panic!("{:?}", told.recovered)
    };
    assert_eq!(
        (enrolled.name.as_str(), enrolled.post),
        (HELPER.0, Post::Security)
    );
    let said = format!("{told:?}");
    assert!(
        papers
            .iter()
            .flatten()
            .all(|line| !said.contains(line.as_str()))
    );

    // They sign in; whom they replace is not there any more.
    desk.until(|view| match &view.place {
        Place::Door(door) => {
            let mut names = door
                .door
                .officers
                .iter()
                .map(|officer| officer.name.as_str());
            names.any(|name| name == HELPER.0)
        }
        _ => false,
    });
    desk.choose(HELPER.0);
    desk.try_passphrase(HELPER.1);
    desk.until(|view| is_desk(view) && view.officer == HELPER.0);
    assert!(desk.view().recovered.is_none());
    desk.press("page-settings");
    desk.until(|view| view.settings.is_some());
    assert!(
        desk.view().settings.unwrap().kit_made_at.is_none(),
        "it is void"
    );
}
