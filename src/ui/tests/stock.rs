//! The pages of the stock: what they list, what they send, and what a post may not do there.

use std::path::{Path, PathBuf};

use egui::DroppedFile;

use super::door::Person as _;
use super::*;
use crate::domain::stock::{DiscrepancyKind, DispatchItem, ItemOutcome, Resolution};
use crate::station::jobs::stock::{LevelView, Neighbours, NoteFile, StockFile};
use crate::station::{DiscrepancyRow, NoteRow, StockLine};
use crate::ui::stock_view::{
    Came, Chosen, NoteLine, OpenedFile, StockAct, StockPicture, StockQuery, StockRow, StockSummary,
    TravelPicture, Waiting,
};

const MODEL: &str = "SoftHSM v2";
const MAKER: &str = "SoftHSM project";

fn line(counts: [u64; 11]) -> StockLine {
    StockLine {
        maker: MAKER.to_owned(),
        model: MODEL.to_owned(),
        day: "2026-11-25".to_owned(),
        received: counts.iter().sum(),
        counts,
        in_transit: 0,
        balanced: true,
    }
}

fn difference(number: &str) -> DiscrepancyRow {
    DiscrepancyRow {
        id: format!("id-{number}"),
        number: number.to_owned(),
        kind: DiscrepancyKind::Missing,
        serial: serial("8f5c00005f1b0007"),
        note: None,
        check: None,
        detail: None,
        found_at: Timestamp::EPOCH,
        found_by: "admin".to_owned(),
        explained: None,
        accepted_at: None,
        accepted_by: None,
    }
}

fn stock_view(rows: usize, differences: Vec<DiscrepancyRow>) -> View {
    let levels = LevelView {
        maker: MAKER.to_owned(),
        model: MODEL.to_owned(),
        level: Some(20),
        blank: 12,
    };
    let summary = StockSummary {
        lines: vec![line([12, 0, 1, 3, 40, 0, 0, 2, 0, 0, 5])],
        unproven: Vec::new(),
        levels: vec![levels],
        differences,
    };
    let row = |at| StockRow {
        serial: serial(&format!("8f5c0000{at:08}")),
        model: MODEL.to_owned(),
        box_of: Some("A-01".to_owned()),
        state: UkeyState::Blank,
        request: None,
    };
    let picture = StockPicture {
        summary: Arc::new(summary),
        rows: (0..rows).map(row).collect(),
    };
    View {
        shown: Shown::Stock(StockQuery::default()),
        stock: Some(Arc::new(picture)),
        ..view()
    }
}

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

fn travel_view() -> View {
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
    };
    View {
        shown: Shown::Travel,
        travel: Some(Arc::new(picture)),
        ..view()
    }
}

/// A note from the superior with three ukeys, of which one is here already.
fn opened(signed_for: bool) -> Arc<OpenedFile> {
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

impl Bench {
    /// On a page whose facts the desk has read.
    fn on(language: Language, view: View, page: Page) -> Self {
        let asked = view.shown.clone();
        let mut bench = Self::new(language, view);
        let window = bench.harness.state_mut();
        (window.page, window.asked) = (page, asked);
        bench.harness.step();
        bench
    }

    fn type_into(&mut self, role: Role, key: &str, text: &str) {
        let word = self.word(key);
        self.harness.get_by_role_and_label(role, &word).focus();
        self.harness.step();
        self.type_text(text);
    }

    /// Chooses the radio button or ticks the box of this name.
    fn choose_named(&mut self, role: Role, name: &str) {
        let nodes = self.harness.get_all_by_role(role);
        let mut named = nodes.filter(|node| {
            let label = node.accesskit_node().label().unwrap_or_default();
            label.starts_with(name)
        });
        named.next().unwrap().click();
        drop(named);
        self.harness.step();
        self.harness.step();
    }

    fn acts(&self) -> Vec<StockAct> {
        let acts = self.sent().into_iter().map(|command| match command {
            Command::Stock(act) => act,
            other => panic!("{other:?}"),
        });
        acts.collect()
    }
}

#[test]
fn every_input_of_the_stock_pages_has_an_accessible_name() {
    for language in [Language::Chinese, Language::English] {
        let stock = stock_view(3, vec![difference("2026-0001")]);
        let mut travel = travel_view();
        travel.opened = Some(opened(false));
        for (view, page) in [(stock, Page::Stock), (travel, Page::Travel)] {
            let mut bench = Bench::on(language, view, page);
            let unnamed = bench.harness.unnamed_widgets();
            assert!(unnamed.is_empty(), "{unnamed:?}");
            if page == Page::Travel {
                for key in ["ui-side-up", "ui-side-receive"] {
                    let word = bench.word(key);
                    bench.press(&word);
                    let unnamed = bench.harness.unnamed_widgets();
                    assert!(unnamed.is_empty(), "{unnamed:?}");
                }
            }
        }
    }
}

#[test]
fn the_rail_tells_how_much_waits_and_keeps_the_names_of_its_entries() {
    let mut view = view();
    view.waiting = Waiting {
        differences: 4,
        in_transit: 7,
    };
    let bench = Bench::new(Language::Chinese, view);
    let waits = |name: &str| {
        let node = bench.harness.get_by_role_and_label(Role::Button, name);
        node.accesskit_node().description()
    };
    assert_eq!(waits("库存").unwrap(), "等待处理：4");
    assert_eq!(waits("发放签收").unwrap(), "等待处理：7");
    assert_eq!(waits("帮助"), None);
}

#[test]
fn every_state_that_has_ukeys_is_a_button_that_lists_them() {
    let mut bench = Bench::on(Language::Chinese, stock_view(3, Vec::new()), Page::Stock);
    for name in [
        "空白 12",
        "制证中 1",
        "已制证 3",
        "已领用 40",
        "损坏 2",
        "已发出 5",
    ] {
        bench.harness.get_by_role_and_label(Role::Button, name);
    }
    assert!(bench.harness.query_by_label_contains("遗失 0").is_none());
    bench.harness.get_by_label("63");
    bench.harness.get_by_label("✓ 平衡");
    bench
        .harness
        .get_by_label_contains("空白 12，低于补货线 20");
    bench.harness.get_by_label("8f5c 0000 0000 0002");
    bench.press("已制证 3");
    let shown: Vec<_> = bench.commands.try_iter().collect();
    let wanted = StockQuery {
        model: Some(MODEL.to_owned()),
        state: Some(UkeyState::Issued),
        ..StockQuery::default()
    };
    let [Command::Show(Shown::Stock(query))] = shown.as_slice() else {
        panic!("{shown:?}");
    };
    assert_eq!(*query, wanted);
    // The desk has answered; the same button lists all again.
    lock(&bench.harness.state().view).shown = Shown::Stock(wanted);
    bench.harness.step();
    bench.press("已制证 3");
    let shown: Vec<_> = bench.commands.try_iter().collect();
    let [Command::Show(Shown::Stock(query))] = shown.as_slice() else {
        panic!("{shown:?}");
    };
    assert_eq!(*query, StockQuery::default());
}

#[test]
fn a_serial_is_looked_for_as_it_is_printed_and_one_question_is_open_at_a_time() {
    let mut bench = Bench::on(Language::English, stock_view(3, Vec::new()), Page::Stock);
    bench.type_into(Role::TextInput, "ui-search-serial", "0000 00");
    bench.type_text("02");
    let shown: Vec<_> = bench.commands.try_iter().collect();
    let [Command::Show(Shown::Stock(query))] = shown.as_slice() else {
        panic!("{shown:?}");
    };
    assert_eq!(query.serial_part, "000000");
    lock(&bench.harness.state().view).shown = Shown::Stock(query.clone());
    bench.harness.step();
    let shown: Vec<_> = bench.commands.try_iter().collect();
    let [Command::Show(Shown::Stock(query))] = shown.as_slice() else {
        panic!("{shown:?}");
    };
    assert_eq!(query.serial_part, "00000002");
}

#[test]
fn of_thirty_thousand_ukeys_only_those_in_sight_are_drawn() {
    let mut bench = Bench::on(
        Language::Chinese,
        stock_view(30_000, Vec::new()),
        Page::Stock,
    );
    bench.harness.get_by_label("30000 个");
    bench.harness.get_by_label("8f5c 0000 0000 0000");
    let drawn = bench
        .harness
        .query_all_by_label_contains("8f5c 0000")
        .count();
    assert!((5..60).contains(&drawn), "{drawn} drawn");
    bench.harness.step();
}

#[test]
fn what_does_not_balance_is_told_with_what_differs_and_what_to_do() {
    let mut view = stock_view(1, Vec::new());
    let mut bad = line([12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    (bad.received, bad.balanced) = (13, false);
    let summary = StockSummary {
        lines: vec![bad],
        unproven: vec![(MODEL.to_owned(), "2026-11-24".to_owned(), "entries")],
        ..StockSummary::default()
    };
    view.stock = Some(Arc::new(StockPicture {
        summary: Arc::new(summary),
        rows: Vec::new(),
    }));
    let bench = Bench::on(Language::English, view, Page::Stock);
    bench.harness.get_by_label("✕ not balanced");
    bench
        .harness
        .get_by_label("The states sum up to 12, received were 13.");
    bench
        .harness
        .get_by_label_contains("2026-11-24: the balance is not what the entries say");
    bench
        .harness
        .get_by_label(&bench.word("ui-stock-differs-next"));
    assert!(bench.harness.query_by_label("✓ balanced").is_none());
}

#[test]
fn system_explains_a_difference_with_a_way_and_a_reason_and_cannot_accept_it() {
    let differences = vec![difference("2026-0001"), difference("2026-0002")];
    let mut bench = Bench::on(Language::Chinese, stock_view(1, differences), Page::Stock);
    bench.harness.get_by_label("未结差异（2）");
    let explain = bench.word("ui-explain");
    bench
        .harness
        .get_all_by_role_and_label(Role::Button, &explain)
        .next()
        .unwrap()
        .click();
    bench.harness.step();
    bench.harness.step();
    let done = bench.word("ui-explain-done");
    bench.press(&done);
    assert!(bench.acts().is_empty(), "no way and no reason yet");
    bench.choose_named(Role::RadioButton, "遗失");
    bench.type_into(Role::MultilineTextInput, "ui-reason", "路上丢失，已报告");
    bench.press(&done);
    let acts = bench.acts();
    let [
        StockAct::Explain {
            number,
            resolution,
            reason,
        },
    ] = acts.as_slice()
    else {
        panic!("{acts:?}");
    };
    assert_eq!(
        (number.as_str(), *resolution),
        ("2026-0001", Resolution::Lost)
    );
    assert_eq!(reason, "路上丢失，已报告");
    // What may be refused stays as it was typed.
    bench.harness.get_by_role_and_label(Role::Button, &done);
    let accept = bench.word("ui-accept");
    for button in bench
        .harness
        .get_all_by_role_and_label(Role::Button, &accept)
    {
        assert!(button.accesskit_node().is_disabled());
    }
}

#[test]
fn security_accepts_what_is_explained_and_the_auditor_only_reads() {
    let mut explained = difference("2026-0002");
    explained.explained = Some(crate::station::Explanation {
        resolution: Resolution::Lost,
        text: "路上丢失".to_owned(),
        at: Timestamp::EPOCH,
        by: "admin".to_owned(),
    });
    let mut view = stock_view(1, vec![explained]);
    view.post = Some(Post::Security);
    let mut bench = Bench::on(Language::Chinese, view.clone(), Page::Stock);
    bench.harness.get_by_label("遗失: 路上丢失");
    let explain = bench.word("ui-explain");
    bench.press(&explain);
    let accept = bench.word("ui-accept");
    bench.press(&accept);
    assert!(matches!(bench.acts().as_slice(), [StockAct::Accept(number)] if number == "2026-0002"));

    view.post = Some(Post::Auditor);
    let mut bench = Bench::on(Language::Chinese, view, Page::Stock);
    for key in ["ui-explain", "ui-accept"] {
        let word = bench.word(key);
        bench.press(&word);
    }
    assert!(bench.acts().is_empty());
}

#[test]
fn a_reorder_level_is_set_by_system_as_a_whole_number() {
    let mut bench = Bench::on(Language::English, stock_view(1, Vec::new()), Page::Stock);
    let set = bench.word("ui-level-set");
    bench.press(&set);
    assert!(bench.acts().is_empty(), "it is so already");
    bench.type_into(Role::TextInput, "ui-level", "0");
    bench.press(&set);
    let acts = bench.acts();
    let [StockAct::Level { model, level }] = acts.as_slice() else {
        panic!("{acts:?}");
    };
    assert!(model == MODEL && [200, 20].contains(level), "{level}");
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
