//! The life of a request through the command line: both forms, papers, opinions, decisions, edits,
//! search, and what is shown of people.

mod support;

use std::fs;

use serde_json::{Value, json};
use support::PracticeHome;
use support::paper::{CODE, Desk, PDF};

#[test]
fn a_request_is_approved_only_with_its_scan_and_every_opinion_and_openssl_judges_it() {
    let desk = Desk::new();
    let added = desk.put(&["add"], &json!({})).expect(0);
    assert_eq!(added.one()["state"], "draft");
    assert_eq!(added.one()["form"], 2);
    let id = "2026-0001";
    let approve = || desk.run(&["request", "approve", id]).expect(4);
    assert_eq!(approve().error_code(), "request-not-submitted");
    desk.run(&["request", "submit", id]).expect(0);
    assert_eq!(approve().error_code(), "opinions-missing");
    for kind in ["applicant", "department", "office"] {
        desk.opinion(id, kind, "2026-11-20").expect(0);
    }
    let missing = approve();
    assert!(missing.stderr.contains("acceptance"), "{missing:?}");
    let warned = desk.opinion(id, "acceptance", "2026-11-19").expect(0);
    assert_eq!(warned.one()["warnings"][0]["rule"], "D-12");
    let noted = [
        "request",
        "opinion",
        id,
        "acceptance",
        "--by",
        "王",
        "--on",
        "2026-11-19",
    ];
    let noted = desk
        .run(&[&noted[..], &["--note", "补登"]].concat())
        .expect(0);
    assert!(noted.one()["warnings"].as_array().is_some());
    assert_eq!(approve().error_code(), "scan-missing");
    assert_eq!(desk.state(id), "submitted");
    desk.attach(id).expect(0);
    let approved = desk.run(&["request", "approve", id]).expect(0);
    assert_eq!(approved.one()["state"], "approved");
    assert_eq!(approved.one()["approved_by"], "security");

    let dir = desk.home.path.join("out/approval");
    let dir = dir.to_str().unwrap();
    desk.run(&["request", "approval", id, dir]).expect(0);
    let chain = format!("{dir}/chain.pem");
    let (p7s, out) = (format!("{dir}/approval.p7s"), format!("{dir}/content"));
    support::must(
        "openssl",
        &[
            "cms", "-verify", "-inform", "DER", "-in", &p7s, "-CAfile", &chain, "-out", &out,
            "-binary",
        ],
    );
    let record: Value = serde_json::from_slice(&fs::read(&out).unwrap()).unwrap();
    assert_eq!(record["decision"], "approved");
    assert_eq!(record["scans"].as_array().unwrap().len(), 1);
    let text = record.to_string();
    assert!(!text.contains("买买提") && !text.contains("439900198001010512"));

    let late = desk.attach(id).expect(4);
    assert_eq!(late.error_code(), "request-not-open");
    let again = desk.run(&["request", "approve", id]).expect(4);
    assert_eq!(again.error_code(), "request-not-submitted");
}

#[test]
fn all_faults_come_at_once_and_what_was_normalised_is_told() {
    let desk = Desk::new();
    let bad = json!({
        "name": "张3", "id_number": "439900198001010519", "mobile": "12812345678",
        "email": "a@b", "office_phone": "1", "school_type": "999", "user_types": ["校长"],
        "apply_certificate": null, "address": " ", "unit": "没有的学校",
    });
    let refused = desk.put(&["add"], &bad).expect(4);
    let faults = refused.one()["error"]["faults"].as_array().unwrap().clone();
    let fields: Vec<_> = faults
        .iter()
        .map(|fault| fault["field"].as_str().unwrap())
        .collect();
    assert_eq!(
        fields,
        [
            "unit",
            "name",
            "id_number",
            "office_phone",
            "email",
            "mobile",
            "school_type",
            "user_types",
            "apply_certificate",
            "address"
        ]
    );
    for fault in &faults {
        assert!(fault["rule"].as_str().unwrap().starts_with("D-"));
        assert!(!fault["hint"].as_str().unwrap().is_empty());
    }
    assert!(!refused.stderr.contains("439900198001010519"));
    assert!(desk.run(&["request", "list"]).items().is_empty());

    let typed = json!({ "name": "买买提・艾力", "mobile": "+86 199-0000-9999" });
    let added = desk.put(&["add"], &typed).expect(0);
    let told = added.one()["normalised"].as_array().unwrap();
    let told: Vec<_> = told
        .iter()
        .map(|note| note["field"].as_str().unwrap())
        .collect();
    assert_eq!(told, ["name", "mobile"]);
    assert_eq!(added.one()["warnings"][0]["value"], "439900");
    assert_eq!(added.one()["holder_name"], "买买提·艾力");
}

#[test]
fn one_person_has_one_live_request_in_a_unit_and_another_after_it_has_ended() {
    let desk = Desk::new();
    desk.put(&["add"], &json!({})).expect(0);
    let second = desk
        .put(&["add"], &json!({ "id_number": " 4399 0019 8001 0105 12" }))
        .expect(4);
    assert_eq!(second.error_code(), "request-duplicate");
    assert!(second.stderr.contains("2026-0001"));
    desk.run(&["request", "withdraw", "2026-0001"]).expect(0);
    let again = desk.put(&["add"], &json!({})).expect(0);
    assert_eq!(again.one()["number"], "2026-0002");
    let late = desk.run(&["request", "withdraw", "2026-0001"]).expect(4);
    assert_eq!(late.error_code(), "request-not-open");
    // The same person's form 1 is another paper.
    let form_1 = json!({
        "post": "安全管理员", "school_type": "", "user_types": [], "apply_certificate": null,
    });
    let officer = desk.put(&["add"], &form_1).expect(0);
    assert_eq!(officer.one()["form"], 1);
    assert_eq!(officer.one()["post"], "安全管理员");
}

#[test]
fn a_returned_request_is_edited_and_the_difference_is_shown_masked() {
    let desk = Desk::new();
    desk.put(&["add"], &json!({})).expect(0);
    let id = "2026-0001";
    desk.ready(id);
    let frozen = desk
        .put(&["edit", id], &json!({ "address": "x 路" }))
        .expect(4);
    assert_eq!(frozen.error_code(), "request-not-editable");
    let silent = desk
        .run(&["request", "return", id, "--reason", " "])
        .expect(2);
    assert_eq!(silent.error_code(), "reason-required");
    desk.run(&["request", "return", id, "--reason", "手机号与申请单不符"])
        .expect(0);
    assert_eq!(desk.state(id), "returned");

    let same = desk.put(&["edit", id], &json!({})).expect(0);
    assert_eq!(same.one()["revision"], 1);
    let edited = desk
        .put(&["edit", id], &json!({ "mobile": "19900008888" }))
        .expect(0);
    assert_eq!(edited.one()["revision"], 2);
    assert_eq!(edited.one()["state"], "returned");
    let diff = desk.run(&["request", "diff", id]).expect(0);
    assert_eq!(
        diff.items()[0]["changes"],
        json!([{ "field": "mobile", "from": "199****9999", "to": "199****8888" }])
    );
    let shown = desk.run(&["request", "show", id]).expect(0);
    let decision = &shown.one()["decisions"][0];
    assert_eq!(decision["decision"], "returned");
    assert_eq!(decision["reason"], "手机号与申请单不符");

    desk.run(&["request", "submit", id]).expect(0);
    desk.run(&["request", "approve", id]).expect(0);
    assert_eq!(desk.state(id), "approved");
    let verified = desk.run(&["audit", "verify"]).expect(0);
    assert_eq!(verified.one()["intact"], true);
}

#[test]
fn a_bulk_approval_signs_each_and_one_failing_does_not_stop_the_others() {
    let desk = Desk::new();
    for (at, number) in [
        "439900198001010512",
        "439900198002020033",
        "439900198003030039",
    ]
    .into_iter()
    .enumerate()
    {
        let changes = json!({ "id_number": number });
        let added = desk.put(&["add"], &changes);
        if added.code == Some(4) {
            // The check character of an invented number is found by trying.
            let head = &number[..17];
            let found = "0123456789X".chars().any(|check| {
                let changes = json!({ "id_number": format!("{head}{check}") });
                desk.put(&["add"], &changes).code == Some(0)
            });
            assert!(found);
        }
        if at != 1 {
            desk.ready(&format!("2026-000{}", at + 1));
        }
    }
    let bulk = desk
        .run(&[
            "request",
            "approve",
            "2026-0001",
            "2026-0002",
            "2026-0003",
            "2026-9999",
        ])
        .expect(1);
    let outcomes: Vec<_> = bulk
        .events("result")
        .iter()
        .map(|event| event["outcome"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(outcomes, ["approved", "failed", "approved", "failed"]);
    let second = bulk.events("result")[1]["error"]["code"].clone();
    assert_eq!(second, "request-not-submitted");
    assert_eq!(bulk.events("summary")[0]["done"], 2);
    let none = desk
        .run(&["request", "approve", "2026-0001", "2026-0003"])
        .expect(4);
    assert_eq!(none.events("summary")[0]["done"], 0);
    desk.run(&["request", "submit", "2026-0002"]).expect(0);
    desk.run(&["request", "reject", "2026-0002", "--reason", "不符合条件"])
        .expect(0);
    assert_eq!(desk.state("2026-0002"), "rejected");
    let edited = desk.put(&["edit", "2026-0002"], &json!({})).expect(4);
    assert_eq!(edited.error_code(), "request-not-editable");
}

#[test]
fn scans_are_known_by_content_and_come_back_only_with_a_reason() {
    let desk = Desk::new();
    desk.put(&["add"], &json!({})).expect(0);
    let id = "2026-0001";
    for (name, bytes) in [
        ("scan.pdf", &b"MZ not a scan"[..]),
        ("cut.pdf", &PDF[..40]),
        ("empty.png", b""),
    ] {
        let file = desk.file(name, bytes);
        let refused = desk
            .run(&["request", "attach", id, file.to_str().unwrap()])
            .expect(4);
        assert_eq!(refused.error_code(), "scan-invalid", "{name}");
    }
    let first = desk.attach(id).expect(0);
    assert_eq!(first.one()["kind"], "pdf");
    desk.attach(id).expect(0);
    let shown = desk.run(&["request", "show", id]).expect(0);
    assert_eq!(shown.one()["scans"].as_array().unwrap().len(), 1);

    let out = desk.home.path.join("out/back.pdf");
    let out_text = out.to_str().unwrap();
    desk.run(&["request", "scan", id, out_text]).expect_usage();
    assert!(!out.exists());
    let audited = [
        "--officer",
        "auditor",
        "request",
        "scan",
        id,
        out_text,
        "--reason",
        "核对",
    ];
    assert_eq!(
        desk.run(&audited).expect(4).error_code(),
        "reveal-not-released"
    );
    assert!(!out.exists());
    // Security releases it, for this look alone (D-39).
    let by_system = [&["--second", "admin"], audited.as_slice()].concat();
    assert_eq!(desk.run(&by_system).expect(4).error_code(), "wrong-duty");
    assert!(!out.exists());
    let released = [&["--second", "security"], audited.as_slice()].concat();
    desk.run(&released).expect(0);
    assert_eq!(fs::read(&out).unwrap(), PDF);
    fs::remove_file(&out).unwrap();
    desk.run(&audited).expect(4);
    let looks = desk
        .run(&["--officer", "auditor", "audit", "list"])
        .expect(0);
    let detail = |row: &Value| row["detail"].as_str().map(str::to_owned);
    let told: Vec<_> = looks.items().iter().filter_map(detail).collect();
    let released = |text: &&String| text.starts_with("scan; released with security; ");
    assert_eq!(told.iter().filter(released).count(), 1);
    desk.run(&["request", "scan", id, out_text, "--reason", "核对原件"])
        .expect(0);
    assert_eq!(fs::read(&out).unwrap(), PDF);
}

#[test]
fn lists_are_masked_searched_and_ordered() {
    let home = PracticeHome::new(0, 12);
    let list = |args: &[&str]| {
        let args = [&["request", "list"], args].concat();
        home.run(&args).expect(0).items().clone()
    };
    let all = list(&[]);
    assert_eq!(all.len(), 12);
    for item in &all {
        assert!(item["id_number"].as_str().unwrap().contains("****"));
        assert!(item["mobile"].as_str().unwrap().contains("****"));
    }
    let numbers = |items: &[Value]| -> Vec<String> {
        let numbers = items
            .iter()
            .map(|item| item["number"].as_str().unwrap().to_owned());
        numbers.collect()
    };
    assert_eq!(
        numbers(&list(&["--limit", "2", "--offset", "3"])),
        ["2026-0004", "2026-0005"]
    );
    assert_eq!(numbers(&list(&["--search", "0007"])), ["2026-0007"]);
    assert_eq!(numbers(&list(&["--search", "2026-001"])).len(), 3);
    assert_eq!(list(&["--state", "draft"]).len(), 0);
    assert_eq!(list(&["--unit", CODE]).len(), 12);
    assert_eq!(list(&["--search", "练习小学"]).len(), 12);
    let name = all[0]["holder_name"].as_str().unwrap();
    assert!(
        list(&["--search", name])
            .iter()
            .all(|item| item["holder_name"] == name)
    );
    let ouyang = list(&["--search", "oy"]);
    assert!(!ouyang.is_empty());
    assert!(
        ouyang
            .iter()
            .all(|item| item["holder_name"].as_str().unwrap().starts_with("欧阳"))
    );
    let by_name = list(&["--sort", "name"]);
    let first = |items: &[Value], family: &str| {
        let starts = |item: &Value| item["holder_name"].as_str().unwrap().starts_with(family);
        items.iter().position(starts).unwrap()
    };
    assert!(first(&by_name, "陈") < first(&by_name, "李"));
    assert!(first(&by_name, "李") < first(&by_name, "张"));

    let bare = home.run(["request", "list", "--reveal"]);
    assert_eq!(bare.code, Some(2));
    let revealed = list(&["--reveal", "--reason", "培训核对"]);
    let number = revealed[0]["id_number"].as_str().unwrap();
    assert_eq!(number.len(), 18);
    assert_eq!(numbers(&list(&["--search", number])), ["2026-0001"]);
    let shown = home.run(["request", "show", "2026-0001"]).expect(0);
    assert!(!shown.one().to_string().contains(number));
    let full = home
        .run([
            "request",
            "show",
            "2026-0001",
            "--reveal",
            "--reason",
            "核对",
        ])
        .expect(0);
    assert_eq!(full.one()["fields"]["id_number"], number);
}
