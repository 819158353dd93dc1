//! The page of what travels: notes, their age, a new one, and the files that come.

use std::path::{Path, PathBuf};

use egui::DroppedFile;

use super::second::security_beside;
use super::stock::{MAKER, MODEL};
use super::*;
use crate::domain::stock::{DispatchItem, ItemOutcome};
use crate::station::NoteRow;
use crate::station::jobs::stock::{Neighbours, NoteFile, StockFile};
use crate::station::jobs::units::BadRows;
use crate::ui::second_view::Proposed;
use crate::ui::stock_view::{
    Came, Chosen, DeliveryOrder, NoteLine, OpenedFile, StockAct, TravelPicture,
};

fn subordinate(name: &str, code: &str) -> Unit {
    Unit {
        name: name.to_owned(),
        code: UnitCode::parse(code).unwrap(),
        own: false,
        ..request("2026-0001", "王晓雯").unit
    }
}

fn note(number: &str, in_transit: u64, age_days: i64) -> NoteLine {
    NoteLine {
        row: NoteRow {
            id: format!("id-{number}"),
            number: number.to_owned(),
            sent: true,
            unit_code: "2143999998".to_owned(),
            at: Timestamp::EPOCH,
            officer: "admin".to_owned(),
            reason: None,
            signed_for_at: (in_transit == 0).then_some(Timestamp::EPOCH),
            signed_for_by: None,
            count: 5,
            in_transit,
        },
        unit: "示例市第一小学".to_owned(),
        age_days,
    }
}

pub(super) fn travel_view() -> View {
    let picture = TravelPicture {
        in_transit: vec![note("2026-0001", 5, 20), note("2026-0002", 2, 1)],
        notes: vec![note("2026-0003", 0, 30)],
        neighbours: Neighbours {
            superior: Some("示例县教育局".to_owned()),
            subordinates: vec![
                (subordinate("示例市第一小学", "2143999998"), true),
                (subordinate("示例市第二小学", "2143999997"), false),
            ],
        },
        blanks: vec![(MODEL.to_owned(), 12)],
        supplier: false,
    };
    View {
        shown: Shown::Travel,
        travel: Some(Arc::new(picture)),
        ..view()
    }
}

/// A note from the superior with three ukeys, of which one is here already.
pub(super) fn opened(signed_for: bool) -> Arc<OpenedFile> {
    let item = |text: &str| DispatchItem {
        maker: MAKER.to_owned(),
        model: MODEL.to_owned(),
        serial: serial(text),
        profile: "softhsm2".to_owned(),
        r#box: None,
        state: UkeyState::Blank,
    };
    let second = if signed_for {
        ItemOutcome::Missing
    } else {
        ItemOutcome::Received
    };
    Arc::new(OpenedFile {
        path: PathBuf::from("/srv/in/0001.ukey-dispatch"),
        file: StockFile::Note(NoteFile {
            number: "2026-0044".to_owned(),
            unit: "示例县教育局".to_owned(),
            signer: "li-system".to_owned(),
            at: Timestamp::EPOCH,
            reason: None,
            signed_for,
            lines: vec![
                (item("8f5c00005f1b0001"), ItemOutcome::Received),
                (item("8f5c00005f1b0002"), second),
                (item("8f5c00005f1b0003"), ItemOutcome::Refused),
            ],
        }),
    })
}

#[test]
fn what_is_in_transit_is_told_with_its_age_the_oldest_first() {
    let bench = Bench::on(Language::Chinese, travel_view(), Page::Travel);
    bench.harness.get_by_label("7");
    let aged: Vec<_> = bench.harness.get_all_by_label_contains("在途 ").collect();
    let first = aged.first().unwrap().accesskit_node();
    assert_eq!(
        first.value().or_else(|| first.label()).unwrap(),
        "→ 在途 5 个，20 天"
    );
}

#[test]
fn a_new_note_goes_to_a_certified_unit_with_what_was_chosen() {
    let mut bench = Bench::on(Language::Chinese, travel_view(), Page::Travel);
    let send = bench.word("ui-dispatch");
    bench.press(&send);
    bench.choose_named(Role::RadioButton, "示例市第二小学");
    bench.type_into(Role::TextInput, "ui-note-count-field", "3");
    bench.press(&send);
    assert!(bench.acts().is_empty(), "it has no certificate yet");
    bench.choose_named(Role::RadioButton, "示例市第一小学");
    bench.type_into(Role::TextInput, "ui-note-boxes", "A-01，A-02");
    bench.press(&send);
    let acts = bench.acts();
    let [StockAct::Dispatch { unit, what }] = acts.as_slice() else {
        panic!("{acts:?}");
    };
    assert_eq!(unit, "2143999998");
    let wanted = Chosen {
        boxes: vec!["A-01".to_owned(), "A-02".to_owned()],
        count: 3,
        ..Chosen::default()
    };
    assert_eq!(*what, wanted);
}

#[test]
fn only_system_moves_ukeys_and_every_post_prints_a_note() {
    for post in [Post::Security, Post::Auditor] {
        let mut view = travel_view();
        view.post = Some(post);
        view.opened = Some(opened(false));
        let mut bench = Bench::on(Language::Chinese, view, Page::Travel);
        bench.choose_named(Role::RadioButton, "示例市第一小学");
        bench.type_into(Role::TextInput, "ui-note-count-field", "3");
        for (side, key) in [
            ("ui-side-down", "ui-dispatch"),
            ("ui-side-receive", "ui-sign-for"),
        ] {
            let side = bench.word(side);
            let tabs = bench.harness.get_all_by_role_and_label(Role::Button, &side);
            tabs.into_iter().next().unwrap().click();
            bench.harness.step();
            bench.harness.step();
            let word = bench.word(key);
            let last = bench
                .harness
                .get_all_by_role_and_label(Role::Button, &word)
                .last();
            assert!(last.unwrap().accesskit_node().is_disabled(), "{word}");
        }
        let print = bench.word("ui-print");
        bench
            .harness
            .get_all_by_role_and_label(Role::Button, &print)
            .next()
            .unwrap()
            .click();
        bench.harness.step();
        bench.harness.step();
        assert!(
            matches!(bench.acts().as_slice(), [StockAct::Paper { number, .. }] if number == "2026-0001")
        );
    }
}

#[derive(Debug)]
struct Dropped(PathBuf);

impl DroppedFile for Dropped {
    fn path(&self) -> &Path {
        &self.0
    }

    fn bytes(&self) -> Result<Vec<u8>, String> {
        Err("the desk reads it".to_owned())
    }
}

#[test]
fn a_dropped_file_is_looked_into_and_its_lines_are_ticked_and_signed_for() {
    let mut bench = Bench::on(Language::English, travel_view(), Page::Travel);
    let path = PathBuf::from("/srv/in/0001.ukey-dispatch");
    bench.harness.input_mut().dropped_files = vec![Arc::new(Dropped(path.clone()))];
    bench.harness.step();
    bench.harness.step();
    assert!(matches!(bench.acts().as_slice(), [StockAct::Open(found)] if *found == path));
    lock(&bench.harness.state().view).opened = Some(opened(false));
    bench.harness.step();
    bench.harness.step();
    bench
        .harness
        .get_by_label("Note 2026-0044 of 示例县教育局 (li-system, 1970-01-01)");
    bench.harness.get_by_label("△ refused");
    bench.choose_named(Role::CheckBox, "8f5c 0000 5f1b 0002");
    bench.harness.get_by_label("2 came, 1 did not");
    bench.type_into(Role::TextInput, "ui-extra", "8f5c00005f1b0009");
    let sign = bench.word("ui-sign-for");
    bench.press(&sign);
    let acts = bench.acts();
    let [StockAct::SignFor { path: of, counted }] = acts.as_slice() else {
        panic!("{acts:?}");
    };
    assert_eq!(*of, path);
    let wanted = Came {
        missing: vec![serial("8f5c00005f1b0002")],
        extra: vec!["8f5c00005f1b0009".to_owned()],
        late: Vec::new(),
    };
    assert_eq!(*counted, wanted);
}

#[test]
fn of_a_note_that_was_signed_for_only_what_was_missing_can_come_late() {
    let mut view = travel_view();
    view.opened = Some(opened(true));
    let mut bench = Bench::on(Language::English, view, Page::Travel);
    let receive = bench.word("ui-side-receive");
    bench.press(&receive);
    assert_eq!(bench.harness.get_all_by_role(Role::CheckBox).count(), 1);
    let sign = bench.word("ui-sign-for");
    bench.press(&sign);
    assert!(bench.acts().is_empty(), "nothing is ticked");
    bench.choose_named(Role::CheckBox, "8f5c 0000 5f1b 0002");
    bench.press(&sign);
    let acts = bench.acts();
    let [StockAct::SignFor { counted, .. }] = acts.as_slice() else {
        panic!("{acts:?}");
    };
    let wanted = Came {
        late: vec![serial("8f5c00005f1b0002")],
        ..Came::default()
    };
    assert_eq!(*counted, wanted);
}

fn at_delivery(supplier: bool) -> Bench {
    let mut view = travel_view();
    let mut picture = (**view.travel.as_ref().unwrap()).clone();
    picture.supplier = supplier;
    view.travel = Some(Arc::new(picture));
    view.seconds = security_beside();
    let mut bench = Bench::on(Language::Chinese, view, Page::Travel);
    let side = bench.word("ui-side-delivery");
    bench.press(&side);
    bench
}

#[test]
fn a_delivery_is_taken_as_it_was_typed() {
    let mut bench = at_delivery(true);
    let take = bench.word("ui-delivery-take");
    bench.press(&take);
    assert!(bench.acts().is_empty(), "nothing was named");
    let serials = "FT0001..FT0050\nFT0060";
    bench.type_into(Role::MultilineTextInput, "ui-delivery-serials", serials);
    bench.type_into(Role::TextInput, "ui-delivery-model", "softhsm2");
    bench.type_into(Role::TextInput, "ui-delivery-count", "5");
    bench.type_into(Role::TextInput, "ui-delivery-count", "1");
    bench.press(&take);
    let acts = bench.acts();
    let [StockAct::TakeDelivery(order)] = acts.as_slice() else {
        panic!("{acts:?}");
    };
    let wanted = DeliveryOrder {
        sheet: None,
        typed: vec![
            ("FT0001".to_owned(), Some("FT0050".to_owned())),
            ("FT0060".to_owned(), None),
        ],
        model: Some("softhsm2".to_owned()),
        box_of: None,
        count: Some(51),
        reason: None,
        bad_rows: BadRows::RefuseAll,
    };
    assert_eq!(**order, wanted);
}

#[test]
fn where_ukeys_come_by_note_another_officer_confirms_a_delivery() {
    let mut bench = at_delivery(false);
    bench
        .harness
        .get_by_label(&bench.word("ui-delivery-second"));
    bench.type_into(Role::MultilineTextInput, "ui-delivery-serials", "FT0060");
    let take = bench.word("ui-delivery-take");
    bench.press(&take);
    assert!(
        bench
            .harness
            .query_by_label_contains(&bench.word("ui-second-delivery-means"))
            .is_none()
    );
    bench.type_into(Role::TextInput, "ui-delivery-reason", "供应商补寄");
    bench.press(&take);
    assert!(bench.acts().is_empty(), "nobody has confirmed");
    bench
        .harness
        .get_by_label_contains(&bench.word("ui-second-delivery-means"));
    let Proposed::TakeDelivery(order) = bench.confirm() else {
        panic!("another act");
    };
    assert_eq!(order.typed, [("FT0060".to_owned(), None)]);
    assert_eq!(order.reason.as_deref(), Some("供应商补寄"));
}
