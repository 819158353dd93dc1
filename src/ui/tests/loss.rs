//! The page of losses: who is found, what is reported, what a post may not do there, and the clocks.

use std::path::PathBuf;

use super::*;
use crate::domain::certificate::{CertificateSerial, RevocationReason};
use crate::domain::loss::{LossClock, LossKind, TARGET_SECS};
use crate::station::jobs::losses::LossView;
use crate::station::{DueRow, HolderRow, LossRow};
use crate::ui::loss_view::{LossAct, LossPicture};

pub(super) const HELD: &str = "8f5c00005f1b0001";
pub(super) const MISSING: &str = "8f5c00005f1b0002";

fn holder(text: &str, state: UkeyState) -> HolderRow {
    HolderRow {
        serial: serial(text),
        state,
        request: "2026-0001".to_owned(),
        holder: "王晓雯".to_owned(),
        unit: "示例市练习小学".to_owned(),
    }
}

/// A report that was made so many seconds ago.
fn report(secs: i64) -> LossView {
    let at = clock::now().plus_secs(-secs);
    LossView {
        row: LossRow {
            id: format!("id-{secs}"),
            ukey: serial(MISSING),
            certificate: CertificateSerial::from_random([1; 16]),
            kind: LossKind::Suspended,
            reported_at: at,
            reported_by: "admin".to_owned(),
            reason: "找不到了".to_owned(),
            state_before: UkeyState::HandedOut,
            queued_at: None,
            crl_number: None,
            crl_confirmed_at: None,
            end: None,
        },
        clock: LossClock::new(at, None, at),
    }
}

pub(super) fn loss_view(post: Post, open: Vec<LossView>) -> View {
    let picture = LossPicture {
        ukeys: vec![
            holder(MISSING, UkeyState::Suspended),
            holder(HELD, UkeyState::HandedOut),
        ],
        more: false,
        open,
        due: Vec::new(),
    };
    View {
        post: Some(post),
        shown: Shown::Loss(String::new()),
        losses: Some(Arc::new(picture)),
        ..view()
    }
}

impl Bench {
    fn at_losses(language: Language, post: Post, open: Vec<LossView>) -> Self {
        Self::on(language, loss_view(post, open), Page::Loss)
    }

    fn choose_ukey(&mut self, serial: &str) {
        let name = format!("{} {serial}", self.word("ui-loss-choose"));
        self.press(&name);
    }

    pub(super) fn has(&self, role: Role, name: &str) -> bool {
        let found = self.harness.query_by_role_and_label(role, name);
        found.is_some()
    }

    fn loss_acts(&self) -> Vec<LossAct> {
        let acts = self.sent().into_iter().map(|command| match command {
            Command::Loss(act) => act,
            other => panic!("{other:?}"),
        });
        acts.collect()
    }
}

#[test]
fn every_input_of_the_page_has_an_accessible_name() {
    for language in [Language::Chinese, Language::English] {
        let mut bench = Bench::at_losses(language, Post::System, vec![report(60)]);
        for serial in [HELD, MISSING] {
            bench.choose_ukey(serial);
            let unnamed = bench.harness.unnamed_widgets();
            assert!(unnamed.is_empty(), "{unnamed:?}");
        }
    }
}

#[test]
fn any_officer_reports_a_loss_with_a_kind_and_a_reason() {
    for post in Post::ALL {
        let mut bench = Bench::at_losses(Language::Chinese, post, Vec::new());
        bench.choose_ukey(HELD);
        let button = bench.word("ui-loss-report");
        bench.press(&button);
        bench.type_into(Role::MultilineTextInput, "ui-reason", "掉进河里");
        bench.press(&button);
        assert_eq!(bench.loss_acts(), [], "nothing is chosen yet");
        let stolen = bench.word("ui-loss-stolen");
        bench.choose_named(Role::RadioButton, &stolen);
        bench.press(&button);
        let expected = LossAct::Report {
            serial: serial(HELD),
            kind: LossKind::Stolen,
            reason: "掉进河里".to_owned(),
        };
        assert_eq!(bench.loss_acts(), [expected], "{post:?}");
    }
}

#[test]
fn a_suspended_one_is_found_with_a_statement_by_system_and_security_alone() {
    for (post, may) in [
        (Post::System, true),
        (Post::Security, true),
        (Post::Auditor, false),
    ] {
        let mut bench = Bench::at_losses(Language::Chinese, post, Vec::new());
        bench.choose_ukey(HELD);
        let found = bench.word("ui-loss-found");
        assert!(!bench.has(Role::Button, &found), "it is not missing");
        bench.choose_ukey(MISSING);
        let suspend = bench.word("ui-loss-suspended");
        assert!(!bench.has(Role::RadioButton, &suspend), "it is so");
        bench.press(&found);
        assert_eq!(bench.loss_acts(), [], "no statement yet");
        bench.type_into(Role::TextInput, "ui-loss-statement", "/tmp/statement.pdf");
        bench.press(&found);
        let expected = LossAct::Found {
            serial: serial(MISSING),
            statement: PathBuf::from("/tmp/statement.pdf"),
        };
        let expected: Vec<_> = may.then_some(expected).into_iter().collect();
        assert_eq!(bench.loss_acts(), expected, "{post:?}");
    }
}

#[test]
fn what_comes_back_is_taken_by_system_for_a_reason_and_what_is_due_leads_there() {
    for language in [Language::Chinese, Language::English] {
        let mut view = loss_view(Post::System, Vec::new());
        let mut picture = view.losses.as_deref().cloned().unwrap();
        picture.due = vec![DueRow {
            serial: serial(HELD),
            state: UkeyState::HandedOut,
            request: "2026-0001".to_owned(),
            holder: "王晓雯".to_owned(),
            unit: "示例市练习小学".to_owned(),
            since: Timestamp::EPOCH,
        }];
        view.losses = Some(Arc::new(picture));
        let mut bench = Bench::on(language, view, Page::Loss);
        let came = format!("{} {HELD}", bench.word("ui-take-back-open"));
        bench.press(&came);
        assert_eq!(bench.harness.state().loss.search(), HELD);
        let unnamed = bench.harness.unnamed_widgets();
        assert!(unnamed.is_empty(), "{unnamed:?}");
        bench.type_into(Role::MultilineTextInput, "ui-reason", "外壳坏了");
        let take = bench.word("ui-take-back");
        bench.press(&take);
        let hold = bench.word("reason-certificateHold");
        assert!(!bench.has(Role::RadioButton, &hold), "it ends for good");
        let why = bench.word("reason-superseded");
        bench.choose_named(Role::RadioButton, &why);
        bench.press(&take);
        let acts = bench
            .sent()
            .into_iter()
            .filter_map(|command| match command {
                Command::Loss(act) => Some(act),
                _ => None,
            });
        let expected = LossAct::TakeBack {
            serial: serial(HELD),
            why: RevocationReason::Superseded,
            reason: "外壳坏了".to_owned(),
        };
        assert_eq!(acts.collect::<Vec<_>>(), [expected]);
    }
    for post in [Post::Security, Post::Auditor] {
        let mut bench = Bench::at_losses(Language::Chinese, post, Vec::new());
        bench.choose_ukey(HELD);
        let begin = bench.word("ui-take-back-begin");
        bench.press(&begin);
        let take = bench.word("ui-take-back");
        assert!(!bench.has(Role::Button, &take), "{post:?}");
    }
}

#[test]
fn the_clocks_run_and_say_when_they_are_over_their_time() {
    let open = vec![report(TARGET_SECS + 3_600), report(3_660)];
    let bench = Bench::at_losses(Language::Chinese, Post::Security, open);
    for text in ["19:00", "1:01"] {
        bench.harness.get_by_label(text);
    }
    bench.harness.get_by_label(&bench.word("ui-loss-overdue"));
    bench.harness.get_by_label(&bench.word("ui-loss-until"));
}

#[test]
fn what_is_typed_is_searched_for_without_the_spaces_of_the_groups() {
    let mut bench = Bench::at_losses(Language::Chinese, Post::System, Vec::new());
    bench.type_into(Role::TextInput, "ui-loss-search", "8f5c 0000");
    let shown: Vec<_> = bench.commands.try_iter().collect();
    let asked = |command: &Command| matches!(command, Command::Show(Shown::Loss(_)));
    assert!(shown.iter().any(asked), "{shown:?}");
    assert_eq!(bench.harness.state().loss.search(), "8f5c0000");
}
