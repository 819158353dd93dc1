//! The evidence bundle of a ukey (D-50) as a third party meets it: a zip, openssl and sha256sum.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "test helpers: what is missing fails the test"
)]

mod support;

use std::fs;
use std::io::{Cursor, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use support::{PracticeHome, must, program};
use ukey_station::domain::officer::{Duty, OfficerName};
use ukey_station::station::desk::{Access, OpenTerms};
use ukey_station::station::jobs::purge;
use ukey_station::station::sign_in::NobodyToAsk;
use ukey_station::station::{Desk, clock};
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// A home with one ukey made, and its serial.
fn made(key: &str) -> (PracticeHome, String) {
    let home = PracticeHome::new(1, 1);
    home.run(["practice", "run", text(&home.path), "--key", key])
        .expect(0);
    let serial = home.serials()[0].clone();
    (home, serial)
}

/// Exports the evidence of a ukey as the auditor.
fn export(home: &PracticeHome, serial: &str, name: &str, more: &[&str]) -> PathBuf {
    let out = home.path.join("out").join(name);
    let args = ["evidence", "export", serial, text(&out)];
    let answer = home.run([&args, more].concat()).expect(0);
    assert_eq!(answer.one()["proven"], true);
    out
}

/// Unpacks a bundle with unzip.
fn unpacked(bundle: &Path) -> tempfile::TempDir {
    let folder = support::memory_dir();
    must("unzip", &["-q", text(bundle), "-d", text(folder.path())]);
    folder
}

/// What the bundle's own script says, at a date that it is told.
fn script(folder: &Path, at: &str, more: &[&str]) -> Output {
    let mut command = Command::new("faketime");
    command.args([at, "sh", text(&folder.join("verify.sh"))]);
    command.args(more).output().unwrap()
}

fn proven(output: &Output) -> String {
    let said = String::from_utf8(output.stdout.clone()).unwrap();
    assert!(output.status.success(), "{said}{output:?}");
    assert!(said.ends_with("all proven\n"), "{said}");
    said
}

fn root_of(folder: &Path) -> String {
    let root = text(&folder.join("trust/root.pem")).to_owned();
    let said = must(
        "openssl",
        &["x509", "-in", &root, "-noout", "-fingerprint", "-sha256"],
    );
    said.trim().rsplit('=').next().unwrap().to_owned()
}

/// `evidence verify`, which needs no home.
fn verify(bundle: &Path, more: &[&str], code: i32) -> support::Answer {
    let mut command = program();
    command.args(["evidence", "verify", text(bundle), "--json"]);
    command.args(more).env_remove("UKEY_STATION_HOME");
    support::answer(&command.output().unwrap()).expect(code)
}

#[test]
fn openssl_and_sha256sum_alone_prove_how_a_ukey_came_to_be_also_after_it_expired() {
    for key in ["ec", "rsa"] {
        let (home, serial) = made(key);
        let holder = home.run(["request", "list"]).expect(0).items()[0]["holder_name"].clone();
        let bundle = export(&home, &serial, "evidence.zip", &[]);
        let folder = unpacked(&bundle);
        let root = root_of(folder.path());
        for at in ["2027-01-01", "2050-01-01"] {
            let said = proven(&script(folder.path(), at, &[&root]));
            assert!(
                said.contains(&format!("name = {}", holder.as_str().unwrap())),
                "{said}"
            );
            assert_eq!(
                said.matches("the ukey signed with its key").count(),
                2,
                "{said}"
            );
        }
        let other = root.replace(char::is_numeric, "0");
        assert!(
            !script(folder.path(), "2027-01-01", &[&other])
                .status
                .success()
        );
        let answer = verify(&bundle, &["--fingerprint", &root], 0);
        assert_eq!(answer.one()["proven"], true);
        assert_eq!(answer.one()["root_compared"], true);
        let answer = verify(&bundle, &["--fingerprint", &other], 1);
        assert_eq!(answer.one()["checks"][0]["check"], "root");
    }
}

#[test]
fn nothing_personal_is_disclosed_but_the_name_and_what_was_asked_for() {
    let (home, serial) = made("ec");
    let shown = home
        .run([
            "request",
            "show",
            "2026-0001",
            "--reveal",
            "--reason",
            "test",
        ])
        .expect(0);
    let number = shown.one()["id_number"].as_str().unwrap().to_owned();
    let has_number = |bundle: &Path| {
        parts(bundle)
            .iter()
            .any(|(_name, bytes)| String::from_utf8_lossy(bytes).contains(&number))
    };
    let plain = export(&home, &serial, "plain.zip", &[]);
    assert!(!has_number(&plain));
    let more = export(&home, &serial, "more.zip", &["--disclose", "id_number"]);
    assert!(has_number(&more));
    let said = proven(&script(unpacked(&more).path(), "2027-01-01", &[]));
    assert!(said.contains(&format!("id_number = {number}")), "{said}");
    // What was shown stands in the log, by its key alone.
    let acts = home
        .run(["audit", "list", "--act", "evidence-exported"])
        .expect(0);
    assert_eq!(acts.items()[1]["detail"], "id_number");
    let out = home.path.join("out/no.zip");
    let unknown = [
        "evidence",
        "export",
        &serial,
        text(&out),
        "--disclose",
        "shoe_size",
    ];
    assert_eq!(home.run(unknown).expect(2).error_code(), "field-unknown");
    assert!(!out.exists());
}

/// The parts of a bundle, in its order.
fn parts(bundle: &Path) -> Vec<(String, Vec<u8>)> {
    let mut zip = ZipArchive::new(Cursor::new(fs::read(bundle).unwrap())).unwrap();
    let count = zip.len();
    let read = |index| {
        let mut file = zip.by_index(index).unwrap();
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).unwrap();
        (file.name().unwrap().into_owned(), bytes)
    };
    (0..count).map(read).collect()
}

fn packed(path: &Path, parts: &[(String, Vec<u8>)]) {
    let mut zip = ZipWriter::new(fs::File::create(path).unwrap());
    for (name, bytes) in parts {
        zip.start_file(name.as_str(), SimpleFileOptions::default())
            .unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap();
}

/// The list of sums made anew, as somebody does who changes a part.
fn with_sums(parts: &mut [(String, Vec<u8>)]) {
    use std::fmt::Write as _;

    use sha2::{Digest as _, Sha256};

    let mut lines = String::new();
    for (name, bytes) in parts.iter() {
        if !name.starts_with("SHA256SUMS") {
            writeln!(lines, "{}  {name}", hex::encode(Sha256::digest(bytes))).unwrap();
        }
    }
    let sums = parts.iter_mut().find(|(name, _bytes)| name == "SHA256SUMS");
    sums.unwrap().1 = lines.into_bytes();
}

#[test]
fn a_byte_changed_in_any_part_is_found_with_and_without_its_sum() {
    let (home, serial) = made("ec");
    let whole = parts(&export(&home, &serial, "evidence.zip", &[]));
    let changed = home.path.join("out/changed.zip");
    for index in 0..whole.len() {
        for sums in [false, true] {
            let mut parts = whole.clone();
            let bytes = &mut parts[index].1;
            let middle = bytes.len() / 2;
            bytes[middle] ^= 1;
            if sums {
                with_sums(&mut parts);
            }
            if parts == whole {
                continue; // The list itself, made anew.
            }
            packed(&changed, &parts);
            let mut command = program();
            let output = command
                .args(["evidence", "verify", text(&changed), "--json"])
                .output()
                .unwrap();
            let code = output.status.code().unwrap();
            assert!([1, 4].contains(&code), "{}: {output:?}", whole[index].0);
            let folder = unpacked(&changed);
            let said = script(folder.path(), "2027-01-01", &[]);
            assert!(!said.status.success(), "{}: {said:?}", whole[index].0);
        }
    }
    // A part too many, one too few.
    let mut more = whole.clone();
    more.push(("certificates/note.txt".to_owned(), b"trust me".to_vec()));
    let fewer = whole[1..].to_vec();
    for parts in [more, fewer] {
        packed(&changed, &parts);
        verify(&changed, &[], 1);
        let folder = unpacked(&changed);
        let script = folder.path().join("verify.sh");
        if script.exists() {
            let said = Command::new("sh").arg(script).output().unwrap();
            assert!(!said.status.success(), "{said:?}");
        }
    }
    fs::write(&changed, b"no zip").unwrap();
    assert_eq!(verify(&changed, &[], 4).error_code(), "evidence-damaged");
}

#[test]
fn who_signs_no_checkpoint_exports_as_far_as_one_reaches_and_never_of_a_blank() {
    let home = PracticeHome::new(2, 1);
    home.run(["personalise", "2026-0001"]).expect(0);
    let ukeys = home.run(["ukey", "list"]).expect(0);
    let of = |state: &str| {
        let mut items = ukeys.items().iter();
        let item = items.find(|item| item["state"] == state).unwrap();
        item["serial"].as_str().unwrap().to_owned()
    };
    let out = home.path.join("out/evidence.zip");
    let admin = |serial: &str| {
        home.run([
            "--officer",
            "admin",
            "evidence",
            "export",
            serial,
            text(&out),
        ])
    };
    assert_eq!(
        admin(&of("blank")).expect(4).error_code(),
        "ukey-not-issued"
    );
    assert_eq!(
        admin(&of("issued")).expect(4).error_code(),
        "checkpoint-due"
    );
    assert!(!out.exists());
    let checkpoint = home.path.join("out/checkpoint.p7s");
    home.run(["audit", "checkpoint", text(&checkpoint)])
        .expect(0);
    admin(&of("issued")).expect(0);
    proven(&script(unpacked(&out).path(), "2027-01-01", &[]));
}

#[test]
fn after_a_purge_the_old_bundle_and_a_new_one_are_proven_and_the_new_one_names_nobody() {
    let (home, serial) = made("ec");
    let holder = home.run(["request", "list"]).expect(0).items()[0]["holder_name"].clone();
    let old = export(&home, &serial, "old.zip", &[]);
    let name = OfficerName::parse("admin").unwrap();
    let terms = OpenTerms {
        officer: Some(name),
        secrets: None,
    };
    let (desk, admin) = Desk::open(
        &home.path,
        Access::Change,
        &terms,
        Duty::SetUp,
        &NobodyToAsk,
    )
    .unwrap();
    let security = OfficerName::parse("security").unwrap();
    let second = desk
        .second_officer(&admin, Some(&security), &NobodyToAsk)
        .unwrap();
    let years = clock::now().plus_days(10 * 366);
    assert_eq!(
        purge::purge(&desk, &admin, &second, years).unwrap().len(),
        1
    );
    drop(desk);
    let new = export(&home, &serial, "new.zip", &[]);
    for bundle in [&old, &new] {
        let said = proven(&script(unpacked(bundle).path(), "2040-01-01", &[]));
        let names = said.contains(holder.as_str().unwrap());
        assert_eq!(names, bundle == &old, "{said}");
        assert_eq!(verify(bundle, &[], 0).one()["proven"], true);
    }
}
