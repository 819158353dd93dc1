//! The auditor's look at personal data in full: security releases each.

use super::super::second::security_beside;
use super::*;
use crate::ui::requests_view::InFull;
use crate::ui::second_view::Proposed;

#[test]
fn what_the_auditor_sees_in_full_security_releases_in_the_card() {
    for (key, look) in [
        ("ui-request-reveal", Look::Fields),
        ("ui-request-scan-open", Look::Scan("07".repeat(32))),
        ("ui-request-print", Look::Form(None)),
    ] {
        let mut bench = at_one(Post::Auditor, "2026-0001", RequestState::Submitted);
        let release = bench.word("ui-reveal-release");
        assert!(bench.says(&release));
        bench.type_into(Role::TextInput, "ui-request-reveal-reason", "抽查");
        lock(&bench.harness.state().view).seconds = security_beside();
        bench.press_key(key);
        assert!(bench.sent().is_empty(), "nobody has released it");
        assert!(bench.says("2026-0001") && bench.says("抽查"));
        let waived = bench.word("ui-second-waived");
        assert!(!bench.says(&waived), "never by one");
        let act = bench.confirm();
        let sight = InFull {
            number: "2026-0001".to_owned(),
            what: look,
            reason: "抽查".to_owned(),
        };
        assert_eq!(act, Proposed::Reveal(Box::new(sight)));
    }
}
