//! Unblocking by files, on the page of losses: what each of the two desks is asked for, in which order, and what
//! security sees before the SO PIN is released.

use std::path::PathBuf;

use super::loss::loss_view;
use super::second::security_beside;
use super::*;
use crate::domain::officer::Post;
use crate::ui::loss_view::LossAct;
use crate::ui::remote_view::{QuestionLooked, RemoteAct, RemoteDone};
use crate::ui::second_view::Proposed;

const UKEY: &str = "8f5c00005f1b0009";

impl Bench {
    fn at_files(language: Language, post: Post) -> Self {
        let mut view = loss_view(post, Vec::new());
        view.seconds = security_beside();
        let mut bench = Self::on(language, view, Page::Loss);
        bench.press_key("ui-remote");
        bench
    }

    fn remote_acts(&self) -> Vec<RemoteAct> {
        let acts = self.sent().into_iter().map(|command| match command {
            Command::Loss(LossAct::Remote(act)) => act,
            other => panic!("{other:?}"),
        });
        acts.collect()
    }

    fn turn_to_owner(&mut self) {
        let word = self.word("ui-remote-owner");
        self.choose_named(Role::RadioButton, &word);
        self.harness.step();
    }

    fn remote_done(&mut self, done: RemoteDone) {
        lock(&self.harness.state().view).remote_done = Some(done);
        self.harness.step();
        self.harness.step();
    }
}

fn question() -> QuestionLooked {
    QuestionLooked {
        file: PathBuf::from("/mnt/ask.ukey-parcel"),
        serial: serial(UKEY),
        request: "2026-0042".to_owned(),
        unit: "示例县教育局".to_owned(),
    }
}

#[test]
fn the_desk_where_the_holder_stands_asks_then_has_them_set_a_pin() {
    for language in [Language::Chinese, Language::English] {
        let mut bench = Bench::at_files(language, Post::System);
        let unnamed = bench.harness.unnamed_widgets();
        assert!(unnamed.is_empty(), "{unnamed:?}");
        bench.press_key("ui-remote-ask");
        assert_eq!(bench.remote_acts(), [], "no serial");
        bench.type_into(Role::TextInput, "ui-remote-serial", "8f5c 0000 5f1b 0009");
        bench.press_key("ui-remote-ask");
        bench.type_into(Role::TextInput, "ui-remote-of", " 示例县二小 ");
        bench.press_key("ui-remote-ask");
        let asking = |owner: Option<&str>| RemoteAct::Ask {
            serial: UKEY.to_owned(),
            owner: owner.map(str::to_owned),
        };
        let acts = bench.remote_acts();
        assert_eq!(acts, [asking(None), asking(Some("示例县二小"))]);

        bench.type_into(Role::TextInput, "ui-remote-release", "/mnt/release");
        bench.press_key("ui-remote-apply");
        assert_eq!(bench.remote_acts(), [], "nobody was compared");
        let compared = bench.word("ui-unblock-compared");
        bench.choose_named(Role::CheckBox, &compared);
        bench.harness.step();
        bench.press_key("ui-remote-apply");
        let applied = RemoteAct::Apply(PathBuf::from("/mnt/release"));
        assert_eq!(bench.remote_acts(), [applied]);
        bench.remote_done(RemoteDone::Applied {
            serial: serial(UKEY),
            file: PathBuf::from("/srv/out/answer.ukey-parcel"),
        });
        assert!(bench.says("/srv/out/answer.ukey-parcel"));
        bench.press_key("ui-remote-apply");
        assert_eq!(bench.remote_acts(), [], "the next holder is compared anew");
    }
}

#[test]
fn the_owner_sees_the_question_before_security_releases_and_takes_the_answer() {
    for language in [Language::Chinese, Language::English] {
        let mut bench = Bench::at_files(language, Post::System);
        bench.turn_to_owner();
        let unnamed = bench.harness.unnamed_widgets();
        assert!(unnamed.is_empty(), "{unnamed:?}");
        let grant = bench.word("ui-remote-grant");
        assert!(!bench.has(Role::Button, &grant), "nothing is seen");
        bench.type_into(
            Role::TextInput,
            "ui-remote-question",
            "/mnt/ask.ukey-parcel",
        );
        bench.press_key("ui-remote-look");
        let look = RemoteAct::Look(question().file);
        assert_eq!(bench.remote_acts(), [look]);
        lock(&bench.harness.state().view).question = Some(question());
        bench.harness.step();
        bench.press(&grant);
        assert!(bench.sent().is_empty(), "nobody has released it");
        let means = bench.word("ui-second-grant-means");
        assert!(bench.says(&means) && bench.says("示例县教育局"));
        let waived = bench.word("ui-second-waived");
        assert!(!bench.says(&waived), "never by one");
        let act = bench.confirm();
        assert_eq!(act, Proposed::Grant(Box::new(question())));
    }
}

#[test]
fn a_question_that_was_seen_is_not_another_file_s() {
    let mut bench = Bench::at_files(Language::Chinese, Post::System);
    bench.turn_to_owner();
    lock(&bench.harness.state().view).question = Some(question());
    bench.type_into(Role::TextInput, "ui-remote-question", "/mnt/other");
    let grant = bench.word("ui-remote-grant");
    assert!(!bench.has(Role::Button, &grant));
}

#[test]
fn the_answer_is_taken_in_and_what_is_left_to_do_is_told() {
    let mut bench = Bench::at_files(Language::Chinese, Post::System);
    bench.turn_to_owner();
    bench.type_into(Role::TextInput, "ui-remote-answer", "/mnt/answer");
    bench.press_key("ui-remote-confirm");
    let confirm = RemoteAct::Confirm(PathBuf::from("/mnt/answer"));
    assert_eq!(bench.remote_acts(), [confirm]);
    bench.remote_done(RemoteDone::Confirmed {
        serial: serial(UKEY),
        replayed: false,
        lifted: true,
        crl: Some("ui-crl-due"),
        crl_error: None,
    });
    for key in ["ui-remote-confirmed", "hold-lifted", "ui-crl-due"] {
        let word = bench.word(key);
        assert!(bench.says(&word), "{key}");
    }
    bench.press_key("ui-part-back");
    let open = bench.word("ui-remote");
    assert!(bench.has(Role::Button, &open));
}

#[test]
fn only_system_opens_it() {
    for post in [Post::Security, Post::Auditor] {
        let bench = Bench::at_files(Language::Chinese, post);
        let ask = bench.word("ui-remote-ask");
        assert!(!bench.has(Role::Button, &ask), "{post:?}");
    }
}
