//! The page of the audit log: which rows are asked for, what stands in a row, what the log is worth, and
//! who may sign and export it.

use std::path::PathBuf;

use super::*;
use crate::domain::checkpoint::Standing;
use crate::domain::officer::Post;
use crate::domain::two_officers::Waiver;
use crate::station::jobs::audit::{Reach, Signed, Verification};
use crate::station::jobs::waivers::WaiverView;
use crate::ui::audit_view::{AuditAct, AuditHealth, AuditLine, AuditPicture, AuditQuery};

const CODE: &str = "9f3c01ab-1-345-8d1f00c2a774";

fn line(sequence: u64, act: &str, result: &str) -> AuditLine {
    AuditLine {
        sequence,
        at: Timestamp::parse("2026-11-24T08:00:05Z").unwrap(),
        officer: "admin".to_owned(),
        post: Some("system".to_owned()),
        act: act.to_owned(),
        request: Some("2026-0001".to_owned()),
        holder: Some("王*雯".to_owned()),
        ukey: Some("8f5c00005f1b0001".to_owned()),
        certificate: None,
        result: result.to_owned(),
        detail: None,
        hash: "ab".repeat(32),
    }
}

fn health(told: bool, first_broken: Option<u64>) -> AuditHealth {
    AuditHealth {
        found: Verification {
            rows: 512,
            head: [0; 32],
            first_broken,
            checkpoint: Some(Standing::Matches),
            told,
        },
        at: Timestamp::EPOCH,
        against: None,
        waivers: Vec::new(),
    }
}

fn audit_view(post: Post, health: AuditHealth) -> View {
    let auditor = post == Post::Auditor;
    let signed = Signed {
        code: CODE.parse().unwrap(),
        at: Timestamp::EPOCH,
        officer: OfficerName::parse("auditor").unwrap(),
    };
    let picture = AuditPicture {
        lines: vec![
            line(512, "ukey-issued", "done"),
            line(511, "request-approved", "wrong-duty"),
            line(413, "of-the-future", "done"),
        ],
        more: true,
        officers: if auditor {
            vec!["admin".to_owned(), "station".to_owned()]
        } else {
            Vec::new()
        },
        reach: auditor.then_some(Reach {
            rows: 512,
            newest: Some(signed),
        }),
    };
    View {
        post: Some(post),
        home: "/srv/home".to_owned(),
        shown: Shown::Audit(AuditQuery::default()),
        audit: Some(Arc::new(picture)),
        audit_health: Some(health),
        ..view()
    }
}

impl Bench {
    fn at_audit(language: Language, post: Post, health: AuditHealth) -> Self {
        Self::on(language, audit_view(post, health), Page::Audit)
    }

    fn audit_acts(&self) -> Vec<AuditAct> {
        let acts = self.sent().into_iter().map(|command| match command {
            Command::Audit(act) => act,
            other => panic!("{other:?}"),
        });
        acts.collect()
    }

    fn query(&self) -> AuditQuery {
        self.harness.state().audit.query()
    }

    /// Presses the first button whose name begins so.
    fn press_beginning(&mut self, name: &str) {
        let nodes = self.harness.get_all_by_role(Role::Button);
        let mut named = nodes.filter(|node| {
            let label = node.accesskit_node().label().unwrap_or_default();
            label.starts_with(name)
        });
        named.next().unwrap().click();
        drop(named);
        self.harness.step();
        self.harness.step();
    }
}

#[test]
fn every_input_of_the_audit_page_has_an_accessible_name() {
    for language in [Language::Chinese, Language::English] {
        for post in Post::ALL {
            let bench = Bench::at_audit(language, post, health(true, None));
            let unnamed = bench.harness.unnamed_widgets();
            assert!(unnamed.is_empty(), "{unnamed:?}");
        }
    }
}

#[test]
fn one_line_says_what_the_log_is_worth_and_a_broken_row_is_named_to_the_auditor_alone() {
    let bench = Bench::at_audit(Language::Chinese, Post::Auditor, health(true, None));
    let words = Wording::new(Language::Chinese);
    let rows = || [("rows", "512".to_owned())];
    // Once at the top, once beside the buttons.
    let intact = words.with("audit-intact", rows());
    assert_eq!(bench.harness.query_all_by_label(&intact).count(), 2);
    let now = |rows: u64| words.with("ui-audit-rows", [("rows", rows.to_string())]);
    assert_eq!(bench.harness.query_all_by_label(&now(512)).count(), 0);
    bench.harness.get_by_label(CODE);
    let mut older = health(true, None);
    older.found.rows = 500;
    let bench = Bench::at_audit(Language::Chinese, Post::Auditor, older);
    bench.harness.get_by_label(&now(512));

    let bench = Bench::at_audit(Language::Chinese, Post::Auditor, health(true, Some(7)));
    let broken = words.with("audit-broken", [("row", "7".to_owned())]);
    assert_eq!(bench.harness.query_all_by_label(&broken).count(), 2);
    bench.harness.get_by_label(&words.text("ui-cure-audit"));

    let bench = Bench::at_audit(Language::Chinese, Post::System, health(false, Some(7)));
    let unnamed = words.text("audit-broken-unnamed");
    assert_eq!(bench.harness.query_all_by_label(&unnamed).count(), 2);
    assert_eq!(bench.harness.query_all_by_label(&broken).count(), 0);
    assert_eq!(bench.harness.query_all_by_label(CODE).count(), 0);
}

#[test]
fn a_row_says_act_and_result_in_words_and_shows_all_of_it_when_chosen() {
    for language in [Language::Chinese, Language::English] {
        let mut bench = Bench::at_audit(language, Post::Auditor, health(true, None));
        let issued = bench.word("act-ukey-issued");
        bench.press_beginning(&format!("2026-11-24 08:00:05 {issued}"));
        bench.harness.get_by_label(&"ab".repeat(32));
        bench.harness.get_by_label("8f5c 0000 5f1b 0001");
        bench.harness.get_by_label("王*雯");
        let approved = bench.word("act-request-approved");
        let (refused, _hints) = Wording::new(language).error("wrong-duty", "");
        bench.press_beginning(&format!("2026-11-24 08:00:05 {approved} {refused}"));
        bench.press_beginning("2026-11-24 08:00:05 of-the-future");
    }
}

#[test]
fn what_is_typed_and_chosen_is_asked_for_and_a_wrong_day_is_told() {
    let mut bench = Bench::at_audit(Language::English, Post::Auditor, health(true, None));
    bench.type_into(Role::TextInput, "ui-audit-search", " 2026-0001 ");
    bench.type_into(Role::TextInput, "ui-audit-since", "2026-11-24");
    bench.type_into(Role::TextInput, "ui-audit-until", "24.11.2026");
    bench.harness.get_by_label(&bench.word("ui-audit-no-day"));
    let expected = AuditQuery {
        search: "2026-0001".to_owned(),
        since: Some(Timestamp::parse("2026-11-24T00:00:00Z").unwrap()),
        ..AuditQuery::default()
    };
    assert_eq!(bench.query(), expected);
    let asked = bench.commands.try_iter();
    let shown = asked.filter(|command| matches!(command, Command::Show(Shown::Audit(_))));
    assert!(shown.count() > 0);
    let clear = bench.word("ui-search-clear");
    bench.press(&clear);
    assert_eq!(bench.query(), AuditQuery::default());
}

#[test]
fn pages_go_back_in_time_and_another_filter_begins_at_the_newest() {
    let mut bench = Bench::at_audit(Language::Chinese, Post::Auditor, health(true, None));
    let [older, newer, newest] =
        ["ui-audit-older", "ui-audit-newer", "ui-audit-to-newest"].map(|key| bench.word(key));
    bench.press(&newer);
    assert_eq!(bench.query().before, None);
    bench.press(&older);
    assert_eq!(bench.query().before, Some(413));
    assert_eq!(bench.query().filter().limit, Some(101));
    bench.press(&newer);
    assert_eq!(bench.query().before, None);
    bench.press(&older);
    bench.press(&newest);
    assert_eq!(bench.query().before, None);
    bench.press(&older);
    bench.type_into(Role::TextInput, "ui-audit-search", "x");
    assert_eq!(bench.query().before, None);
}

#[test]
fn all_verify_auditor_and_security_sign_and_the_auditor_exports() {
    for (post, signs, exports) in [
        (Post::System, false, false),
        (Post::Security, true, false),
        (Post::Auditor, true, true),
    ] {
        let mut bench = Bench::at_audit(Language::Chinese, post, health(true, None));
        let keys = ["verify", "compare", "checkpoint", "export"];
        let [verify, compare, checkpoint, export] =
            keys.map(|key| bench.word(&format!("ui-audit-{key}")));
        bench.press(&verify);
        bench.press(&compare);
        assert_eq!(bench.audit_acts(), [AuditAct::Verify], "nothing to compare");
        bench.type_into(Role::TextInput, "ui-audit-against", CODE);
        bench.press(&compare);
        let expected = AuditAct::VerifyAgainst(CODE.to_owned());
        assert_eq!(bench.audit_acts(), [expected]);
        bench.press(&checkpoint);
        let sent = bench.audit_acts();
        let signed = |path: &PathBuf| path.starts_with("/srv/home/out");
        match sent.as_slice() {
            [AuditAct::Sign(path)] => assert!(signs && signed(path), "{path:?}"),
            other => assert!(!signs && other.is_empty(), "{post:?} {other:?}"),
        }
        bench.press(&export);
        let sent = bench.audit_acts();
        match sent.as_slice() {
            [AuditAct::Export(path)] => assert!(exports && signed(path), "{path:?}"),
            other => assert!(!exports && other.is_empty(), "{post:?} {other:?}"),
        }
    }
}

#[test]
fn what_a_checkpoint_says_and_every_waiver_stand_beside_the_verdict() {
    let mut found = health(true, Some(345));
    found.against = Some((CODE.to_owned(), Standing::Forked));
    found.waivers = vec![WaiverView {
        waiver: Waiver {
            id: "w-1".to_owned(),
            unit_code: "2143999999".to_owned(),
            granted_by: "zhao".to_owned(),
            granted_at: Timestamp::EPOCH,
            until: time::macros::date!(2026 - 12 - 31),
            reason: "one officer".to_owned(),
        },
        own: true,
        acts: 3,
        in_time: true,
    }];
    let bench = Bench::at_audit(Language::Chinese, Post::Auditor, found);
    let forked = bench.word("audit-checkpoint-forked");
    bench.harness.get_by_label_contains(&forked);
    bench.harness.get_by_label_contains("w-1");
}
