//! 证书: what is asked for when one searches, filters and sorts, the card, and who may do what with it.

use std::path::PathBuf;

use super::*;
use crate::domain::certificate::{
    CertificateSerial, CertificateState, Generation, RevocationReason,
};
use crate::domain::id::RunId;
use crate::domain::officer::Post;
use crate::station::jobs::certificates::{CertificateCard, Wanted};
use crate::station::{CertificateLine, CertificateOrder, CertificateRow};
use crate::ui::certificates_view::{
    CertificateAct, CertificateDone, CertificatePicture, CertificateQuery, ListFacts,
};

const UKEY: &str = "8f5c00005f1b0002";

fn number(of: u8) -> CertificateSerial {
    CertificateSerial::from_random([of; 16])
}

fn line(of: u8, holder: &str, state: CertificateState) -> CertificateLine {
    CertificateLine {
        serial: number(of),
        ukey: serial(UKEY),
        ukey_state: UkeyState::HandedOut,
        not_after: Timestamp::parse("2027-05-01T00:00:00Z").unwrap(),
        state,
        reason: None,
        revoked_at: None,
        number: format!("2026-{of:04}"),
        holder: holder.to_owned(),
        unit: "示例市练习小学".to_owned(),
    }
}

fn card(of: u8, state: CertificateState) -> CertificateCard {
    let id = uuid::Uuid::nil();
    CertificateCard {
        row: CertificateRow {
            serial: number(of),
            run: RunId::new(id),
            request: RequestId::new(id),
            ukey: serial(UKEY),
            subject: "CN=王晓雯".to_owned(),
            not_before: Timestamp::parse("2026-05-01T00:00:00Z").unwrap(),
            not_after: Timestamp::parse("2027-05-01T00:00:00Z").unwrap(),
            der: Vec::new(),
            state,
            reason: None,
            revoked_at: None,
            generation: Generation::FIRST,
        },
        number: format!("2026-{of:04}"),
        holder: "王晓雯".to_owned(),
        unit: "示例市练习小学".to_owned(),
        ukey: ukey(UKEY, UkeyState::HandedOut, true).row,
        life: Vec::new(),
    }
}

fn picture(open: Option<CertificateCard>) -> CertificatePicture {
    CertificatePicture {
        rows: vec![
            line(1, "王晓雯", CertificateState::Active),
            line(2, "李志远", CertificateState::Revoked),
            line(3, "", CertificateState::Expired),
        ],
        more: true,
        card: open.map(Arc::new),
        list: Some(ListFacts {
            generation: Generation::FIRST,
            number: 17,
            until: Some(Timestamp::parse("2026-12-05T00:00:00Z").unwrap()),
            due: true,
            revoked: 4,
        }),
    }
}

fn certificates_view(post: Post, open: Option<CertificateCard>) -> View {
    View {
        post: Some(post),
        shown: Shown::Certificates(Box::default()),
        certificates: Some(Arc::new(picture(open))),
        ..view()
    }
}

impl Bench {
    fn at_certificates(language: Language, post: Post) -> Self {
        Self::on(language, certificates_view(post, None), Page::Certificates)
    }

    /// With the first one open, as the desk has read it.
    fn at_card(language: Language, post: Post, state: CertificateState) -> Self {
        let mut bench = Self::at_certificates(language, post);
        bench.open_line("王晓雯");
        let asked = bench.asked_for().pop().unwrap();
        assert_eq!(asked.open, Some(number(1)));
        {
            let mut view = lock(&bench.harness.state().view);
            view.certificates = Some(Arc::new(picture(Some(card(1, state)))));
            view.shown = Shown::Certificates(Box::new(asked));
        }
        bench.harness.step();
        bench
    }

    fn open_line(&mut self, holder: &str) {
        let mut lines = self.harness.get_all_by_role(Role::Button).filter(|node| {
            let label = node.accesskit_node().label().unwrap_or_default();
            label.starts_with(holder)
        });
        lines.next().unwrap().click();
        drop(lines);
        self.harness.step();
        self.harness.step();
    }

    /// What the desk was asked to read since.
    fn asked_for(&self) -> Vec<CertificateQuery> {
        let commands = self.commands.try_iter();
        let shown = commands.filter_map(|command| match command {
            Command::Show(Shown::Certificates(query)) => Some(*query),
            _ => None,
        });
        shown.collect()
    }

    /// The desk has read what it was asked for.
    fn answer(&mut self) {
        let asked = self.harness.state().asked.clone();
        lock(&self.harness.state().view).shown = asked;
        self.harness.step();
    }

    fn certificate_acts(&self) -> Vec<CertificateAct> {
        let acts = self.sent().into_iter().map(|command| match command {
            Command::Certificates(act) => act,
            other => panic!("{other:?}"),
        });
        acts.collect()
    }
}

#[test]
fn each_line_tells_state_by_shape_and_word_and_a_purged_holder_is_no_gap() {
    let bench = Bench::at_certificates(Language::English, Post::System);
    for told in ["● Good", "✕ Revoked", "□ Ended", "(purged)"] {
        bench.harness.get_by_label(told);
    }
    bench.harness.get_by_label_contains("first 3");
    let unnamed = bench.harness.unnamed_widgets();
    assert!(unnamed.is_empty(), "{unnamed:?}");
}

#[test]
fn search_filter_and_order_are_what_the_desk_is_asked_for() {
    let mut bench = Bench::at_certificates(Language::Chinese, Post::Auditor);
    bench.type_into(Role::TextInput, "ui-certificates-search", "wxw");
    bench.answer();
    bench.press("冻结");
    bench.answer();
    bench.press("60 天内到期");
    bench.answer();
    let sort = "按“有效期至”排序";
    bench.press(sort);
    bench.answer();
    bench.press("按“姓名”排序");
    bench.answer();
    let asked = bench.asked_for();
    let last = asked.last().unwrap();
    let wanted = Wanted {
        search: "wxw".to_owned(),
        state: None,
        ends_within_days: Some(60),
        order: CertificateOrder::Holder,
    };
    assert_eq!(last.wanted, wanted);
    let held = asked.iter().any(|query| {
        query.wanted.state == Some(CertificateState::Hold)
            && query.wanted.ends_within_days.is_none()
    });
    assert!(held, "{asked:?}");
    let orders: Vec<_> = asked.iter().map(|query| query.wanted.order).collect();
    assert!(orders.contains(&CertificateOrder::EndsFirst));
    assert!(orders.ends_with(&[CertificateOrder::EndsLast, CertificateOrder::Holder]));
}

#[test]
fn security_revokes_with_a_reason_in_words_and_is_asked_once_more() {
    let mut bench = Bench::at_card(Language::Chinese, Post::Security, CertificateState::Active);
    let button = bench.word("ui-certificates-revoke-button");
    bench.press(&button);
    assert_eq!(bench.certificate_acts(), [], "no reason yet");
    bench.choose_named(Role::RadioButton, "转借他人");
    bench.press(&button);
    assert_eq!(bench.certificate_acts(), [], "asked once more");
    // Another reason is another question.
    bench.choose_named(Role::RadioButton, "遗失或被盗");
    bench.press(&button);
    let yes = bench.word("ui-certificates-revoke-yes");
    bench.press(&yes);
    let expected = CertificateAct::Revoke {
        serial: number(1),
        reason: RevocationReason::KeyCompromise,
    };
    assert_eq!(bench.certificate_acts(), [expected]);
}

#[test]
fn others_are_told_who_revokes_and_what_is_revoked_offers_it_to_nobody() {
    for post in [Post::System, Post::Auditor] {
        let bench = Bench::at_card(Language::English, post, CertificateState::Active);
        let radios = bench.harness.query_all_by_role(Role::RadioButton).count();
        assert_eq!(radios, 0);
        bench
            .harness
            .get_by_label(&bench.word("ui-certificates-revoke"));
    }
    let bench = Bench::at_card(Language::English, Post::Security, CertificateState::Revoked);
    let revoke = bench.word("ui-certificates-revoke");
    assert!(bench.harness.query_by_label(&revoke).is_none());
}

#[test]
fn one_on_hold_can_be_revoked_for_good_and_not_held_again() {
    let bench = Bench::at_card(Language::Chinese, Post::Security, CertificateState::Hold);
    let radios = bench.harness.query_all_by_role(Role::RadioButton).count();
    assert_eq!(radios, RevocationReason::ALL.len() - 1);
}

#[test]
fn certificate_and_evidence_are_written_where_it_was_typed() {
    let mut bench = Bench::at_card(Language::Chinese, Post::Auditor, CertificateState::Revoked);
    let (export, evidence) = (
        bench.word("ui-certificates-export-button"),
        bench.word("ui-certificates-evidence-button"),
    );
    bench.press(&export);
    assert_eq!(bench.certificate_acts(), [], "no folder yet");
    bench.type_into(Role::TextInput, "ui-certificates-folder", "/srv/out");
    bench.press(&export);
    bench.type_into(
        Role::TextInput,
        "ui-certificates-evidence-file",
        "file:///srv/proof.zip",
    );
    let mut buttons: Vec<_> = bench
        .harness
        .get_all_by_role_and_label(Role::Button, &evidence)
        .collect();
    buttons.pop().unwrap().click();
    drop(buttons);
    bench.harness.step();
    bench.harness.step();
    let expected = [
        CertificateAct::Export {
            serial: Some(number(1)),
            dir: PathBuf::from("/srv/out"),
        },
        CertificateAct::Evidence {
            ukey: serial(UKEY),
            out: PathBuf::from("/srv/proof.zip"),
        },
    ];
    assert_eq!(bench.certificate_acts(), expected);
}

#[test]
fn what_concerns_all_is_offered_while_none_lies_open() {
    for (post, publish, may) in [
        (Post::Security, "ui-certificates-publish", true),
        (Post::System, "ui-certificates-give-on", true),
        (Post::Auditor, "ui-certificates-publish", false),
    ] {
        let mut bench = Bench::at_certificates(Language::English, post);
        bench.press("Ends in 30 days");
        bench.answer();
        bench.type_into(
            Role::TextInput,
            "ui-certificates-renewals-file",
            "/srv/renewals.ics",
        );
        for key in ["ui-certificates-renewals-write", publish] {
            let word = bench.word(key);
            bench.press(&word);
        }
        let mut expected = vec![CertificateAct::Expiring {
            within_days: 30,
            out: PathBuf::from("/srv/renewals.ics"),
            language: Language::English,
        }];
        expected.extend(may.then_some(CertificateAct::PublishList));
        assert_eq!(bench.certificate_acts(), expected, "{post:?}");
    }
}

#[test]
fn what_was_done_is_told_with_what_is_left() {
    let mut view = certificates_view(Post::Security, None);
    view.certificate_done = Some(CertificateDone::Published {
        number: 18,
        losses: (2, 1),
        places: (1, 2),
        failed: Some(("crl-differs".to_owned(), "/mnt/web".to_owned())),
    });
    let bench = Bench::on(Language::Chinese, view, Page::Certificates);
    bench.harness.get_by_label_contains("第 18 期已发布");
    let (headline, _hints) = Wording::new(Language::Chinese).error("crl-differs", "/mnt/web");
    bench.harness.get_by_label(&headline);
}
