//! Bad input through the command line: a typed refusal, the right exit code, and nothing changed.
//! And what goes on when a person acts: a ukey to insert, a CSR to be finished, a question.
#![expect(
    clippy::indexing_slicing,
    reason = "test helpers: what is missing fails the test"
)]

mod support;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use support::{PracticeHome, answer};

/// States of every request and ukey, and the number of audit rows.
fn picture(home: &PracticeHome) -> String {
    let list = |what: &str| {
        let items = home.run([what, "list"]).expect(0);
        let states: Vec<_> = items
            .items()
            .iter()
            .map(|item| item["state"].to_string())
            .collect();
        states.join(" ")
    };
    format!(
        "{} | {} | {}",
        list("request"),
        list("ukey"),
        list("certificate")
    )
}

/// The command is refused with this code, and nothing has changed.
fn refused(home: &PracticeHome, args: &[&str], code: i32, word: &str) {
    let before = picture(home);
    let answer = home.run(args).expect(code);
    let told = answer
        .lines
        .iter()
        .find_map(|line| line["error"]["code"].as_str());
    assert_eq!(told, Some(word), "{answer:#?}");
    assert!(
        !answer.stderr.is_empty() || answer.events("result").len() == 1,
        "{answer:#?}"
    );
    assert_eq!(picture(home), before);
}

#[test]
fn a_draft_is_not_made_and_an_issued_request_is_not_made_twice() {
    let home = PracticeHome::new(2, 1);
    let file = home.path.join("out/request.toml");
    fs::write(
        &file,
        "unit = \"示例市练习小学\"\nname = \"买买提·艾力\"\nid_number = \"439900198001010519\"\n\
         office_phone = \"0731-84402950\"\nemail = \"a@example.cn\"\nmobile = \"19900009999\"\n\
         school_type = \"211\"\nuser_types = [\"信息管理员\"]\napply_certificate = true\n\
         address = \"练习路 2 号\"\n",
    )
    .unwrap();
    let add = || home.run(["request", "add", file.to_str().unwrap()]);
    let refused_form = add().expect(4);
    let error = &refused_form.one()["error"];
    assert_eq!(error["code"], "request-invalid");
    assert_eq!(error["faults"][0]["field"], "id_number");
    assert_eq!(error["faults"][0]["rule"], "D-14");
    assert_eq!(error["faults"][0]["value"], "439900********0519");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replace("0519", "0512")).unwrap();
    assert_eq!(add().expect(0).one()["state"], "draft");
    refused(
        &home,
        &["personalise", "2026-0002"],
        4,
        "request-not-approved",
    );
    home.run(["personalise", "2026-0001"]).expect(0);
    refused(
        &home,
        &["personalise", "2026-0001"],
        4,
        "request-already-used",
    );
}

#[test]
fn a_pulled_a_used_and_a_foreign_ukey_are_refused_untouched() {
    let home = PracticeHome::new(2, 1);
    let serials = home.serials();
    let path = home.path.to_str().unwrap();
    home.run(["practice", "pull", path, &serials[0]]).expect(0);
    refused(
        &home,
        &["personalise", "2026-0001", "--ukey", &serials[0]],
        4,
        "ukey-not-inserted",
    );
    home.run(["practice", "insert", path, &serials[0]])
        .expect(0);

    // Somebody else writes on it.
    home.written_by_others(&serials[0], "MINE");
    refused(
        &home,
        &["personalise", "2026-0001", "--ukey", &serials[0]],
        4,
        "ukey-not-blank",
    );
    let listed = home.run(["ukey", "inserted"]).expect(0);
    let foreign = listed
        .items()
        .iter()
        .find(|item| item["serial"] == serials[0].as_str());
    assert_eq!(foreign.unwrap()["reason"], "ukey-not-blank");

    home.run(["personalise", "2026-0001", "--ukey", &serials[1]])
        .expect(0);
    refused(
        &home,
        &["personalise", "2026-0001", "--ukey", &serials[1]],
        4,
        "request-already-used",
    );
}

#[test]
fn a_module_that_is_no_pkcs11_library_fails_and_changes_nothing() {
    let home = PracticeHome::new(1, 1);
    let before = picture(&home);
    for module in ["/bin/true", "/nonexistent.so"] {
        let mut command = home.command(["personalise", "2026-0001"]);
        let failed = answer(
            &command
                .env("UKEY_STATION_SOFTHSM", module)
                .output()
                .unwrap(),
        );
        let failed = failed.expect(1);
        let result = failed.events("result")[0];
        assert_eq!(result["error"]["code"], "module-unusable", "{failed:#?}");
    }
    assert_eq!(picture(&home), before);
    home.run(["personalise", "2026-0001"]).expect(0);
}

#[test]
fn secrets_that_others_can_read_wrong_passphrases_and_wrong_posts_are_refused() {
    let home = PracticeHome::new(1, 1);
    let secrets = home.path.join("secrets.toml");
    refused(
        &home,
        &["--officer", "security", "personalise", "2026-0001"],
        4,
        "wrong-duty",
    );
    refused(
        &home,
        &["--officer", "admin", "ca", "unlock"],
        4,
        "wrong-duty",
    );
    refused(
        &home,
        &["--officer", "nobody", "request", "list"],
        2,
        "officer-unknown",
    );

    fs::set_permissions(&secrets, fs::Permissions::from_mode(0o644)).unwrap();
    let told = home.run(["request", "list"]).expect(4);
    assert_eq!(told.error_code(), "secrets-readable");
    fs::set_permissions(&secrets, fs::Permissions::from_mode(0o600)).unwrap();

    let other = home.path.join("out/secrets.toml");
    fs::write(&other, "[officers]\nadmin = \"not the passphrase\"\n").unwrap();
    fs::set_permissions(&other, fs::Permissions::from_mode(0o600)).unwrap();
    let args = [
        "--secrets",
        other.to_str().unwrap(),
        "--officer",
        "admin",
        "request",
        "list",
    ];
    let told = home.run(args).expect(4);
    assert_eq!(told.error_code(), "passphrase-wrong");
    assert!(!told.stderr.contains("not the passphrase"));
}

#[test]
fn a_home_that_another_process_holds_can_be_read_and_not_changed() {
    let home = PracticeHome::new(1, 1);
    let lock = fs::File::options()
        .write(true)
        .open(home.path.join("lock"))
        .unwrap();
    lock.lock().unwrap();
    home.run(["request", "list"]).expect(0);
    let told = home.run(["personalise", "2026-0001"]).expect(1);
    assert_eq!(told.error_code(), "home-held");
    lock.unlock().unwrap();
    home.run(["personalise", "2026-0001"]).expect(0);
}

#[test]
fn a_run_that_stops_at_the_csr_is_finished_later_on_the_same_key() {
    let home = PracticeHome::new(1, 1);
    let stopped = home
        .run(["personalise", "2026-0001", "--csr-only", "--key", "rsa"])
        .expect(3);
    assert_eq!(stopped.events("result")[0]["waits"], "csr-only");
    assert_eq!(home.run(["certificate", "list"]).items().len(), 0);
    let serial = &home.serials()[0];
    let path = home.path.to_str().unwrap();
    home.run(["practice", "pull", path, serial]).expect(0);
    let waiting = home.run(["resume"]).expect(3);
    assert_eq!(waiting.events("result")[0]["waits"], "ukey");
    assert_eq!(waiting.events("result")[0]["key"], "rsa");
    home.run(["practice", "insert", path, serial]).expect(0);
    let finished = home.run(["resume"]).expect(0);
    assert_eq!(finished.events("result")[0]["outcome"], "issued");
    let steps = finished.events("result")[0]["steps"].to_string();
    assert!(!steps.contains("generate-key-pair"), "{steps}");
}

#[test]
fn a_token_lost_in_the_middle_of_a_run_ends_in_a_question_and_is_written_off() {
    let home = PracticeHome::new(2, 1);
    let serial = home.serials()[0].clone();
    home.run(["personalise", "2026-0001", "--ukey", &serial, "--csr-only"])
        .expect(3);
    // What a kill inside a C_ call leaves behind: object files without content.
    let tokens = home.path.join("ukeys").join(&serial).join("tokens");
    for token in fs::read_dir(tokens).unwrap() {
        fs::write(token.unwrap().path().join("token.object"), b"").unwrap();
    }
    let asked = home.run(["resume"]).expect(3);
    let question = &asked.events("result")[0]["question"];
    assert_eq!(question["about"], "keeps-failing", "{asked:#?}");
    let again = home.run(["resume"]).expect(3);
    assert_eq!(again.events("result")[0]["outcome"], "question");
    home.run(["resume", &serial, "--answer", "write-off"])
        .expect(1);
    let ukey = home.run(["ukey", "show", &serial]).expect(0);
    assert_eq!(ukey.one()["state"], "damaged");
    assert_eq!(
        home.run(["request", "show", "2026-0001"]).one()["state"],
        "approved"
    );
    home.run(["personalise", "2026-0001"]).expect(0);
    let active = home.run(["certificate", "list"]);
    let active = active
        .items()
        .iter()
        .filter(|item| item["state"] == "active")
        .count();
    assert_eq!(active, 1);
}

#[test]
fn the_slip_and_the_letter_of_a_random_pin_are_written_once() {
    let home = PracticeHome::new(1, 1);
    home.run(["personalise", "2026-0001", "--pin", "random"])
        .expect(0);
    let serial = &home.serials()[0];
    let slip = home.path.join("out/slip.pdf");
    let written = home.run(["slip", serial, slip.to_str().unwrap()]).expect(0);
    assert_eq!(written.one()["files"].as_array().unwrap().len(), 2);
    let again = home.run(["slip", serial, slip.to_str().unwrap()]).expect(0);
    assert_eq!(again.one()["files"].as_array().unwrap().len(), 1);
    let text = |path: &std::path::Path| {
        let args = [path.to_str().unwrap(), "-"];
        support::must("pdftotext", &args)
    };
    let slip = text(&slip);
    for word in [
        serial.as_str(),
        "仅限本人使用",
        "2026-0001",
        "439900********",
    ] {
        assert!(slip.contains(word), "{word} in {slip}");
    }
    let letter = text(&home.path.join("out/slip.pin.pdf"));
    let digits = |line: &&str| line.len() == 8 && line.bytes().all(|byte| byte.is_ascii_digit());
    let pin = letter.lines().map(str::trim).find(digits).unwrap();
    let login = [
        "--login",
        "--pin",
        pin,
        "--list-objects",
        "--type",
        "privkey",
    ];
    let seen = home.pkcs11_tool(serial, &login);
    assert!(seen.status.success(), "{seen:?}");
}
