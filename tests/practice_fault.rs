//! Training: a trainer lets a virtual ukey fail at a step, and the trainee brings it to its end (D-56).

mod support;

use support::PracticeHome;
use support::point::shorten_deadlines;

#[test]
fn each_fault_strikes_once_at_its_step_and_the_ukey_is_finished() {
    for (kind, outcome) in [
        ("error", "device-error"),
        ("lost", "device-error"),
        ("crash", "worker-died"),
        ("hang", "deadline"),
    ] {
        let home = PracticeHome::new(1, 1);
        shorten_deadlines(&home, 2);
        let (serial, path) = (home.serials().remove(0), home.path.to_str().unwrap());
        let step = "generate-key-pair";
        let plan = ["practice", "fault", path, &serial, kind, "--at", step];
        home.run(plan).expect(0);
        let made = home.run(["personalise", "--all"]).expect(0);
        assert_eq!(made.outcomes(step)[0], outcome, "{kind}");
        assert_eq!(made.events("result")[0]["outcome"], "issued", "{kind}");
        let pin = home.user_pin(&serial);
        let list = [
            "--login",
            "--pin",
            &pin,
            "--list-objects",
            "--type",
            "privkey",
        ];
        let listed = home.pkcs11_tool(&serial, &list);
        let listed = String::from_utf8_lossy(&listed.stdout);
        assert_eq!(listed.matches("Private Key Object").count(), 1, "{kind}");
    }
}

#[test]
fn a_ukey_that_is_pulled_out_waits_until_it_is_plugged_in_again() {
    let home = PracticeHome::new(1, 1);
    let (serial, path) = (home.serials().remove(0), home.path.to_str().unwrap());
    let plan = [
        "practice",
        "fault",
        path,
        &serial,
        "removed",
        "--at",
        "write-certificate",
    ];
    home.run(plan).expect(0);
    let waits = home.run(["personalise", "--all"]).expect(3);
    assert_eq!(waits.outcomes("write-certificate"), ["ukey-removed"]);
    home.run(["practice", "insert", path, &serial]).expect(0);
    let finished = home.run(["resume"]).expect(0);
    assert_eq!(finished.events("result")[0]["serial"], serial.as_str());
}

#[test]
fn a_step_that_does_not_touch_the_ukey_is_refused_with_those_that_do() {
    let home = PracticeHome::new(1, 0);
    let (serial, path) = (home.serials().remove(0), home.path.to_str().unwrap());
    for step in ["slip", "no-step"] {
        let plan = ["practice", "fault", path, &serial, "error", "--at", step];
        let refused = home.run(plan).expect(2);
        assert_eq!(refused.error_code(), "practice-fault-step");
        assert!(refused.stderr.contains("generate-key-pair"));
    }
}

#[test]
fn a_power_cut_leaves_the_run_as_it_stood_and_it_is_resumed() {
    for step in ["generate-key-pair", "issue", "write-certificate"] {
        let home = PracticeHome::new(1, 1);
        let path = home.path.to_str().unwrap();
        let plan = ["practice", "fault", path, "next", "power-cut", "--at", step];
        home.run(plan).expect(0);
        let cut = home.run(["personalise", "--all"]).expect(1);
        assert!(cut.outcomes(step).is_empty(), "nobody heard how it ended");
        let faults = home.run(["practice", "faults", path]).expect(0);
        assert!(faults.items().is_empty(), "it strikes once");
        let finished = home.run(["resume"]).expect(0);
        assert_eq!(finished.events("result")[0]["outcome"], "issued", "{step}");
        assert_eq!(home.run(["certificate", "list"]).expect(0).items().len(), 1);
    }
}

#[test]
fn a_wrong_pin_asks_and_a_ca_that_is_cut_off_asks_too() {
    let home = PracticeHome::new(1, 1);
    let path = home.path.to_str().unwrap();
    let begun = home.run(["practice", "course", path, "--begin"]).expect(0);
    assert_eq!(begun.items().len(), 12);
    home.run(["practice", "fault", path, "next", "wrong-pin"])
        .expect(0);
    home.run(["practice", "ca", path, "off"]).expect(0);
    let asked = home.run(["personalise", "--all"]).expect(3);
    assert_eq!(asked.outcomes("log-in"), ["pin-incorrect"]);
    let serial = home.serials().remove(0);
    let anew = ["resume", &serial, "--answer", "reinitialise"];
    let asked = home.run(anew).expect(3);
    assert_eq!(asked.outcomes("issue"), ["ca-failed"]);
    home.run(["practice", "ca", path, "on"]).expect(0);
    home.run(["resume", &serial, "--answer", "try-again"])
        .expect(0);
    let course = home.run(["practice", "course", path]).expect(0);
    let lesson = |word: &str| {
        let items = course.items();
        let item = items.iter().find(|item| item["lesson"] == word).unwrap();
        (item["done"].clone(), item["of"].clone())
    };
    assert_eq!(lesson("wrong-pin"), (2.into(), 2.into()));
    assert_eq!(lesson("power-cut"), (0.into(), 2.into()));
}
