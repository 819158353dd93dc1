//! A superior frees its subordinate from the second officer, in the windows of both (D-8).

use super::remote::{text, two_stations};
use super::*;
use crate::station::clock;
use crate::ui::settings_view::SettingsDone;

#[test]
fn security_grants_a_waiver_and_the_subordinates_window_takes_it_once() {
    let dir = TempDir::with_prefix("ukey-").unwrap();
    let [province, prefecture] = two_stations(dir.path());

    let mut desk = province.window_of(SECURITY);
    desk.at_settings("officers");
    desk.harness.get_by_label(&desk.word("ui-waivers-none"));
    desk.fill(Role::TextInput, "ui-waiver-unit", prefecture.code);
    let days = |days| (clock::now().date() + time::Duration::days(days)).to_string();
    desk.fill(Role::TextInput, "ui-waiver-until", &days(400));
    desk.fill(
        Role::MultilineTextInput,
        "ui-reason",
        "本单位只有一名管理员",
    );
    desk.scroll_and_press("ui-waiver-grant");
    desk.until(|view| !view.busy && view.error.is_some());
    assert_eq!(desk.view().error.unwrap().0, "waiver-too-long");
    lock(&desk.harness.state().view).error = None; // What is told next is of the next try.
    desk.fill(Role::TextInput, "ui-waiver-until", &days(100));
    desk.scroll_and_press("ui-waiver-grant");
    desk.until_done(|view| view.settings_done.is_some());
    let Some(SettingsDone::WaiverGranted(file)) = desk.view().settings_done else {
        panic!("{:?}", desk.view().settings_done)
    };
    // What is done under it stands in the other unit's log: no number of it is told here.
    desk.until(|view| {
        let picture = view.settings.as_ref();
        picture.is_some_and(|picture| picture.waivers.len() == 1)
    });
    let (key, args) = desk.view().settings.unwrap().waivers[0].told();
    assert_eq!(key, "audit-waiver-granted");
    let granted = Wording::new(Language::Chinese).with(key, args);
    desk.harness.get_by_label(&granted);
    drop(desk);

    let mut desk = prefecture.window_of(SYSTEM);
    desk.at_settings("officers");
    for again in [false, true] {
        desk.fill(Role::TextInput, "ui-waiver-file", text(&file));
        desk.scroll_and_press("ui-waiver-receive");
        desk.until_done(|view| {
            matches!(view.settings_done, Some(SettingsDone::WaiverReceived { replayed }) if replayed == again)
        });
        desk.until(|view| {
            let picture = view.settings.as_ref();
            picture.is_some_and(|picture| picture.waivers.len() == 1)
        });
    }
    let waivers = desk.view().settings.unwrap().waivers.clone();
    assert!(waivers[0].in_time && waivers[0].acts == 0);
    desk.harness
        .get_by_label_contains(&desk.word("ui-waiver-in-time"));
}
