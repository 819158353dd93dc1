//! `doctor` says in plain words what is wrong and what to do (D-56).
#![expect(clippy::unwrap_used, reason = "test helpers")]

mod support;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::Value;
use support::PracticeHome;

/// The findings that are not as they should be: check, and what to do.
fn wrong(home: &PracticeHome, lang: &str) -> Vec<(String, String)> {
    let found = home.run(["--lang", lang, "doctor"]);
    let bad = |item: &&Value| item["ok"] == false;
    let wrong: Vec<_> = found
        .items()
        .iter()
        .filter(bad)
        .map(|item| {
            let word = |field: &str| item[field].as_str().unwrap().to_owned();
            (word("check"), word("hint"))
        })
        .collect();
    assert_eq!(found.code, Some(i32::from(!wrong.is_empty())));
    wrong
}

#[test]
fn a_sound_home_has_nothing_wrong_and_each_check_has_its_words_in_both_languages() {
    let home = PracticeHome::new(1, 1);
    home.run(["personalise", "--all"]).expect(0);
    for lang in ["zh", "en"] {
        assert_eq!(wrong(&home, lang), []);
        let found = home.run(["--lang", lang, "doctor"]).expect(0);
        assert!(found.items().len() >= 12, "{found:#?}");
        for item in found.items() {
            let what = item["what"].as_str().unwrap();
            assert!(!what.is_empty() && !what.contains("check-"), "{item}");
            assert!(item["hint"].is_null());
        }
    }
}

#[test]
fn what_was_broken_is_named_with_what_to_do() {
    let home = PracticeHome::new(1, 1);
    let mode = |name: &str, mode| {
        let permissions = fs::Permissions::from_mode(mode);
        fs::set_permissions(home.path.join(name), permissions).unwrap();
    };
    mode("station.db", 0o644);
    let (check, hint) = wrong(&home, "en").remove(0);
    assert_eq!(check, "permissions");
    assert!(hint.contains("chmod 600"), "{hint}");
    mode("station.db", 0o600);

    home.run(["personalise", "--all"]).expect(0);
    let list = home.path.join("crl/unit.crl");
    let published = fs::read(&list).unwrap();
    fs::write(&list, b"another").unwrap();
    let (check, hint) = wrong(&home, "zh").remove(0);
    assert_eq!(check, "crl");
    assert!(hint.contains("发布"), "{hint}");
    let shown = home.run(["crl", "show"]).expect(4);
    assert_eq!(shown.error_code(), "crl-missing");
    home.run(["crl", "publish"]).expect(0);
    assert!(published.len() > 100 && fs::read(&list).unwrap() != published);
    assert_eq!(wrong(&home, "zh"), []);

    let serial = home.serials().remove(0);
    let tokens = home.path.join("ukeys").join(serial).join("tokens");
    for token in fs::read_dir(tokens).unwrap() {
        fs::write(token.unwrap().path().join("token.object"), b"").unwrap();
    }
    let (check, hint) = wrong(&home, "en").remove(0);
    assert_eq!(check, "ukeys");
    assert!(hint.contains("Pull it out"), "{hint}");
}
