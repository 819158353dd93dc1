//! A holder moves to a unit with a desk of its own, in the windows of both: what one hands over is a draft at the
//! other, once (D-45).

use super::remote::{text, two_stations};
use super::*;
use crate::station::jobs::holders::Arrival;
use crate::ui::requests_view::RequestsDone;

#[test]
fn a_record_handed_over_in_one_window_is_taken_in_the_other_as_a_draft() {
    let dir = TempDir::with_prefix("ukey-").unwrap();
    let [province, prefecture] = two_stations(dir.path());
    let serial = province.handed_out();

    let mut desk = province.window_of(SYSTEM);
    desk.press("page-loss");
    desk.until(|view| view.losses.is_some());
    desk.part(&Serial::parse(&serial).unwrap(), "ui-part-moved");
    desk.fill(Role::TextInput, "ui-part-to", prefecture.code);
    desk.fill(Role::MultilineTextInput, "ui-reason", "工作调动");
    desk.press("ui-part-look");
    desk.until(|view| !view.busy && (view.parting.is_some() || view.error.is_some()));
    let looked = desk.view().parting.unwrap();
    assert_eq!(looked.absent, 0, "it is plugged in");
    assert!(looked.to.unwrap().has_a_desk);
    desk.press("ui-part-move");
    desk.until(|view| !view.busy && (view.loss_done.is_some() || view.error.is_some()));
    assert_eq!(desk.view().error, None);
    let parted = desk.parted().unwrap();
    let (file, to) = parted.file.unwrap();
    assert_eq!(to, "示例prefecture");
    assert!(parted.successors.is_empty(), "the other desk enters it");
    drop(desk);

    let mut desk = prefecture.window_of(SYSTEM);
    desk.press("page-requests");
    desk.press("ui-request-files");
    for again in [false, true] {
        let turn = desk.view().applications.turn;
        desk.fill(Role::TextInput, "ui-moved-in-file", text(&file));
        desk.scroll_and_press("ui-moved-in");
        desk.until_done(|view| view.applications.turn > turn);
        let done = desk.view().applications.done.unwrap();
        let RequestsDone::HandedOver(received) = &*done else {
            panic!("{done:?}")
        };
        assert_eq!(received.replayed, again);
        if again {
            desk.harness.get_by_label(&desk.word("parcel-replayed"));
            continue;
        }
        assert_eq!(received.from, "示例province");
        let Ok(Arrival::Entered(number)) = &received.holders[0].arrival else {
            panic!("{received:?}")
        };
        desk.harness
            .get_by_label_contains(&format!("已录入草稿 {number}"));
    }
    drop(desk);
    let listed = prefecture.run(SYSTEM, &["request", "list", "--state", "draft"]);
    let items = listed["items"].as_array().unwrap();
    assert_eq!(items.len(), 1);
    let shown = province.run(SYSTEM, &["ukey", "show", &serial]);
    assert_eq!(shown["certificate_state"], "revoked");
}
