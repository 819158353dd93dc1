//! The recovery kit, and the comparison after a restore, in the window on homes with real tokens and records.

use super::*;
use crate::domain::officer::Duty;
use crate::domain::ukey::UkeyState;
use crate::station::jobs::today::ToDo;
use crate::station::jobs::{audit, backup, restore, ukeys};
use crate::ui::settings_view::SettingsDone;

impl RealDesk {
    fn at_backup_part(&mut self) {
        self.press("page-settings");
        self.until(|view| view.settings.is_some());
        self.press("ui-settings-backup");
    }

    fn name_custodian(&mut self, number: u8, name: &str) {
        let args = [("number", number.to_string())];
        let word = self
            .harness
            .state()
            .wording
            .with("ui-first-custodian", args);
        self.write(Role::TextInput, &word, name);
    }
}

#[test]
fn two_officers_make_the_recovery_kit_that_the_day_asks_for() {
    let mut desk = RealDesk::real(Some(SYSTEM.0), &SecretsFile::There);
    let asked = |view: &View| {
        let today = view.today.as_ref();
        today.is_some_and(|today| today.to_do.contains(&ToDo::RecoveryKit))
    };
    desk.until(|view| is_desk(view) && asked(view));
    let page = desk.word("page-settings");
    let line = format!("{page}: {}", desk.word("ui-today-recovery-kit"));
    desk.press_word(&line);
    desk.until(|view| view.settings.is_some());
    let stick = TempDir::with_prefix("stick-").unwrap();
    let folder = stick.path().join("kit");
    let label = desk.word("ui-kit-folder");
    desk.write(Role::TextInput, &label, &folder.display().to_string());
    for (number, name) in [(1, "陈一"), (2, SECURITY.0), (3, "何三")] {
        desk.name_custodian(number, name);
    }
    desk.press("ui-kit-make");
    desk.type_text(SECURITY.1);
    desk.key(Modifiers::NONE, Key::Enter);
    desk.until(|view| !view.busy && view.error.is_some());
    assert_eq!(desk.view().error.unwrap().0, "custodian-is-officer");
    assert!(!folder.exists() && desk.view().settings.unwrap().kit_made_at.is_none());
    desk.name_custodian(2, "林二");
    desk.press("ui-kit-make");
    desk.type_text(SECURITY.1);
    desk.key(Modifiers::NONE, Key::Enter);
    desk.until(|view| !view.busy && view.settings_done.is_some());
    let Some(SettingsDone::KitMade(papers)) = desk.view().settings_done else {
        panic!("{:?}", desk.view().settings_done);
    };
    assert_eq!(papers.len(), 3);
    assert!(papers.iter().all(|path| path.is_file()));
    let made = |view: &View| view.settings.as_ref().and_then(|page| page.kit_made_at);
    desk.until(|view| made(view).is_some() && !asked(view));
    desk.harness
        .get_by_label_contains(&desk.word("recovery-kit-made"));
}

#[test]
fn two_officers_back_the_ca_key_up_and_a_wrong_passphrase_writes_nothing() {
    let mut desk = RealDesk::real(Some(SYSTEM.0), &SecretsFile::There);
    desk.until(|view| is_desk(view) && view.health.is_some());
    desk.at_backup_part();
    let stick = TempDir::with_prefix("stick-").unwrap();
    let (file, folder) = (stick.path().join("ca-key"), stick.path().join("papers"));
    for (number, name) in (1..).zip(["陈一", "林二", "何三"]) {
        let args = [("number", number.to_string())];
        let words = &desk.harness.state().wording;
        let word = words.with("ui-ca-backup-custodian", args);
        desk.write(Role::TextInput, &word, name);
    }
    for (key, path) in [
        ("ui-ca-backup-file", &file),
        ("ui-ca-backup-folder", &folder),
    ] {
        desk.fill(Role::TextInput, key, &path.display().to_string());
    }
    desk.scroll_and_press("ui-ca-backup");
    desk.type_text("wrong horse 12");
    desk.key(Modifiers::NONE, Key::Enter);
    desk.until(|view| !view.busy && view.second_tried.is_some());
    assert!(!file.exists() && !folder.exists());
    desk.until(|view| view.seconds.iter().all(|second| second.wait_secs.is_none()));
    desk.type_text(SECURITY.1);
    desk.key(Modifiers::NONE, Key::Enter);
    desk.until(|view| !view.busy && (view.settings_done.is_some() || view.error.is_some()));
    assert_eq!(desk.view().error, None);
    let Some(SettingsDone::CaBackedUp { papers, .. }) = desk.view().settings_done else {
        panic!("{:?}", desk.view().settings_done);
    };
    assert_eq!(papers.len(), 3);
    assert!(file.is_file() && papers.iter().all(|path| path.is_file()));
    desk.harness
        .get_by_label_contains(&desk.word("ca-backup-made"));
}

/// A practice home restored from a backup; after that backup a ukey was made there, and a checkpoint signed. Gives
/// it with the checkpoint's file and the ukey, which is plugged in.
fn restored(dir: &TempDir) -> (Home, PathBuf, Serial) {
    let burned = practice::new(&dir.path().join("burned"), "softhsm2", 1, 1);
    let burned = burned.expect("the program is built: cargo build");
    let file = dir.path().join("a.ukey-backup");
    {
        let (desk, system) = practice::open(burned.path(), Duty::SetUp).unwrap();
        backup::make(&desk, &system, &file, &|_progress| {}).unwrap();
    }
    let mut desk = RealDesk::open(
        Language::Chinese,
        (
            Home::open(burned.path()).unwrap(),
            Secrets::read(&burned.secrets()).unwrap(),
        ),
        &OpenTerms::default(),
        (TempDir::with_prefix("ukey-").unwrap(), alone()),
    );
    desk.until(|view| is_desk(view) && view.requests.len() == 1);
    desk.press("page-make");
    desk.press("ui-make-all");
    desk.until(|view| !view.busy && view.requests.is_empty() && !view.lanes.is_empty());
    let serial = desk.view().lanes[0].serial.clone();
    drop(desk);
    let checkpoint = dir.path().join("newest.p7s");
    {
        let (desk, security) = practice::open(burned.path(), Duty::Revoke).unwrap();
        audit::checkpoint(&desk, &security, &checkpoint).unwrap();
    }
    let path = dir.path().join("home");
    let terms = restore::Terms {
        officer: Some(name("admin")),
        second: Some(name("security")),
        secrets: Some(burned.secrets()),
    };
    restore::restore(&file, &path, &terms, &NobodyToAsk, &|_progress| {}).unwrap();
    let home = Home::open(&path).unwrap();
    fs::copy(burned.secrets(), home.secrets()).unwrap();
    // The ukey outlived the computer.
    fs::remove_dir(home.ukeys()).unwrap();
    fs::rename(burned.ukeys(), home.ukeys()).unwrap();
    (home, checkpoint, serial)
}

#[test]
fn a_restored_home_says_that_it_is_locked_until_two_officers_have_compared_it() {
    let dir = TempDir::with_prefix("ukey-").unwrap();
    let (home, checkpoint, serial) = restored(&dir);
    let passphrases = Secrets::read(&home.secrets()).unwrap();
    let of = (home, passphrases);
    let (terms, kept) = (OpenTerms::default(), (dir, alone()));
    let mut desk = RealDesk::open(Language::Chinese, of, &terms, kept);
    desk.until(|view| is_desk(view) && view.requests.len() == 1 && view.today.is_some());
    let lamp = desk.word("ui-health-restored");
    desk.harness.get_by_label_contains(&lamp);
    desk.press("page-make");
    desk.press("ui-make-all");
    desk.until(|view| !view.busy && view.error.is_some());
    assert_eq!(desk.view().error.unwrap().0, "restore-not-compared");
    desk.harness
        .get_by_label(&desk.word("ui-hint-restore-not-compared"));

    desk.at_backup_part();
    desk.until(|view| {
        let page = view.settings.as_ref();
        page.is_some_and(|page| page.origin.is_some())
    });
    let by_file = desk.word("ui-compare-by-file");
    desk.choose(&by_file);
    let label = desk.word("ui-compare-file");
    desk.write(Role::TextInput, &label, &checkpoint.display().to_string());
    let no_list = desk.word("ui-compare-no-other-list");
    desk.harness
        .get_by_role_and_label(Role::CheckBox, &no_list)
        .click();
    desk.harness.step();
    desk.press("ui-compare");
    desk.press("ui-second-confirm");
    desk.until(|view| !view.busy && view.settings_done.is_some());
    let Some(SettingsDone::Compared { found, .. }) = desk.view().settings_done else {
        panic!("{:?}", desk.view().settings_done);
    };
    assert!(found.lost.is_some_and(|lost| lost > 0), "{found:?}");
    assert_eq!(found.unknown.len(), 1, "what was made after the backup");
    assert_eq!(found.unknown[0].1.as_ref(), Some(&serial));
    desk.until(|view| {
        let page = view.settings.as_ref();
        page.is_some_and(|page| page.unknown.len() == 1)
    });
    desk.until(|view| {
        let today = view.today.as_ref();
        today.is_some_and(|today| !today.to_do.contains(&ToDo::Compare))
    });
    assert!(desk.harness.query_by_label_contains(&lamp).is_none());
    desk.press("ui-sign-out");
    desk.until(|view| is_door(view, Some(Left::SignedOut)));
    let (books, officer) = practice::open(desk.home.path(), Duty::ReadRecords).unwrap();
    let row = ukeys::named(&books, &officer, serial.as_str()).unwrap();
    assert_eq!(row.state, UkeyState::Damaged, "its SO PIN is lost");
}
