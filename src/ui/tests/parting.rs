//! A holder who leaves or moves, on the page of losses: what is asked, what is seen before it is done, and when
//! security is asked.

use super::loss::{HELD, MISSING, loss_view};
use super::*;
use crate::domain::certificate::{CertificateSerial, RevocationReason};
use crate::domain::departure::Departure;
use crate::domain::officer::Post;
use crate::station::jobs::holders::Departed;
use crate::ui::loss_view::{LossAct, LossDone, Parted, Parting, PartingLooked, PartingTo};
use crate::ui::second_view::Proposed;

fn parting(how: Departure) -> Parting {
    Parting {
        serial: serial(HELD),
        number: "2026-0001".to_owned(),
        how,
        reason: "调离".to_owned(),
        brought: false,
        to: (how == Departure::Moved).then(|| "示例县二小".to_owned()),
        certificate: None,
    }
}

fn looked(parting: Parting, absent: usize) -> PartingLooked {
    let to = parting.to.clone().map(|name| PartingTo {
        name,
        code: "2143000002".to_owned(),
        has_a_desk: true,
    });
    PartingLooked {
        parting,
        outlook: vec![Departed {
            number: "2026-0001".to_owned(),
            ukey: serial(HELD),
            ukey_state: if absent == 0 {
                UkeyState::Returned
            } else {
                UkeyState::HandedOut
            },
            certificate: CertificateSerial::from_random([1; 16]),
            reason: RevocationReason::AffiliationChanged,
            successor: None,
        }],
        withdrawn: vec!["2026-0007".to_owned()],
        absent,
        to,
    }
}

impl Bench {
    /// At the form of who leaves, with the ukey that is held chosen.
    fn at_parting(language: Language, post: Post) -> Self {
        let view = loss_view(post, Vec::new());
        let mut bench = Self::on(language, view, Page::Loss);
        let choose = format!("{} {HELD}", bench.word("ui-loss-choose"));
        bench.press(&choose);
        bench.press_key("ui-part");
        bench
    }

    fn fill_parting(&mut self, parting: &Parting) {
        let key = match parting.how {
            Departure::Left => "ui-part-left",
            Departure::UnitClosed => "ui-part-unit-closed",
            Departure::Moved => "ui-part-moved",
        };
        let word = self.word(key);
        self.choose_named(Role::RadioButton, &word);
        if let Some(to) = &parting.to {
            self.type_into(Role::TextInput, "ui-part-to", to);
        }
        self.type_into(Role::MultilineTextInput, "ui-reason", &parting.reason);
    }

    /// The desk has looked.
    fn desk_looked(&mut self, looked: PartingLooked) {
        lock(&self.harness.state().view).parting = Some(looked);
        self.harness.step();
        self.harness.step();
    }

    fn parting_acts(&self) -> Vec<LossAct> {
        let acts = self.sent().into_iter().map(|command| match command {
            Command::Loss(act) => act,
            other => panic!("{other:?}"),
        });
        acts.collect()
    }
}

#[test]
fn nothing_is_done_before_it_was_seen_and_every_input_has_a_name() {
    for language in [Language::Chinese, Language::English] {
        for how in [Departure::Left, Departure::UnitClosed, Departure::Moved] {
            let mut bench = Bench::at_parting(language, Post::System);
            bench.press_key("ui-part-look");
            assert_eq!(bench.parting_acts(), [], "nothing is typed");
            let wanted = parting(how);
            bench.fill_parting(&wanted);
            let unnamed = bench.harness.unnamed_widgets();
            assert!(unnamed.is_empty(), "{unnamed:?}");
            bench.press_key("ui-part-look");
            let expected = LossAct::LookAtParting(wanted.clone());
            assert_eq!(bench.parting_acts(), [expected]);

            bench.desk_looked(looked(wanted.clone(), 0));
            for seen in ["2026-0001", "2026-0007", "8f5c 0000 5f1b 0001"] {
                assert!(bench.says(seen), "{seen}");
            }
            let moves = how == Departure::Moved;
            assert_eq!(bench.says("2143000002"), moves);
            bench.press_key(if moves {
                "ui-part-move"
            } else {
                "ui-part-leave"
            });
            assert_eq!(bench.parting_acts(), [LossAct::Part(wanted)]);
        }
    }
}

#[test]
fn what_was_seen_counts_only_for_what_was_typed_then() {
    let mut bench = Bench::at_parting(Language::Chinese, Post::System);
    bench.fill_parting(&parting(Departure::Left));
    bench.desk_looked(looked(parting(Departure::Left), 0));
    let leave = bench.word("ui-part-leave");
    assert!(bench.has(Role::Button, &leave));
    let brought = bench.word("ui-part-brought");
    bench.choose_named(Role::CheckBox, &brought);
    bench.harness.step();
    assert!(!bench.has(Role::Button, &leave), "another question");
}

#[test]
fn a_ukey_that_was_not_brought_is_for_security_who_sees_what_ends() {
    let mut bench = Bench::at_parting(Language::English, Post::System);
    let wanted = parting(Departure::Moved);
    bench.fill_parting(&wanted);
    let seen = looked(wanted, 1);
    bench.desk_looked(seen.clone());
    let leave = bench.word("ui-part-move");
    assert!(!bench.has(Role::Button, &leave), "not alone");
    bench.press_key("ui-part-propose");
    assert!(bench.sent().is_empty(), "nobody has confirmed");
    assert!(bench.says("2026-0007") && bench.says("示例县二小"));
    let waived = bench.word("ui-second-waived");
    bench.choose_named(Role::RadioButton, &waived);
    let act = bench.confirm();
    assert_eq!(act, Proposed::Part(Box::new(seen)));
}

#[test]
fn only_system_opens_the_form_and_a_lost_ukey_has_none() {
    for post in [Post::Security, Post::Auditor] {
        let bench = Bench::at_parting(Language::Chinese, post);
        let look = bench.word("ui-part-look");
        assert!(!bench.has(Role::Button, &look), "{post:?}");
    }
    let mut view = loss_view(Post::System, Vec::new());
    let mut picture = view.losses.as_deref().cloned().unwrap();
    picture.ukeys[0].state = UkeyState::Lost;
    view.losses = Some(Arc::new(picture));
    let mut bench = Bench::on(Language::Chinese, view, Page::Loss);
    let choose = format!("{} {MISSING}", bench.word("ui-loss-choose"));
    bench.press(&choose);
    let part = bench.word("ui-part");
    assert!(!bench.has(Role::Button, &part));
}

#[test]
fn what_was_done_is_told_with_what_is_left_to_do_and_closes_the_form() {
    let mut bench = Bench::at_parting(Language::Chinese, Post::System);
    bench.fill_parting(&parting(Departure::Moved));
    lock(&bench.harness.state().view).loss_done = Some(LossDone {
        serial: serial(HELD),
        done: "ui-part-moved-done",
        request: None,
        parted: Some(Parted {
            all: 3,
            returned: 1,
            reasons: vec![RevocationReason::AffiliationChanged],
            successors: vec!["2026-0009".to_owned()],
            file: Some((PathBuf::from("/srv/out/1.ukey-parcel"), "示例县".to_owned())),
        }),
        crl: Some("ui-crl-due"),
        crl_error: None,
    });
    bench.harness.step();
    bench.harness.step();
    let due = bench.word("ui-crl-due");
    for seen in ["待追回 2 只", "2026-0009", "/srv/out/1.ukey-parcel", &due] {
        assert!(bench.says(seen), "{seen}");
    }
    let look = bench.word("ui-part-look");
    assert!(!bench.has(Role::Button, &look));
}
