//! The audit log as an auditor meets it: checkpoints judged by openssl, damage found at its row, an
//! old store told from a forked one, an export that a few lines can verify.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "test helpers: what is missing fails the test"
)]

mod support;

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use sha2::{Digest as _, Sha256};
use support::records::practice_file;
use support::{PracticeHome, must};

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// `audit checkpoint` beside the home.
fn checkpoint(home: &PracticeHome, name: &str) -> PathBuf {
    let path = home.path.join("out").join(name);
    home.run(["audit", "checkpoint", text(&path)]).expect(0);
    path
}

/// What `audit verify` says, with its exit code.
fn verify(home: &PracticeHome, args: &[&str], code: i32) -> Value {
    let answer = home.run([&["audit", "verify"], args].concat()).expect(code);
    answer.one().clone()
}

/// One act that changes something.
fn act(home: &PracticeHome) {
    home.run(["ca", "unlock"]).expect(0);
}

/// The store file as it is now, to be put back later.
fn backup(home: &PracticeHome) -> Vec<u8> {
    assert!(!home.path.join("station.db-wal").exists(), "all is in it");
    fs::read(home.path.join("station.db")).unwrap()
}

fn roll_back(home: &PracticeHome, old: &[u8]) {
    assert!(
        !home.path.join("station.db-wal").exists(),
        "nothing is beside it"
    );
    fs::write(home.path.join("station.db"), old).unwrap();
}

#[test]
fn openssl_accepts_a_checkpoint_and_the_log_and_its_code_match_it() {
    let home = PracticeHome::new(0, 1);
    let path = home.path.join("out/checkpoint.p7s");
    // A bare file name is in the folder one stands in.
    let mut command = home.command(["audit", "checkpoint", "checkpoint.p7s"]);
    let output = command.current_dir(home.path.join("out")).output().unwrap();
    let signed = support::answer(&output).expect(0);
    let signed = signed.one();
    let root = home.path.join("out/root.pem");
    let approval = home.path.join("out/approval");
    home.run(["request", "approval", "2026-0001", text(&approval)])
        .expect(0);
    let chain = fs::read_to_string(approval.join("chain.pem")).unwrap();
    let last = chain.rfind("-----BEGIN").unwrap();
    fs::write(&root, &chain[last..]).unwrap();
    let content = must(
        "openssl",
        &[
            "cms",
            "-verify",
            "-inform",
            "DER",
            "-in",
            text(&path),
            "-CAfile",
            text(&root),
        ],
    );
    let content: Value = serde_json::from_str(&content).unwrap();
    assert_eq!(content["type"], "ukey-station/checkpoint");
    assert_eq!(
        (&content["officer"], &content["post"]),
        (&"auditor".into(), &"auditor".into())
    );
    for field in ["count", "epoch", "head", "home", "instance", "time"] {
        assert_eq!(content[field], signed[field], "{field}");
    }

    let found = verify(&home, &["--checkpoint", text(&path)], 0);
    assert_eq!(found["checkpoint"], "matches");
    assert_eq!(found["first_broken"], Value::Null);
    // The checkpoint is an act of its own.
    assert_eq!(found["rows"], signed["count"].as_u64().unwrap() + 1);
    let listed = home
        .run(["audit", "list", "--act", "checkpoint-signed"])
        .expect(0);
    assert_eq!(listed.items().len(), 1);
    assert_eq!(listed.items()[0]["detail"], signed["code"]);
    assert_eq!(listed.items()[0]["hash"], found["head"]);

    let code = signed["code"].as_str().unwrap();
    assert_eq!(verify(&home, &["--code", code], 0)["checkpoint"], "matches");
    let typed = code.to_uppercase();
    assert_eq!(
        verify(&home, &["--code", &typed], 0)["checkpoint"],
        "matches"
    );
    let last = if code.ends_with('0') { "1" } else { "0" };
    let mistyped = format!("{}{last}", &code[..code.len() - 1]);
    let found = verify(&home, &["--code", &mistyped], 1);
    assert_eq!(found["checkpoint"], "forked");
    let other = home
        .run(["audit", "verify", "--code", &code[1..]])
        .expect(2);
    assert_eq!(other.error_code(), "checkpoint-code-invalid");
}

#[test]
fn only_auditor_and_security_sign_and_only_the_auditor_reads_all() {
    let home = PracticeHome::new(0, 1);
    let path = home.path.join("out/checkpoint.p7s");
    let sign = |officer: &str| home.run(["audit", "checkpoint", text(&path), "--officer", officer]);
    assert_eq!(sign("admin").expect(4).error_code(), "wrong-duty");
    assert!(!path.exists());
    assert_eq!(sign("security").expect(0).one()["post"], "security");

    let list = |args: &[&str]| home.run([&["audit", "list"], args].concat());
    let all = list(&[]).expect(0);
    let own = list(&["--officer", "admin"]).expect(0);
    let officers = |answer: &support::Answer| {
        let mut names: Vec<String> = answer
            .items()
            .iter()
            .map(|item| item["officer"].as_str().unwrap().to_owned())
            .collect();
        names.sort();
        names.dedup();
        names
    };
    assert_eq!(officers(&all), ["admin", "security", "station"]);
    assert_eq!(officers(&own), ["admin"]);
    let own_acts = own.items().len();
    assert!(own_acts > 0 && own_acts < all.items().len());
    let others = list(&["--officer", "admin", "--by", "security"]).expect(4);
    assert_eq!(others.error_code(), "wrong-duty");
    let export = home.path.join("out/log.jsonl");
    let refused = home.run(["audit", "export", text(&export), "--officer", "security"]);
    assert_eq!(refused.expect(4).error_code(), "wrong-duty");
    assert!(!export.exists());

    // Whoever has another duty learns only whether it is intact.
    let told = verify(
        &home,
        &["--officer", "security", "--checkpoint", text(&path)],
        0,
    );
    assert_eq!(told["intact"], true);
    for field in ["rows", "head", "first_broken", "checkpoint"] {
        assert_eq!(told[field], Value::Null, "{field}");
    }
}

#[test]
fn the_list_shows_numbers_and_masked_names_and_is_searched() {
    let home = PracticeHome::new(0, 2);
    let holders = home.run(["request", "list"]).expect(0);
    let name = holders.items()[0]["holder_name"]
        .as_str()
        .unwrap()
        .to_owned();
    let list = |args: &[&str]| {
        let answer = home.run([&["audit", "list"], args].concat()).expect(0);
        answer.items().clone()
    };
    let acts = |items: &[Value]| {
        let acts: Vec<String> = items
            .iter()
            .map(|item| item["act"].as_str().unwrap().to_owned())
            .collect();
        acts.join(" ")
    };
    let of_one =
        "request-entered scan-attached opinion-recorded request-submitted request-approved";
    let found = list(&["--search", "2026-0001"]);
    assert_eq!(acts(&found), of_one);
    assert_eq!(acts(&list(&["--search", &name])), of_one);
    let text = serde_json::to_string(&list(&[])).unwrap();
    assert!(!text.contains(&name), "{text}");
    let first: String = name.chars().take(1).collect();
    let masked = first + &"*".repeat(name.chars().count() - 1);
    for item in &found {
        assert_eq!(item["holder"], masked.as_str());
        assert_eq!(item["request"], "2026-0001");
    }
    assert_eq!(list(&["--since", "2999-01-01"]).len(), 0);
    assert_eq!(list(&["--until", "2001-01-01"]).len(), 0);
    assert_eq!(list(&["--since", "2001-01-01"]), list(&[]));
    let newest = list(&["--limit", "2"]);
    assert_eq!(newest, list(&[])[list(&[]).len() - 2..]);
    let wrong = home
        .run(["audit", "list", "--since", "yesterday"])
        .expect(2);
    assert_eq!(wrong.error_code(), "not-a-date");
}

#[test]
fn damage_to_the_store_is_found_at_its_row() {
    let home = PracticeHome::new(0, 1);
    checkpoint(&home, "checkpoint.p7s");
    act(&home);
    let good = backup(&home);
    let rows = verify(&home, &[], 0)["rows"].as_i64().unwrap();
    let signed = rows - 2; // Then the row of the checkpoint, and one act.
    let cases = [
        (
            "an edit",
            "UPDATE audit SET act = 'other' WHERE sequence = 3",
            3,
            "matches",
        ),
        (
            "a deletion",
            "DELETE FROM audit WHERE sequence = 2",
            2,
            "matches",
        ),
        (
            "a reorder",
            "UPDATE audit SET sequence = -4 WHERE sequence = 4;
             UPDATE audit SET sequence = 4 WHERE sequence = 5;
             UPDATE audit SET sequence = 5 WHERE sequence = -4",
            4,
            "matches",
        ),
        (
            "a truncation behind the checkpoint",
            "DELETE FROM audit WHERE sequence > 4",
            5,
            "shorter",
        ),
        (
            "a forged checkpoint",
            "UPDATE audit_checkpoints SET signature = zeroblob(20)",
            rows,
            "forked",
        ),
        (
            "a checkpoint of another row",
            "UPDATE audit SET hash = zeroblob(32) WHERE sequence = (SELECT max(count)
             FROM audit_checkpoints)",
            signed,
            "forked",
        ),
    ];
    for (what, damage, first, standing) in cases {
        practice_file(&home.path).execute_batch(damage).unwrap();
        let found = verify(&home, &[], 1);
        assert_eq!(found["intact"], false, "{what}");
        assert_eq!(found["first_broken"], first, "{what}: {found}");
        assert_eq!(found["checkpoint"], standing, "{what}: {found}");
        let again = home.path.join("out/again.p7s");
        let refused = home.run(["audit", "checkpoint", text(&again)]).expect(1);
        assert_eq!(refused.error_code(), "audit-broken", "{what}");
        assert!(!again.exists(), "{what}");
        let told = verify(&home, &["--officer", "admin"], 1);
        assert_eq!(
            (&told["intact"], &told["first_broken"]),
            (&false.into(), &Value::Null)
        );
        roll_back(&home, &good);
        verify(&home, &[], 0);
    }
}

#[test]
fn an_old_store_is_told_from_a_forked_one_and_another_home_s_from_both() {
    let home = PracticeHome::new(0, 0);
    act(&home);
    let old = backup(&home);
    act(&home);
    let path = checkpoint(&home, "checkpoint.p7s");
    let code = home
        .run(["audit", "list", "--limit", "1"])
        .expect(0)
        .items()[0]["detail"]
        .clone();
    let code = code.as_str().unwrap().to_owned();
    let given: [&[&str]; 2] = [&["--checkpoint", text(&path)], &["--code", &code]];
    for given in given {
        assert_eq!(verify(&home, given, 0)["checkpoint"], "matches");
    }
    // Nothing inside an old store shows that it is one: only what was given away does.
    roll_back(&home, &old);
    let inside = verify(&home, &[], 0);
    assert_eq!(inside["checkpoint"], Value::Null);
    for given in given {
        let found = verify(&home, given, 1);
        assert_eq!(found["checkpoint"], "shorter", "{given:?}");
        assert_eq!(found["intact"], false);
        assert_eq!(found["first_broken"], inside["rows"].as_u64().unwrap() + 1);
    }
    // It goes on from there, with another row in the same place.
    let export = home.path.join("out/log.jsonl");
    home.run(["audit", "export", text(&export)]).expect(0);
    act(&home);
    for given in given {
        let found = verify(&home, given, 1);
        assert_eq!(found["checkpoint"], "forked", "{given:?}: {found}");
        assert_eq!(found["first_broken"], inside["rows"].as_u64().unwrap() + 1);
    }

    let other = PracticeHome::new(0, 0);
    for given in given {
        let found = verify(&other, given, 1);
        assert_eq!(
            (&found["checkpoint"], &found["intact"]),
            (&"other-home".into(), &true.into())
        );
    }
    let mut forged = fs::read(&path).unwrap();
    let at = forged
        .windows(8)
        .position(|part| part == b"\"count\":")
        .unwrap()
        + 8;
    forged[at] = if forged[at] == b'9' { b'8' } else { b'9' };
    fs::write(&path, forged).unwrap();
    for bad in [text(&path), text(&home.path.join("keys.json"))] {
        let refused = home.run(["audit", "verify", "--checkpoint", bad]).expect(4);
        assert_eq!(refused.error_code(), "checkpoint-invalid");
    }
}

/// docs/audit-log.md in a few lines of its own: nothing of the program is used.
fn recompute(export: &str) -> Result<(Vec<String>, Vec<Value>), usize> {
    let (mut head, mut hashes, mut checkpoints) = (vec![0; 32], Vec::new(), Vec::new());
    for line in export.lines().skip(1) {
        let line: Value = serde_json::from_str(line).unwrap();
        let Some(row) = line.get("row") else {
            checkpoints.push(line["checkpoint"].clone());
            continue;
        };
        let place = hashes.len() as u64 + 1;
        let mut data = b"ukey-station/audit/v1".to_vec();
        data.extend(place.to_be_bytes());
        data.extend(&head);
        let names = "at officer post act request ukey certificate result detail";
        for name in names.split(' ') {
            let value = row[name].as_str();
            let bytes = value.unwrap_or_default().as_bytes();
            data.push(u8::from(value.is_some()));
            data.extend(u32::try_from(bytes.len()).unwrap().to_be_bytes());
            data.extend(bytes);
        }
        head = Sha256::digest(&data).to_vec();
        if row["sequence"] != place || row["hash"] != hex::encode(&head) {
            return Err(hashes.len() + 1);
        }
        hashes.push(hex::encode(&head));
    }
    Ok((hashes, checkpoints))
}

#[test]
fn an_export_is_verified_by_the_documented_procedure_alone() {
    let home = PracticeHome::new(1, 1);
    home.run(["practice", "run", text(&home.path)]).expect(0);
    checkpoint(&home, "first.p7s");
    act(&home);
    checkpoint(&home, "second.p7s");
    let path = home.path.join("out/log.jsonl");
    let told = home.run(["audit", "export", text(&path)]).expect(0);
    let export = fs::read_to_string(&path).unwrap();
    let (hashes, checkpoints) = recompute(&export).unwrap();
    let header: Value = serde_json::from_str(export.lines().next().unwrap()).unwrap();
    assert_eq!(header["type"], "ukey-station/audit-export");
    assert_eq!(header["rows"], hashes.len());
    assert_eq!(header["head"], hashes.last().unwrap().as_str());
    assert_eq!(
        (&told.one()["rows"], &told.one()["head"]),
        (&header["rows"], &header["head"])
    );
    // Every step of the main job is there.
    for act in [
        "request-entered",
        "request-submitted",
        "request-approved",
        "run-opened",
        "certificate-asked",
        "certificate-issued",
        "ukey-issued",
        "ukey-handed-out",
    ] {
        assert!(export.contains(&format!("\"act\":\"{act}\"")), "{act}");
    }

    let root = home.path.join("out/root.pem");
    assert_eq!(checkpoints.len(), 2);
    for signed in &checkpoints {
        let der = hex::decode(signed["signature"].as_str().unwrap()).unwrap();
        let last = signed["chain"].as_array().unwrap().last().unwrap();
        let file = home.path.join("out/exported.p7s");
        let root_der = home.path.join("out/root.der");
        fs::write(&file, der).unwrap();
        fs::write(&root_der, hex::decode(last.as_str().unwrap()).unwrap()).unwrap();
        must(
            "openssl",
            &[
                "x509",
                "-inform",
                "DER",
                "-in",
                text(&root_der),
                "-out",
                text(&root),
            ],
        );
        let content = must(
            "openssl",
            &[
                "cms",
                "-verify",
                "-inform",
                "DER",
                "-in",
                text(&file),
                "-CAfile",
                text(&root),
            ],
        );
        let content: Value = serde_json::from_str(&content).unwrap();
        let count = usize::try_from(content["count"].as_u64().unwrap()).unwrap();
        assert_eq!(content["head"], hashes[count - 1].as_str());
    }
    // The export itself is an act.
    let last = home.run(["audit", "list", "--limit", "1"]).expect(0);
    assert_eq!(last.items()[0]["act"], "audit-exported");
    // And the few lines notice what they should.
    let changed = export.replacen("request-approved", "request-rejected", 1);
    let row = export
        .lines()
        .position(|line| line.contains("request-approved"));
    assert_eq!(recompute(&changed), Err(row.unwrap()));
}
