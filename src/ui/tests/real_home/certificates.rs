//! Certificates in the window, on a home with real tokens and records.

use super::*;
use crate::domain::certificate::CertificateState;
use crate::ui::certificates_view::CertificateDone;

fn states(view: &View) -> Vec<CertificateState> {
    let rows = view.certificates.iter().flat_map(|page| page.rows.iter());
    rows.map(|row| row.state).collect()
}

fn is_done(view: &View) -> bool {
    !view.busy && view.certificate_done.is_some()
}

impl RealDesk {
    fn open_certificate(&mut self, holder: &str) {
        let buttons = self.harness.get_all_by_role(Role::Button);
        let mut named = buttons.filter(|node| {
            let label = node.accesskit_node().label().unwrap_or_default();
            label.starts_with(holder)
        });
        named.next().unwrap().click();
        drop(named);
        self.harness.step();
        self.harness.step();
    }

    fn fill_path(&mut self, key: &str, path: &std::path::Path) {
        let word = self.word(key);
        let field = self.harness.get_by_role_and_label(Role::TextInput, &word);
        field.focus();
        self.harness.step();
        self.type_text(&path.display().to_string());
    }
}

#[test]
fn one_is_found_opened_exported_and_revoked_and_the_list_follows() {
    let mut desk = RealDesk::new(Language::Chinese, &SecretsFile::There, 2);
    desk.until(|view| is_desk(view) && view.requests.len() == 2);
    desk.press("page-make");
    desk.press("ui-make-all");
    desk.until(|view| !view.busy && view.requests.is_empty() && !view.lanes.is_empty());
    desk.press("ui-sign-out");
    desk.until(|view| is_door(view, Some(Left::SignedOut)));
    desk.choose("security");
    desk.press("ui-sign-in");
    desk.until(is_desk);
    desk.press("page-certificates");
    desk.until(|view| states(view) == [CertificateState::Active; 2]);
    let row = desk.view().certificates.unwrap().rows[0].clone();

    // By its request's number alone.
    let word = desk.word("ui-certificates-search");
    desk.harness
        .get_by_role_and_label(Role::TextInput, &word)
        .focus();
    desk.harness.step();
    desk.type_text(&row.number);
    desk.until(|view| states(view).len() == 1);
    desk.open_certificate(&row.holder);
    desk.until(|view| {
        let page = view.certificates.as_ref();
        page.is_some_and(|page| {
            page.card
                .as_ref()
                .is_some_and(|card| card.row.serial == row.serial)
        })
    });
    let out = desk.home.path().join("exported");
    desk.fill_path("ui-certificates-folder", &out);
    desk.press("ui-certificates-export-button");
    desk.until(is_done);
    assert!(out.join(format!("{}.pem", row.serial)).is_file());
    assert!(out.join(format!("{}.der", row.serial)).is_file());
    assert_eq!(
        fs::read_dir(&out).unwrap().count(),
        2,
        "the other one stays"
    );

    desk.choose("离岗");
    desk.press("ui-certificates-revoke-button");
    desk.press("ui-certificates-revoke-yes");
    desk.until(|view| {
        is_done(view) && matches!(view.certificate_done, Some(CertificateDone::Revoked { .. }))
    });
    desk.until(|view| states(view) == [CertificateState::Revoked]);
    let page = desk.view().certificates.unwrap();
    assert_eq!(page.list.unwrap().revoked, 1, "published at once");
    assert_eq!(desk.view().error, None);
}

#[test]
fn the_list_is_published_and_renewals_are_written_as_a_calendar() {
    let mut desk = RealDesk::new(Language::English, &SecretsFile::There, 1);
    desk.until(|view| is_desk(view) && view.requests.len() == 1);
    desk.press("page-certificates");
    desk.until(|view| view.certificates.is_some());
    desk.harness
        .get_by_label(&desk.word("ui-certificates-none"));
    let file = desk.home.path().join("renewals.txt");
    desk.fill_path("ui-certificates-renewals-file", &file);
    desk.press("ui-certificates-renewals-write");
    desk.until(|view| !view.busy && view.error.is_some());
    assert_eq!(desk.view().error.unwrap().0, "file-ending");
    assert!(!file.exists());
    desk.fill_path(
        "ui-certificates-renewals-file",
        std::path::Path::new(".ics"),
    );
    desk.press("ui-certificates-renewals-write");
    desk.until(is_done);
    let calendar = fs::read_to_string(desk.home.path().join("renewals.txt.ics")).unwrap();
    assert!(calendar.starts_with("BEGIN:VCALENDAR"), "{calendar}");
    desk.press("ui-certificates-give-on");
    desk.until(|view| {
        matches!(
            view.certificate_done,
            Some(CertificateDone::Published { .. })
        ) && !view.busy
    });
}
