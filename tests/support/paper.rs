//! A desk without requests, and the papers of an invented person that are entered at it.

use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};

use super::{Answer, PracticeHome};

pub(crate) const CODE: &str = "2143999999";

/// A whole form 2 of an invented person, with changes.
pub(crate) fn form(changes: &Value) -> Value {
    let mut form = json!({
        "unit": CODE, "name": "买买提·艾力", "id_number": "439900198001010512",
        "office_phone": "0731-84402950", "email": "a@example.cn", "mobile": "19900009999",
        "school_type": "211", "user_types": ["信息管理员"], "apply_certificate": true,
        "address": "练习路 2 号",
    });
    for (key, value) in changes.as_object().unwrap() {
        form[key] = value.clone();
    }
    form
}

#[derive(Debug)]
pub(crate) struct Desk {
    pub(crate) home: PracticeHome,
}

impl Desk {
    /// Serial numbers of the ukeys in a state.
    pub(crate) fn in_state(&self, state: &str) -> Vec<String> {
        let listed = self.run(&["ukey", "list", "--state", state]).expect(0);
        let serials = listed.items().iter();
        serials
            .map(|item| item["serial"].as_str().unwrap().to_owned())
            .collect()
    }

    pub(crate) fn new() -> Self {
        Self {
            home: PracticeHome::new(0, 0),
        }
    }

    pub(crate) fn run(&self, args: &[&str]) -> Answer {
        self.home.run(args)
    }

    pub(crate) fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.home.path.join("out").join(name);
        fs::write(&path, bytes).unwrap();
        path
    }

    /// `request add` or `request edit ID` with a form.
    pub(crate) fn put(&self, verb: &[&str], changes: &Value) -> Answer {
        let file = self.file("form.json", form(changes).to_string().as_bytes());
        let args = [&["request"], verb, &[file.to_str().unwrap()]].concat();
        self.run(&args)
    }

    pub(crate) fn attach(&self, id: &str) -> Answer {
        let scan = self.file("scan.pdf", PDF);
        self.run(&["request", "attach", id, scan.to_str().unwrap()])
    }

    pub(crate) fn opinion(&self, id: &str, kind: &str, on: &str) -> Answer {
        self.run(&["request", "opinion", id, kind, "--by", "李主任", "--on", on])
    }

    /// Scan and opinions, submitted.
    pub(crate) fn ready(&self, id: &str) {
        self.attach(id).expect(0);
        for kind in ["applicant", "department", "office", "acceptance"] {
            self.opinion(id, kind, "2026-11-20").expect(0);
        }
        self.run(&["request", "submit", id]).expect(0);
    }

    /// A ukey's renewal, entered and approved; gives its number.
    pub(crate) fn renewal_approved(&self, serial: &str) -> String {
        let entered = self.run(&["request", "renew", serial]).expect(0);
        let number = entered.one()["number"].as_str().unwrap().to_owned();
        self.ready(&number);
        self.run(&["request", "approve", &number]).expect(0);
        number
    }

    pub(crate) fn state(&self, id: &str) -> String {
        let shown = self.run(&["request", "show", id]).expect(0);
        shown.one()["state"].as_str().unwrap().to_owned()
    }
}

pub(crate) const PDF: &[u8] =
    b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\nxref\n0 1\n0000000000 65535 f \n\
trailer<</Root 1 0 R>>\nstartxref\n42\n%%EOF\n";
