//! `--help` of every command as people read it: a change of the command line shows in a review.

mod support;

#[test]
fn help() {
    for command in [
        "",
        "practice",
        "practice new",
        "practice run",
        "practice fault",
        "practice course",
        "init",
        "officer",
        "clock",
        "unit",
        "unit add",
        "user-type",
        "config",
        "officer add",
        "officer bind-ukey",
        "officer certify",
        "request",
        "request import",
        "request export",
        "request form",
        "request list",
        "request opinion",
        "personalise",
        "resume",
        "hand-out",
        "slip",
        "stock forecast",
        "stock tally",
        "holder",
        "holder leave",
        "holder transfer",
        "holder receive",
        "unit merge",
        "ukey",
        "ukey unblock",
        "ukey inserted",
        "ukey change-pin",
        "ukey lost",
        "ukey found",
        "ukey losses",
        "ukey return",
        "stock check",
        "stock check start",
        "certificate",
        "certificate revoke",
        "ca",
        "crl",
        "crl publish",
        "audit",
        "audit list",
        "audit verify",
        "backup",
        "restore",
        "restore compare",
        "recovery",
        "recovery kit",
        "recovery use",
        "purge",
        "profile",
        "doctor",
        "doctor read",
    ] {
        let words = command.split_whitespace().chain(["--help"]);
        let output = support::program().args(words).output().unwrap();
        assert!(output.status.success());
        let text = String::from_utf8(output.stdout).unwrap();
        let name = format!("help {command}").trim().replace(' ', "-");
        insta::assert_snapshot!(name, text);
    }
}
