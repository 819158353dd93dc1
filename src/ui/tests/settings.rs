//! The page of settings: what is shown of the station, what is sent, what a post may not change, and how
//! the window looks.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::door::Person as _;
use super::*;
use crate::domain::officer::Post;
use crate::domain::setting::SETTINGS;
use crate::station::jobs::doctor::{Detail, Finding};
use crate::station::jobs::settings::Set;
use crate::station::window_choices::{SoundChoice, ThemeChoice};
use crate::ui::settings_view::{
    Examined, ModelLine, OfficerLine, OwnUkey, SettingsAct, SettingsPicture, UnitLine,
};
use crate::ui::sound::Tone;

fn officer(name: &str, ukey: OwnUkey, certified: bool) -> OfficerLine {
    OfficerLine {
        name: name.to_owned(),
        post: Post::System,
        enabled: true,
        certified,
        identified: true,
        ukey,
    }
}

fn unit(name: &str, code: &str, depth: u8) -> UnitLine {
    UnitLine {
        name: name.to_owned(),
        code: code.to_owned(),
        level: Level::School,
        depth,
        own: depth == 0,
        closed: depth == 2,
    }
}

pub(super) fn settings_view(post: Post) -> View {
    let set = |setting: crate::domain::setting::Setting| Set {
        setting,
        value: setting.default.to_owned(),
    };
    let picture = SettingsPicture {
        settings: SETTINGS.into_iter().map(set).collect(),
        destinations: vec![
            "/srv/crl".to_owned(),
            "https://a.example.cn/u.crl".to_owned(),
        ],
        officers: vec![
            officer("li-min", OwnUkey::None, true),
            officer("zhao", OwnUkey::Bound("8f5c00005f1b0001".to_owned()), false),
            officer(
                "qian",
                OwnUkey::Waiting("8f5c00005f1b0002".to_owned()),
                true,
            ),
        ],
        units: vec![
            unit("示例市教育局", "2143000001", 0),
            unit("示例市第一小学", "2143000002", 1),
            unit("示例市第二小学", "2143000003", 2),
        ],
        models: vec![ModelLine {
            name: "softhsm2".to_owned(),
            vendor: "SoftHSM project".to_owned(),
            tested: true,
            module: None,
        }],
        ..SettingsPicture::default()
    };
    View {
        post: Some(post),
        home: "/srv/home".to_owned(),
        shown: Shown::Settings,
        settings: Some(Arc::new(picture)),
        ..view()
    }
}

const PARTS: [&str; 7] = [
    "station", "window", "officers", "units", "models", "health", "backup",
];

impl Bench {
    fn at_settings(language: Language, view: View, part: &str) -> Self {
        let mut bench = Self::on(language, view, Page::Settings);
        let tab = bench.word(&format!("ui-settings-{part}"));
        bench.press(&tab);
        bench
    }

    fn settings_acts(&self) -> Vec<SettingsAct> {
        let acts = self.sent().into_iter().map(|command| match command {
            Command::Settings(act) => act,
            other => panic!("{other:?}"),
        });
        acts.collect()
    }
}

fn examined(ok: bool) -> Examined {
    let finding = |check: &str, ok| Finding {
        check: check.to_owned(),
        ok,
        detail: Detail {
            word: "disk-space".to_owned(),
            values: BTreeMap::from([("mib".to_owned(), "4711".to_owned())]),
        },
    };
    Examined {
        at: Timestamp::EPOCH,
        findings: Arc::new(vec![finding("disk-space", true), finding("backup", ok)]),
    }
}

#[test]
fn every_input_of_every_part_has_an_accessible_name() {
    for language in [Language::Chinese, Language::English] {
        for part in PARTS {
            let mut view = settings_view(Post::System);
            view.examined = Some(examined(false));
            let bench = Bench::at_settings(language, view, part);
            let unnamed = bench.harness.unnamed_widgets();
            assert!(unnamed.is_empty(), "{part} {unnamed:?}");
        }
    }
}

#[test]
fn every_setting_has_a_name_a_reason_and_a_rule_in_words() {
    for language in [Language::Chinese, Language::English] {
        let wording = Wording::new(language);
        for setting in SETTINGS {
            let name = setting.name.replace('_', "-");
            for key in ["setting", "setting-why"] {
                let known = wording.known(&format!("{key}-{name}"));
                assert!(known.is_some(), "{key}-{name}");
            }
        }
        let bench = Bench::at_settings(language, settings_view(Post::System), "station");
        bench.harness.get_by_label(&wording.text("setting-hotline"));
        bench.harness.get_by_label("https://a.example.cn/u.crl");
    }
}

#[test]
fn system_alone_changes_a_setting_and_the_same_value_is_not_sent() {
    for (post, may) in [
        (Post::System, true),
        (Post::Security, false),
        (Post::Auditor, false),
    ] {
        let view = settings_view(post);
        let mut bench = Bench::at_settings(Language::Chinese, view, "station");
        let save = bench.word("ui-setting-save");
        let saves = |bench: &Bench| bench.harness.query_all_by_label(&save).count();
        assert_eq!(saves(&bench), SETTINGS.len());
        bench.type_into(Role::TextInput, "setting-hotline", "0731-1");
        for at in 0..SETTINGS.len() {
            {
                let mut buttons = bench.harness.query_all_by_label(&save);
                buttons.nth(at).unwrap().click();
            }
            bench.harness.step();
        }
        bench.harness.step();
        let expected = SettingsAct::Set {
            name: "hotline",
            value: "0731-1".to_owned(),
        };
        let expected: Vec<_> = may.then_some(expected).into_iter().collect();
        assert_eq!(bench.settings_acts(), expected, "{post:?}");
    }
}

#[test]
fn a_refused_value_shows_its_rule_and_stays_in_its_field() {
    let view = settings_view(Post::System);
    let mut bench = Bench::at_settings(Language::Chinese, view, "station");
    bench.type_into(Role::TextInput, "setting-spare-percent", "999");
    bench.key(egui::Modifiers::NONE, egui::Key::Enter);
    assert_eq!(bench.settings_acts().len(), 1, "Enter sends it too");
    let refused = (
        "setting-invalid".to_owned(),
        "spare_percent: 0..100".to_owned(),
    );
    lock(&bench.harness.state().view).error = Some(refused);
    bench.harness.step();
    let why = bench.word("setting-why-spare-percent");
    bench.harness.get_by_label_contains(&format!("✕ {why}"));
}

#[test]
fn officers_units_and_models_are_read_with_what_they_lack() {
    let english = || settings_view(Post::Auditor);
    let bench = Bench::at_settings(Language::English, english(), "officers");
    bench.harness.get_by_label("8f5c 0000 5f1b 0001");
    bench
        .harness
        .get_by_label(&bench.word("ui-settings-ukey-waiting"));
    let lacks = bench.word("ui-settings-not-certified");
    assert_eq!(bench.harness.query_all_by_label_contains(&lacks).count(), 1);

    let mut bench = Bench::at_settings(Language::English, english(), "units");
    let named = |bench: &Bench, name: &str| bench.harness.query_all_by_label(name).count();
    assert_eq!(named(&bench, "示例市第二小学"), 1);
    bench.type_into(Role::TextInput, "ui-settings-unit-search", "0002");
    assert_eq!(named(&bench, "示例市第一小学"), 1);
    assert_eq!(named(&bench, "示例市第二小学"), 0);
    bench.type_into(Role::TextInput, "ui-settings-unit-search", "无");
    bench
        .harness
        .get_by_label(&bench.word("ui-settings-units-none"));

    let bench = Bench::at_settings(Language::English, english(), "models");
    bench.harness.get_by_label("softhsm2");
    bench
        .harness
        .get_by_label(&bench.word("ui-settings-no-module"));
}

#[test]
fn what_is_wrong_is_told_with_what_to_do_and_a_report_is_written() {
    let mut view = settings_view(Post::Security);
    view.examined = Some(examined(false));
    let mut bench = Bench::at_settings(Language::Chinese, view, "health");
    bench.harness.get_by_label(&bench.word("ui-cure-backup"));
    let well = bench.word("cure-disk-space");
    assert_eq!(bench.harness.query_all_by_label(&well).count(), 0);
    let facts = [("mib", "4711".to_owned())];
    let told = bench
        .harness
        .state()
        .wording
        .with("detail-disk-space", facts);
    assert_eq!(bench.harness.query_all_by_label(&told).count(), 2);
    let [examine, report] = ["ui-examine", "ui-report"].map(|key| bench.word(key));
    bench.press(&examine);
    assert_eq!(bench.settings_acts(), [SettingsAct::Examine]);
    bench.press(&report);
    match bench.settings_acts().as_slice() {
        [SettingsAct::Report(path)] => assert!(path.starts_with("/srv/home/out")),
        other => panic!("{other:?}"),
    }
}

#[test]
fn system_alone_backs_up_into_a_folder() {
    for (post, may) in [(Post::System, true), (Post::Security, false)] {
        let mut bench = Bench::at_settings(Language::Chinese, settings_view(post), "backup");
        let button = bench.word("ui-backup");
        bench.press(&button);
        assert_eq!(bench.settings_acts(), [], "no folder yet");
        bench.type_into(Role::TextInput, "ui-backup-folder", "'/mnt/stick'");
        bench.press(&button);
        let expected = SettingsAct::BackUp(PathBuf::from("/mnt/stick"));
        let expected: Vec<_> = may.then_some(expected).into_iter().collect();
        assert_eq!(bench.settings_acts(), expected, "{post:?}");
    }
}

#[test]
fn language_and_theme_change_at_once_and_are_kept_for_the_next_time() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("window.toml");
    let view = settings_view(Post::Auditor);
    let mut bench = Bench::at_settings(Language::Chinese, view, "window");
    bench.harness.state_mut().choices_file = Some(file.clone());
    bench.choose_named(Role::RadioButton, "English");
    bench.choose_named(Role::RadioButton, "dark");
    assert_eq!(bench.harness.state().wording.language(), Language::English);
    let theme = bench
        .harness
        .ctx
        .options(|options| options.theme_preference);
    assert_eq!(theme, egui::ThemePreference::Dark);
    let kept = Choices::read(&file);
    assert_eq!(kept.language(), Some(Language::English));
    assert_eq!(kept.theme, ThemeChoice::Dark);
    // The button at the top is the same choice.
    let button = bench.word("ui-language");
    bench.press(&button);
    assert_eq!(Choices::read(&file).language(), Some(Language::Chinese));
    assert!(bench.sent().is_empty());
}

#[test]
fn tones_are_switched_off_for_good_and_each_is_heard_when_it_is_tried() {
    for language in [Language::Chinese, Language::English] {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("window.toml");
        let mut bench = Bench::at_settings(language, settings_view(Post::Auditor), "window");
        bench.harness.state_mut().choices_file = Some(file.clone());
        let none = bench.word("ui-window-sound-none");
        bench.harness.get_by_label(&none);
        let heard = bench.listen();
        bench.harness.step();
        assert!(bench.harness.query_by_label(&none).is_none());
        let on = bench.word("ui-window-sound-on");
        bench
            .harness
            .get_by_role_and_label(Role::CheckBox, &on)
            .click();
        bench.harness.step();
        assert_eq!(Choices::read(&file).sound, SoundChoice::Off);
        for tone in Tone::ALL {
            let [try_it, says] = ["ui-window-sound-try", &format!("tone-{}", tone.word())]
                .map(|key| bench.word(key));
            bench.press(&format!("{try_it}: {says}"));
            assert_eq!(heard.try_iter().collect::<Vec<_>>(), [tone]);
        }
        bench
            .harness
            .get_by_role_and_label(Role::CheckBox, &on)
            .click();
        bench.harness.step();
        assert_eq!(Choices::read(&file).sound, SoundChoice::On);
        assert!(bench.sent().is_empty());
    }
}
