//! An old copy of the home that is put back after ukeys were made (D-52): a ukey tells, nothing is made
//! twice, and two officers decide.
#![expect(clippy::unwrap_used, reason = "test helpers")]

mod support;

use std::fs;

use support::PracticeHome;

fn states(home: &PracticeHome, what: &str) -> Vec<String> {
    let listed = home.run([what, "list"]).expect(0);
    let items = listed.items().iter();
    items
        .map(|item| item["state"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn a_ukey_tells_that_the_records_are_older_and_nothing_is_made_twice() {
    let home = PracticeHome::new(2, 2);
    let records = ["station.db", "keys.json", "secrets.toml"];
    let kept = records.map(|name| fs::read(home.path.join(name)).unwrap());
    let serials = home.serials();
    let make = ["personalise", "2026-0001", "--ukey", &serials[0]];
    home.run(make).expect(0);
    for (name, bytes) in records.iter().zip(&kept) {
        fs::write(home.path.join(name), bytes).unwrap();
    }
    for left in ["station.db-wal", "station.db-shm"] {
        fs::remove_file(home.path.join(left)).ok(); // Of the newer file.
    }
    assert_eq!(states(&home, "request"), ["approved", "approved"]);

    let listed = home.run(["ukey", "inserted"]).expect(0);
    assert_eq!(listed.items()[0]["reason"], "records-older");
    let refused = home.run(["personalise", "--all"]);
    for result in refused.events("result") {
        assert_eq!(result["error"]["code"], "records-older", "{refused:#?}");
    }
    // The ukey that tells so may be pulled out: it was said once.
    let path = home.path.to_str().unwrap();
    home.run(["practice", "pull", path, &serials[0]]).expect(0);
    let refused = home.run(["personalise", "--all"]).expect(4);
    assert_eq!(
        refused.events("result")[0]["error"]["code"],
        "records-older"
    );
    assert_eq!(states(&home, "request"), ["approved", "approved"]);
    assert!(states(&home, "certificate").is_empty());
    let doctor = home.run(["doctor"]).expect(1);
    let bad = doctor.items().iter().find(|item| item["ok"] == false);
    assert_eq!(bad.unwrap()["check"], "records");

    let alone = home.run(["--second", "admin", "audit", "go-on"]).expect(4);
    assert_eq!(alone.error_code(), "second-officer-same");
    let two = home
        .run(["--second", "security", "audit", "go-on"])
        .expect(0);
    assert_eq!(two.one()["epoch"], 2);
    assert_eq!(two.one()["damaged"][0], serials[0].as_str());
    assert_eq!(states(&home, "ukey"), ["damaged", "blank"]);
    home.run(["practice", "insert", path, &serials[0]])
        .expect(0);
    let made = home.run(["personalise", "2026-0002"]).expect(0);
    assert_eq!(made.events("result")[0]["serial"], serials[1].as_str());
    let again = home.run(["--second", "security", "audit", "go-on"]);
    assert_eq!(again.expect(4).error_code(), "records-not-older");
    let auditor = ["--officer", "auditor", "audit", "verify"];
    assert_eq!(home.run(auditor).expect(0).one()["intact"], true);
}
