//! A CA that is no station of ours: it reads the .p10 alone and gives serial number and dates by itself
//! (D-38, D-53). Here openssl plays it.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "test helpers: what is missing fails the test"
)]

mod support;

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use support::must;
use support::records::practice_records;
use support::scene::{Scene, named};

const EXTENSIONS: &str = "basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature, nonRepudiation
extendedKeyUsage = clientAuth, 1.3.6.1.5.5.7.3.36
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
";

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// The desk, its orders, and the CA of openssl that it is configured for.
struct Foreign {
    scene: Scene,
    orders: PathBuf,
}

impl Foreign {
    fn new(pending: u16) -> Self {
        let scene = Scene::with_pending(pending);
        let (key, pem, der) = (
            scene.file("ca.key"),
            scene.file("ca.pem"),
            scene.file("ca.der"),
        );
        let mut made = vec!["req", "-x509", "-newkey", "ec", "-pkeyopt"];
        made.extend(["ec_paramgen_curve:P-256", "-nodes", "-days", "3650"]);
        made.extend(["-keyout", path(&key), "-out", path(&pem)]);
        made.extend(["-subj", "/C=CN/O=Education CA/CN=Education CA G1"]);
        made.extend(["-addext", "keyUsage=critical,keyCertSign,cRLSign"]);
        must("openssl", &made);
        let der_of = [
            "x509",
            "-in",
            path(&pem),
            "-outform",
            "DER",
            "-out",
            path(&der),
        ];
        must("openssl", &der_of);
        let certificate = hex::encode(fs::read(&der).unwrap());
        practice_records(&scene.desk.path)
            .write(|writing| writing.set_meta("ca_certificate", &certificate))
            .unwrap();
        let orders = scene.orders("orders");
        Self { scene, orders }
    }

    /// The subject that an order asks for, as openssl takes it.
    fn subject(&self, at: usize) -> String {
        let order = &named(&self.orders, ".order.p7s")[at];
        let verify = [
            "cms",
            "-verify",
            "-noverify",
            "-inform",
            "DER",
            "-in",
            path(order),
        ];
        let order: Value = serde_json::from_str(must("openssl", &verify).trim()).unwrap();
        let word = |field: &str| order["subject"][field].as_str().unwrap().to_owned();
        format!(
            "/C=CN/ST={}/L={}/O={}/OU={}/OU={}/CN={}/serialNumber={}",
            word("province"),
            word("prefecture"),
            word("unit"),
            word("unit_code"),
            word("user_types"),
            word("name"),
            word("pseudonym"),
        )
    }

    /// Signs an order's .p10, with these options of `openssl req` and these extensions.
    fn sign(&self, at: usize, subject: &str, options: &[&str], extensions: &str) -> PathBuf {
        let (request, file) = (
            &named(&self.orders, ".p10")[at],
            self.scene.file("extensions"),
        );
        let head = "[req]\ndistinguished_name = dn\nstring_mask = utf8only\n[dn]\n[holder]\n";
        fs::write(&file, format!("{head}{extensions}")).unwrap();
        let dir = self.scene.file("answers");
        fs::remove_dir_all(&dir).ok(); // Of the answer before.
        fs::create_dir(&dir).unwrap();
        let out = dir.join("answer.pem");
        let (ca, key) = (self.scene.file("ca.pem"), self.scene.file("ca.key"));
        let mut sign = vec!["req", "-x509", "-inform", "DER", "-in", path(request)];
        sign.extend(["-config", path(&file), "-extensions", "holder", "-utf8"]);
        sign.extend(["-CA", path(&ca), "-CAkey", path(&key), "-subj", subject]);
        sign.extend(["-out", path(&out)]);
        sign.extend(options);
        must("openssl", &sign);
        dir
    }

    fn take(&self, dir: &Path, code: i32) -> Value {
        let taken = self.scene.desk.run(["ca", "exchange", "in", path(dir)]);
        taken.expect(code).items()[0].clone()
    }
}

#[test]
fn its_own_serial_number_and_dates_are_recorded_as_issued_and_the_ukey_is_finished() {
    let foreign = Foreign::new(2);
    let subject = foreign.subject(0);
    let options = ["-set_serial", "0x9f01", "-days", "730"];
    let dir = foreign.sign(0, &subject, &options, EXTENSIONS);
    let taken = foreign.take(&dir, 0);
    assert_eq!(taken["outcome"], "taken", "{taken:#?}");
    assert_eq!(taken["serial"], "009f01");
    assert_eq!(foreign.take(&dir, 0)["outcome"], "known");
    let listed = foreign.scene.desk.run(["certificate", "list"]).expect(0);
    let certificate = &listed.items()[0];
    assert_eq!(certificate["serial"], "009f01");
    let dates = ["x509", "-in", path(&dir.join("answer.pem")), "-noout"].map(str::to_owned);
    let dates: Vec<&str> = dates.iter().map(String::as_str).collect();
    let told = must(
        "openssl",
        &[&dates[..], &["-enddate", "-dateopt", "iso_8601"]].concat(),
    );
    let end = certificate["not_after"].as_str().unwrap();
    assert!(told.contains(&end.replace('T', " ")), "{told} {end}");

    // The key is certified twice, or the number given twice: the second is refused.
    let options = ["-set_serial", "0x9f02", "-days", "730"];
    let second = foreign.sign(0, &subject, &options, EXTENSIONS);
    let refused = foreign.take(&second, 4);
    assert_eq!(refused["error"]["code"], "exchange-second-answer");
    let options = ["-set_serial", "0x9f01", "-days", "730"];
    let twice = foreign.sign(1, &foreign.subject(1), &options, EXTENSIONS);
    let refused = foreign.take(&twice, 4);
    assert_eq!(refused["error"]["code"], "certificate-differs");
    let headline = refused["error"]["headline"].as_str().unwrap();
    assert!(headline.contains("serialNumber"), "{headline}");
    let options = ["-set_serial", "0x1f03", "-days", "365"];
    let right = foreign.sign(1, &foreign.subject(1), &options, EXTENSIONS);
    assert_eq!(foreign.take(&right, 0)["outcome"], "taken");

    let finished = foreign.scene.desk.run(["resume"]).expect(0);
    let results = finished.events("result");
    assert_eq!(results.len(), 2);
    for result in results {
        assert_eq!(result["outcome"], "issued");
        let serial = result["certificate_serial"].as_str().unwrap();
        assert!(["009f01", "1f03"].contains(&serial), "{serial}");
    }
}

#[test]
fn everything_else_that_differs_is_refused_with_its_name() {
    let foreign = Foreign::new(1);
    let subject = foreign.subject(0);
    let days = ["-set_serial", "0x1f01", "-days", "730"];
    let long = ["-set_serial", "0x1f01", "-days", "1200"];
    let other = subject.replace("/CN=", "/CN=别");
    let cases: [(&str, &[&str], String, &str); 6] = [
        (&other, &days, EXTENSIONS.to_owned(), "subject"),
        (&subject, &long, EXTENSIONS.to_owned(), "notAfter"),
        (
            &subject,
            &days,
            EXTENSIONS.replace(", nonRepudiation", ""),
            "keyUsage",
        ),
        (
            &subject,
            &days,
            EXTENSIONS.replace("clientAuth, ", "clientAuth, emailProtection, "),
            "extKeyUsage",
        ),
        (
            &subject,
            &days,
            format!("{EXTENSIONS}crlDistributionPoints = URI:http://ca.example.cn/ca.crl\n"),
            "cRLDistributionPoints",
        ),
        (
            &subject,
            &days,
            EXTENSIONS.replace("critical, CA:FALSE", "critical, CA:TRUE"),
            "basicConstraints",
        ),
    ];
    for (subject, options, extensions, field) in cases {
        let dir = foreign.sign(0, subject, options, &extensions);
        let refused = foreign.take(&dir, 4);
        assert_eq!(refused["error"]["code"], "certificate-differs", "{field}");
        let headline = refused["error"]["headline"].as_str().unwrap();
        assert!(headline.contains(field), "{headline}, not {field}");
    }
    // Of another CA of the same name.
    let stranger = Foreign::new(1);
    for file in ["ca.key", "ca.pem"] {
        fs::copy(stranger.scene.file(file), foreign.scene.file(file)).unwrap();
    }
    let dir = foreign.sign(0, &subject, &days, EXTENSIONS);
    assert_eq!(
        foreign.take(&dir, 4)["error"]["code"],
        "certificate-differs"
    );
    let listed = foreign.scene.desk.run(["certificate", "list"]).expect(0);
    assert!(listed.items().is_empty());
}
