//! Renewal on the same ukey: the holder has a working key all the time, and in the end one alone (D-47).
//! Third parties judge: pkcs11-tool, openssl.
#![expect(clippy::unwrap_used, reason = "test helpers")]
#![allow(
    clippy::indexing_slicing,
    clippy::allow_attributes,
    reason = "a missing JSON field fails the test"
)]

mod support;

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use support::losses::{certificate, found, handed_out, listed, path, show, standing, suspend};
use support::paper::{CODE, Desk};
use support::renewal::{ids, working_keys};
use support::{Answer, PracticeHome, must};

/// A desk with one ukey in its holder's hand, and one blank; the ukey's serial number.
fn desk() -> (Desk, String) {
    let home = handed_out(1);
    let out = home
        .run(["ukey", "list", "--state", "handed_out"])
        .expect(0);
    let serial = out.items()[0]["serial"].as_str().unwrap().to_owned();
    (Desk { home }, serial)
}

/// The same, with the renewal approved.
fn approved() -> (Desk, String, String) {
    let (desk, serial) = desk();
    let number = desk.renewal_approved(&serial);
    (desk, serial, number)
}

fn renew(desk: &Desk, serial: &str) -> Answer {
    desk.run(&["certificate", "renew", serial])
}

/// The one result of a run.
fn result(answer: &Answer) -> &Value {
    let results = answer.events("result");
    assert_eq!(results.len(), 1, "{answer:#?}");
    results[0]
}

/// The ukey carries the new key alone, and the records say so.
fn assert_renewed(desk: &Desk, serial: &str, old: &str, number: &str) {
    let home = &desk.home;
    let new = certificate(home, serial);
    assert_ne!(new, old);
    assert_eq!(standing(home, serial), ["handed_out", "active", "none"]);
    assert_eq!(working_keys(home, serial), [new.as_str()]);
    assert_eq!(ids(home, serial, "privkey").len(), 1);
    assert_eq!(ids(home, serial, "pubkey"), ids(home, serial, "privkey"));
    assert_eq!(
        ids(home, serial, "cert").len(),
        2,
        "the holder's and the CA's"
    );
    let said = listed(home, old).unwrap();
    assert_eq!(said["reason"], "superseded");
    assert!(listed(home, &new).is_none());
    let old = home.run(["certificate", "show", old]).expect(0);
    assert_eq!(old.one()["state"], "revoked");
    assert_eq!(desk.state(number), "handed_out");
    let log = home.run(["audit", "verify"]).expect(0);
    assert_eq!(log.one()["intact"], true);
}

/// The renewal left nothing behind; the old key works.
fn assert_untouched(desk: &Desk, serial: &str, old: &str) {
    let home = &desk.home;
    assert_eq!(certificate(home, serial), old);
    assert_eq!(standing(home, serial), ["handed_out", "active", "none"]);
    assert_eq!(working_keys(home, serial), [old]);
    assert_eq!(ids(home, serial, "privkey").len(), 1);
    assert_eq!(ids(home, serial, "cert").len(), 2);
}

/// The one row of an act in the log.
fn acted(home: &PracticeHome, act: &str) -> Value {
    let args = ["--officer", "auditor", "audit", "list", "--act", act];
    let rows = home.run(args).expect(0);
    assert_eq!(rows.items().len(), 1, "{rows:#?}");
    rows.items()[0].clone()
}

fn fault(desk: &Desk, serial: &str, (kind, at): (&str, &str)) {
    let home = path(&desk.home.path);
    let args = ["practice", "fault", home, serial, kind, "--at", at];
    desk.run(&args).expect(0);
}

fn insert(desk: &Desk, serial: &str) {
    let home = path(&desk.home.path);
    desk.run(&["practice", "insert", home, serial]).expect(0);
}

#[test]
fn the_old_key_goes_once_the_new_one_is_proven_and_third_parties_find_one_alone() {
    let (desk, serial, number) = approved();
    let home = &desk.home;
    let old = certificate(home, &serial);
    let shown = desk.run(&["request", "show", &number]).expect(0);
    assert_eq!(shown.one()["renews"], *serial);
    assert_eq!(shown.one()["replaces"], "2026-0001");

    let done = renew(&desk, &serial).expect(0);
    let told = result(&done);
    assert_eq!(told["outcome"], "issued");
    assert_eq!(told["replaces"], *old);
    assert_eq!(told["handed_out"], true);
    assert_eq!(told["crl"], "published");
    let steps: Vec<&Value> = done
        .events("step")
        .iter()
        .map(|step| &step["step"])
        .collect();
    let place = |word: &str| steps.iter().position(|step| *step == word).unwrap();
    assert!(place("prove-certificate") < place("revoke-old"));
    assert!(place("revoke-old") < place("destroy-old"));
    assert!(place("destroy-old") < place("prove-gone"));
    assert!(
        done.stderr.contains("days") || done.stderr.contains('天'),
        "early: {done:#?}"
    );
    assert_renewed(&desk, &serial, &old, &number);
    assert_eq!(desk.state("2026-0001"), "closed");

    // openssl: the new one is good, the old one is revoked.
    let out = home.path.join("out/certificates");
    desk.run(&["certificate", "export", path(&out)]).expect(0);
    let (ca, crl) = (
        home.path.join("ca/ca.pem"),
        home.path.join("crl/unit.crl.pem"),
    );
    let file = |serial: &str| out.join(format!("{serial}.pem"));
    let verify = |file: &Path| {
        let args = [
            "verify",
            "-crl_check",
            "-CAfile",
            path(&ca),
            "-CRLfile",
            path(&crl),
        ];
        let mut command = std::process::Command::new("openssl");
        let output = command.args(args).arg(file).output().unwrap();
        format!(
            "{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        )
    };
    let new = certificate(home, &serial);
    assert!(
        verify(&file(&new)).contains(": OK"),
        "{}",
        verify(&file(&new))
    );
    assert!(
        verify(&file(&old)).contains("certificate revoked"),
        "{}",
        verify(&file(&old))
    );
    let subject = |serial: &str| {
        let file = file(serial);
        let args = ["x509", "-in", path(&file), "-noout", "-subject"];
        must("openssl", &args)
    };
    assert_eq!(
        subject(&old),
        subject(&new),
        "the same person, the same pseudonym"
    );

    // What is proven later: the slip is of the new certificate, the bundle of both.
    let slip = home.path.join("out/slip.pdf");
    desk.run(&["slip", &serial, path(&slip)]).expect(0);
    let text = must("pdftotext", &["-layout", path(&slip), "-"]);
    assert!(text.contains(&new), "{text}");
    let bundle = home.path.join("out/evidence.zip");
    let export = [
        "--officer",
        "auditor",
        "evidence",
        "export",
        &serial,
        path(&bundle),
    ];
    desk.run(&export).expect(0);
    desk.run(&["evidence", "verify", path(&bundle)]).expect(0);

    // And once more: a renewed ukey is renewed like any other.
    let again = desk.renewal_approved(&serial);
    renew(&desk, &serial).expect(0);
    assert_renewed(&desk, &serial, &new, &again);
    assert_eq!(desk.state(&number), "closed");
}

#[test]
fn nothing_is_renewed_without_approval_or_away_from_its_holder_or_its_reader() {
    let (desk, serial) = desk();
    let home = &desk.home;
    let old = certificate(home, &serial);
    let refused = |answer: Answer, code: &str| {
        let answer = answer.expect(4);
        let told = answer.events("result");
        let nested = told.first().map(|result| result["error"]["code"].clone());
        assert!(
            answer.error_code() == code || nested == Some(json!(code)),
            "{answer:#?}"
        );
    };
    refused(renew(&desk, &serial), "renewal-not-requested");
    let security = ["--officer", "security", "request", "renew", &serial];
    refused(desk.run(&security), "wrong-duty");
    let entered = desk.run(&["request", "renew", &serial]).expect(0);
    let number = entered.one()["number"].as_str().unwrap().to_owned();
    refused(renew(&desk, &serial), "request-not-approved");
    refused(desk.run(&["request", "renew", &serial]), "request-replaced");
    refused(desk.run(&["request", "rekey", &serial]), "request-replaced");
    desk.ready(&number);
    refused(renew(&desk, &serial), "request-not-approved");
    desk.run(&["request", "approve", &number]).expect(0);

    // It is no order for a blank.
    let blank = support::losses::blank(home);
    refused(
        desk.run(&["personalise", &number, "--ukey", &blank]),
        "request-is-renewal",
    );
    let all = desk.run(&["personalise", "--all"]).expect(0);
    assert_eq!(all.events("summary")[0]["without_ukey"], 0);
    refused(renew(&desk, &blank), "renewal-not-requested");
    refused(
        desk.run(&["request", "renew", &blank]),
        "renewal-not-possible",
    );

    desk.run(&["practice", "pull", path(&home.path), &serial])
        .expect(0);
    refused(renew(&desk, &serial), "ukey-not-inserted");
    insert(&desk, &serial);
    suspend(home, &serial).expect(0);
    refused(renew(&desk, &serial), "ukey-not-handed-out");
    let statement = support::losses::file(home, "png", support::losses::SCAN);
    found(home, &serial, &statement).expect(0);
    assert_untouched(&desk, &serial, &old);
    let revoke = ["--officer", "security", "certificate", "revoke", &old];
    let revoke = [&revoke[..], &["--reason", "privilegeWithdrawn"]].concat();
    desk.run(&revoke).expect(0);
    refused(renew(&desk, &serial), "certificate-revoked");
    assert_eq!(desk.state(&number), "approved", "nothing was begun");
    assert_eq!(ids(home, &serial, "privkey").len(), 1);
}

#[test]
fn a_renewal_request_that_was_edited_to_another_person_or_unit_renews_nothing() {
    let desk = Desk {
        home: PracticeHome::new(1, 0),
    };
    let ran = |args: &[&str]| desk.run(args).expect(0);
    ran(&["unit", "edit", CODE, "--level", "county"]);
    let school = ["unit", "add", "--name", "示例县二小", "--level", "school"];
    let under = ["--code", "2143000002", "--parent", CODE];
    ran(&[&school[..], &under].concat());
    let scan = desk.file("delegation.pdf", support::paper::PDF);
    let days = ["--signed-on", "2026-11-01", "--until", "2027-11-01"];
    let with = ["--scan", path(&scan), "--second", "security"];
    ran(&[&["unit", "delegate", "示例县二小"][..], &days, &with].concat());
    let own = desk.put(&["add"], &json!({})).expect(0);
    let own = own.one()["number"].as_str().unwrap().to_owned();
    desk.ready(&own);
    desk.run(&["request", "approve", &own]).expect(0);
    desk.run(&["personalise", &own]).expect(0);
    let serial = support::losses::made(&desk.home).remove(0);
    desk.run(&["hand-out", &serial]).expect(0);
    let old = certificate(&desk.home, &serial);

    let edited = |changes: &Value| {
        let entered = desk.run(&["request", "renew", &serial]).expect(0);
        let number = entered.one()["number"].as_str().unwrap().to_owned();
        desk.put(&["edit", &number], changes).expect(0);
        desk.ready(&number);
        desk.run(&["request", "approve", &number]).expect(0);
        number
    };
    for changes in [
        json!({ "name": "阿依古丽", "id_number": "439900198001010520" }),
        json!({ "unit": "2143000002" }),
    ] {
        let number = edited(&changes);
        let refused = renew(&desk, &serial).expect(4);
        assert_eq!(refused.error_code(), "renewal-of-another");
        assert_eq!(desk.state(&number), "approved", "nothing was begun");
        desk.run(&["request", "withdraw", &number]).expect(0);
    }
    assert_untouched(&desk, &serial, &old);
    let number = edited(&json!({ "mobile": "19900008888" }));
    renew(&desk, &serial).expect(0);
    assert_renewed(&desk, &serial, &old, &number);
}

/// A profile of this home in which the model has no room for two key pairs.
fn without_room(home: &PracticeHome) {
    let folder = home.path.join("token-profiles");
    fs::create_dir_all(&folder).unwrap();
    let text = fs::read_to_string("token-profiles/softhsm2.toml").unwrap();
    let without = text.replace("room-for-renewal = true", "room-for-renewal = false");
    assert_ne!(without, text);
    fs::write(folder.join("softhsm2.toml"), without).unwrap();
}

#[test]
fn where_there_is_no_room_the_old_key_goes_first_and_only_when_that_is_said() {
    let (desk, serial, number) = approved();
    let old = certificate(&desk.home, &serial);
    let first = ["certificate", "renew", &serial, "--old-key-first"];
    let refused = desk.run(&first).expect(4);
    assert_eq!(refused.error_code(), "renewal-with-room");
    without_room(&desk.home);
    let refused = renew(&desk, &serial).expect(4);
    assert_eq!(refused.error_code(), "renewal-without-room");
    assert_untouched(&desk, &serial, &old);

    // Interrupted between the keys: nothing works, which was said, and it goes on from there.
    fault(&desk, &serial, ("removed", "generate-key-pair"));
    let stopped = desk.run(&first).expect(3);
    assert_eq!(result(&stopped)["outcome"], "pending");
    insert(&desk, &serial);
    assert!(ids(&desk.home, &serial, "privkey").is_empty());
    let give_up = ["resume", &serial, "--answer", "give-up"];
    let refused = desk.run(&give_up);
    assert_eq!(result(&refused)["error"]["code"], "no-open-question");
    let done = desk.run(&["resume", &serial]).expect(0);
    assert_eq!(result(&done)["outcome"], "issued");
    assert_renewed(&desk, &serial, &old, &number);
}

#[test]
fn no_old_key_goes_first_for_a_certificate_that_would_outlive_the_ca() {
    let (desk, serial, number) = approved();
    let old = certificate(&desk.home, &serial);
    without_room(&desk.home);
    // The CA ends in two years, and a holder's certificate lasts three.
    let db = support::records::practice_file(&desk.home.path);
    let ca = |value: &str| {
        let sql = "UPDATE meta SET value = ?1 WHERE name = 'ca_certificate'";
        assert_eq!(db.execute(sql, [value]).unwrap(), 1);
    };
    let sql = "SELECT value FROM meta WHERE name = 'ca_certificate'";
    let lasting: String = db.query_row(sql, [], |row| row.get(0)).unwrap();
    let mut der = hex::decode(&lasting).unwrap();
    let validity = |window: &[u8]| window[..2] == [0x17, 13] && window[15..17] == [0x17, 13];
    let place = der.windows(30).position(validity).unwrap() + 17;
    let year: u8 = std::str::from_utf8(&der[place..place + 2])
        .unwrap()
        .parse()
        .unwrap();
    der[place..place + 2].copy_from_slice(format!("{:02}", year - 5).as_bytes());
    ca(&hex::encode(der));

    let first = ["certificate", "renew", &serial, "--old-key-first"];
    let refused = desk.run(&first).expect(4);
    let told = result(&refused);
    assert_eq!(told["error"]["code"], "certificate-outlives-ca");
    assert_untouched(&desk, &serial, &old);
    assert_eq!(desk.state(&number), "approved", "nothing was begun");
    ca(&lasting);
    desk.run(&first).expect(0);
    assert_renewed(&desk, &serial, &old, &number);
}

#[test]
fn an_interrupted_renewal_leaves_a_key_that_works_and_goes_on() {
    for (kind, at) in [
        ("lost", "generate-key-pair"),
        ("crash", "make-csr"),
        ("removed", "write-certificate"),
        ("lost", "write-certificate"),
        ("error", "prove-certificate"),
        ("removed", "destroy-old"),
        ("lost", "destroy-old"),
        ("crash", "prove-gone"),
    ] {
        let (desk, serial, number) = approved();
        let old = certificate(&desk.home, &serial);
        fault(&desk, &serial, (kind, at));
        let broken = renew(&desk, &serial);
        if kind == "removed" {
            broken.expect(3);
            insert(&desk, &serial);
            let works = working_keys(&desk.home, &serial);
            assert_eq!(works.len(), 1, "{kind} at {at}: {works:?}");
            assert_eq!(works[0] == old, at != "destroy-old");
            desk.run(&["resume", &serial]).expect(0);
        } else {
            broken.expect(0);
        }
        assert_renewed(&desk, &serial, &old, &number);
    }
}

#[test]
fn a_renewal_that_is_given_up_leaves_the_old_key_alone_and_can_be_begun_anew() {
    let (desk, serial, number) = approved();
    let old = certificate(&desk.home, &serial);
    fault(&desk, &serial, ("removed", "write-certificate"));
    renew(&desk, &serial).expect(3);
    insert(&desk, &serial);
    assert_eq!(ids(&desk.home, &serial, "privkey").len(), 2, "both keys");
    assert_eq!(
        renew(&desk, &serial).expect(4).error_code(),
        "renewal-begun"
    );
    let home = desk.home.path.to_str().unwrap().to_owned();
    let give_up = ["resume", &serial, "--answer", "give-up"];
    desk.run(&["practice", "pull", &home, &serial]).expect(0);
    let away = desk.run(&give_up).expect(4);
    assert_eq!(away.error_code(), "ukey-not-inserted");
    desk.run(&["practice", "insert", &home, &serial]).expect(0);
    let given_up = desk.run(&give_up).expect(0);
    assert_eq!(result(&given_up)["given_up"], true);
    assert_untouched(&desk, &serial, &old);
    assert_eq!(desk.state(&number), "approved");
    let issued = desk.run(&["certificate", "list"]).expect(0);
    assert_eq!(
        issued.items()[1]["state"],
        "revoked",
        "what was issued meanwhile"
    );
    let said = listed(&desk.home, issued.items()[1]["serial"].as_str().unwrap());
    assert_eq!(said.unwrap()["reason"], "cessationOfOperation");

    // A report is of the certificate that stands, not of the one that came to nothing.
    suspend(&desk.home, &serial).expect(0);
    let reports = support::losses::losses(&desk.home, &[]);
    assert_eq!(reports[0]["certificate"], *old);
    assert_eq!(acted(&desk.home, "ukey-suspended")["certificate"], *old);
    let statement = support::losses::file(&desk.home, "png", support::losses::SCAN);
    found(&desk.home, &serial, &statement).expect(0);

    renew(&desk, &serial).expect(0);
    assert_renewed(&desk, &serial, &old, &number);
}

#[test]
fn what_security_revokes_during_a_renewal_is_not_renewed() {
    for (at, issued, reason) in [
        ("make-csr", 1, "privilegeWithdrawn"),
        ("write-certificate", 2, "superseded"),
    ] {
        let (desk, serial, number) = approved();
        let home = &desk.home;
        let old = certificate(home, &serial);
        fault(&desk, &serial, ("removed", at));
        renew(&desk, &serial).expect(3);
        insert(&desk, &serial);
        let security = ["--officer", "security", "certificate", "revoke", &old];
        desk.run(&[&security[..], &["--reason", reason]].concat())
            .expect(0);

        for answer in [&[][..], &["--answer", "try-again"]] {
            let resume = [&["resume", &serial], answer].concat();
            let asked = desk.run(&resume).expect(3);
            let question = &result(&asked)["question"];
            let why = question.to_string();
            assert!(why.contains("certificate-revoked"), "{question}");
            let answers = json!(["try-again", "give-up", "write-off"]);
            assert_eq!(question["answers"], answers);
        }
        let given_up = desk.run(&["resume", &serial, "--answer", "give-up"]);
        assert_eq!(result(&given_up)["given_up"], true);
        assert_eq!(standing(home, &serial), ["handed_out", "revoked", reason]);
        let certificates = desk.run(&["certificate", "list"]).expect(0);
        let rows = certificates.items();
        assert_eq!(rows.len(), issued, "{at}");
        assert!(rows.iter().all(|row| row["state"] == "revoked"), "{rows:?}");
        assert_eq!(desk.state(&number), "approved");
        let refused = renew(&desk, &serial).expect(4);
        assert_eq!(refused.error_code(), "certificate-revoked");
    }
}

#[test]
fn a_ukey_that_is_lost_during_its_renewal_ends_it_with_both_certificates() {
    let (desk, serial, number) = approved();
    let old = certificate(&desk.home, &serial);
    fault(&desk, &serial, ("removed", "write-certificate"));
    renew(&desk, &serial).expect(3);

    // Suspended it waits; found again it could go on.
    suspend(&desk.home, &serial).expect(0);
    let waits = desk.run(&["resume", &serial]).expect(4);
    assert_eq!(waits.error_code(), "ukey-not-handed-out");
    desk.run(&["ukey", "lost", &serial, "--reason", "掉进河里"])
        .expect(0);
    let certificates = desk.run(&["certificate", "list"]).expect(0);
    assert_eq!(certificates.items().len(), 2);
    for row in certificates.items() {
        assert_eq!(row["reason"], "keyCompromise", "{row}");
    }
    assert_eq!(certificate(&desk.home, &serial), old);
    assert_eq!(desk.state(&number), "withdrawn");
    let ended = desk.run(&["resume", &serial]).expect(4);
    assert_eq!(ended.error_code(), "run-not-open");
    let anew = desk.run(&["request", "rekey", &serial]).expect(0);
    assert_eq!(anew.one()["state"], "draft");
}

#[test]
fn the_holder_types_the_pin_and_a_wrong_one_begins_nothing() {
    let (desk, serial, number) = approved();
    let home = &desk.home;
    let old = certificate(home, &serial);
    let secrets = home.path.join("secrets.toml");
    let with_pin = fs::read_to_string(&secrets).unwrap();
    let pin = home.user_pin(&serial);
    let mut table: toml::Table = with_pin.parse().unwrap();
    table.remove("ukeys").unwrap();
    fs::write(&secrets, table.to_string()).unwrap();

    let nobody = renew(&desk, &serial).expect(4);
    assert_eq!(result(&nobody)["error"]["code"], "pin-not-typed");
    let command = format!("certificate renew {serial}");
    let wrong = home.typed(&[], &command, &["86420975"]);
    assert_eq!(wrong.code, Some(1), "{wrong:#?}");
    assert_eq!(result(&wrong)["error"]["code"], "pin-incorrect");
    assert_eq!(desk.state(&number), "approved");
    let right = home.typed(&[], &command, &[&pin]);
    assert_eq!(right.code, Some(0), "{right:#?}");
    fs::write(&secrets, with_pin).unwrap();
    assert_renewed(&desk, &serial, &old, &number);
    let shown = show(home, &serial);
    assert_eq!(shown["request"], *number);
}

#[test]
fn a_pin_that_is_wrong_on_the_way_is_asked_about_and_writing_off_ends_both_certificates() {
    let (desk, serial, number) = approved();
    let home = &desk.home;
    let old = certificate(home, &serial);
    fault(&desk, &serial, ("removed", "write-certificate"));
    renew(&desk, &serial).expect(3);
    insert(&desk, &serial);
    let secrets = home.path.join("secrets.toml");
    let right = fs::read_to_string(&secrets).unwrap();
    let wrong = right.replace(&home.user_pin(&serial), "86420975");
    assert_ne!(right, wrong);
    fs::write(&secrets, wrong).unwrap();
    let asked = desk.run(&["resume", &serial]).expect(3);
    assert_eq!(asked.outcomes("log-in"), ["pin-incorrect"], "one try");
    assert_eq!(
        result(&asked)["question"]["answers"],
        json!(["try-again", "give-up", "write-off"])
    );
    fs::write(&secrets, right).unwrap();
    assert_eq!(working_keys(home, &serial).len(), 1, "the old one");

    let written_off = desk.run(&["resume", &serial, "--answer", "write-off"]);
    assert_eq!(result(&written_off)["written_off"], true);
    assert_eq!(result(&written_off)["crl"], "published");
    let row = acted(home, "ukey-written-off");
    let detail = row["detail"].as_str().unwrap();
    assert!(detail.contains(&old), "{row}");
    assert_ne!(row["certificate"], *old, "the one of the renewal");
    assert_eq!(show(home, &serial)["state"], "damaged");
    let certificates = desk.run(&["certificate", "list"]).expect(0);
    for row in certificates.items() {
        assert_eq!(row["state"], "revoked", "{row}");
        assert!(listed(home, row["serial"].as_str().unwrap()).is_some());
    }
    assert_eq!(desk.state(&number), "withdrawn");
    assert_eq!(desk.state("2026-0001"), "closed");
}
