//! The list of revoked certificates as a person publishes it; openssl judges it (D-41, D-43).
#![expect(clippy::unwrap_used, reason = "test helpers")]

mod support;

use std::path::Path;
use std::process::Command;

use support::PracticeHome;

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn security_signs_the_next_list_system_gives_it_on_and_openssl_accepts_it() {
    let home = PracticeHome::new(0, 0);
    let first = home.run(["crl", "show"]).expect(0);
    let number = first.one()["number"].as_u64().unwrap();
    assert_eq!(first.one()["due"], false);
    let to = home.path.with_extension("web");
    let signed = home.run(["crl", "publish", "--to", path(&to)]).expect(0);
    assert_eq!(signed.one()["number"], number + 1);
    assert_eq!(signed.one()["revoked"].as_array().unwrap().len(), 0);
    let given = ["--officer", "admin", "crl", "publish", "--to", path(&to)];
    let given = home.run(given).expect(0);
    assert_eq!(given.one()["number"], number + 1, "system signs none");
    let auditor = ["--officer", "auditor", "crl", "publish"];
    assert_eq!(home.run(auditor).expect(4).error_code(), "wrong-duty");

    let (list, ca) = (to.join("unit.crl.pem"), home.path.join("ca/ca.pem"));
    let args = ["crl", "-noout", "-in", path(&list), "-CAfile", path(&ca)];
    let judged = Command::new("openssl").args(args).output().unwrap();
    assert!(String::from_utf8_lossy(&judged.stderr).contains("verify OK"));
}
