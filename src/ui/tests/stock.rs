//! The pages of the stock: what they list, what they send, and what a post may not do there.

use super::door::Person as _;
use super::travel::{opened, travel_view};
use super::*;
use crate::domain::forecast::{LossRate, ModelStock, Month, Need, Outlook, Terms};
use crate::domain::stock::{DiscrepancyKind, Resolution};
use crate::station::jobs::stock::{LevelView, StockDay};
use crate::station::jobs::tally::{Forecast, UnitForecast};
use crate::station::{DiscrepancyRow, StockLine};
use crate::ui::stock_view::{
    StockAct, StockFace, StockOutlook, StockPicture, StockQuery, StockRow, StockSummary, Waiting,
};

pub(super) const MODEL: &str = "SoftHSM v2";
pub(super) const MAKER: &str = "SoftHSM project";

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
        outlook: None,
    };
    View {
        shown: Shown::Stock(StockQuery::default()),
        stock: Some(Arc::new(picture)),
        ..view()
    }
}

impl Bench {
    /// On a page whose facts the desk has read.
    pub(super) fn on(language: Language, view: View, page: Page) -> Self {
        let asked = view.shown.clone();
        let mut bench = Self::new(language, view);
        let window = bench.harness.state_mut();
        (window.page, window.asked) = (page, asked);
        bench.harness.step();
        bench
    }

    pub(super) fn type_into(&mut self, role: Role, key: &str, text: &str) {
        let word = self.word(key);
        self.harness.get_by_role_and_label(role, &word).focus();
        self.harness.step();
        self.type_text(text);
    }

    /// Chooses the radio button or ticks the box of this name.
    pub(super) fn choose_named(&mut self, role: Role, name: &str) {
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

    pub(super) fn acts(&self) -> Vec<StockAct> {
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
        requests: 5,
        differences: 4,
        in_transit: 7,
        losses: 2,
    };
    let bench = Bench::new(Language::Chinese, view);
    let waits = |name: &str| {
        let node = bench.harness.get_by_role_and_label(Role::Button, name);
        node.accesskit_node().description()
    };
    assert_eq!(waits("申请").unwrap(), "等待处理：5");
    assert_eq!(waits("库存").unwrap(), "等待处理：4");
    assert_eq!(waits("发放签收").unwrap(), "等待处理：7");
    assert_eq!(waits("挂失补办").unwrap(), "等待处理：2");
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
        outlook: None,
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

fn outlook() -> StockOutlook {
    let first = Month::parse("2026-11").unwrap();
    let terms = Terms {
        rate: LossRate {
            lost: 1,
            issued: 10,
        },
        spare_percent: 10,
    };
    let months = |waiting: u64| -> Vec<(Month, Need)> {
        let need = |at| {
            Need::of(
                if at == 0 { waiting } else { 0 },
                u64::from(at % 3) * 4,
                terms,
            )
        };
        (0..12).map(|at| (first.plus(at), need(at))).collect()
    };
    let stock = ModelStock {
        model: MODEL.to_owned(),
        ..ModelStock::default()
    };
    let outlook = Outlook {
        low: false,
        low_from: Some(first.plus(2)),
    };
    let day = |at: i64| StockDay {
        day: Timestamp::EPOCH.plus_days(at).date(),
        lines: vec![line([
            if at < 20 { 31 } else { 12 },
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
        ])],
    };
    StockOutlook {
        forecast: Forecast {
            units: vec![UnitForecast {
                unit: "示例市练习小学".to_owned(),
                unit_code: "2143999999".to_owned(),
                months: months(7),
            }],
            total: months(40),
            models: vec![(stock, outlook)],
            terms,
        },
        days: (0..30).map(day).collect(),
    }
}

#[test]
fn what_comes_and_how_it_went_is_asked_for_when_it_is_looked_at_and_told_in_numbers_too() {
    for language in [Language::Chinese, Language::English] {
        let mut bench = Bench::on(language, stock_view(1, Vec::new()), Page::Stock);
        let ahead = bench.word("ui-stock-ahead");
        bench.press(&ahead);
        let shown: Vec<_> = bench.commands.try_iter().collect();
        let [Command::Show(Shown::Stock(query))] = shown.as_slice() else {
            panic!("{shown:?}");
        };
        assert_eq!(query.face, StockFace::Ahead);
        let mut picture = StockPicture::clone(&stock_view(1, Vec::new()).stock.unwrap());
        picture.outlook = Some(Arc::new(outlook()));
        lock(&bench.harness.state().view).stock = Some(Arc::new(picture));
        bench.harness.step();
        bench.harness.step();
        // 40 wait: one in ten is lost, one in ten is spare.
        for number in ["2026-11", "49", "40", "31", "1970-01-21"] {
            assert!(
                bench.harness.query_all_by_label(number).count() > 0,
                "{number}"
            );
        }
        let need = bench.word("ui-ahead-need");
        let told = format!("{need}: 2026-11 49, 2026-12 6, ");
        bench.harness.get_by_label_contains(&told);
        let course = format!("{MODEL} 31 → 12");
        bench.harness.get_by_label_contains(&course);
        let unnamed = bench.harness.unnamed_widgets();
        assert!(unnamed.is_empty(), "{unnamed:?}");
        let now = bench.word("ui-stock-now");
        bench.press(&now);
        bench.harness.get_by_label(&bench.word("ui-search-serial"));
    }
}
