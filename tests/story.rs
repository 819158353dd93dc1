//! The whole paper chain between real homes that never see a network: accounts level by level, a
//! school with one officer sends its requests up, the county decides, the school makes the ukeys to
//! 待下载, the county's CA signs by files under the province's holder root, the school finishes and
//! hands out. Three requests here; `scripts/story.sh` does it with twenty.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "test helpers")]

mod support;

use std::fs;
use std::path::Path;

use support::stations::{SECURITY, SYSTEM, Station, everyone};
use support::{memory_dir, must};

const EMBEDDED: &str = "[ca]\nkind = \"embedded\"\n";

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// How many requests are approved, returned and rejected.
fn amounts() -> (usize, usize, usize) {
    if std::env::var_os("STORY_IN_FULL").is_some() {
        (17, 2, 1)
    } else {
        (1, 1, 1)
    }
}

/// Province, prefecture, county and school; the county's CA stands under the province's root.
fn stations(dir: &Path) -> [Station; 4] {
    let province = Station::new(dir, "province", "11430000006123458L");
    let prefecture = Station::new(dir, "prefecture", "12430100MB1K234565");
    let county = Station::new(dir, "county", "124300004448800102");
    let school = Station::new(dir, "school", "2143000001");
    province.init("province", EMBEDDED, &everyone()).expect(0);
    let made = prefecture.init("prefecture", &province.trust(), &everyone());
    province.enrol(&prefecture, made.expect(0).one());
    let trust = format!("{EMBEDDED}{}", prefecture.trust());
    let made = county.init("county", &trust, &everyone());
    prefecture.enrol(&county, made.expect(0).one());
    province.certify_ca(&county, prefecture.code);
    let made = school.init("school", &county.trust(), &everyone()[..1]);
    county.enrol(&school, made.expect(0).one());
    let ca = county.file("ca.pem");
    school.act(SYSTEM, &["ca", "install", text(&ca)]).expect(0);
    [province, prefecture, county, school]
}

#[test]
fn from_four_new_homes_to_ukeys_in_their_holders_hands() {
    let dir = memory_dir();
    let [province, prefecture, county, school] = stations(dir.path());
    let (approved, returned, rejected) = amounts();
    let numbers = school.submit_requests(approved + returned + rejected);
    school.stock(approved);

    // Up, decided, down.
    let up = school.file("up.ukey-requests");
    school
        .act(SYSTEM, &["request", "send-up", text(&up)])
        .expect(0);
    let down = county.file("down.ukey-review");
    let mut decide = vec!["request", "review", text(&up), "--out", text(&down)];
    let (yes, rest) = numbers.split_at(approved);
    let (back, no) = rest.split_at(returned);
    for (word, numbers) in [("--approve", yes), ("--return", back), ("--reject", no)] {
        for number in numbers {
            decide.extend([word, number]);
        }
    }
    decide.extend(["--reason", "请补充说明"]);
    county.act(SECURITY, &decide).expect(0);
    school
        .act(SYSTEM, &["request", "receive-review", text(&down)])
        .expect(0);
    let listed = |state: &str| {
        let list = school.act(SYSTEM, &["request", "list", "--state", state]);
        list.expect(0).items().len()
    };
    assert_eq!(
        (listed("approved"), listed("returned"), listed("rejected")),
        (approved, returned, rejected)
    );

    // Made to 待下载, signed by the county's CA, finished.
    let made = school
        .act(SYSTEM, &["personalise", "--all", "--pin", "random"])
        .expect(3);
    assert_eq!(made.events("summary")[0]["pending"], approved);
    let (orders, answers) = (school.file("orders"), county.file("answers"));
    school
        .act(SYSTEM, &["ca", "exchange", "out", text(&orders)])
        .expect(0);
    let queued = county
        .act(SYSTEM, &["ca", "exchange", "in", text(&orders)])
        .expect(0);
    assert_eq!(queued.items().len(), approved);
    county.act(SECURITY, &["ca", "unlock"]).expect(0);
    county
        .act(SYSTEM, &["ca", "exchange", "out", text(&answers)])
        .expect(0);
    school
        .act(SYSTEM, &["ca", "exchange", "in", text(&answers)])
        .expect(0);
    let finished = school.act(SYSTEM, &["resume"]).expect(0);
    assert_eq!(finished.events("summary")[0]["issued"], approved);
    for result in finished.events("result") {
        let serial = result["serial"].as_str().unwrap();
        let slip = school.file("slip.pdf");
        school.act(SYSTEM, &["slip", serial, text(&slip)]).expect(0);
        school.act(SYSTEM, &["hand-out", serial]).expect(0);
    }

    holds_reach_the_list(&county, &school, approved);
    judged_by_openssl(&county, &school, yes);
    a_loss_reaches_the_list(&county, &school);
    for station in [&province, &prefecture, &county, &school] {
        let verdict = station.act(SYSTEM, &["audit", "verify"]).expect(0);
        assert_eq!(verdict.one()["intact"], true);
    }
}

/// A random PIN keeps a certificate on hold until its holder has changed it (D-59). The school has no
/// security: it reports, and the county's security carries it out (D-8).
fn holds_reach_the_list(county: &Station, school: &Station, count: usize) {
    let (reports, answers) = (school.file("reports"), county.file("lists"));
    let exchange = |station: &Station, officer, way, dir: &Path, word: &str| {
        let done = station.act(officer, &["ca", "exchange", way, text(dir)]);
        let items = done.items().iter();
        let found = items.filter(|item| item["outcome"] == word);
        assert_eq!(found.count(), count, "{done:?}");
    };
    exchange(school, SYSTEM, "out", &reports, "written");
    exchange(county, SYSTEM, "in", &reports, "waits");
    exchange(county, SYSTEM, "in", &reports, "waits");
    let early = county.act(SYSTEM, &["ca", "exchange", "out", text(&answers)]);
    let codes = early.items().iter().map(|item| &item["error"]["code"]);
    let due = codes.filter(|code| **code == "exchange-crl-due");
    assert_eq!(due.count(), count, "the system administrator signs no list");
    let signed = county.act(SECURITY, &["ca", "exchange", "out", text(&answers)]);
    assert_eq!(signed.expect(0).items()[0]["outcome"], "written");
    exchange(school, SYSTEM, "in", &answers, "revoked");
    let list = answers.join("ca.crl");
    let args = [
        "crl",
        "-inform",
        "DER",
        "-in",
        text(&list),
        "-noout",
        "-text",
    ];
    let list = must("openssl", &args);
    assert_eq!(list.matches("Certificate Hold").count(), count);
    let nothing = school.file("nothing");
    let again = school.act(SYSTEM, &["ca", "exchange", "out", text(&nothing)]);
    assert!(again.expect(0).items().is_empty());
}

/// A loss is reported on the spot, signed by the county's security, and done when its list is back (D-41).
fn a_loss_reaches_the_list(county: &Station, school: &Station) {
    let listed = school.act(SYSTEM, &["certificate", "list"]).expect(0);
    let lost = &listed.items()[0];
    let serial = lost["serial"].as_str().unwrap();
    let ukey = lost["ukey"].as_str().unwrap();
    let report = ["ukey", "lost", ukey, "--reason", "上班路上丢失"];
    let reported = school.act(SYSTEM, &report).expect(0);
    assert_eq!(reported.one()["crl"], "ordered");
    let open = || {
        let open = school.act(SYSTEM, &["ukey", "losses", "--open"]);
        open.expect(0).items().len()
    };
    let (reports, answers) = (school.file("losses"), county.file("loss-lists"));
    let exchange = |station: &Station, officer, way, dir: &Path| {
        let done = station.act(officer, &["ca", "exchange", way, text(dir)]);
        done.expect(0).items()[0]["outcome"].clone()
    };
    assert_eq!(exchange(school, SYSTEM, "out", &reports), "written");
    assert_eq!(exchange(county, SYSTEM, "in", &reports), "waits");
    assert_eq!(open(), 1, "the list says it is on hold still");
    assert_eq!(exchange(county, SECURITY, "out", &answers), "written");
    school
        .act(SYSTEM, &["ca", "exchange", "in", text(&answers)])
        .expect(0);
    assert_eq!(open(), 0);
    let shown = school.act(SYSTEM, &["certificate", "show", serial]);
    assert_eq!(shown.expect(0).one()["reason"], "keyCompromise");
    let list = school.home().join("crl/unit.crl.pem");
    let text_of = must("openssl", &["crl", "-noout", "-text", "-in", text(&list)]);
    assert_eq!(text_of.matches("Key Compromise").count(), 1);

    // A real home has published a list only where somebody can fetch it.
    let published = county.act(SECURITY, &["crl", "publish"]).expect(0);
    assert_eq!(published.one()["places"], serde_json::json!([]));
    let web = county.file("web");
    let publish = ["crl", "publish", "--to", text(&web)];
    let published = county.act(SYSTEM, &publish).expect(0);
    assert_eq!(published.one()["places"][0]["ok"], true);
    let given = fs::read(web.join("unit.crl")).unwrap();
    assert_eq!(given, fs::read(county.home().join("crl/unit.crl")).unwrap());
}

/// Every certificate up to the holder root, every approval up to the province.
fn judged_by_openssl(county: &Station, school: &Station, approved: &[String]) {
    let (certificates, ca) = (school.file("certificates"), county.file("ca.pem"));
    let export = ["certificate", "export", text(&certificates)];
    let exported = school.act(SYSTEM, &export).expect(0);
    let files = exported.one()["files"].as_array().unwrap();
    let pems = files
        .iter()
        .map(|file| file.as_str().unwrap())
        .filter(|file| {
            Path::new(file)
                .extension()
                .is_some_and(|ending| ending == "pem")
        });
    let mut count = 0;
    for pem in pems {
        let args = ["verify", "-x509_strict", "-purpose", "sslclient", "-CAfile"];
        must("openssl", &[&args[..], &[text(&ca), pem]].concat());
        count += 1;
    }
    assert_eq!(count, approved.len());
    for number in approved {
        let dir = school.file(number);
        school
            .act(SYSTEM, &["request", "approval", number, text(&dir)])
            .expect(0);
        let (p7s, chain) = (dir.join("approval.p7s"), dir.join("chain.pem"));
        let args = [
            "cms",
            "-verify",
            "-inform",
            "DER",
            "-binary",
            "-in",
            text(&p7s),
        ];
        let record = must("openssl", &[&args[..], &["-CAfile", text(&chain)]].concat());
        assert!(record.contains("\"decision\":\"approved\""), "{record}");
        assert_eq!(fs::read_to_string(dir.join("record.json")).unwrap(), record);
    }
}
