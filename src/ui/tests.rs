//! The window as a screen reader finds it and a keyboard drives it; what it sends is read from the
//! channel that the desk's thread would read.

mod audit;
mod backup;
mod certificates;
mod check;
mod door;
mod first_run;
mod help;
mod loss;
mod make;
mod parting;
mod pictures;
mod pin;
mod practice;
mod raster;
mod real_home;
mod remote;
mod requests;
mod second;
mod settings;
mod stock;
mod today;
mod travel;
mod words;

use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};

use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};

use super::desk_thread::{Command, Inbox, line};
use super::view::Lane;
use super::*;
use crate::domain::fault::{Fault, FaultKind};
use crate::domain::id::{RequestId, UnitId};
use crate::domain::key::KeyAlgorithm;
use crate::domain::officer::OfficerName;
use crate::domain::request::{FormKind, RequestState};
use crate::domain::timestamp::Timestamp;
use crate::domain::ukey::{Serial, UkeyIdentity, UkeyState};
use crate::domain::unit::{Level, Unit};
use crate::domain::unit_code::UnitCode;
use crate::station::jobs::requests::RequestView;
use crate::station::jobs::ukeys::UkeyView;
use crate::station::report::{Outcome, RunResult};
use crate::station::{RequestRow, UkeyRow};
use crate::workflow::journal::{About, Answer, Question};
use crate::workflow::step::Step;

/// A window on a view, and the end of the channel that the desk reads.
struct Bench {
    harness: Harness<'static, Window>,
    commands: Inbox,
}

impl Bench {
    fn new(language: Language, view: View) -> Self {
        let (send, commands) = line().unwrap();
        let shared: Shared = Arc::new(Mutex::new(view));
        let window = Window::new(Wording::new(language), shared, send);
        let mut harness = Harness::builder()
            .with_size([1280.0, 760.0])
            .with_context_setup(fonts::bundled)
            .build_ui_state(|ui, window: &mut Window| window.show(ui), window);
        harness.state_mut().page = Page::Make; // Most tests are about what is made.
        harness.step();
        Self { harness, commands }
    }

    /// Presses the only button of this name.
    fn press(&mut self, name: &str) {
        self.harness
            .get_by_role_and_label(Role::Button, name)
            .click();
        self.harness.step();
        self.harness.step();
    }

    fn word(&self, key: &str) -> String {
        self.harness.state().wording.text(key)
    }

    /// What was asked for, besides the facts of the page that is seen.
    fn sent(&self) -> Vec<Command> {
        let commands = self.commands.try_iter();
        commands
            .filter(|command| !matches!(command, Command::Show(_)))
            .collect()
    }
}

fn serial(text: &str) -> Serial {
    Serial::parse(text).unwrap()
}

fn request(number: &str, holder_name: &str) -> RequestView {
    let unit = Unit {
        id: UnitId::new(uuid::Uuid::nil()),
        name: "示例市练习小学".to_owned(),
        level: Level::School,
        code: UnitCode::parse("2143999999").unwrap(),
        province: "湖南省".to_owned(),
        prefecture: "示例市".to_owned(),
        own: true,
        parent: None,
        school_type: None,
        address: None,
        contacts: None,
        closed_at: None,
    };
    RequestView {
        row: RequestRow {
            id: RequestId::new(uuid::Uuid::nil()),
            number: number.to_owned(),
            revision: 1,
            state: RequestState::Approved,
            form: FormKind::Account,
            post: None,
            unit: unit.id,
            holder_name: holder_name.to_owned(),
            user_types: "信息管理员".to_owned(),
            apply_certificate: true,
            entered_by: OfficerName::parse("admin").unwrap(),
            entered_at: Timestamp::EPOCH,
            approved_by: None,
            approved_at: None,
            expires_at: None,
        },
        unit,
        id_number: String::new(),
        mobile: String::new(),
    }
}

fn ukey(text: &str, state: UkeyState, inserted: bool) -> UkeyView {
    let identity = UkeyIdentity {
        maker: "SoftHSM project".to_owned(),
        model: "SoftHSM v2".to_owned(),
        serial: serial(text),
    };
    UkeyView {
        row: UkeyRow {
            identity,
            token_serial: None,
            profile: "softhsm2".to_owned(),
            state,
            request: None,
            certificate: None,
            officer: None,
            box_of: None,
        },
        inserted,
    }
}

fn view() -> View {
    View {
        place: Place::Desk,
        unit: "示例市练习小学".to_owned(),
        officer: "admin".to_owned(),
        post: Some(Post::System),
        practice: true,
        requests: Arc::new(vec![
            request("2026-0001", "王晓雯"),
            request("2026-0002", "李志远"),
        ]),
        ukeys: vec![
            ukey("8f5c00005f1b0001", UkeyState::Blank, true),
            ukey("8f5c00005f1b0002", UkeyState::Issued, true),
            ukey("8f5c00005f1b0003", UkeyState::Blank, false),
        ],
        ..View::default()
    }
}

/// A ukey whose run asks what to do.
fn asking(answers: &[Answer]) -> Lane {
    let fault = Fault::new(FaultKind::Deadline { secs: 30 });
    let question = Question {
        about: About::KeepsFailing(Step::GenerateKeyPair, fault),
        answers: answers.to_vec(),
    };
    let serial = serial("8f5c00005f1b0004");
    Lane {
        request: "2026-0003".to_owned(),
        serial: serial.clone(),
        begun: None,
        now: None,
        steps: Vec::new(),
        result: Some(RunResult {
            request: "2026-0003".to_owned(),
            serial,
            outcome: Outcome::Question(question),
            handed_out: false,
            certificate: None,
            not_after: None,
            replaces: None,
            crl: None,
            temporary: false,
            key: KeyAlgorithm::EcP256,
            steps: Vec::new(),
            ms: 1.0,
            module_ms: 1.0,
        }),
    }
}

#[test]
fn each_page_has_a_heading_with_the_name_of_its_entry_in_the_rail() {
    for language in [Language::Chinese, Language::English] {
        let empty = View {
            place: Place::Desk,
            ..View::default()
        };
        let mut bench = Bench::new(language, empty);
        for page in Page::ALL {
            let word = bench.word(page.key());
            bench.press(&word);
            bench.harness.get_by_role_and_label(Role::Heading, &word);
            let headings = bench.harness.get_all_by_role(Role::Heading);
            // The guide's pages have headings of their own.
            assert!(page == Page::Help || headings.count() == 1, "{word}");
        }
        assert!(bench.sent().is_empty());
    }
}

#[test]
fn waiting_requests_and_inserted_ukeys_are_found_by_their_names() {
    let bench = Bench::new(Language::Chinese, view());
    for name in [
        "2026-0001",
        "王晓雯",
        "2026-0002",
        "8f5c 0000 5f1b 0001",
        "8f5c 0000 5f1b 0002",
    ] {
        bench.harness.get_by_label(name);
    }
    let pulled = bench.harness.query_by_label("8f5c 0000 5f1b 0003");
    assert!(pulled.is_none(), "it is not plugged in");
}

#[test]
fn every_input_has_an_accessible_name() {
    let inputs = [
        Role::Button,
        Role::CheckBox,
        Role::ComboBox,
        Role::Link,
        Role::MultilineTextInput,
        Role::RadioButton,
        Role::Slider,
        Role::SpinButton,
        Role::TextInput,
    ];
    for language in [Language::Chinese, Language::English] {
        let mut view = view();
        view.lanes = vec![asking(&[Answer::TryAgain, Answer::WriteOff])];
        let bench = Bench::new(language, view);
        let mut count = 0;
        for role in inputs {
            for node in bench.harness.query_all_by_role(role) {
                let name = node.accesskit_node().label().unwrap_or_default();
                assert!(!name.trim().is_empty(), "{node:?}");
                count += 1;
            }
        }
        assert!(count > 8, "{count} inputs");
    }
}

#[test]
fn make_all_asks_for_every_request_once() {
    for language in [Language::Chinese, Language::English] {
        let mut bench = Bench::new(language, view());
        let all = bench.word("ui-make-all");
        bench.press(&all);
        let sent = bench.sent();
        assert!(
            matches!(sent.as_slice(), [Command::Make(order)] if order.numbers.is_empty()),
            "{sent:?}"
        );
    }
}

#[test]
fn the_answers_to_a_question_are_buttons_that_send_it_for_that_ukey() {
    for language in [Language::Chinese, Language::English] {
        for answer in [Answer::TryAgain, Answer::Reinitialise, Answer::WriteOff] {
            let mut view = view();
            let offered = [Answer::TryAgain, Answer::Reinitialise, Answer::WriteOff];
            view.lanes = vec![asking(&offered)];
            let mut bench = Bench::new(language, view);
            let word = bench.word(&format!("answer-{}", answer.word()));
            bench.press(&word);
            let sent = bench.sent();
            let [Command::Resume(Some((on, given)))] = sent.as_slice() else {
                panic!("{sent:?}")
            };
            assert_eq!((on.as_str(), *given), ("8f5c00005f1b0004", Some(answer)));
        }
    }
}

#[test]
fn an_error_says_what_happened_and_what_to_do() {
    for language in [Language::Chinese, Language::English] {
        let mut view = view();
        view.error = Some(("home-held".to_owned(), "4711".to_owned()));
        let bench = Bench::new(language, view);
        let wording = Wording::new(language);
        let (headline, _hints) = wording.error("home-held", "4711");
        assert!(headline.contains("4711"));
        bench.harness.get_by_label(&headline);
        // The window says in its own words what to do.
        bench
            .harness
            .get_by_label(&wording.text("ui-hint-home-held"));

        let mut view = tests::view();
        view.error = Some(("no-blank-ukey".to_owned(), String::new()));
        let bench = Bench::new(language, view);
        let (headline, hints) = wording.error("no-blank-ukey", "");
        for text in hints.iter().chain([&headline]) {
            bench.harness.get_by_label(text);
        }
    }
}

#[test]
fn nothing_is_sent_while_the_desk_is_busy() {
    let mut view = view();
    view.busy = true;
    view.lanes = vec![asking(&[Answer::TryAgain, Answer::WriteOff])];
    let mut bench = Bench::new(Language::English, view);
    bench.harness.get_by_label(&bench.word("ui-working"));
    let keys = [
        "ui-make-all",
        "ui-resume",
        "ui-hand-out",
        "answer-try-again",
        "answer-write-off",
    ];
    for key in keys {
        let word = bench.word(key);
        bench.press(&word);
    }
    assert!(bench.sent().is_empty());
    lock(&bench.harness.state().view).busy = false;
    bench.harness.step();
    let word = bench.word("ui-resume");
    bench.press(&word);
    assert!(matches!(bench.sent().as_slice(), [Command::Resume(None)]));
}
