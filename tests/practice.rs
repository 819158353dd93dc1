//! The main job on real PKCS#11, judged by third parties: pkcs11-tool, openssl, certtool.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "test helpers: what is missing fails the test"
)]

mod support;

use std::fs;
use std::path::Path;

use support::{PracticeHome, must};

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Everything a third party can say about what one practice run made.
fn assert_third_parties_agree(home: &PracticeHome, key: &str) {
    let dir = support::memory_dir();
    let export = dir.path().join("certificates");
    home.run(["certificate", "export", path(&export)]).expect(0);
    let ca = home.path.join("ca/ca.pem");
    for item in home.run(["certificate", "list"]).expect(0).items() {
        let serial = item["serial"].as_str().unwrap();
        let ukey = item["ukey"].as_str().unwrap();
        assert_eq!(item["state"], "active");
        let pem = export.join(format!("{serial}.pem"));
        let der = export.join(format!("{serial}.der"));
        must(
            "openssl",
            &[
                "verify",
                "-x509_strict",
                "-purpose",
                "sslclient",
                "-CAfile",
                path(&ca),
                path(&pem),
            ],
        );
        must(
            "certtool",
            &[
                "--verify",
                "--load-ca-certificate",
                path(&ca),
                "--infile",
                path(&pem),
            ],
        );

        let pin = home.user_pin(ukey);
        let id = assert_key_never_left(home, ukey, &pin, key);
        let back = dir.path().join("back.der");
        let read = home.pkcs11_tool(
            ukey,
            &[
                "--read-object",
                "--type",
                "cert",
                "--id",
                &id,
                "--output-file",
                path(&back),
            ],
        );
        assert!(read.status.success(), "{read:?}");
        assert_eq!(
            fs::read(&back).unwrap(),
            fs::read(&der).unwrap(),
            "certificate on {ukey}"
        );
        assert_ukey_signs_for_certificate(home, ukey, &pin, &id, &pem, key);
    }
}

/// The private key as pkcs11-tool sees it; gives its `CKA_ID`.
fn assert_key_never_left(home: &PracticeHome, ukey: &str, pin: &str, key: &str) -> String {
    let output = home.pkcs11_tool(
        ukey,
        &[
            "--login",
            "--pin",
            pin,
            "--list-objects",
            "--type",
            "privkey",
        ],
    );
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(text.matches("Private Key Object").count(), 1, "{text}");
    assert!(
        text.contains(if key == "ec" { "EC" } else { "RSA" }),
        "{text}"
    );
    let line = |name: &str| {
        let found = text.lines().find_map(|line| line.trim().strip_prefix(name));
        found
            .unwrap_or_else(|| panic!("no {name} in {text}"))
            .trim()
            .to_owned()
    };
    let access = line("Access:");
    for word in [
        "sensitive",
        "always sensitive",
        "never extractable",
        "local",
    ] {
        assert!(access.contains(word), "{access}");
    }
    assert_eq!(line("Usage:"), "sign");
    line("ID:")
}

fn assert_ukey_signs_for_certificate(
    home: &PracticeHome,
    ukey: &str,
    pin: &str,
    id: &str,
    pem: &Path,
    key: &str,
) {
    let dir = support::memory_dir();
    let nonce = dir.path().join("nonce");
    let input = dir.path().join("input");
    let signature = dir.path().join("signature");
    let public = dir.path().join("public.pem");
    fs::write(&nonce, b"a nonce that pkcs11-tool has the ukey sign").unwrap();
    let mechanism = if key == "ec" {
        must(
            "openssl",
            &[
                "dgst",
                "-sha256",
                "-binary",
                "-out",
                path(&input),
                path(&nonce),
            ],
        );
        "ECDSA"
    } else {
        fs::copy(&nonce, &input).unwrap();
        "SHA256-RSA-PKCS"
    };
    let signed = home.pkcs11_tool(
        ukey,
        &[
            "--login",
            "--pin",
            pin,
            "--sign",
            "--mechanism",
            mechanism,
            "--signature-format",
            "openssl",
            "--id",
            id,
            "--input-file",
            path(&input),
            "--output-file",
            path(&signature),
        ],
    );
    assert!(signed.status.success(), "{signed:?}");
    let public_pem = must("openssl", &["x509", "-in", path(pem), "-noout", "-pubkey"]);
    fs::write(&public, public_pem).unwrap();
    must(
        "openssl",
        &[
            "dgst",
            "-sha256",
            "-verify",
            path(&public),
            "-signature",
            path(&signature),
            path(&nonce),
        ],
    );
}

fn run_of(ukeys: u16, key: &str, lanes: &str) {
    let home = PracticeHome::new(ukeys, ukeys);
    let run = home
        .run([
            "practice",
            "run",
            path(&home.path),
            "--key",
            key,
            "--lanes",
            lanes,
        ])
        .expect(0);
    let results = run.events("result");
    assert_eq!(results.len(), usize::from(ukeys));
    for result in results {
        assert_eq!(result["outcome"], "issued", "{result}");
        assert_eq!(result["handed_out"], true);
        assert_eq!(result["key"], key);
    }
    let summary = run.events("summary");
    assert_eq!(summary[0]["issued"], ukeys);
    assert_eq!(summary[0]["failed"], 0);
    assert_third_parties_agree(&home, key);
    let audit = home
        .run(["--officer", "auditor", "audit", "verify"])
        .expect(0);
    assert_eq!(audit.one()["first_broken"], serde_json::Value::Null);
    assert!(audit.one()["rows"].as_u64().unwrap() > 0);
}

#[test]
fn third_parties_agree_with_ten_p256_ukeys() {
    run_of(10, "ec", "1");
}

#[test]
fn third_parties_agree_with_rsa_ukeys_made_in_two_lanes() {
    run_of(4, "rsa", "2");
}

#[test]
fn a_second_practice_run_finds_nothing_to_do() {
    let home = PracticeHome::new(1, 1);
    home.run(["practice", "run", path(&home.path)]).expect(0);
    let again = home.run(["practice", "run", path(&home.path)]).expect(0);
    assert_eq!(again.events("result").len(), 0);
    assert_eq!(again.events("summary")[0]["issued"], 0);
}

#[test]
fn openssl_accepts_each_approval_and_rejects_it_when_one_byte_changes() {
    let home = PracticeHome::new(1, 2);
    for item in home.run(["request", "list"]).expect(0).items() {
        assert_eq!(item["state"], "approved");
        let dir = support::memory_dir();
        let number = item["number"].as_str().unwrap();
        home.run(["request", "approval", number, path(dir.path())])
            .expect(0);
        let file = |name: &str| dir.path().join(name);
        let out = file("verified.json");
        let verify = |p7s: &Path| {
            std::process::Command::new("openssl")
                .args([
                    "cms",
                    "-verify",
                    "-inform",
                    "DER",
                    "-binary",
                    "-in",
                    path(p7s),
                ])
                .args(["-CAfile", path(&file("chain.pem")), "-out", path(&out)])
                .output()
                .unwrap()
        };
        let p7s = file("approval.p7s");
        let accepted = verify(&p7s);
        assert!(accepted.status.success(), "{accepted:?}");
        let record = fs::read(file("record.json")).unwrap();
        assert_eq!(fs::read(&out).unwrap(), record);

        let mut bytes = fs::read(&p7s).unwrap();
        let at = bytes
            .windows(record.len())
            .position(|part| part == record)
            .unwrap();
        bytes[at + record.len() / 2] ^= 1;
        let altered = file("altered.p7s");
        fs::write(&altered, bytes).unwrap();
        assert!(
            !verify(&altered).status.success(),
            "openssl accepted an altered approval"
        );
    }
}

#[test]
fn openssl_accepts_the_published_crl() {
    let home = PracticeHome::new(1, 1);
    let (crl, ca) = (
        home.path.join("crl/unit.crl.pem"),
        home.path.join("ca/ca.pem"),
    );
    let args = [
        "crl",
        "-in",
        path(&crl),
        "-CAfile",
        path(&ca),
        "-noout",
        "-crlnumber",
    ];
    assert!(must("openssl", &args).contains("crlNumber=0x01"));
    assert!(home.path.join("crl/unit.crl").is_file());
}
