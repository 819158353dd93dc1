//! The audit log in the window, on a home with real tokens and records.

use super::*;
use crate::domain::checkpoint::Standing;

impl RealDesk {
    fn at_audit(language: Language, officer: &str) -> Self {
        let mut desk = Self::new(language, &SecretsFile::There, 1);
        desk.until(|view| is_desk(view) && view.requests.len() == 1);
        desk.press("ui-sign-out");
        desk.until(|view| is_door(view, Some(Left::SignedOut)));
        desk.choose(officer);
        desk.press("ui-sign-in");
        desk.until(|view| is_desk(view) && view.officer == officer);
        desk.press("page-audit");
        desk.until(|view| view.audit.is_some() && view.audit_health.is_some());
        desk
    }

    /// Presses a button that may have to be scrolled to.
    pub(super) fn scroll_and_press(&mut self, key: &str) {
        let word = self.word(key);
        self.harness
            .get_by_role_and_label(Role::Button, &word)
            .scroll_to_me();
        self.harness.step();
        self.harness.step();
        self.press(key);
    }

    fn compare(&mut self, against: &str) -> Standing {
        let before = self.view().audit_health.unwrap().against;
        let word = self.word("ui-audit-against");
        let field = self.harness.get_by_role_and_label(Role::TextInput, &word);
        field.focus();
        self.harness.step();
        self.key(Modifiers::COMMAND, Key::A);
        self.type_text(against);
        self.scroll_and_press("ui-audit-compare");
        let said = |view: &View| view.audit_health.as_ref().unwrap().against.clone();
        self.until(|view| !view.busy && said(view) != before);
        said(&self.view()).unwrap().1
    }
}

#[test]
fn the_auditor_verifies_signs_compares_and_exports_the_log() {
    let mut desk = RealDesk::at_audit(Language::Chinese, "auditor");
    let view = desk.view();
    let health = view.audit_health.unwrap();
    assert!(health.found.told && health.found.intact());
    let picture = view.audit.unwrap();
    let reach = picture.reach.clone().unwrap();
    assert_eq!(reach.rows, health.found.rows);
    assert_eq!(reach.newest, None);
    assert_eq!(picture.lines[0].sequence, reach.rows, "the newest first");
    for line in &picture.lines {
        let known = Wording::new(Language::Chinese).known(&format!("act-{}", line.act));
        assert!(known.is_some(), "{} has no word", line.act);
    }

    desk.scroll_and_press("ui-audit-checkpoint");
    desk.until(|view| !view.busy && view.audit_done.is_some());
    let newest = |view: &View| {
        let page = view.audit.as_ref()?;
        page.reach.as_ref()?.newest.clone()
    };
    desk.until(|view| newest(view).is_some());
    let code = newest(&desk.view()).unwrap().code.to_string();
    let out = desk.home.path().join("out");
    let files = || -> Vec<PathBuf> {
        let entries = fs::read_dir(&out).unwrap();
        entries.map(|entry| entry.unwrap().path()).collect()
    };
    let signed = files().pop().unwrap();
    assert_eq!(
        desk.compare(&signed.display().to_string()),
        Standing::Matches
    );
    assert_eq!(desk.compare(&code.to_uppercase()), Standing::Matches);
    let (others, _head) = code.rsplit_once('-').unwrap();
    let forked = format!("{others}-{}", "0".repeat(12));
    assert_eq!(desk.compare(&forked), Standing::Forked);
    assert!(!desk.view().audit_health.unwrap().found.intact());
    desk.harness.get_by_label(&desk.word("ui-cure-audit"));
    desk.scroll_and_press("ui-audit-verify");
    desk.until(|view| !view.busy && view.audit_health.as_ref().unwrap().found.intact());

    // No checkpoint: told, and nothing else changes.
    let text = desk.home.path().join("note.txt");
    fs::write(&text, "no checkpoint").unwrap();
    let word = desk.word("ui-audit-against");
    desk.harness
        .get_by_role_and_label(Role::TextInput, &word)
        .focus();
    desk.harness.step();
    desk.key(Modifiers::COMMAND, Key::A);
    desk.type_text(&text.display().to_string());
    desk.scroll_and_press("ui-audit-compare");
    desk.until(|view| !view.busy && view.error.is_some());
    assert_eq!(desk.view().error.unwrap().0, "checkpoint-invalid");

    let before = files().len();
    desk.scroll_and_press("ui-audit-export");
    desk.until(|view| !view.busy && view.audit_done.is_some());
    let exported = files();
    assert_eq!(exported.len(), before + 1);
    let whole = exported.iter().find(|path| **path != signed).unwrap();
    let lines = fs::read_to_string(whole).unwrap();
    assert!(lines.lines().count() > usize::try_from(reach.rows).unwrap());
}

#[test]
fn who_is_no_auditor_sees_their_own_acts_and_whether_the_log_is_whole() {
    let desk = RealDesk::at_audit(Language::English, "security");
    let view = desk.view();
    let health = view.audit_health.unwrap();
    assert!(!health.found.told && health.found.intact());
    let picture = view.audit.unwrap();
    assert!(picture.reach.is_none() && picture.officers.is_empty());
    assert!(!picture.lines.is_empty());
    assert!(picture.lines.iter().all(|line| line.officer == "security"));
    let intact = desk.word("ui-audit-intact");
    assert_eq!(desk.harness.query_all_by_label(&intact).count(), 2);
}
