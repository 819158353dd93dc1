//! Units in their tree, 代制, and the table of user types, through the command line.

mod support;

use serde_json::json;
use support::PracticeHome;
use support::paper::{CODE, Desk, PDF};
use ukey_station::domain::officer::Duty;
use ukey_station::domain::unit::UnitDraft;
use ukey_station::station::jobs::units::BadRows;
use ukey_station::station::jobs::{practice, units};

#[test]
fn units_stand_in_a_tree_and_bad_ones_are_refused() {
    let desk = Desk::new();
    let add = |name: &str, level: &str, code: &str, more: &[&str]| {
        let args = [
            "unit", "add", "--name", name, "--level", level, "--code", code,
        ];
        desk.run(&[&args[..], more].concat())
    };
    let place = ["--province", "湖南省", "--prefecture", "示例市"];
    add("示例市教育局", "prefecture", "11430000006123458L", &place).expect(0);
    let county = add(
        "示例县教育局",
        "县市区",
        "124300004448800102",
        &["--parent", "示例市教育局"],
    );
    assert_eq!(county.expect(0).one()["prefecture"], "示例市");
    let wrong = add(
        "另一县",
        "county",
        "12430100MB1K234565",
        &["--parent", "示例县教育局"],
    )
    .expect(4);
    assert_eq!(wrong.error_code(), "unit-invalid");
    assert_eq!(wrong.one()["error"]["faults"][0]["field"], "parent");
    let taken = add("重复", "county", "124300004448800102", &place).expect(4);
    assert_eq!(taken.one()["error"]["faults"][0]["field"], "code");
    let school = ["--parent", "示例县教育局", "--school-type", "211"];
    add("示例县一小", "school", "2143000001", &school).expect(0);
    let listed = desk.run(&["unit", "list"]).expect(0);
    assert_eq!(listed.items().len(), 4);
    assert_eq!(listed.items()[0]["own"], true);
    let below = desk
        .run(&["unit", "list", "--below", "示例市教育局"])
        .expect(0);
    assert_eq!(below.items().len(), 3);
    let in_use = desk.run(&["unit", "close", "示例县教育局"]).expect(4);
    assert_eq!(in_use.error_code(), "unit-in-use");
    desk.run(&["unit", "close", "示例县一小"]).expect(0);
    let closed = desk
        .put(&["add"], &json!({ "unit": "2143000001" }))
        .expect(4);
    assert_eq!(closed.one()["error"]["faults"][0]["rule"], "D-45");
    let edited = desk
        .run(&["unit", "edit", "示例县教育局", "--address", "县城路 1 号"])
        .expect(0);
    assert_eq!(edited.one()["address"], "县城路 1 号");
    assert_eq!(edited.one()["parent"], below.items()[0]["id"]);

    let unknown = json!({ "user_types": ["学籍管理员"] });
    desk.put(&["add"], &unknown).expect(4);
    desk.run(&["user-type", "add", "学籍管理员"]).expect(0);
    desk.put(&["add"], &unknown).expect(0);
    let denied = desk
        .run(&["--officer", "security", "user-type", "add", "别的"])
        .expect(4);
    assert_eq!(denied.error_code(), "wrong-duty");
}

#[test]
fn a_holder_of_another_unit_needs_a_delegation() {
    let desk = Desk::new();
    let other = [
        "unit",
        "add",
        "--name",
        "示例市二小",
        "--level",
        "school",
        "--code",
        "2143000002",
        "--province",
        "湖南省",
        "--prefecture",
        "示例市",
    ];
    desk.run(&other).expect(0);
    desk.put(&["add"], &json!({ "unit": "示例市二小" }))
        .expect(0);
    desk.ready("2026-0001");
    let refused = desk.run(&["request", "approve", "2026-0001"]).expect(4);
    assert_eq!(refused.error_code(), "delegation-missing");
    assert_eq!(desk.state("2026-0001"), "submitted");
    let scan = desk.file("delegation.pdf", PDF);
    let delegate = [
        "unit",
        "delegate",
        "示例市二小",
        "--signed-on",
        "2026-11-01",
        "--until",
        "2027-11-01",
        "--scan",
        scan.to_str().unwrap(),
    ];
    // A school makes for nobody else.
    assert_eq!(
        desk.run(&delegate).expect(4).error_code(),
        "delegation-not-possible"
    );
}

#[test]
fn a_county_makes_for_its_school_once_two_officers_have_said_so() {
    let desk = Desk::new();
    desk.run(&["unit", "edit", CODE, "--level", "county"])
        .expect(0);
    let school = [
        "unit",
        "add",
        "--name",
        "示例县二小",
        "--level",
        "school",
        "--code",
        "2143000002",
    ];
    desk.run(&[&school[..], &["--parent", CODE]].concat())
        .expect(0);
    desk.put(&["add"], &json!({ "unit": "示例县二小" }))
        .expect(0);
    desk.ready("2026-0001");
    let scan = desk.file("delegation.pdf", PDF);
    let delegate = [
        "unit",
        "delegate",
        "示例县二小",
        "--signed-on",
        "2026-11-01",
        "--until",
        "2027-11-01",
        "--scan",
        scan.to_str().unwrap(),
    ];
    desk.run(&delegate).expect(3);
    let approve = || desk.run(&["request", "approve", "2026-0001"]);
    assert_eq!(approve().expect(4).error_code(), "delegation-missing");
    // A second officer who may not, or whose sign-in fails, confirms nothing.
    let confirm = ["unit", "delegate-confirm", "示例县二小"];
    let alone = desk.run(&confirm).expect(4);
    assert_eq!(alone.error_code(), "second-officer-required");
    let auditor = [&confirm[..], &["--second", "auditor"]].concat();
    assert_eq!(desk.run(&auditor).expect(4).error_code(), "wrong-duty");
    assert_eq!(approve().expect(4).error_code(), "delegation-missing");
    let second = [&confirm[..], &["--second", "security"]].concat();
    assert_eq!(desk.run(&second).expect(0).one()["confirmed"], true);
    let again = desk.run(&second).expect(4);
    assert_eq!(again.error_code(), "delegation-not-waiting");
    assert_eq!(approve().expect(0).one()["state"], "approved");
}

#[test]
fn what_a_county_makes_for_a_school_says_so_on_slip_and_record() {
    let home = PracticeHome::new(1, 0);
    let desk = Desk { home };
    let ran = |args: &[&str]| desk.run(args).expect(0);
    ran(&["unit", "edit", CODE, "--level", "county"]);
    let school = ["--name", "示例县二小", "--level", "school"];
    let under = ["--code", "2143000002", "--parent", CODE];
    ran(&[&["unit", "add"][..], &school, &under].concat());
    let scan = desk.file("delegation.pdf", PDF);
    let days = ["--signed-on", "2026-11-01", "--until", "2027-11-01"];
    let with = ["--scan", scan.to_str().unwrap(), "--second", "security"];
    let delegate = [&["unit", "delegate", "示例县二小"][..], &days, &with].concat();
    assert_eq!(ran(&delegate).one()["confirmed"], true);
    let log = ran(&["--officer", "auditor", "audit", "list"]);
    let acts = |act: &str| log.items().iter().filter(|row| row["act"] == act).count();
    assert_eq!(
        (acts("delegation-recorded"), acts("delegation-confirmed")),
        (1, 1)
    );

    desk.put(&["add"], &json!({ "unit": "示例县二小" }))
        .expect(0);
    desk.ready("2026-0001");
    ran(&["request", "approve", "2026-0001"]);
    ran(&["personalise", "2026-0001"]);
    let serial = desk.home.serials().remove(0);
    let shown = ran(&["ukey", "show", &serial]);
    assert_eq!(shown.one()["made_for"], "示例县二小");
    assert_ne!(shown.one()["unit"], "示例县二小");
    let slip = desk.home.path.join("out/slip.pdf");
    let slip = slip.to_str().unwrap();
    ran(&["slip", &serial, slip]);
    let text = support::must("pdftotext", &["-layout", slip, "-"]);
    assert!(text.contains("代制单位"), "{text}");
}

#[test]
fn a_sheet_of_units_is_taken_in_the_order_of_the_tree() {
    let desk = Desk::new();
    let (home, system) = practice::open(&desk.home.path, Duty::SetUp).unwrap();
    let row = |name: &str, level: &str, code: &str, parent: &str| UnitDraft {
        name: name.to_owned(),
        level: level.to_owned(),
        code: code.to_owned(),
        parent: parent.to_owned(),
        province: "湖南省".to_owned(),
        prefecture: "示例市".to_owned(),
        ..UnitDraft::default()
    };
    let rows = [
        row("一小", "学校", "2143000001", "示例县"),
        row("示例县", "县市区", "124300004448800102", "示例市"),
        row("示例市", "市州", "11430000006123458L", ""),
        row("二小", "学校", "2143000001", "示例县"),
        row("三小", "学校", "2143000003", "没有的县"),
    ];
    let before = units::list(&home, &system, None).unwrap().len();
    let import = |bad_rows| units::import_rows(&home, &system, &rows, bad_rows).unwrap();
    let refused = import(BadRows::RefuseAll);
    assert!(refused.added.is_empty());
    assert_eq!(units::list(&home, &system, None).unwrap().len(), before);
    let taken = import(BadRows::TakeGood);
    let bad: Vec<_> = taken
        .bad
        .iter()
        .map(|(at, faults)| (*at, faults[0].field))
        .collect();
    assert_eq!(bad, [(3, "code"), (4, "parent")]);
    assert_eq!(taken.added.len(), 3);
    let school = units::find(&home, &system, "2143000001").unwrap();
    let county = units::find(&home, &system, "示例县").unwrap();
    assert_eq!(school.parent, Some(county.id));
}
