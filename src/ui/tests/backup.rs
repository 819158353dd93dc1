//! The part of the settings for backup, recovery kit and what follows a restore: what is proposed to whom, and
//! what is told.

use std::path::PathBuf;

use super::door::Person as _;
use super::second::security_beside;
use super::settings::settings_view;
use super::*;
use crate::domain::certificate::{CertificateSerial, RevocationReason};
use crate::domain::officer::Post;
use crate::station::UnknownCertificateRow;
use crate::station::jobs::clock_check::ClockView;
use crate::station::jobs::health::{CaStanding, Health, ListStanding};
use crate::station::jobs::restore::Origin;
use crate::station::jobs::restore::compare::Compared;
use crate::station::jobs::today::{Numbers, ToDo, Today};
use crate::ui::second_view::Proposed;
use crate::ui::settings_view::{
    CaBackupOrder, CompareOrder, KitOrder, Newest, SettingsDone, SettingsPicture,
};

const CODE: &str = "9f3c01ab-1-345-8d1f00c2a774";
const NAMES: [&str; 3] = ["陈一", "林二", "何三"];

fn changed(post: Post, change: impl FnOnce(&mut SettingsPicture)) -> View {
    let mut view = settings_view(post);
    let mut picture = view.settings.as_deref().cloned().unwrap();
    change(&mut picture);
    view.settings = Some(Arc::new(picture));
    view
}

/// Of a home that was restored, and compared or not.
fn restored(post: Post, compared_at: Option<Timestamp>) -> View {
    changed(post, |picture| {
        picture.origin = Some(Origin {
            made_at: Timestamp::EPOCH,
            restored_at: Timestamp::EPOCH,
            compared_at,
        });
    })
}

impl Bench {
    fn at_backup(language: Language, view: View) -> Self {
        let mut bench = Self::on(language, view, Page::Settings);
        bench.press_key("ui-settings-backup");
        bench
    }

    fn name_custodians(&mut self) {
        for (name, number) in NAMES.into_iter().zip(1..) {
            let args = [("number", number.to_string())];
            let word = self
                .harness
                .state()
                .wording
                .with("ui-first-custodian", args);
            let field = (Role::TextInput, word.as_str());
            self.harness.get_by_role_and_label(field.0, field.1).focus();
            self.harness.step();
            self.type_text(name);
        }
    }
}

fn with_security(mut view: View) -> View {
    view.seconds = security_beside();
    view
}

#[test]
fn a_kit_is_proposed_with_three_custodians_and_a_folder_that_the_second_sees() {
    for language in [Language::Chinese, Language::English] {
        let view = with_security(settings_view(Post::System));
        let mut bench = Bench::at_backup(language, view);
        let none = bench.word("ui-kit-none");
        assert!(bench.says(&none));
        bench.press_key("ui-kit-make");
        bench.name_custodians();
        bench.press_key("ui-kit-make");
        let title = bench.word("ui-second-kit-means");
        assert!(!bench.says(&title), "no folder yet");
        bench.type_into(Role::TextInput, "ui-kit-folder", "/mnt/stick/kit");
        bench.press_key("ui-kit-make");
        assert!(bench.says(&title));
        let waived = bench.word("ui-second-waived");
        assert!(!bench.says(&waived), "never by one officer");
        assert!(bench.sent().is_empty(), "nobody has confirmed");
        for name in NAMES {
            let told = bench.harness.query_all_by_label_contains(name);
            assert!(told.count() > 0, "{name}");
        }
        let expected = KitOrder {
            folder: PathBuf::from("/mnt/stick/kit"),
            custodians: NAMES.map(str::to_owned).to_vec(),
        };
        assert_eq!(bench.confirm(), Proposed::MakeKit(expected));
    }
}

#[test]
fn when_the_kit_was_made_is_told_and_only_system_makes_one() {
    for post in [Post::Security, Post::Auditor] {
        let view = changed(post, |picture| {
            picture.kit_made_at = Some(Timestamp::EPOCH);
        });
        let mut bench = Bench::at_backup(Language::Chinese, with_security(view));
        assert!(bench.says("1970-01-01"));
        bench.name_custodians();
        bench.type_into(Role::TextInput, "ui-kit-folder", "/mnt/stick");
        bench.press_key("ui-kit-make");
        let title = bench.word("ui-second-kit-means");
        assert!(!bench.says(&title), "{post:?}");
    }
}

#[test]
fn the_ca_key_is_copied_where_it_is_by_system_and_security_never_under_a_waiver() {
    let health = |ca| Health {
        ca,
        list: ListStanding::NotNeeded,
        clock: ClockView {
            now: Timestamp::EPOCH,
            newest: None,
            plausible: true,
        },
    };
    let mut view = with_security(settings_view(Post::System));
    view.health = Some(health(CaStanding::Elsewhere));
    let bench = Bench::at_backup(Language::Chinese, view.clone());
    let button = bench.word("ui-ca-backup");
    assert!(!bench.has(Role::Button, &button), "its key is not here");

    view.health = Some(health(CaStanding::Locked));
    let mut bench = Bench::at_backup(Language::Chinese, view);
    for (name, number) in NAMES.into_iter().zip(1..) {
        let words = &bench.harness.state().wording;
        let word = words.with("ui-ca-backup-custodian", [("number", number.to_string())]);
        bench.write(Role::TextInput, &word, name);
    }
    bench.type_into(Role::TextInput, "ui-ca-backup-file", "/mnt/a/ca-key");
    let press = |bench: &mut Bench| {
        let button = bench.word("ui-ca-backup");
        let button = bench.harness.get_by_role_and_label(Role::Button, &button);
        button.click_accesskit(); // It may be further down than is seen.
        bench.harness.step();
        bench.harness.step();
    };
    press(&mut bench);
    let means = bench.word("ui-second-ca-backup-means");
    assert!(!bench.says(&means), "no folder yet");
    bench.type_into(Role::TextInput, "ui-ca-backup-folder", "/mnt/b");
    press(&mut bench);
    assert!(bench.says(&means));
    let waived = bench.word("ui-second-waived");
    assert!(!bench.says(&waived), "never by one officer");
    let order = CaBackupOrder {
        file: PathBuf::from("/mnt/a/ca-key"),
        shares: KitOrder {
            folder: PathBuf::from("/mnt/b"),
            custodians: NAMES.map(str::to_owned).to_vec(),
        },
    };
    assert_eq!(bench.confirm(), Proposed::BackUpCa(Box::new(order)));
}

#[test]
fn a_home_that_was_not_restored_is_compared_with_nothing() {
    let bench = Bench::at_backup(Language::Chinese, settings_view(Post::System));
    let compare = bench.word("ui-compare");
    assert!(!bench.has(Role::Button, &compare));
}

#[test]
fn what_is_known_outside_is_named_or_both_say_that_there_is_none() {
    for language in [Language::Chinese, Language::English] {
        let view = with_security(restored(Post::System, None));
        let mut bench = Bench::at_backup(language, view);
        let locked = bench.word("ui-compare-locked");
        assert!(bench.says(&locked));
        let title = bench.word("ui-second-compare-means");
        bench.press_key("ui-compare");
        let by_code = bench.word("ui-compare-by-code");
        bench.choose_named(Role::RadioButton, &by_code);
        bench.type_into(Role::TextInput, "ui-compare-code", "9f3c01ab");
        bench.type_into(
            Role::MultilineTextInput,
            "ui-compare-lists",
            "/mnt/unit.crl\n/mnt/unit-g1.crl",
        );
        bench.press_key("ui-compare");
        assert!(!bench.says(&title), "no whole code");
        bench.type_into(Role::TextInput, "ui-compare-code", "");
        bench.key(egui::Modifiers::COMMAND, egui::Key::A);
        bench.type_text(CODE);
        let unnamed = bench.harness.unnamed_widgets();
        assert!(unnamed.is_empty(), "{unnamed:?}");
        bench.press_key("ui-compare");
        assert!(bench.says(&title) && bench.says("/mnt/unit-g1.crl"));
        let expected = CompareOrder {
            newest: Newest::Code(CODE.parse().unwrap()),
            lists: ["/mnt/unit.crl", "/mnt/unit-g1.crl"]
                .map(PathBuf::from)
                .to_vec(),
            no_other: false,
        };
        assert_eq!(bench.confirm(), Proposed::Compare(expected));
    }
}

#[test]
fn nothing_at_all_is_said_by_both_and_never_by_leaving_a_field_empty() {
    let view = with_security(restored(Post::System, None));
    let mut bench = Bench::at_backup(Language::Chinese, view);
    let none = bench.word("ui-compare-no-checkpoint");
    bench.choose_named(Role::RadioButton, &none);
    bench.press_key("ui-compare");
    let title = bench.word("ui-second-compare-means");
    assert!(!bench.says(&title), "no list, and nobody said so");
    let no_list = bench.word("ui-compare-no-other-list");
    bench.choose_named(Role::CheckBox, &no_list);
    bench.press_key("ui-compare");
    let expected = CompareOrder {
        newest: Newest::Nothing,
        lists: Vec::new(),
        no_other: true,
    };
    assert_eq!(bench.confirm(), Proposed::Compare(expected));
}

#[test]
fn what_a_comparison_found_is_told_with_what_is_left_to_do() {
    let serial_of = |byte| CertificateSerial::from_random([byte; 16]);
    let mut view = restored(Post::System, Some(Timestamp::EPOCH));
    let mut picture = view.settings.as_deref().cloned().unwrap();
    picture.unknown = vec![UnknownCertificateRow {
        serial: serial_of(3),
        ukey: Some(serial("8f5c00005f1b0007")),
        certificate: None,
        noticed_at: Timestamp::EPOCH,
        reason: RevocationReason::Superseded,
        revoked_at: Timestamp::EPOCH,
    }];
    view.settings = Some(Arc::new(picture));
    view.settings_done = Some(SettingsDone::Compared {
        found: Compared {
            lost: Some(37),
            revoked: vec![serial_of(1), serial_of(2)],
            damaged: vec![serial("8f5c00005f1b0008")],
            ..Compared::default()
        },
        crl: Some("ui-crl-due"),
        crl_error: None,
    });
    let bench = Bench::at_backup(Language::Chinese, view);
    let due = bench.word("ui-crl-due");
    let seen = ["37", "8f5c 0000 5f1b 0007", "8f5c 0000 5f1b 0008", &due];
    for text in seen {
        assert!(bench.says(text), "{text}");
    }
    let locked = bench.word("ui-compare-locked");
    assert!(!bench.says(&locked));
}

#[test]
fn every_page_says_that_a_restored_home_waits_and_the_day_leads_to_where_it_is_done() {
    let today = Today {
        numbers: Numbers::default(),
        to_do: vec![ToDo::Compare, ToDo::RecoveryKit],
    };
    for item in ["ui-today-compare", "ui-today-recovery-kit"] {
        let mut view = restored(Post::System, None);
        view.today = Some(Arc::new(today.clone()));
        view.health = Some(today::healthy());
        view.shown = Shown::Today;
        let mut bench = Bench::on(Language::Chinese, view, Page::Today);
        let lamp = bench.word("ui-health-restored");
        assert!(bench.says(&lamp));
        let line = format!("{}: {}", bench.word("page-settings"), bench.word(item));
        bench.press(&line);
        let compare = bench.word("ui-compare");
        assert!(bench.has(Role::Button, &compare), "{item}");
    }
}
