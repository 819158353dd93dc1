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

/// What was found of a check.
fn detail(home: &PracticeHome, lang: &str, check: &str) -> String {
    let found = home.run(["--lang", lang, "doctor"]);
    let mut items = found.items().iter();
    let item = items.find(|item| item["check"] == check).unwrap();
    item["detail"].as_str().unwrap().to_owned()
}

#[test]
fn what_was_found_is_told_in_the_language_of_who_reads() {
    let home = PracticeHome::new(2, 1);
    home.run(["personalise", "--all"]).expect(0);
    for (check, zh, en) in [
        ("audit", "条记录", "rows"),
        ("disk-space", "剩余", "MiB free"),
        ("ukeys", "可读 2 个", "2 readable"),
        ("argon2-cost", "练习强度", "practice"),
        ("memory", "已锁定", "locked"),
        ("escrow", "缺 0 个 SO PIN", "0 SO PINs missing"),
    ] {
        let (in_zh, in_en) = (detail(&home, "zh", check), detail(&home, "en", check));
        assert!(in_zh.contains(zh) && !in_zh.contains(en), "{in_zh}");
        assert!(in_en.contains(en) && !in_en.contains(zh), "{in_en}");
    }
    // Every detail has its words: none is a bare key.
    for item in home.run(["--lang", "zh", "doctor"]).expect(0).items() {
        let detail = item["detail"].as_str().unwrap();
        assert!(!detail.is_empty() && !detail.contains('$'), "{item}");
        assert!(!detail.starts_with("argon2-") && !detail.starts_with("memory-"));
    }

    // A ukey that cannot be read is told by the headline of its fault.
    let folder = home
        .path
        .join("ukeys")
        .join(&home.serials()[0])
        .join("tokens");
    for token in fs::read_dir(folder).unwrap() {
        fs::write(token.unwrap().path().join("token.object"), b"").unwrap();
    }
    let (zh, en) = (detail(&home, "zh", "ukeys"), detail(&home, "en", "ukeys"));
    assert!(zh.starts_with("可读 1 个；"), "{zh}");
    assert!(en.starts_with("1 readable; The"), "{en}");
}

#[test]
fn a_report_is_read_in_the_language_of_who_reads_it_not_of_who_wrote_it() {
    let home = PracticeHome::new(1, 0);
    let path = home.path.join("out/report.json");
    let file = path.to_str().unwrap();
    home.run(["--lang", "en", "doctor", "--report", file])
        .expect(0);
    for (lang, words) in [("zh", "条记录"), ("en", "rows")] {
        let read = support::program()
            .args(["--lang", lang, "doctor", "read", file])
            .output()
            .unwrap();
        let text = String::from_utf8(read.stdout).unwrap();
        assert!(text.contains(words), "{text}");
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
