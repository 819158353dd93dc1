//! The auditor's look at personal data in full, released in the window, on a home with real tokens and records.

use super::*;
use crate::domain::officer::Duty;
use crate::station::AuditFilter;
use crate::station::jobs::audit;

#[test]
fn security_releases_one_look_of_the_auditor_and_the_log_names_both() {
    let mut desk = RealDesk::new(Language::Chinese, &SecretsFile::Gone, 1);
    desk.until(|view| is_door(view, None));
    desk.choose("auditor");
    let right = desk.passphrase("auditor");
    desk.try_passphrase(&right);
    desk.until(|view| is_desk(view) && view.requests.len() == 1);
    let number = desk.view().requests[0].row.number.clone();
    desk.press("page-requests");
    desk.until(|view| view.applications.list.is_some());
    desk.harness
        .get_by_role_and_label(Role::Link, &number)
        .click();
    desk.harness.step();
    desk.until(|view| view.applications.open.is_some());
    desk.fill(Role::TextInput, "ui-request-reveal-reason", "抽查身份证号");
    desk.press("ui-request-reveal");
    desk.type_text("wrong horse 12");
    desk.key(Modifiers::NONE, Key::Enter);
    desk.until(|view| !view.busy && view.second_tried.is_some());
    let tried = desk.view().second_tried.unwrap();
    assert_eq!(tried.refused.unwrap().0, "passphrase-wrong");
    assert!(desk.view().applications.seen.is_none());
    let right = desk.passphrase("security");
    desk.type_text(&right);
    desk.key(Modifiers::NONE, Key::Enter);
    desk.until(|view| !view.busy && view.applications.seen.is_some());
    let seen = desk.view().applications.seen.unwrap();
    let id_number = seen.fields.as_ref().unwrap()["id_number"].clone();
    assert!(!id_number.contains('*'), "{id_number}");
    desk.harness.get_by_label(&id_number);
    // Another page, and it is gone.
    desk.press("page-today");
    desk.until(|view| view.applications.seen.is_none());
    desk.press("ui-sign-out");
    desk.until(|view| is_door(view, Some(Left::SignedOut)));
    desk.passphrases.save().unwrap();
    let (books, auditor) = practice::open(desk.home.path(), Duty::Audit).unwrap();
    let filter = AuditFilter {
        act: Some("personal-data-revealed".to_owned()),
        ..AuditFilter::default()
    };
    let rows = audit::list(&books, &auditor, filter).unwrap();
    let [look] = rows.as_slice() else {
        panic!("{rows:?}")
    };
    assert_eq!(look.row.officer, "auditor");
    let detail = look.row.detail.as_deref().unwrap();
    assert!(
        detail.contains("released") && detail.contains("security"),
        "{detail}"
    );
}
