//! The pages of the stock on homes with real tokens and records.

use super::*;
use crate::domain::officer::Duty;
use crate::station::StockLine;
use crate::station::jobs::{stock, tally};
use crate::ui::stock_view::StockDone;

impl RealDesk {
    fn turn_to(&mut self, page: Page) {
        self.press(page.key());
        let stock = page == Page::Stock;
        self.until(|view| {
            if stock {
                view.stock.is_some()
            } else {
                view.travel.is_some()
            }
        });
    }

    /// What `stock report` says of a home that nobody holds.
    fn report(&self) -> Vec<StockLine> {
        let (desk, officer) = practice::open(self.home.path(), Duty::ReadRecords).unwrap();
        stock::report(&desk, &officer, None).unwrap().lines
    }
}

#[test]
fn the_stock_page_shows_what_the_report_says() {
    for language in [Language::Chinese, Language::English] {
        let mut desk = RealDesk::new(language, &SecretsFile::There, 3);
        desk.until(|view| is_desk(view) && view.requests.len() == 3);
        desk.press("page-make");
        desk.press("ui-make-all");
        desk.until(|view| !view.busy && view.requests.is_empty() && !view.lanes.is_empty());
        desk.turn_to(Page::Stock);
        let picture = desk.view().stock.unwrap();
        assert_eq!(picture.rows.len(), 3);
        for row in &picture.rows {
            assert!(
                row.request
                    .as_ref()
                    .is_some_and(|number| !number.is_empty())
            );
        }
        let word = desk.word("state-issued");
        let issued = format!("{word} 3");
        desk.harness.get_by_role_and_label(Role::Button, &issued);
        desk.harness
            .get_by_label(&format!("✓ {}", desk.word("ui-stock-balanced")));
        // A part of a serial number lists fewer.
        let tail = picture.rows[0].serial.as_str()[8..].to_owned();
        desk.fill(Role::TextInput, "ui-search-serial", &tail);
        desk.until(|view| {
            view.stock
                .as_ref()
                .is_some_and(|picture| picture.rows.len() == 1)
        });
        desk.press("ui-sign-out");
        desk.until(|view| is_door(view, Some(Left::SignedOut)));
        assert!(desk.view().stock.is_none());
        let lines = desk.report();
        assert_eq!(lines, picture.summary.lines);
        assert_eq!(lines[0].count(UkeyState::Issued), 3);
    }
}

#[test]
fn what_is_plotted_is_what_forecast_and_report_say() {
    let mut desk = RealDesk::new(Language::English, &SecretsFile::There, 2);
    desk.until(|view| is_desk(view) && view.requests.len() == 2);
    desk.turn_to(Page::Stock);
    assert!(desk.view().stock.unwrap().outlook.is_none(), "nobody looks");
    desk.press("ui-stock-ahead");
    let plotted = |view: &View| view.stock.as_ref().and_then(|stock| stock.outlook.clone());
    desk.until(|view| plotted(view).is_some());
    let first = plotted(&desk.view()).unwrap();
    desk.press("page-make");
    desk.press("ui-make-all");
    desk.until(|view| !view.busy && view.requests.is_empty() && !view.lanes.is_empty());
    desk.press("page-stock");
    desk.until(|view| plotted(view).is_some());
    let second = plotted(&desk.view()).unwrap();
    let of_today = |outlook: &stock_view::StockOutlook| {
        let (day, need) = (outlook.days.last().unwrap(), &outlook.forecast.total[0].1);
        (day.lines[0].count(UkeyState::Blank), need.approved_waiting)
    };
    assert_eq!((of_today(&first), of_today(&second)), ((2, 2), (0, 0)));
    desk.press("ui-sign-out");
    desk.until(|view| is_door(view, Some(Left::SignedOut)));
    let (open, officer) = practice::open(desk.home.path(), Duty::ReadRecords).unwrap();
    let forecast = tally::forecast(&open, &officer, 12).unwrap();
    assert_eq!(second.forecast.total, forecast.total);
    let mut lines = stock::report(&open, &officer, None).unwrap().lines;
    lines.truncate(1);
    assert_eq!(second.days.last().unwrap().lines, lines);
    assert!(
        second.days[0].lines.is_empty(),
        "nothing was there a month ago"
    );
}

#[test]
fn ukeys_go_back_to_the_superior_with_file_and_paper_and_the_stock_follows() {
    let mut desk = RealDesk::new(Language::Chinese, &SecretsFile::There, 3);
    desk.until(|view| is_desk(view) && view.ukeys.len() == 3);
    let back = desk.view().ukeys[0].row.identity.serial.clone();
    desk.turn_to(Page::Travel);
    desk.harness.get_by_label_contains("退回给：");
    desk.fill(Role::MultilineTextInput, "ui-note-serials", back.as_str());
    desk.press("ui-send-back");
    assert!(
        !desk.view().busy && desk.view().stock_done.is_none(),
        "no reason yet"
    );
    desk.fill(Role::TextInput, "ui-reason", "外壳破损");
    desk.press("ui-send-back");
    desk.until(|view| !view.busy && view.stock_done.is_some());
    let Some(StockDone::Sent {
        count, file, paper, ..
    }) = desk.view().stock_done
    else {
        panic!("{:?}", desk.view().stock_done);
    };
    assert_eq!(count, 1);
    assert!(file.is_file() && file.starts_with(desk.home.out()));
    assert!(fs::read(paper.unwrap()).unwrap().starts_with(b"%PDF"));
    desk.harness.get_by_label(&file.display().to_string());
    // The form is empty: the same press again sends nothing again.
    desk.press("ui-send-back");
    assert!(!desk.view().busy);
    desk.until(|view| {
        view.travel
            .as_ref()
            .is_some_and(|page| page.in_transit.len() == 1)
    });
    desk.harness.get_by_label("→ 在途 1 个，0 天");

    desk.turn_to(Page::Stock);
    desk.harness.get_by_role_and_label(Role::Button, "空白 2");
    desk.harness.get_by_role_and_label(Role::Button, "已发出 1");
    desk.harness.get_by_label("✓ 平衡");
    desk.press("ui-sign-out");
    desk.until(|view| is_door(view, Some(Left::SignedOut)));
    let lines = desk.report();
    assert_eq!(lines[0].count(UkeyState::Dispatched), 1);
    assert!(lines[0].balanced && lines[0].in_transit == 1);
}

#[test]
fn a_refusal_is_told_in_words_and_nothing_moves() {
    let mut desk = RealDesk::new(Language::Chinese, &SecretsFile::There, 2);
    desk.until(|view| is_desk(view) && view.ukeys.len() == 2);
    desk.turn_to(Page::Travel);
    desk.fill(Role::MultilineTextInput, "ui-note-serials", "NO-SUCH-UKEY");
    desk.fill(Role::TextInput, "ui-reason", "外壳破损");
    desk.press("ui-send-back");
    desk.until(|view| !view.busy && view.error.is_some());
    assert_eq!(desk.view().error.unwrap().0, "ukey-unknown");
    let (headline, _hints) = Wording::new(Language::Chinese).error("ukey-unknown", "NO-SUCH-UKEY");
    desk.harness.get_by_label(&headline);
    desk.harness
        .get_by_label(&desk.word("ui-hint-ukey-unknown"));
    // What was typed is still there to be put right.
    let serial = desk.view().ukeys[0].row.identity.serial.clone();
    desk.fill(Role::MultilineTextInput, "ui-note-serials", serial.as_str());
    desk.press("ui-send-back");
    desk.until(|view| !view.busy && view.stock_done.is_some());
    assert_eq!(desk.view().error, None);

    // A file that is none of ours.
    desk.press("ui-side-receive");
    let file = desk.home.path().join("other.ukey-dispatch");
    fs::write(&file, "no parcel").unwrap();
    desk.fill(Role::TextInput, "ui-file", &file.display().to_string());
    desk.key(Modifiers::NONE, Key::Enter);
    desk.until(|view| !view.busy && view.error.is_some());
    let (code, subject) = desk.view().error.unwrap();
    assert!(code.starts_with("parcel-"), "{code}");
    let (headline, _hints) = Wording::new(Language::Chinese).error(&code, &subject);
    desk.harness.get_by_label(&headline);
    desk.press("ui-sign-out");
    desk.until(|view| is_door(view, Some(Left::SignedOut)));
    assert_eq!(desk.report()[0].count(UkeyState::Dispatched), 1);
}

#[test]
fn a_delivery_comes_into_stock_by_list_and_what_is_wrong_in_it_is_told_row_by_row() {
    let mut desk = RealDesk::new(Language::Chinese, &SecretsFile::There, 1);
    desk.until(|view| is_desk(view) && view.ukeys.len() == 1);
    desk.turn_to(Page::Travel);
    desk.press("ui-side-delivery");
    let list = desk.home.path().join("list.csv");
    fs::write(
        &list,
        "序列号,终止序列号,型号\nFT000001,FT000040,softhsm2\nFT000040,,softhsm2\n",
    )
    .unwrap();
    desk.fill(
        Role::TextInput,
        "ui-delivery-sheet",
        &list.display().to_string(),
    );
    desk.press("ui-delivery-take");
    desk.until(|view| !view.busy && view.stock_done.is_some());
    let delivered = |view: &View| match &view.stock_done {
        Some(StockDone::Delivered(received)) => (received.received, received.refused),
        other => panic!("{other:?}"),
    };
    assert_eq!(delivered(&desk.view()), (0, 1), "all or nothing");
    desk.harness.get_by_label("FT000040");
    let good = desk.word("ui-delivery-take-good");
    desk.harness
        .get_by_role_and_label(Role::CheckBox, &good)
        .click();
    desk.harness.step();
    desk.press("ui-delivery-take");
    desk.until(|view| {
        !view.busy
            && view
                .stock_done
                .as_ref()
                .is_some_and(|_done| delivered(view).0 > 0)
    });
    assert_eq!(delivered(&desk.view()), (40, 1));
    // The form is empty: the same press again takes nothing again.
    desk.press("ui-delivery-take");
    assert!(!desk.view().busy);
    desk.turn_to(Page::Stock);
    desk.press("ui-sign-out");
    desk.until(|view| is_door(view, Some(Left::SignedOut)));
    let lines = desk.report();
    assert_eq!(lines[0].count(UkeyState::Blank), 41);
    assert!(lines[0].balanced);
}
