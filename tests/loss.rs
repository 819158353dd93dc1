//! A ukey is lost, suspended and found, and its certificate counts as it should: for openssl and gnutls with
//! the published list, and in every record of the station (D-41, D-43).

mod support;

use std::fs;

use support::losses::{
    SCAN, acts, age, certificate, doctor, file, found, handed_out, judged, listed, losses, made,
    path, show, standing, suspend,
};
use support::records::{practice_file, practice_records};
use support::scene::Scene;
use support::web::{Conduct, WebServer};
use support::{PracticeHome, must};
use ukey_station::domain::certificate::{CertificateSerial, Generation};
use ukey_station::station::clock;

#[test]
fn a_lost_ukey_is_refused_by_openssl_and_gnutls_and_the_good_one_is_not() {
    let home = handed_out(2);
    let [lost, good] = <[String; 2]>::try_from(made(&home)).unwrap();
    let (gone, kept) = (certificate(&home, &lost), certificate(&home, &good));
    let web = home.path.with_extension("web");
    home.run(["crl", "publish", "--to", path(&web)]).expect(0);
    let list = web.join("unit.crl.pem");
    assert_eq!(judged(&home, &list, &gone), [true, true]);

    let report = ["ukey", "lost", &lost, "--reason", "掉进河里", "--stolen"];
    let reported = home
        .run([&["--officer", "auditor"], &report[..]].concat())
        .expect(0);
    let reported = reported.one();
    assert_eq!(
        (&reported["state"], &reported["certificate_state"]),
        (&"lost".into(), &"revoked".into())
    );
    assert_eq!(reported["certificate_reason"], "keyCompromise");
    assert_eq!(reported["crl"], "published");
    assert_eq!(reported["loss"]["kind"], "stolen");
    let published = home.run(["crl", "publish", "--to", path(&web)]).expect(0);
    assert_eq!(published.one()["places"][0]["ok"], true);
    assert_eq!(judged(&home, &list, &gone), [false, false]);
    assert_eq!(judged(&home, &list, &kept), [true, true]);
    let entry = listed(&home, &gone).unwrap();
    assert_eq!(entry["reason"], "keyCompromise");
    assert!(listed(&home, &kept).is_none());

    // The clock stood with the list, and says how long it took.
    let told = &losses(&home, &[])[0];
    assert_eq!(
        (&told["open"], &told["overdue"]),
        (&false.into(), &false.into())
    );
    assert!(told["crl_confirmed_at"].is_string() && told["crl_number"].is_u64());
    assert!(told["elapsed_secs"].as_i64().unwrap() < 600, "{told}");
    assert_eq!(losses(&home, &["--open"]).len(), 0);
    assert!(doctor(&home).0);
    assert_eq!(show(&home, &lost)["losses"][0], *told);
    let paper = home.path.join("out/loss.pdf");
    home.run(["ukey", "loss-report", &lost, path(&paper)])
        .expect(0);
    let text = must("pdftotext", &["-layout", path(&paper), "-"]);
    for word in ["ukey 挂失报告单", "被盗", "掉进河里", &lost, &gone, "0:0"] {
        assert!(text.contains(word), "{word}: {text}");
    }
    let pages = must("pdfinfo", &[path(&paper)]);
    assert!(
        pages
            .lines()
            .any(|line| line.starts_with("Pages:") && line.ends_with(" 1")),
        "{pages}"
    );

    // It is gone for good, and told once.
    let statement = file(&home, "statement.png", SCAN);
    let number = home.run(["crl", "show"]).expect(0).one()["number"].clone();
    assert_eq!(home.run(report).expect(4).error_code(), "loss-known");
    assert_eq!(suspend(&home, &lost).expect(4).error_code(), "loss-known");
    let refused = found(&home, &lost, &statement).expect(4);
    assert_eq!(refused.error_code(), "certificate-revoked");
    assert_eq!(losses(&home, &[]).len(), 1);
    assert_eq!(home.run(["crl", "show"]).expect(0).one()["number"], number);
    assert_eq!(standing(&home, &lost), ["lost", "revoked", "keyCompromise"]);
    assert_eq!(
        [acts(&home, "ukey-stolen"), acts(&home, "loss-confirmed")],
        [1, 1]
    );
    // The request of the one is closed, the other's is not.
    let states: Vec<_> = [&lost, &good]
        .map(|serial| show(&home, serial)["request"].as_str().unwrap().to_owned())
        .iter()
        .map(|request| home.run(["request", "show", request]).expect(0).one()["state"].clone())
        .collect();
    assert_eq!(states, ["closed", "handed_out"]);
    let log = home.run(["audit", "verify"]).expect(0);
    assert_eq!(log.one()["intact"], true);
    let stock = home.run(["stock", "report"]).expect(0);
    assert_eq!(stock.items()[0]["lost"], 1);
    assert_eq!(stock.items()[0]["balanced"], true);
}

#[test]
fn a_suspended_ukey_is_found_with_the_holder_s_statement_and_leaves_the_next_list() {
    let home = handed_out(1);
    let serial = made(&home).remove(0);
    let number = certificate(&home, &serial);
    let suspended = suspend(&home, &serial).expect(0);
    assert_eq!(suspended.one()["state"], "suspended");
    assert_eq!(suspended.one()["loss"]["state_before"], "handed_out");
    assert_eq!(listed(&home, &number).unwrap()["reason"], "certificateHold");
    let list = home.path.join("crl/unit.crl.pem");
    assert_eq!(judged(&home, &list, &number), [false, false]);
    let again = suspend(&home, &serial).expect(4);
    assert_eq!(again.error_code(), "loss-known");

    // No statement, or what is none, lifts nothing.
    home.run(["ukey", "found", &serial]).expect_usage();
    let text = file(&home, "statement.pdf", "本人已找到 ukey".as_bytes());
    assert_eq!(
        found(&home, &serial, &text).expect(4).error_code(),
        "scan-invalid"
    );
    let cut = file(&home, "cut.png", &SCAN[..SCAN.len() / 2]);
    assert_eq!(
        found(&home, &serial, &cut).expect(4).error_code(),
        "scan-invalid"
    );
    let statement = file(&home, "statement.png", SCAN);
    let auditor = ["--officer", "auditor", "ukey", "found", &serial];
    let auditor = [&auditor[..], &["--statement", path(&statement)]].concat();
    assert_eq!(home.run(auditor).expect(4).error_code(), "wrong-duty");
    // Nor does the holder who changes the PIN.
    let change = home.run(["ukey", "change-pin", &serial]).expect(4);
    assert_eq!(change.error_code(), "ukey-not-handed-out");
    assert_eq!(
        standing(&home, &serial),
        ["suspended", "hold", "certificateHold"]
    );

    let lifted = found(&home, &serial, &statement).expect(0);
    assert_eq!(lifted.one()["crl"], "published");
    assert_eq!(standing(&home, &serial), ["handed_out", "active", "none"]);
    assert!(listed(&home, &number).is_none());
    assert_eq!(judged(&home, &list, &number), [true, true]);
    let told = &losses(&home, &[])[0];
    assert_eq!(told["ending"], "found");
    let sha256 = must("sha256sum", &[path(&statement)]);
    assert!(sha256.starts_with(told["statement_sha256"].as_str().unwrap()));
    let out = home.path.join("out/statement.png");
    let look = ["ukey", "statement", &serial, path(&out), "--reason"];
    let unsaid = [&look[..], &["x"]].concat();
    assert_eq!(home.run(unsaid).expect(2).error_code(), "reason-required");
    assert!(!out.exists());
    home.run([&look[..], &["核对签字"]].concat()).expect(0);
    assert_eq!(fs::read(&out).unwrap(), SCAN);
    assert_eq!(acts(&home, "personal-data-revealed"), 1);
    let once = found(&home, &serial, &statement).expect(4);
    assert_eq!(once.error_code(), "ukey-not-suspended");

    // Before hand-out it goes back to the desk, not to the holder.
    let home = PracticeHome::new(1, 1);
    home.run(["personalise", "--all"]).expect(0);
    let serial = made(&home).remove(0);
    suspend(&home, &serial).expect(0);
    // Security lifts holds, too.
    let security = ["--officer", "security", "ukey", "found", &serial];
    let security = [&security[..], &["--statement", path(&statement)]].concat();
    home.run(security).expect(0);
    assert_eq!(standing(&home, &serial), ["issued", "active", "none"]);
}

#[test]
fn a_hold_of_a_day_becomes_a_compromised_key_by_the_date_of_the_hold() {
    let home = handed_out(1);
    let serial = made(&home).remove(0);
    let number = certificate(&home, &serial);
    suspend(&home, &serial).expect(0);
    age(&home, 23);
    home.run(["crl", "publish"]).expect(0);
    assert_eq!(standing(&home, &serial)[1], "hold");
    age(&home, 2);
    let since = practice_records(&home.path)
        .read()
        .revocations((Generation::FIRST, None))
        .unwrap()[0]
        .1;

    // `doctor` finds it, and until the next list it is open.
    assert!(!doctor(&home).0);
    assert_eq!(
        standing(&home, &serial),
        ["lost", "revoked", "keyCompromise"]
    );
    assert_eq!(losses(&home, &["--open"]).len(), 1);
    let statement = file(&home, "statement.png", SCAN);
    let refused = found(&home, &serial, &statement).expect(4);
    assert_eq!(refused.error_code(), "certificate-revoked");
    let published = home.run(["crl", "publish"]).expect(0);
    assert_eq!(published.one()["confirmed"], 1);
    let entry = listed(&home, &number).unwrap();
    assert_eq!(entry["reason"], "keyCompromise");
    assert_eq!(entry["revoked_at"], since.to_string());
    assert!(doctor(&home).0);
    let told = losses(&home, &[]);
    assert_eq!(
        [&told[0]["ending"], &told[1]["reported_by"]],
        ["hold-over", "station"]
    );
    let args = [
        "--officer",
        "auditor",
        "audit",
        "list",
        "--act",
        "hold-over",
    ];
    let log = home.run(args).expect(0);
    assert_eq!(log.items().len(), 1, "once");
    assert_eq!(log.items()[0]["officer"], "station");
    assert_eq!(log.items()[0]["certificate"], number.as_str());
}

#[test]
fn an_entry_leaves_the_list_once_it_stood_in_one_after_the_certificate_had_ended() {
    let home = handed_out(1);
    let serial = made(&home).remove(0);
    let number = certificate(&home, &serial);
    let report = ["ukey", "lost", &serial, "--reason", "不知去向"];
    home.run(report).expect(0);
    let ends = |seconds: i64| {
        let db = practice_file(&home.path);
        let at = clock::now().plus_secs(seconds).to_string();
        let changed = db.execute("UPDATE certificates SET not_after = ?1", [at]);
        assert_eq!(changed.unwrap(), 1);
    };
    ends(3_600);
    home.run(["crl", "publish"]).expect(0);
    assert!(listed(&home, &number).is_some(), "it has not ended");
    ends(-3_600); // Before the list that has it: that was one after its end.
    home.run(["crl", "publish"]).expect(0);
    assert!(listed(&home, &number).is_none());
    assert_eq!(standing(&home, &serial)[1], "revoked");
}

#[test]
fn a_clock_that_nobody_believes_ends_no_hold_for_good() {
    let home = handed_out(1);
    let serial = made(&home).remove(0);
    suspend(&home, &serial).expect(0);
    let newest = |hours: i64| {
        let mut store = practice_records(&home.path);
        let at = clock::now().plus_secs(hours * 3_600);
        store.write(|writing| writing.set_newest_time(at)).unwrap();
    };
    age(&home, 25);
    newest(2);
    home.run(["crl", "publish"]).expect(0);
    let held = ["suspended", "hold", "certificateHold"];
    assert_eq!(standing(&home, &serial), held);
    let statement = file(&home, "statement.png", SCAN);
    let refused = found(&home, &serial, &statement).expect(4);
    assert_eq!(refused.error_code(), "clock-implausible");
    assert_eq!(standing(&home, &serial), held);
    newest(-1);
    home.run(["crl", "publish"]).expect(0);
    assert_eq!(standing(&home, &serial)[2], "keyCompromise");
}

#[test]
fn a_hold_of_a_random_pin_and_a_suspension_do_not_lift_each_other() {
    let home = PracticeHome::new(1, 1);
    home.run(["personalise", "--all", "--pin", "random"])
        .expect(0);
    let serial = made(&home).remove(0);
    let slip = home.path.join("out/slip.pdf");
    home.run(["slip", &serial, path(&slip)]).expect(0);
    home.run(["hand-out", &serial]).expect(0);
    let number = CertificateSerial::try_from(certificate(&home, &serial)).unwrap();
    let statement = file(&home, "statement.png", SCAN);
    let refused = found(&home, &serial, &statement).expect(4);
    assert_eq!(refused.error_code(), "ukey-not-suspended");
    let lift = || {
        let mut store = practice_records(&home.path);
        let lifted = store.write(|writing| writing.lift_hold_of_random_pin(&number));
        lifted.unwrap()
    };
    suspend(&home, &serial).expect(0);
    assert!(!lift(), "it is suspended too");
    let back = found(&home, &serial, &statement).expect(0);
    assert_eq!(
        (&back.one()["state"], &back.one()["certificate_state"]),
        (&"handed_out".into(), &"hold".into())
    );
    assert!(lift(), "the PIN's own hold is left");
    assert_eq!(standing(&home, &serial), ["handed_out", "active", "none"]);
}

#[test]
fn a_place_that_fails_is_told_loses_nothing_and_gets_the_next_list() {
    let home = handed_out(1);
    let serial = made(&home).remove(0);
    let server = WebServer::start();
    let folder = home.path.with_extension("share");
    let places = format!("{}; {}", path(&folder), server.url());
    home.run(["config", "set", "crl_destinations", "ftp://a.example.cn/"])
        .expect(2);
    home.run(["config", "set", "crl_destinations", &places])
        .expect(0);
    server.behave(Conduct::Refuses(500));
    let report = ["ukey", "lost", &serial, "--reason", "不知去向"];
    let reported = home.run(report).expect(0);
    assert_eq!(reported.one()["crl"], "due");
    assert!(reported.one()["loss"]["queued_at"].is_string());
    assert_eq!(
        standing(&home, &serial)[1],
        "revoked",
        "revoked all the same"
    );
    assert_eq!(doctor(&home), (false, "1 open, 0 over 18 hours".to_owned()));

    // The folder is a share that is not mounted; the address fails in each of its ways.
    let publish = |code: &str| {
        let told = home.run(["crl", "publish"]).expect(1);
        let told = told.one().clone();
        assert_eq!(told["places"][1]["error"]["code"], code);
        assert_eq!(told["confirmed"], 0);
        assert_eq!(losses(&home, &["--open"]).len(), 1);
        told
    };
    let told = publish("crl-not-sent");
    assert_eq!(told["places"][0]["error"]["code"], "file");
    assert!(!folder.exists(), "it is not made up");
    fs::create_dir(&folder).unwrap();
    let list = || fs::read(home.path.join("crl/unit.crl")).unwrap();
    let older = list();
    server.behave(Conduct::Gives(older));
    let told = publish("crl-differs");
    assert_eq!(told["places"][0]["ok"], true);
    assert_eq!(fs::read(folder.join("unit.crl")).unwrap(), list());
    let to = ["crl", "publish", "--to", "http://name:word@a.example.cn/"];
    let refused = home.run(to).expect(2);
    assert_eq!(refused.error_code(), "crl-destination-invalid");

    // Overdue, then everything answers: by system too, who signs none.
    age(&home, 19);
    assert_eq!(doctor(&home), (false, "1 open, 1 over 18 hours".to_owned()));
    assert_eq!(losses(&home, &["--open"])[0]["overdue"], true);
    server.behave(Conduct::Keeps);
    let done = home.run(["--officer", "admin", "crl", "publish"]).expect(0);
    assert_eq!(done.one()["confirmed"], 1);
    assert_eq!(server.kept(), list());
    assert_eq!(losses(&home, &["--open"]).len(), 0);
    let told = &losses(&home, &[])[0];
    assert!(
        told["elapsed_secs"].as_i64().unwrap() >= 19 * 3600,
        "{told}"
    );
    assert_eq!(told["overdue"], true, "late stays late");
    let mode = must("stat", &["-c", "%a", path(&folder.join("unit.crl"))]);
    assert_eq!(mode.trim(), "644", "a web server reads it");
}

#[test]
fn where_the_ca_is_elsewhere_a_loss_waits_for_its_list() {
    let scene = Scene::with_pending(1);
    let folder = |name: &str| path(&scene.file(name)).to_owned();
    let desk = |way: &str, name: &str| {
        let dir = folder(name);
        scene.desk.run(["ca", "exchange", way, &dir]).expect(0)
    };
    let ca = |way: &str, name: &str| scene.ca(&["ca", "exchange", way, &folder(name)]).expect(0);
    scene.orders("orders");
    ca("in", "orders");
    ca("out", "answers");
    desk("in", "answers");
    scene.desk.run(["resume"]).expect(0);
    let serial = made(&scene.desk).remove(0);
    let report = ["ukey", "lost", &serial, "--reason", "不知去向"];
    let reported = scene.desk.run(report).expect(0);
    assert_eq!(reported.one()["crl"], "ordered");
    assert!(reported.one()["loss"]["queued_at"].is_string());
    let publish = ["crl", "publish"];
    let refused = scene.desk.run(publish).expect(4);
    assert_eq!(refused.error_code(), "ca-elsewhere");
    assert_eq!(losses(&scene.desk, &["--open"]).len(), 1);

    desk("out", "revocations");
    assert_eq!(
        losses(&scene.desk, &["--open"]).len(),
        1,
        "ordered is not done"
    );
    ca("in", "revocations");
    ca("out", "list");
    desk("in", "list");
    assert_eq!(losses(&scene.desk, &["--open"]).len(), 0);
    let number = certificate(&scene.desk, &serial);
    let entry = listed(&scene.desk, &number).unwrap();
    assert_eq!(entry["reason"], "keyCompromise");
}
