//! What the station leaves behind holds nothing personal where nothing personal belongs (D-39), and
//! what has had its time is gone for good while every proof still holds (D-51).
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "test helpers: what is missing fails the test"
)]

mod support;

use std::fs;
use std::path::{Path, PathBuf};

use rusqlite::types::ValueRef;
use support::records::practice_file;
use support::{PracticeHome, must};
use ukey_station::domain::officer::{Duty, OfficerName};
use ukey_station::domain::retention::Kept;
use ukey_station::domain::timestamp::Timestamp;
use ukey_station::station::desk::{Access, OpenTerms};
use ukey_station::station::jobs::purge;
use ukey_station::station::sign_in::NobodyToAsk;
use ukey_station::station::{ActingOfficer, Desk, clock};

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// What must not be found, by how far it may go.
struct Personal {
    /// Identity numbers, phones, e-mails: never but in revealing commands.
    numbers: Vec<String>,
    /// Holders' names: where the contract shows a holder.
    names: Vec<String>,
    /// PINs and passphrases: in secrets.toml alone.
    secrets: Vec<String>,
}

/// The holders that practice invents, and the one of [`FORM`].
fn personal(home: &PracticeHome) -> Personal {
    let holders = home.run(["request", "list"]).expect(0);
    let names = holders.items().iter();
    let names = names.map(|item| item["holder_name"].as_str().unwrap().to_owned());
    let secrets = fs::read_to_string(home.path.join("secrets.toml")).unwrap();
    let secrets: toml::Table = secrets.parse().unwrap();
    let of = |table: &str| {
        let values = secrets[table].as_table().unwrap().values();
        values
            .map(|value| value.as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let invented = (0..3).map(|index| format!("1990000000{index}"));
    let numbers = ["4399001980", "0731-8440000", "teacher000"].into_iter();
    let form = [
        "4399001995",
        "0731-84400099",
        "19900001234",
        "form@example.cn",
    ];
    Personal {
        numbers: numbers
            .chain(form)
            .map(str::to_owned)
            .chain(invented)
            .collect(),
        names: names.chain(["买买提·艾力".to_owned()]).collect(),
        secrets: [of("officers"), of("ukeys")].concat(),
    }
}

fn find(bytes: &[u8], needles: &[String]) -> Vec<String> {
    let found = needles.iter().filter(|needle| {
        bytes
            .windows(needle.len())
            .any(|part| part == needle.as_bytes())
    });
    found.cloned().collect()
}

/// Every file below a folder.
fn files(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.append(&mut files(&path));
        } else {
            found.push(path);
        }
    }
    found
}

/// A form of an invented holder.
const FORM: &str = "unit = \"示例市练习小学\"\nname = \"买买提·艾力\"\nid_number = \"NUMBER\"\n\
    office_phone = \"0731-84400099\"\nemail = \"form@example.cn\"\nmobile = \"19900001234\"\n\
    school_type = \"211\"\nuser_types = [\"信息管理员\"]\napply_certificate = true\n\
    address = \"练习路 2 号\"\n";

#[test]
fn a_whole_practice_day_leaves_nothing_personal_where_it_does_not_belong() {
    let home = PracticeHome::new(3, 3);
    let temp = support::memory_dir();
    let forms = support::memory_dir();
    let out = |name: &str| home.path.join("out").join(name);
    // Each call with its trace on stderr and a temporary folder of its own.
    let mut said = Vec::new();
    let mut call = |args: &[&str], may_name: bool, codes: &[i32]| {
        let output = home
            .command(args)
            .env("RUST_LOG", "trace")
            .env("RUST_BACKTRACE", "1")
            .env("TMPDIR", temp.path())
            .output()
            .unwrap();
        let code = output.status.code().unwrap();
        assert!(codes.contains(&code), "{args:?}: {output:?}");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(!stderr.contains("panicked"), "{args:?}: {stderr}");
        said.push((args.join(" "), may_name, output));
    };
    for (name, number) in [
        ("bad", "439900199505051235"),
        ("good", "439900199505051232"),
    ] {
        let form = forms.path().join(format!("{name}.toml"));
        fs::write(&form, FORM.replace("NUMBER", number)).unwrap();
        let code = if name == "good" { 0 } else { 4 };
        call(&["request", "add", text(&form)], true, &[code]);
    }
    let serial = home.serials()[0].clone();
    call(&["personalise", "2026-0009"], false, &[2]);
    call(&["request", "show", "439900199505051232"], false, &[2]);
    call(
        &["practice", "pull", text(&home.path), &serial],
        false,
        &[0],
    );
    call(
        &["personalise", "2026-0001", "--ukey", &serial],
        false,
        &[4],
    );
    call(
        &["practice", "insert", text(&home.path), &serial],
        false,
        &[0],
    );
    call(&["practice", "run", text(&home.path)], true, &[0]);
    call(&["hand-out", &serial], false, &[4]);
    call(&["resume"], false, &[0]);
    call(&["request", "list"], true, &[0]);
    call(&["request", "show", "2026-0001"], true, &[0]);
    call(
        &["request", "approval", "2026-0001", text(&out("approval"))],
        false,
        &[0],
    );
    call(&["ukey", "list"], false, &[0]);
    call(&["ukey", "inserted"], false, &[0]);
    call(&["certificate", "list"], true, &[0]);
    call(&["ca", "show"], false, &[0]);
    call(
        &["slip", &serial, text(&forms.path().join("slip.pdf"))],
        false,
        &[0],
    );
    call(&["audit", "list"], false, &[0]);
    call(&["audit", "list", "--search", "2026-0001"], false, &[0]);
    call(
        &["audit", "checkpoint", text(&out("checkpoint.p7s"))],
        false,
        &[0],
    );
    call(&["audit", "export", text(&out("log.jsonl"))], false, &[0]);
    call(&["audit", "verify"], false, &[0]);
    call(&["audit", "verify", "--officer", "nobody"], false, &[2]);
    call(&["backup", text(&forms.path().join("backup"))], false, &[0]);
    call(&["purge", "--dry-run"], false, &[0]);
    call(&["purge"], false, &[4]);
    call(&["doctor"], false, &[0, 1]);
    call(
        &["doctor", "--report", text(&out("report.json"))],
        false,
        &[0],
    );
    call(&["doctor", "read", text(&out("report.json"))], false, &[0]);

    let Personal {
        numbers,
        names,
        secrets,
    } = personal(&home);
    assert!(names.len() >= 4 && secrets.len() >= 3);
    let mut traced = false;
    for (command, may_name, output) in &said {
        for stream in [&output.stdout, &output.stderr] {
            assert_eq!(find(stream, &numbers), [""; 0], "{command}");
            assert_eq!(find(stream, &secrets), [""; 0], "{command}");
        }
        assert_eq!(find(&output.stderr, &names), [""; 0], "{command}: stderr");
        if !may_name {
            assert_eq!(find(&output.stdout, &names), [""; 0], "{command}: stdout");
        }
        traced |= find(&output.stderr, &["DEBUG".to_owned()]).len() == 1;
    }
    assert!(traced, "the trace was on");

    // The needles do show where they belong: the slip names its holder, masked elsewhere.
    let shown = said
        .iter()
        .find(|(command, ..)| command == "request list")
        .unwrap();
    assert_eq!(find(&shown.2.stdout, &names[..3]).len(), 3);
    assert_eq!(files(temp.path()), Vec::<PathBuf>::new(), "temporary files");
    for path in files(&home.path) {
        let name = text(path.strip_prefix(&home.path).unwrap()).to_owned();
        let every: Vec<String> = [numbers.clone(), names.clone(), secrets.clone()].concat();
        assert_eq!(find(name.as_bytes(), &every), [""; 0], "file name {name}");
        let bytes = fs::read(&path).unwrap();
        assert_eq!(find(&bytes, &numbers), [""; 0], "{name}");
        if name != "secrets.toml" {
            assert_eq!(find(&bytes, &secrets), [""; 0], "{name}");
        }
        // The certificate on the virtual ukey itself carries its holder.
        if !name.starts_with("ukeys/") {
            assert_eq!(find(&bytes, &names), [""; 0], "{name}");
        }
    }
}

/// An officer at a practice home.
fn sign_in(home: &PracticeHome, officer: &str, access: Access) -> (Desk, ActingOfficer) {
    let terms = OpenTerms {
        officer: Some(OfficerName::parse(officer).unwrap()),
        secrets: None,
    };
    Desk::open(&home.path, access, &terms, Duty::ReadRecords, &NobodyToAsk).unwrap()
}

/// Every value of every table of the store.
fn whole_store(home: &PracticeHome) -> Vec<(String, Vec<u8>)> {
    let db = practice_file(&home.path);
    let mut tables = db
        .prepare("SELECT name FROM sqlite_master WHERE type = 'table'")
        .unwrap();
    let tables: Vec<String> = tables
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    let mut values = Vec::new();
    for table in tables {
        let mut statement = db.prepare(&format!("SELECT * FROM {table}")).unwrap();
        let columns: Vec<String> = statement.column_names().map(str::to_owned).collect();
        let mut rows = statement.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            for (at, column) in columns.iter().enumerate() {
                if let ValueRef::Text(bytes) | ValueRef::Blob(bytes) = row.get_ref(at).unwrap() {
                    values.push((format!("{table}.{column}"), bytes.to_vec()));
                }
            }
        }
    }
    values
}

/// Columns that hold one of these.
fn columns_with(home: &PracticeHome, needles: &[String]) -> Vec<String> {
    let values = whole_store(home).into_iter();
    let mut columns: Vec<String> = values
        .filter(|(_column, bytes)| !find(bytes, needles).is_empty())
        .map(|(column, _bytes)| column)
        .collect();
    columns.sort();
    columns.dedup();
    columns
}

#[test]
fn a_purge_takes_what_has_had_its_time_and_leaves_every_proof() {
    let home = PracticeHome::new(1, 2);
    home.run(["personalise", "2026-0001"]).expect(0);
    let Personal { numbers, names, .. } = personal(&home);
    let names = names[..2].to_vec(); // Not the one of the form.
    let before = columns_with(&home, &numbers);
    assert_eq!(before, ["request_fields.fields"]);
    let now = clock::now();
    let not_after = home.run(["certificate", "list"]).expect(0).items()[0]["not_after"].clone();
    let not_after = Timestamp::parse(not_after.as_str().unwrap()).unwrap();

    let (desk, security) = sign_in(&home, "security", Access::Read);
    drop(desk);
    let (desk, admin) = sign_in(&home, "admin", Access::Change);
    let second = |name: &str| {
        let name = OfficerName::parse(name).unwrap();
        desk.second_officer(&admin, Some(&name), &NobodyToAsk)
    };
    let confirming = second("security").unwrap();
    let due = |at: Timestamp| -> Vec<(String, Kept)> {
        let due = purge::due(&desk, &admin, at).unwrap();
        due.into_iter()
            .map(|due| (due.row.number, due.kept))
            .collect()
    };
    // The unused approval ends after 30 days and is kept for 6 months; the certificate's for 5 years.
    let unused = ("2026-0002".to_owned(), Kept::UnissuedRequest);
    let issued = ("2026-0001".to_owned(), Kept::IssuedRequest);
    assert_eq!(due(now), []);
    assert_eq!(due(now.plus_days(30 + 180)), []);
    assert_eq!(due(now.plus_days(30 + 185)), std::slice::from_ref(&unused));
    assert_eq!(
        due(not_after.plus_days(5 * 365)),
        std::slice::from_ref(&unused)
    );
    let after = not_after.plus_days(5 * 366);
    assert_eq!(due(after), [issued.clone(), unused]);

    // Nobody purges alone, and nobody whose duty it is not.
    assert_eq!(second("admin").unwrap_err().code, "second-officer-same");
    assert_eq!(second("auditor").unwrap_err().code, "wrong-duty");
    let refused = purge::purge(&desk, &security, &confirming, after).unwrap_err();
    assert_eq!(refused.code, "wrong-duty");
    assert_eq!(columns_with(&home, &numbers), before);

    let gone = purge::purge(&desk, &admin, &confirming, now.plus_days(30 + 185)).unwrap();
    assert_eq!(gone.len(), 1);
    assert_eq!(
        columns_with(&home, &numbers),
        before,
        "the other one's time has not come"
    );
    assert_eq!(columns_with(&home, &names[1..]), [""; 0]);
    let gone = purge::purge(&desk, &admin, &confirming, after).unwrap();
    assert_eq!((gone.len(), &gone[0].row.number), (1, &issued.0));
    assert!(gone[0].fields > 0);
    assert_eq!(
        purge::purge(&desk, &admin, &confirming, after)
            .unwrap()
            .len(),
        0
    );
    drop(desk);

    assert_eq!(columns_with(&home, &numbers), [""; 0]);
    // The public certificate is what its signatures are verified with.
    assert_eq!(columns_with(&home, &names), ["certificates.der"]);
    let salts = whole_store(&home);
    assert!(
        !salts
            .iter()
            .any(|(column, _bytes)| column.starts_with("request_fields."))
    );
    assert!(
        !salts
            .iter()
            .any(|(column, _bytes)| column.starts_with("pseudonyms."))
    );
    // Every proof still holds, judged by others.
    for number in ["2026-0001", "2026-0002"] {
        let dir = home.path.join("out").join(number);
        home.run(["request", "approval", number, text(&dir)])
            .expect(0);
        let chain = fs::read_to_string(dir.join("chain.pem")).unwrap();
        let root = dir.join("root.pem");
        fs::write(&root, &chain[chain.rfind("-----BEGIN").unwrap()..]).unwrap();
        let record = must(
            "openssl",
            &[
                "cms",
                "-verify",
                "-inform",
                "DER",
                "-in",
                text(&dir.join("approval.p7s")),
                "-CAfile",
                text(&root),
            ],
        );
        assert_eq!(
            record.as_bytes(),
            fs::read(dir.join("record.json")).unwrap()
        );
    }
    let verified = home.run(["audit", "verify"]).expect(0);
    assert_eq!(verified.one()["intact"], true);
    let purged = home
        .run(["audit", "list", "--act", "request-purged"])
        .expect(0);
    assert_eq!(purged.items().len(), 2);
    for item in purged.items() {
        let detail = item["detail"].as_str().unwrap();
        assert!(detail.ends_with("confirmed with security"), "{detail}");
    }
    assert_eq!(home.run(["request", "list"]).expect(0).items().len(), 2);
}

#[test]
fn a_pseudonym_stays_while_the_person_has_another_request() {
    let home = PracticeHome::new(1, 1);
    home.run(["personalise", "2026-0001"]).expect(0);
    // The same person once more, as an older request that came to nothing.
    practice_file(&home.path)
        .execute_batch(
            "INSERT INTO requests (id, number, revision, state, unit, holder_name, user_types,
                 apply_certificate, entered_by, entered_at, person, place)
             SELECT '00000000-0000-7000-8000-000000000001', '2026-0002', 1, 'withdrawn', unit,
                 holder_name, user_types, apply_certificate, entered_by, entered_at, person,
                 place + 1 FROM requests;
             INSERT INTO request_fields (place, fields) SELECT place + 1, fields FROM request_fields;",
        )
        .unwrap();
    let pseudonyms = |home: &PracticeHome| {
        let values = whole_store(home).into_iter();
        values
            .filter(|(column, _bytes)| column == "pseudonyms.pseudonym")
            .count()
    };
    assert_eq!(pseudonyms(&home), 1);
    let (desk, admin) = sign_in(&home, "admin", Access::Change);
    let name = OfficerName::parse("security").unwrap();
    let confirming = desk.second_officer(&admin, Some(&name), &NobodyToAsk);
    let confirming = confirming.unwrap();
    // The withdrawn one goes first, after six months; the issued one still needs the pseudonym.
    let months = clock::now().plus_days(185);
    assert_eq!(
        purge::purge(&desk, &admin, &confirming, months)
            .unwrap()
            .len(),
        1
    );
    assert_eq!(pseudonyms(&home), 1);
    let years = clock::now().plus_days(10 * 366);
    assert_eq!(
        purge::purge(&desk, &admin, &confirming, years)
            .unwrap()
            .len(),
        1
    );
    assert_eq!(pseudonyms(&home), 0);
}

#[test]
fn a_diagnostics_report_tells_no_path_and_is_read_without_a_home() {
    let home = PracticeHome::new(1, 0);
    let path = home.path.join("out/report.json");
    home.run(["doctor", "--report", text(&path)]).expect(0);
    let report = fs::read_to_string(&path).unwrap();
    assert!(report.contains("libsofthsm2.so"), "{report}");
    for secret in ["/usr", "/dev/shm", text(&home.path), "admin", "示例"] {
        assert!(!report.contains(secret), "{secret} in {report}");
    }
    let elsewhere = support::memory_dir();
    let read = |path: &Path| {
        let mut command = support::program();
        command.args(["--json", "--home", text(elsewhere.path()), "doctor", "read"]);
        support::answer(&command.arg(path).output().unwrap())
    };
    let shown = read(&path).expect(0);
    assert_eq!(shown.one()["type"], "ukey-station/diagnostics");
    assert!(shown.one()["findings"].as_array().unwrap().len() > 5);
    let other = elsewhere.path().join("other.json");
    for bad in [
        report.replace("\"version\":2", "\"version\":1"),
        "{}".to_owned(),
    ] {
        fs::write(&other, bad).unwrap();
        assert_eq!(read(&other).expect(4).error_code(), "diagnostics-invalid");
    }
}
