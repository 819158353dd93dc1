//! What a ukey is for: a web server that asks for certificates lets in whom the list of revoked ones does
//! not name. nginx and curl judge; the ukey signs the handshake through OpenSSL's PKCS#11 engine.
#![expect(clippy::unwrap_used, reason = "test helpers")]

mod support;

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use support::paper::Desk;
use support::{PracticeHome, SOFTHSM, must};

/// nginx on a socket of its own, with the CA and the list of this home.
struct Site<'a> {
    desk: &'a Desk,
    dir: tempfile::TempDir,
}

impl<'a> Site<'a> {
    fn new(desk: &'a Desk) -> Self {
        let site = Self {
            desk,
            dir: support::memory_dir(),
        };
        let path = |name: &str| site.file(name).display().to_string();
        desk.run(&["ca", "export", &path("ca.pem")]).expect(0);
        let (key, own) = (path("site.key"), path("site.pem"));
        let request = [
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
        ];
        let subject = [
            "-subj",
            "/CN=localhost",
            "-addext",
            "subjectAltName=DNS:localhost",
        ];
        let files = ["-nodes", "-keyout", &key, "-out", &own, "-days", "2"];
        must("openssl", &[&request[..], &subject, &files].concat());
        site
    }

    fn file(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Serves with the list as it is now, under a name of its own: the one before may still be ending.
    /// nginx comes back once it listens.
    fn open(&self, name: &str) -> Open<'_> {
        let (dir, home) = (self.dir.path().display(), self.desk.home.path.display());
        let mut temp = String::new();
        for kind in ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"] {
            writeln!(temp, "{kind}_temp_path {dir}/{name}-{kind};").unwrap();
        }
        let conf = format!(
            "pid {dir}/{name}.pid; error_log {dir}/{name}.log info;\nevents {{}}\nhttp {{ access_log off; {temp}
             server {{ listen unix:{dir}/{name}.socket ssl; ssl_certificate {dir}/site.pem;
               ssl_certificate_key {dir}/site.key; ssl_client_certificate {dir}/ca.pem;
               ssl_crl {home}/crl/unit.crl.pem; ssl_verify_client on;
               location / {{ return 200 \"in: $ssl_client_serial\"; }} }} }}\n"
        );
        let open = Open {
            site: self,
            name: name.to_owned(),
        };
        fs::write(open.file("conf"), conf).unwrap();
        open.nginx(&[]);
        open
    }
}

/// nginx, stopped when this goes.
struct Open<'a> {
    site: &'a Site<'a>,
    name: String,
}

impl Open<'_> {
    fn file(&self, ending: &str) -> PathBuf {
        self.site.file(&format!("{}.{ending}", self.name))
    }

    fn nginx(&self, more: &[&str]) {
        let (dir, conf) = (self.site.dir.path(), self.file("conf"));
        let (dir, conf) = (dir.display().to_string(), conf.display().to_string());
        must("nginx", &[&["-p", &dir, "-c", &conf][..], more].concat());
    }

    /// What the server answers to this ukey: its text, or the status of a refusal.
    fn answer(&self, serial: &str) -> String {
        let home = &self.site.desk.home;
        let pin = home.user_pin(serial);
        let shown = home.pkcs11_tool(serial, &["--login", "--pin", &pin, "-O", "-y", "privkey"]);
        let shown = String::from_utf8(shown.stdout).unwrap();
        let mut ids = shown
            .lines()
            .filter_map(|line| line.trim().strip_prefix("ID:"));
        // The CA's certificate is on the ukey too: the key's id names the holder's.
        let id = escaped(&hex::decode(ids.next().unwrap().trim()).unwrap());
        let pin = escaped(pin.as_bytes());
        let ukey = self.site.desk.home.path.join("ukeys").join(serial);
        let own = self.site.file("site.pem");
        let output = Command::new("curl")
            .args(["--silent", "--show-error", "--fail", "--unix-socket"])
            .arg(self.file("socket"))
            .arg("--cacert")
            .arg(own)
            .args([
                "--engine",
                "pkcs11",
                "--cert-type",
                "ENG",
                "--key-type",
                "ENG",
            ])
            .arg("--cert")
            .arg(format!("pkcs11:type=cert;id={id}"))
            .arg("--key")
            .arg(format!("pkcs11:type=private;id={id};pin-value={pin}"))
            .arg("https://localhost/")
            .env("SOFTHSM2_CONF", ukey.join("softhsm2.conf"))
            .env("PKCS11_MODULE_PATH", SOFTHSM)
            .output()
            .unwrap();
        let text = if output.status.success() {
            output.stdout
        } else {
            output.stderr
        };
        String::from_utf8(text).unwrap()
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.nginx(&["-s", "stop"]);
    }
}

/// Bytes as a PKCS#11 URI has them (RFC 7512).
fn escaped(bytes: &[u8]) -> String {
    let mut text = String::new();
    for byte in bytes {
        write!(text, "%{byte:02X}").unwrap();
    }
    text
}

fn certificate(desk: &Desk, serial: &str) -> String {
    let shown = desk.run(&["ukey", "show", serial]).expect(0);
    let text = shown.one()["certificate"].as_str().unwrap();
    text.to_ascii_uppercase()
}

#[test]
fn a_web_server_lets_the_good_ukey_in_and_the_one_made_anew_and_refuses_the_lost() {
    let home = PracticeHome::new(3, 2);
    home.run(["personalise", "--all"]).expect(0);
    let desk = Desk { home };
    let issued = |desk: &Desk| -> Vec<String> {
        let listed = desk.run(&["ukey", "list", "--state", "issued"]).expect(0);
        let serials = listed.items().iter();
        serials
            .map(|item| item["serial"].as_str().unwrap().to_owned())
            .collect()
    };
    let [good, lost] = issued(&desk).try_into().unwrap();
    for serial in [&good, &lost] {
        desk.run(&["hand-out", serial]).expect(0);
    }
    let site = Site::new(&desk);
    let is_in = |open: &Open<'_>, serial: &str| {
        let told = format!("in: {}", certificate(&desk, serial));
        assert_eq!(open.answer(serial), told);
    };
    let is_refused = |open: &Open<'_>, serial: &str| {
        let answer = open.answer(serial);
        assert!(answer.contains("400"), "{answer}");
    };
    let before = site.open("before");
    is_in(&before, &good);
    is_in(&before, &lost);
    drop(before);
    desk.run(&["ukey", "lost", &lost, "--reason", "掉在路上"])
        .expect(0);
    let after = site.open("after");
    is_in(&after, &good);
    is_refused(&after, &lost);
    drop(after);
    let entered = desk.run(&["request", "rekey", &lost]).expect(0);
    let number = entered.one()["number"].as_str().unwrap().to_owned();
    desk.ready(&number);
    desk.run(&["request", "approve", &number]).expect(0);
    desk.run(&["personalise", &number]).expect(0);
    let [new] = issued(&desk).try_into().unwrap();
    desk.run(&["hand-out", &new]).expect(0);
    desk.run(&["ukey", "suspend", &good, "--reason", "找不到了"])
        .expect(0);
    let anew = site.open("anew");
    is_in(&anew, &new);
    is_refused(&anew, &lost);
    is_refused(&anew, &good); // On hold: in the list as well.
}
