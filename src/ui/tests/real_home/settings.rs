//! The settings in the window, on a home with real tokens and records.

use std::os::unix::fs::PermissionsExt as _;

use super::*;
use crate::ui::settings_view::SettingsDone;

impl RealDesk {
    pub(super) fn at_settings(&mut self, part: &str) {
        self.press("page-settings");
        self.until(|view| view.settings.is_some());
        self.press(&format!("ui-settings-{part}"));
    }

    /// Waits until it is so, and fails with what went wrong instead.
    pub(super) fn until_done(&mut self, what: impl Fn(&View) -> bool) {
        self.until(|view| !view.busy && (what(view) || view.error.is_some()));
        assert_eq!(self.view().error, None);
    }

    fn value(&self, name: &str) -> String {
        let settings = self.view().settings.unwrap();
        let mut sets = settings.settings.iter();
        let set = sets.find(|set| set.setting.name == name).unwrap();
        set.value.clone()
    }
}

#[test]
fn a_setting_is_changed_in_its_place_and_the_window_follows() {
    let mut desk = RealDesk::new(Language::Chinese, &SecretsFile::There, 0);
    desk.until(|view| is_desk(view) && view.idle_minutes == 10);
    desk.at_settings("station");
    desk.fill(Role::TextInput, "setting-idle-lock-minutes", "121");
    desk.key(Modifiers::NONE, Key::Enter);
    desk.until(|view| !view.busy && view.error.is_some());
    assert_eq!(desk.view().error.unwrap().0, "setting-invalid");
    assert_eq!(desk.value("idle_lock_minutes"), "10");
    desk.fill(Role::TextInput, "setting-idle-lock-minutes", " 25 ");
    desk.key(Modifiers::NONE, Key::Enter);
    desk.until(|view| !view.busy && view.idle_minutes == 25);
    desk.until(|view| {
        matches!(
            view.settings_done,
            Some(SettingsDone::Set("idle_lock_minutes"))
        )
    });
    let value = |view: &View| {
        let picture = view.settings.as_ref()?;
        let mut sets = picture.settings.iter();
        let set = sets.find(|set| set.setting.name == "idle_lock_minutes")?;
        Some(set.value.clone())
    };
    desk.until(|view| value(view).as_deref() == Some("25"));

    let picture = desk.view().settings.unwrap();
    assert_eq!(picture.officers.len(), 3);
    assert!(picture.units.iter().any(|unit| unit.own));
    assert!(
        picture
            .models
            .iter()
            .any(|model| model.name == "softhsm2" && model.module.is_some())
    );
}

#[test]
fn the_station_is_looked_at_reported_and_backed_up_in_the_window() {
    let mut desk = RealDesk::new(Language::English, &SecretsFile::There, 1);
    desk.until(|view| is_desk(view) && view.requests.len() == 1);
    // Something to be put right.
    let open = fs::Permissions::from_mode(0o644);
    fs::set_permissions(desk.home.path().join("station.db"), open).unwrap();
    desk.at_settings("health");
    desk.press("ui-examine");
    desk.until_done(|view| view.examined.is_some());
    let findings = desk.view().examined.unwrap().findings;
    assert!(
        findings
            .iter()
            .any(|finding| finding.check == "audit" && finding.ok)
    );
    assert!(
        findings
            .iter()
            .any(|finding| finding.check == "permissions" && !finding.ok)
    );
    desk.harness.get_by_label(&desk.word("cure-permissions"));
    for finding in findings.iter() {
        let known = Wording::new(Language::English).known(&format!("check-{}", finding.check));
        assert!(known.is_some(), "{}", finding.check);
    }
    desk.press("ui-report");
    desk.until_done(|view| view.settings_done.is_some());
    let Some(SettingsDone::Reported(report)) = desk.view().settings_done else {
        panic!("{:?}", desk.view().settings_done);
    };
    assert!(report.is_file());

    desk.at_settings("backup");
    let folder = TempDir::with_prefix("stick-").unwrap();
    desk.fill(
        Role::TextInput,
        "ui-backup-folder",
        &folder.path().display().to_string(),
    );
    desk.press("ui-backup");
    desk.until_done(|view| matches!(view.settings_done, Some(SettingsDone::BackedUp { .. })));
    assert!(desk.view().backing_up.is_none());
    let Some(SettingsDone::BackedUp { path, made }) = desk.view().settings_done else {
        panic!("no backup");
    };
    assert_eq!(fs::metadata(&path).unwrap().len(), made.bytes);
    assert!(path.starts_with(folder.path()));

    desk.fill(Role::TextInput, "ui-backup-folder", "/nowhere/at/all");
    desk.press("ui-backup");
    desk.until(|view| !view.busy && view.error.is_some());
    assert_eq!(desk.view().error.unwrap().0, "file");
}
