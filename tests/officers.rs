//! Officers by form 1 (D-6): proposed by the unit, certified by the superior, one post for one person;
//! and nobody decides on their own application (D-7, D-8).
#![expect(
    clippy::unwrap_used,
    reason = "test helpers: what is missing fails the test"
)]

mod support;

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use support::paper::{Desk, form};
use support::stations::{SECURITY, SYSTEM, Station, everyone, province};
use support::{Answer, memory_dir};
use tempfile::TempDir;

/// The officers who are added here.
const SUN: (&str, &str) = ("sun", "seven green kettles 18");
const QIAN: (&str, &str) = ("qian-auditor", "narrow window bread 40");

/// Form 1 or form 2 of one person at a unit, as TOML.
fn paper(code: &str, person: (&str, &str), changes: &str) -> String {
    let (name, id_number) = person;
    format!(
        "unit = \"{code}\"\nname = \"{name}\"\nid_number = \"{id_number}\"\n\
         office_phone = \"0731-84402950\"\nemail = \"officer@unit.example.cn\"\n\
         mobile = \"19900001234\"\naddress = \"示例路 1 号\"\n{changes}\n"
    )
}

const FORM_2: &str =
    "school_type = \"211\"\nuser_types = [\"信息管理员\"]\napply_certificate = true";
const SUN_PERSON: (&str, &str) = ("孙明哲", "439900198001010512");
const ZHAO_PERSON: (&str, &str) = ("赵志远", "439900198001010547");

/// Enters a paper with scan and opinions, and submits it; gives its number.
fn submitted(unit: &Station, text: &str) -> String {
    let file = unit.private("paper.toml", text);
    let entered = unit.act(SYSTEM, &["request", "add", file.to_str().unwrap()]);
    let number = entered.expect(0).one()["number"]
        .as_str()
        .unwrap()
        .to_owned();
    submit(unit, &number);
    number
}

/// Attaches scan and opinions, and submits.
fn submit(unit: &Station, number: &str) {
    let scan = unit.file("scan.png");
    fs::write(&scan, include_bytes!("support/scan.png")).unwrap();
    let run = |args: &[&str]| unit.act(SYSTEM, args).expect(0);
    run(&["request", "attach", number, scan.to_str().unwrap()]);
    for kind in ["applicant", "department", "office", "acceptance"] {
        let by = ["--by", "刘明", "--on", "2026-11-20"];
        run(&[&["request", "opinion", number, kind], by.as_slice()].concat());
    }
    run(&["request", "submit", number]);
}

/// `officer add` by security, whose passphrase is in their file, at a terminal where the new officer
/// types theirs twice.
fn added(unit: &Station, number: &str, new: (&str, &str)) -> Answer {
    let add = ["officer", "add", "--request", number, "--name", new.0];
    unit.typed(SECURITY, &add, &[new.1, new.1])
}

/// What the superior approves comes back.
fn approved(superior: &Station, unit: &Station, numbers: &[&str]) -> Value {
    let (up, down) = (
        unit.file("up.ukey-requests"),
        superior.file("down.ukey-review"),
    );
    let text = |path: &Path| path.to_str().unwrap().to_owned();
    let sent = unit
        .act(SYSTEM, &["request", "send-up", &text(&up)])
        .expect(0);
    let mut review = vec!["request".to_owned(), "review".to_owned(), text(&up)];
    review.push("--approve".to_owned());
    review.extend(numbers.iter().map(|number| (*number).to_owned()));
    review.extend(["--out".to_owned(), text(&down)]);
    let review: Vec<&str> = review.iter().map(String::as_str).collect();
    superior.act(SECURITY, &review).expect(0);
    let received = unit.act(SYSTEM, &["request", "receive-review", &text(&down)]);
    let received = received.expect(0);
    for moved in received.one()["requests"].as_array().unwrap() {
        assert!(moved["error"].is_null(), "{moved}");
    }
    sent.one().clone()
}

/// Who the security administrator is, where `init` is told.
fn zhao() -> (usize, String) {
    (1, paper("", ZHAO_PERSON, "post = \"安全管理员\""))
}

/// A prefecture under a province, certified.
fn prefecture(dir: &TempDir, forms: &[(usize, String)]) -> [Station; 2] {
    let province = province(dir);
    let unit = subordinate(dir, &province, forms);
    [province, unit]
}

/// A prefecture under this province, certified.
fn subordinate(dir: &TempDir, province: &Station, forms: &[(usize, String)]) -> Station {
    let unit = Station::new(dir.path(), "prefecture", "12430100MB1K234565");
    let mut officers = String::new();
    for (at, text) in forms {
        unit.private(&format!("form-{at}.toml"), text);
    }
    for (at, (name, post, _passphrase)) in everyone().iter().enumerate() {
        writeln!(
            officers,
            "[[officers]]\nname = \"{name}\"\npost = \"{post}\""
        )
        .unwrap();
        if forms.iter().any(|(with, _text)| *with == at) {
            writeln!(officers, "form = \"form-{at}.toml\"").unwrap();
        }
    }
    let made = unit.init_with(&province.trust(), "prefecture", &officers, &everyone());
    province.enrol(&unit, made.expect(0).one());
    unit
}

fn why(sent: &Value, number: &str) -> Value {
    let requests = sent["requests"].as_array().unwrap();
    let found = requests.iter().find(|one| one["number"] == number);
    found.map_or(Value::Null, |one| one["why"].clone())
}

fn certified(unit: &Station, name: &str) -> Value {
    let listed = unit.act(SYSTEM, &["officer", "list"]).expect(0);
    let found = listed.items().iter().find(|row| row["name"] == name);
    found.map_or(Value::Null, |row| row["certified"].clone())
}

fn checkpoint(unit: &Station, officer: (&str, &str)) -> Answer {
    let file = unit.file("checkpoint.p7s");
    unit.act(officer, &["audit", "checkpoint", file.to_str().unwrap()])
}

#[test]
fn an_officer_added_by_form_1_signs_once_the_superior_has_certified_them() {
    let dir = memory_dir();
    let [province, unit] = prefecture(&dir, &[]);
    let qian = ("钱若兰", "439900198001010520");
    let auditor = submitted(&unit, &paper(unit.code, qian, "post = \"安全审计员\""));
    let by_system = unit.act(SYSTEM, &["officer", "add", "--request", &auditor]);
    assert_eq!(by_system.expect(4).error_code(), "wrong-duty");
    // Nobody's passphrase comes from another's file.
    let unasked = unit.act(SECURITY, &["officer", "add", "--request", &auditor]);
    assert_eq!(unasked.expect(2).error_code(), "officer-required");
    assert_eq!(certified(&unit, "钱若兰"), Value::Null);

    let new = added(&unit, &auditor, QIAN).expect(0);
    assert_eq!(
        (&new.one()["name"], &new.one()["post"]),
        (&QIAN.0.into(), &"auditor".into())
    );
    assert_eq!(certified(&unit, QIAN.0), false);
    let early = checkpoint(&unit, QIAN);
    assert_eq!(early.expect(4).error_code(), "officer-not-certified");
    let twice = added(&unit, &auditor, ("other", QIAN.1)).expect(4);
    assert_eq!(twice.error_code(), "officer-exists");

    // Form 1 is the superior's alone, and it is one person's one post.
    let own = unit.act(SECURITY, &["request", "show", &auditor]).expect(0);
    assert_eq!(own.one()["state"], "submitted");
    let sent = approved(&province, &unit, &[&auditor]);
    assert_eq!(why(&sent, &auditor), "registers-officer");
    assert_eq!(certified(&unit, QIAN.0), true);
    checkpoint(&unit, QIAN).expect(0);
    let late = added(&unit, &auditor, ("later", QIAN.1)).expect(4);
    assert_eq!(late.error_code(), "request-not-submitted");
    for station in [&province, &unit] {
        let verdict = station.act(SYSTEM, &["audit", "verify"]).expect(0);
        assert_eq!(verdict.one()["intact"], true);
    }
}

#[test]
fn a_province_certifies_its_own_new_officer_by_the_approval_of_their_form_1() {
    let dir = memory_dir();
    let province = province(&dir);
    let qian = ("钱若兰", "439900198001010520");
    let form_1 = paper(province.code, qian, "post = \"安全审计员\"");
    let number = submitted(&province, &form_1);
    let approve = || province.act(SECURITY, &["request", "approve", &number]);
    let early = approve().expect(4);
    assert_eq!(early.error_code(), "officer-not-added");
    added(&province, &number, QIAN).expect(0);
    assert_eq!(certified(&province, QIAN.0), false);
    let up = province.file("up");
    let none = province.act(SYSTEM, &["request", "send-up", up.to_str().unwrap()]);
    assert_eq!(none.expect(4).error_code(), "unit-is-root");
    approve().expect(0);
    assert_eq!(certified(&province, QIAN.0), true);
    checkpoint(&province, QIAN).expect(0);
    let verdict = province.act(QIAN, &["audit", "verify"]).expect(0);
    assert_eq!(verdict.one()["intact"], true);
}

#[test]
fn an_officer_who_is_a_holder_does_not_decide_and_the_superior_does() {
    let dir = memory_dir();
    let [province, unit] = prefecture(&dir, &[]);
    let account = submitted(&unit, &paper(unit.code, SUN_PERSON, FORM_2));
    let no_form_1 = added(&unit, &account, SUN).expect(4);
    assert_eq!(no_form_1.error_code(), "request-not-form-1");
    let post = "post = \"安全管理员\"";
    let security = submitted(&unit, &paper(unit.code, SUN_PERSON, post));
    added(&unit, &security, SUN).expect(0);
    let sent = approved(&province, &unit, &[&security]);
    assert_eq!(why(&sent, &account), "holder-is-officer");
    assert_eq!(certified(&unit, SUN.0), true);

    let own = unit.act(SUN, &["request", "approve", &account]);
    assert_eq!(own.expect(4).error_code(), "own-request");
    // Of anybody else they may.
    let zhou = ("周雨堃", "439900198001010539");
    let other = submitted(&unit, &paper(unit.code, zhou, FORM_2));
    unit.act(SUN, &["request", "approve", &other]).expect(0);
    let sent = approved(&province, &unit, &[&account]);
    assert_eq!(why(&sent, &account), "holder-is-officer");
    let shown = unit.act(SYSTEM, &["request", "show", &account]).expect(0);
    assert_eq!(shown.one()["state"], "approved");
}

#[test]
fn the_superior_certifies_the_post_and_the_person_that_it_looked_at() {
    let dir = memory_dir();
    let [province, unit] = prefecture(&dir, &[zhao()]);
    let qian = ("钱若兰", "439900198001010520");
    let security = submitted(&unit, &paper(unit.code, qian, "post = \"安全管理员\""));
    // Form 1 is not the own security's to decide, not even to refuse for good.
    for verb in [
        ["request", "approve", security.as_str()].as_slice(),
        &["request", "reject", &security, "--reason", "不合适"],
    ] {
        let own = unit.act(SECURITY, verb).expect(4);
        assert_eq!(own.error_code(), "superior-decides");
    }
    added(&unit, &security, QIAN).expect(0);
    // The own unit stays who its certificate says it is.
    let rename = ["unit", "edit", unit.code, "--name", "另一个局"];
    let renamed = unit.act(SYSTEM, &rename).expect(4);
    assert_eq!(renamed.error_code(), "unit-own");
    // What could not be written where it was to go is made and numbered all the same.
    let nowhere = unit.file("no-folder/up");
    let nowhere = ["request", "send-up", nowhere.to_str().unwrap()];
    let lost = unit.act(SYSTEM, &nowhere).expect(1);
    assert_eq!(lost.error_code(), "parcel-not-delivered");
    let copy = format!("out/{}-0001.ukey-requests", province.code);
    let (up, down) = (unit.home().join(&copy), province.file("down"));
    assert!(lost.stderr.contains(&copy), "{}", lost.stderr);
    let (up, down) = (up.to_str().unwrap(), down.to_str().unwrap());
    let shown = province.act(SECURITY, &["request", "review", up]).expect(0);
    let mut items = shown.items().iter();
    let item = items.find(|item| item["number"] == security).unwrap();
    let officer = &item["officer"];
    assert_eq!(officer["name"], QIAN.0);
    assert_eq!(officer["post"], "security");
    assert!(item["fields"]["office_phone"] != "0731-84402950");

    // What lies with the superior stays as it went up.
    let scan = unit.file("other.png");
    let mut bytes = include_bytes!("support/scan.png").to_vec();
    bytes.push(0);
    fs::write(&scan, bytes).unwrap();
    let attach = ["request", "attach", &security, scan.to_str().unwrap()];
    let late = unit.act(SYSTEM, &attach).expect(4);
    assert_eq!(late.error_code(), "request-sent-up");

    let review = ["request", "review", up, "--return", &security];
    let silent = [&review[..], &["--reason", " ", "--out", down]].concat();
    let silent = province.act(SECURITY, &silent).expect(2);
    assert_eq!(silent.error_code(), "reason-required");
    let said = [&review[..], &["--reason", "岗位不符", "--out", down]].concat();
    province.act(SECURITY, &said).expect(0);
    unit.act(SYSTEM, &["request", "receive-review", down])
        .expect(0);
    let shown = unit.act(SYSTEM, &["request", "show", &security]).expect(0);
    assert_eq!(shown.one()["state"], "returned");
    assert_eq!(shown.one()["decisions"][0]["reason"], "岗位不符");

    // The officer's key is made: neither another post nor another person comes by it.
    let other = ("李若冰", "439900198001010539");
    for changed in [
        paper(unit.code, qian, "post = \"系统管理员\""),
        paper(unit.code, other, "post = \"安全管理员\""),
    ] {
        let file = unit.private("edited.toml", &changed);
        let edit = ["request", "edit", &security, file.to_str().unwrap()];
        let refused = unit.act(SYSTEM, &edit).expect(4);
        assert_eq!(refused.error_code(), "request-names-officer");
    }
    unit.act(SYSTEM, &["request", "submit", &security])
        .expect(0);
    approved(&province, &unit, &[&security]);
    assert_eq!(certified(&unit, QIAN.0), true);
}

#[test]
fn one_person_does_not_approve_under_another_name_what_they_entered() {
    const SUN_AGAIN: (&str, &str) = ("sun-security", "eleven paper boats 63");
    let dir = memory_dir();
    let [province, unit] = prefecture(&dir, &[zhao()]);
    let system = submitted(
        &unit,
        &paper(unit.code, SUN_PERSON, "post = \"系统管理员\""),
    );
    added(&unit, &system, SUN).expect(0);
    approved(&province, &unit, &[&system]);
    let zhou = ("周雨堃", "439900198001010539");
    let file = unit.private("paper.toml", &paper(unit.code, zhou, FORM_2));
    let add = ["request", "add", file.to_str().unwrap()];
    let entered = unit.act(SUN, &add).expect(0);
    let number = entered.one()["number"].as_str().unwrap().to_owned();

    unit.act(SECURITY, &["officer", "disable", SUN.0]).expect(0);
    // One person has one live form 1.
    unit.act(SYSTEM, &["request", "withdraw", &system])
        .expect(0);
    let again = submitted(
        &unit,
        &paper(unit.code, SUN_PERSON, "post = \"安全管理员\""),
    );
    added(&unit, &again, SUN_AGAIN).expect(0);
    approved(&province, &unit, &[&again]);
    submit(&unit, &number);
    let own = unit.act(SUN_AGAIN, &["request", "approve", &number]);
    assert_eq!(own.expect(4).error_code(), "own-entry");
    unit.act(SECURITY, &["request", "approve", &number])
        .expect(0);
}

#[test]
fn the_first_officers_are_people_too_where_init_has_their_forms() {
    let dir = memory_dir();
    let [_province, unit] = prefecture(&dir, &[zhao()]);
    let code = unit.code;
    let listed = unit.act(SYSTEM, &["request", "list"]).expect(0);
    assert_eq!(listed.items().len(), 1);
    assert_eq!(listed.items()[0]["post"], "安全管理员");
    assert_eq!(listed.items()[0]["state"], "submitted");
    let own = submitted(&unit, &paper(code, ZHAO_PERSON, FORM_2));
    let refused = unit.act(SECURITY, &["request", "approve", &own]);
    assert_eq!(refused.expect(4).error_code(), "own-request");

    // Another post for the same person is refused where it would be filled.
    let second = paper(code, ZHAO_PERSON, "post = \"安全审计员\"");
    let file = unit.private("second.toml", &second);
    let entered = unit.act(SYSTEM, &["request", "add", file.to_str().unwrap()]);
    assert_eq!(entered.expect(4).error_code(), "request-duplicate");
}

/// D-8: of whom nothing is known nobody can tell whether they decide on their own application.
#[test]
fn who_is_not_on_record_decides_nothing_until_it_is_said_which_form_1_is_theirs() {
    let dir = memory_dir();
    let [_province, unit] = prefecture(&dir, &[]);
    let zhou = ("周雨堃", "439900198001010539");
    let account = submitted(&unit, &paper(unit.code, zhou, FORM_2));
    let state = || {
        let shown = unit.act(SYSTEM, &["request", "show", &account]).expect(0);
        shown.one()["state"].as_str().unwrap().to_owned()
    };
    let approve = ["request", "approve", &account];
    for decision in [
        approve.as_slice(),
        &["request", "return", &account, "--reason", "请核对"],
        &["request", "reject", &account, "--reason", "不合适"],
    ] {
        let refused = unit.act(SECURITY, decision).expect(4);
        assert_eq!(refused.error_code(), "officer-unidentified");
        assert_eq!(state(), "submitted");
    }

    let form_1 = submitted(
        &unit,
        &paper(unit.code, ZHAO_PERSON, "post = \"安全管理员\""),
    );
    let identify =
        |by, name, number: &str| unit.act(by, &["officer", "identify", name, "--request", number]);
    for (by, name, number, code) in [
        (SYSTEM, SECURITY.0, &form_1, "wrong-duty"),
        (SECURITY, SECURITY.0, &account, "request-not-form-1"),
        (SECURITY, SYSTEM.0, &form_1, "request-names-officer"),
    ] {
        let refused = identify(by, name, number).expect(4);
        assert_eq!(refused.error_code(), code);
    }
    assert_eq!(state(), "submitted");
    let said = identify(SECURITY, SECURITY.0, &form_1);
    assert_eq!(said.expect(0).one()["identified"], true);
    let again = identify(SECURITY, SECURITY.0, &form_1);
    assert_eq!(again.expect(4).error_code(), "officer-identified");

    unit.act(SECURITY, &approve).expect(0);
    assert_eq!(state(), "approved");
    let own = submitted(&unit, &paper(unit.code, ZHAO_PERSON, FORM_2));
    let refused = unit.act(SECURITY, &["request", "approve", &own]);
    assert_eq!(refused.expect(4).error_code(), "own-request");
}

#[test]
fn a_superior_who_is_not_on_record_decides_nothing_for_a_subordinate() {
    let dir = memory_dir();
    let province = Station::new(dir.path(), "province", "11430000006123458L");
    let tables = "[[officers]]\nname = \"wang-system\"\npost = \"system\"\n\
                  [[officers]]\nname = \"zhao-security\"\npost = \"security\"\n";
    let made = province.init_with("", "province", tables, &everyone());
    assert_eq!(made.expect(0).one()["unidentified"], json!([SECURITY.0]));
    let unit = subordinate(&dir, &province, &[zhao()]);
    let sun = submitted(
        &unit,
        &paper(unit.code, SUN_PERSON, "post = \"安全管理员\""),
    );
    added(&unit, &sun, SUN).expect(0);
    let (up, down) = (unit.file("up"), province.file("down"));
    let (up, down) = (up.to_str().unwrap(), down.to_str().unwrap());
    unit.act(SYSTEM, &["request", "send-up", up, &sun])
        .expect(0);
    let decide = |verb: &[&str]| {
        let review = ["request", "review", up, "--out", down];
        province.act(SECURITY, &[&review[..], verb].concat())
    };
    let approve = ["--approve", sun.as_str()];
    for verb in [
        approve.as_slice(),
        &["--return", &sun, "--reason", "请核对"],
        &["--reject", &sun, "--reason", "不合适"],
    ] {
        assert_eq!(decide(verb).expect(4).error_code(), "officer-unidentified");
        assert!(!Path::new(down).exists());
    }
    let zhao = ("钱若兰", "439900198001010520");
    let form_1 = submitted(
        &province,
        &paper(province.code, zhao, "post = \"安全管理员\""),
    );
    let identify = ["officer", "identify", SECURITY.0, "--request", &form_1];
    province.act(SECURITY, &identify).expect(0);
    decide(&approve).expect(0);
    unit.act(SYSTEM, &["request", "receive-review", down])
        .expect(0);
    assert_eq!(certified(&unit, SUN.0), true);
}

#[test]
fn init_refuses_a_form_of_another_post_or_one_person_twice() {
    let dir = memory_dir();
    let unit = Station::new(dir.path(), "alone", "11430000006123458L");
    let zhao = ZHAO_PERSON;
    let officers = |posts: [&str; 2]| {
        for (at, post) in posts.iter().enumerate() {
            let text = paper("", zhao, &format!("post = \"{post}\""));
            unit.private(&format!("form-{at}.toml"), &text);
        }
        let table = |(at, (name, post, _)): (usize, &(&str, &str, &str))| {
            format!(
                "[[officers]]\nname = \"{name}\"\npost = \"{post}\"\nform = \"form-{at}.toml\"\n"
            )
        };
        let text: String = everyone().iter().enumerate().map(table).collect();
        unit.init_with("", "province", &text, &everyone())
    };
    let other = officers(["安全审计员", "安全管理员"]).expect(2);
    assert_eq!(other.error_code(), "config-invalid");
    let twice = officers(["系统管理员", "安全管理员"]).expect(4);
    assert_eq!(twice.error_code(), "person-has-post");
    assert!(!twice.stderr.contains(zhao.1));
    assert!(!unit.home().exists());
}

#[test]
fn in_practice_the_passphrase_comes_from_the_secrets_file_and_one_person_has_one_post() {
    let desk = Desk::new();
    let form_1 = |changes: Value| {
        let mut form = form(&json!({ "post": "安全审计员" }));
        let fields = form.as_object_mut().unwrap();
        for field in ["school_type", "user_types", "apply_certificate"] {
            fields.remove(field);
        }
        fields.extend(changes.as_object().unwrap().clone());
        let file = desk.file("form-1.json", form.to_string().as_bytes());
        let added = desk
            .run(&["request", "add", file.to_str().unwrap()])
            .expect(0);
        let number = added.one()["number"].as_str().unwrap().to_owned();
        desk.ready(&number);
        number
    };
    let add = |number: &str, name: &str| {
        desk.run(&["officer", "add", "--request", number, "--name", name])
    };
    let number = form_1(json!({}));
    assert_eq!(
        add(&number, "li").expect(2).error_code(),
        "officer-required"
    );
    let secrets = desk.home.path.join("secrets.toml");
    let text = fs::read_to_string(&secrets).unwrap();
    let named = "[officers]\nli = \"seven green kettles 18\"\nyi = \"seven green kettles 19\"";
    fs::write(&secrets, text.replace("[officers]", named)).unwrap();
    let added = add(&number, "li").expect(0);
    assert_eq!(added.one()["post"], "auditor");
    desk.run(&["--officer", "li", "audit", "list"]).expect(0);

    // The practice security administrator is a person, too.
    let number_of_security = "43990019700102002X";
    let other = form_1(json!({ "id_number": number_of_security, "name": "练习人" }));
    let refused = add(&other, "yi").expect(4);
    assert_eq!(refused.error_code(), "person-has-post");
}
