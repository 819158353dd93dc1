//! Settings at the command line: what is listed, what may be set, and what is written down of it.

mod support;

use support::PracticeHome;

#[test]
fn settings_are_listed_set_within_their_range_and_audited() {
    let home = PracticeHome::new(0, 0);
    let listed = home.run(["config", "list"]).expect(0);
    let names: Vec<_> = listed
        .items()
        .iter()
        .map(|item| item["name"].as_str().unwrap_or_default())
        .collect();
    assert_eq!(
        names,
        [
            "approval_days",
            "assistant_address",
            "crl_destinations",
            "deadline_apply_by",
            "deadline_mandatory_from",
            "hotline",
            "idle_lock_minutes",
            "spare_percent"
        ]
    );
    let days = home.run(["config", "get", "approval_days"]).expect(0);
    assert_eq!(
        (&days.one()["value"], &days.one()["rule"]),
        (&"30".into(), &"D-21".into())
    );

    for (name, value, code) in [
        ("approval_days", "0", "setting-invalid"),
        ("crl_destinations", "web", "setting-invalid"),
        ("deadline_apply_by", "2026-02-30", "setting-invalid"),
        ("hotline", "a\u{202e}b", "setting-invalid"),
        ("idle_lock_minutes", "0", "setting-invalid"),
        ("idle_lock_minutes", "121", "setting-invalid"),
        ("person_key", "00", "setting-unknown"),
    ] {
        let refused = home.run(["config", "set", name, value]).expect(2);
        assert_eq!(refused.error_code(), code, "{name}");
    }
    // What is no setting is not told either.
    let secret = home.run(["config", "get", "station_identity"]).expect(2);
    assert_eq!(secret.error_code(), "setting-unknown");
    let by_security = ["--officer", "security", "config", "set", "hotline", "1"];
    assert_eq!(home.run(by_security).expect(4).error_code(), "wrong-duty");

    for (name, value) in [("approval_days", "7"), ("deadline_apply_by", "2026-12-31")] {
        home.run(["config", "set", name, value]).expect(0);
        home.run(["config", "set", name, value]).expect(0);
        let now = home.run(["config", "get", name]).expect(0);
        assert_eq!(now.one()["value"], value);
    }
    home.run(["config", "set", "hotline", "0731-7654321"])
        .expect(0);
    let log = home
        .run(["--officer", "auditor", "audit", "list"])
        .expect(0);
    let details: Vec<_> = log
        .items()
        .iter()
        .filter(|row| row["act"] == "setting-changed")
        .map(|row| row["detail"].as_str().unwrap_or_default())
        .collect();
    assert_eq!(
        details,
        [
            "approval_days = 7",
            "deadline_apply_by = 2026-12-31",
            "hotline"
        ]
    );
}
