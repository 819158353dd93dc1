//! What third parties say of the keys on a holder's ukey.

use std::fs;
use std::process::Command;

use super::PracticeHome;

/// What `pkcs11-tool` lists on a ukey after login, of one kind: the id of each object.
pub(crate) fn ids(home: &PracticeHome, serial: &str, kind: &str) -> Vec<String> {
    let pin = home.user_pin(serial);
    let args = ["--login", "--pin", &pin, "--list-objects", "--type", kind];
    let listed = home.pkcs11_tool(serial, &args);
    let text = String::from_utf8_lossy(&listed.stdout).into_owned();
    let ids = text.lines().filter_map(|line| {
        let (name, id) = line.trim().split_once(':')?;
        (name == "ID").then(|| id.trim().to_owned())
    });
    ids.collect()
}

/// Serial numbers of the certificates under which a third party can sign with the ukey now: the private
/// key is there, the certificate beside it verifies the signature, and the station says that it is active.
pub(crate) fn working_keys(home: &PracticeHome, serial: &str) -> Vec<String> {
    let listed = home.run(["certificate", "list"]).expect(0);
    let counts = |certificate: &String| {
        let mut rows = listed.items().iter();
        rows.any(|row| row["serial"] == *certificate.as_str() && row["state"] == "active")
    };
    let certificates = ids(home, serial, "cert");
    let keys = ids(home, serial, "privkey").into_iter();
    let certified = keys.filter(|id| certificates.contains(id));
    let signs = certified.filter_map(|id| signs(home, serial, &id));
    signs.filter(counts).collect()
}

/// Has the ukey sign under this id; gives the serial number of the certificate that verifies it.
fn signs(home: &PracticeHome, serial: &str, id: &str) -> Option<String> {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (message, signature, der) = (file("message"), file("signature"), file("certificate"));
    let digest = file("digest");
    fs::write(&message, b"to be signed").unwrap();
    let read = [
        "--read-object",
        "--type",
        "cert",
        "--id",
        id,
        "--output-file",
        &der,
    ];
    let read = home.pkcs11_tool(serial, &read);
    let pem = Command::new("openssl")
        .args(["x509", "-inform", "DER", "-in", &der, "-pubkey", "-noout"])
        .output()
        .unwrap();
    if !read.status.success() || !pem.status.success() {
        return None;
    }
    fs::write(file("key.pem"), &pem.stdout).unwrap();
    let is_ec = pem.stdout.len() < 300;
    let pin = home.user_pin(serial);
    let hashed = Command::new("openssl")
        .args(["dgst", "-sha256", "-binary", "-out", &digest, &message])
        .status();
    assert!(hashed.unwrap().success());
    let (input, mechanism) = if is_ec {
        (&digest, "ECDSA")
    } else {
        (&message, "SHA256-RSA-PKCS")
    };
    let mut sign = vec!["--login", "--pin", &pin, "--sign", "--id", id];
    sign.extend(["--mechanism", mechanism, "--input-file", input]);
    sign.extend(["--output-file", &signature]);
    if is_ec {
        sign.extend(["--signature-format", "openssl"]);
    }
    let signed = home.pkcs11_tool(serial, &sign);
    let verified = Command::new("openssl")
        .args(["dgst", "-sha256", "-verify", &file("key.pem")])
        .args(["-signature", &signature, &message])
        .output()
        .unwrap();
    if !signed.status.success() || !verified.status.success() {
        return None;
    }
    let told = super::must(
        "openssl",
        &["x509", "-inform", "DER", "-in", &der, "-serial", "-noout"],
    );
    let number = told.trim().strip_prefix("serial=").unwrap();
    Some(number.to_ascii_lowercase())
}
