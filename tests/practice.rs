//! The main job on real PKCS#11, judged by third parties: pkcs11-tool, openssl, certtool.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "test helpers: what is missing fails the test"
)]

mod support;

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use support::{Module, PracticeHome, must};

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

fn run_of(module: Module, ukeys: u16, key: &str, lanes: &str) {
    let home = PracticeHome::with(module, ukeys, ukeys);
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
    run_of(Module::softhsm(), 10, "ec", "1");
}

#[test]
fn third_parties_agree_with_rsa_ukeys_made_in_two_lanes() {
    run_of(Module::softhsm(), 4, "rsa", "2");
}

#[test]
fn third_parties_agree_with_ukeys_of_a_second_unrelated_module() {
    run_of(Module::kryoptic(), 3, "ec", "1");
    run_of(Module::kryoptic(), 2, "rsa", "2");
}

/// The holder at a terminal: weak ones, a short one and two that differ are asked again and cost no
/// try on the ukey; then pkcs11-tool opens it with what was typed.
#[test]
fn a_pin_typed_twice_by_the_holder_is_the_ukey_s() {
    let home = PracticeHome::new(1, 1);
    let command = [
        env!("CARGO_BIN_EXE_ukey-station"),
        "--home",
        path(&home.path),
        "--lang en personalise --all --pin ask",
    ]
    .join(" ");
    let mut terminal = Command::new("script")
        .args(["--quiet", "--return", "--command", &command, "/dev/null"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut typed = terminal.stdin.take().unwrap();
    for (first, second) in [
        ("12345678", "12345678"),
        ("59301", "59301"),
        ("59301746", "59301747"),
        ("59301746", "59301746"),
    ] {
        writeln!(typed, "{first}\n{second}").unwrap();
    }
    let output = terminal.wait_with_output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}");
    for sentence in [
        "counts up or down",
        "needs 6 to 32 characters",
        "not the same",
    ] {
        assert!(text.contains(sentence), "{text}");
    }
    let ukeys = home.run(["ukey", "list", "--state", "issued"]).expect(0);
    let serial = ukeys.items()[0]["serial"].as_str().unwrap();
    let args = ["--login", "--pin", "59301746", "--list-objects"];
    let opened = home.pkcs11_tool(serial, &args);
    assert!(String::from_utf8_lossy(&opened.stdout).contains("Private Key Object"));
    let secrets = fs::read_to_string(home.path.join("secrets.toml")).unwrap();
    assert!(
        !secrets.contains(serial),
        "a typed PIN is nobody else's to know"
    );
}

#[test]
fn a_weak_pin_in_the_practice_secrets_is_refused_and_a_good_one_is_used() {
    let home = PracticeHome::new(1, 1);
    let serial = home.serials()[0].clone();
    let file = home.path.join("secrets.toml");
    let secrets = fs::read_to_string(&file).unwrap();
    let name =
        |pin: &str| fs::write(&file, format!("{secrets}\"{serial}\" = \"{pin}\"\n")).unwrap();
    name("12341234");
    let refused = home.run(["personalise", "--all"]).expect(4);
    let result = refused.events("result")[0];
    assert_eq!(result["error"]["code"], "pin-weak", "{result}");
    let ukeys = home.run(["ukey", "list", "--state", "blank"]).expect(0);
    assert_eq!(ukeys.items().len(), 1);
    name("83051947");
    home.run(["personalise", "--all"]).expect(0);
    let opened = home.pkcs11_tool(&serial, &["--login", "--pin", "83051947", "--list-objects"]);
    assert!(String::from_utf8_lossy(&opened.stdout).contains("Private Key Object"));
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
            Command::new("openssl")
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
