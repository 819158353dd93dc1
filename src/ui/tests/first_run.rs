//! Where no home is yet: what is offered, what is asked for first, and what is told in place.

use std::path::{Path, PathBuf};

use super::door::{Person as _, name};
use super::*;
use crate::domain::field_fault::{FieldFault, FieldProblem};
use crate::domain::officer::Post;
use crate::station::jobs::init::{CaKind, Filled};
use crate::ui::first_run_view::{FirstRun, MadeNote, SetUp};
use crate::ui::view::DoorView;

const PASSPHRASE: &str = "brave paper lantern 71";

fn first_run(first: FirstRun) -> View {
    View {
        place: Place::FirstRun(first),
        home: "/srv/ukey-station".to_owned(),
        ..View::default()
    }
}

fn nothing_yet() -> FirstRun {
    FirstRun {
        practice: PathBuf::from("/srv/ukey-station-practice"),
        ..FirstRun::default()
    }
}

impl Bench {
    fn at_first_run(language: Language, first: FirstRun) -> Self {
        let (send, commands) = line().unwrap();
        let shared: Shared = Arc::new(Mutex::new(first_run(first)));
        let window = Window::new(Wording::new(language), shared, send);
        let harness = Harness::builder()
            .with_size([1280.0, 3200.0]) // All of it at once.
            .with_context_setup(fonts::bundled)
            .build_ui_state(|ui, window: &mut Window| window.show(ui), window);
        Self { harness, commands }
    }

    fn of_post(&self, key: &str, post: Post) -> String {
        let wording = &self.harness.state().wording;
        wording.with(key, [("post", post_word(wording, post))])
    }

    fn fill_named(&mut self, role: Role, name: &str, text: &str) {
        self.harness.get_by_role_and_label(role, name).focus();
        self.harness.step();
        self.type_text(text);
    }

    fn fill_officer(&mut self, post: Post, officer: &str, passphrases: [&str; 2]) {
        let field = self.of_post("ui-first-officer-name", post);
        self.fill_named(Role::TextInput, &field, officer);
        for (key, text) in ["ui-first-passphrase", "ui-first-again"]
            .into_iter()
            .zip(passphrases)
        {
            let field = self.of_post(key, post);
            self.fill_named(Role::PasswordInput, &field, text);
        }
    }

    fn set_up(&self) -> (Filled, Vec<(OfficerName, [String; 2])>) {
        let sent = self.sent();
        let told = format!("{sent:?}");
        assert!(!told.contains(PASSPHRASE), "{told}");
        match sent.into_iter().next() {
            Some(Command::SetUp(SetUp::Real {
                filled,
                passphrases,
            })) => {
                let typed = passphrases
                    .into_iter()
                    .map(|(name, twice)| (name, twice.map(|text| text.expose().to_owned())));
                (*filled, typed.collect())
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn one_practises_first_with_one_press() {
    for (there, key) in [
        (false, "ui-first-practice-make"),
        (true, "ui-first-practice-open"),
    ] {
        let first = FirstRun {
            practice_is_there: there,
            ..nothing_yet()
        };
        let mut bench = Bench::at_first_run(Language::Chinese, first);
        let word = bench.word("ui-first");
        bench.harness.get_by_role_and_label(Role::Heading, &word);
        bench.harness.get_by_label("/srv/ukey-station-practice");
        let button = bench.word(key);
        bench.press(&button);
        let sent = bench.sent();
        let practice = matches!(sent.as_slice(), [Command::SetUp(SetUp::Practice)]);
        assert!(practice, "{sent:?}");
    }
}

#[test]
fn a_province_is_asked_for_no_superior_and_sends_what_was_filled_in() {
    let mut bench = Bench::at_first_run(Language::English, nothing_yet());
    let begin = bench.word("ui-first-real-begin");
    bench.press(&begin);
    let make = bench.word("ui-first-make");
    bench.press(&make);
    assert!(bench.sent().is_empty());
    bench
        .harness
        .get_by_label(&bench.word("ui-first-level-first"));
    let province = bench.word("level-province");
    bench.choose_named(Role::RadioButton, &province);
    let superior = bench.word("ui-first-superior");
    assert!(
        bench
            .harness
            .query_by_role_and_label(Role::TextInput, &superior)
            .is_none()
    );
    bench.type_into(Role::TextInput, "ui-first-unit-name", "示例省教育厅");
    bench.press(&make);
    assert!(bench.sent().is_empty());
    bench
        .harness
        .get_by_label(&bench.word("ui-first-officers-first"));
    bench.fill_officer(Post::System, "wang-system", [PASSPHRASE, PASSPHRASE]);
    bench.fill_officer(
        Post::Security,
        "zhao-security",
        [PASSPHRASE, "another one 1234"],
    );
    let embedded = bench.word("ui-first-ca-embedded");
    bench.choose_named(Role::RadioButton, &embedded);
    bench.type_into(
        Role::TextInput,
        "ui-first-backup",
        "/mnt/usb/first.ukey-backup",
    );
    let unnamed = bench.harness.unnamed_widgets();
    assert!(unnamed.is_empty(), "{unnamed:?}");
    bench.press(&make);
    let (filled, passphrases) = bench.set_up();
    assert_eq!(filled.unit.name, "示例省教育厅");
    assert_eq!(filled.unit.level, "province");
    assert_eq!((filled.trust, filled.ca), (None, CaKind::Embedded));
    let officers = vec![
        (name("wang-system"), Post::System, None),
        (name("zhao-security"), Post::Security, None),
    ];
    assert_eq!(filled.officers, officers);
    assert_eq!(filled.recovery, None, "no folder was given");
    assert_eq!(
        filled.backup.as_deref(),
        Some(Path::new("/mnt/usb/first.ukey-backup"))
    );
    assert_eq!(passphrases[1].1, [PASSPHRASE, "another one 1234"]);
}

#[test]
fn a_school_names_its_superior_with_the_fingerprints_from_paper() {
    let mut bench = Bench::at_first_run(Language::Chinese, nothing_yet());
    let begin = bench.word("ui-first-real-begin");
    bench.press(&begin);
    bench.choose_named(Role::RadioButton, "学校");
    bench.fill_officer(Post::System, "li", [PASSPHRASE, PASSPHRASE]);
    let make = bench.word("ui-first-make");
    bench.press(&make);
    assert!(bench.sent().is_empty());
    bench
        .harness
        .get_by_label(&bench.word("ui-first-trust-first"));
    for (key, text) in [
        ("ui-first-root", "/mnt/root.pem"),
        ("ui-first-root-sha256", "aa bb"),
        ("ui-first-superior", "/mnt/county.pem"),
        ("ui-first-superior-sha256", "cc dd"),
        ("field-school-type", "211"),
    ] {
        bench.type_into(Role::TextInput, key, text);
    }
    bench.press(&make);
    let (filled, _passphrases) = bench.set_up();
    let trust = filled.trust.unwrap();
    assert_eq!(trust.root, Path::new("/mnt/root.pem"));
    assert_eq!(
        (trust.root_sha256.as_str(), trust.superior_sha256.as_str()),
        ("aa bb", "cc dd")
    );
    assert_eq!(filled.unit.school_type, "211");
}

#[test]
fn what_was_refused_is_told_where_it_was_typed() {
    let first = FirstRun {
        faults: vec![FieldFault {
            field: "code",
            rule: "D-17",
            value: None,
            problem: FieldProblem::CertificateUnknown,
        }],
        refused: Some((name("li"), "passphrase-refused-short")),
        ..nothing_yet()
    };
    let mut bench = Bench::at_first_run(Language::Chinese, first);
    let begin = bench.word("ui-first-real-begin");
    bench.press(&begin);
    bench.fill_officer(Post::Security, "li", ["short", "short"]);
    let fault = format!("fault-{}", FieldProblem::CertificateUnknown.word());
    for key in [fault.as_str(), "passphrase-refused-short"] {
        let told = format!("✕ {}", bench.word(key));
        bench.harness.get_by_label(&told);
    }
}

#[test]
fn the_door_of_a_home_just_made_says_what_is_next() {
    let made = MadeNote {
        fingerprint: "00112233445566778899".to_owned(),
        enrolment: Some(PathBuf::from("/srv/ukey-station/out/x.ukey-enrol")),
        unidentified: vec![name("zhao-security")],
        papers: None,
        backup: None,
        failed: Some(("backup-exists".to_owned(), "/mnt/first".to_owned())),
    };
    let view = View {
        place: Place::Door(DoorView {
            door: crate::station::door::Door {
                practice: false,
                officers: Vec::new(),
            },
            left: None,
            last: None,
        }),
        made: Some(made),
        ..View::default()
    };
    let bench = Bench::new(Language::Chinese, view);
    bench.harness.get_by_label_contains("0011 2233");
    bench.harness.get_by_label_contains("x.ukey-enrol");
    bench.harness.get_by_label_contains("zhao-security");
    let (headline, _hints) = Wording::new(Language::Chinese).error("backup-exists", "/mnt/first");
    bench.harness.get_by_label(&headline);
    bench.harness.get_by_label(&bench.word("ui-first-next"));
}
