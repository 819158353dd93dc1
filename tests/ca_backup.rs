//! The CA's key out of its backup, with two of three shares, when its token is damaged (D-60).
#![expect(clippy::unwrap_used, reason = "test helpers")]

mod support;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use support::losses::path;
use support::shares::lines_on;
use support::{Answer, PracticeHome, must};

struct Scene {
    home: PracticeHome,
    dir: tempfile::TempDir,
}

impl Scene {
    fn new() -> Self {
        Self {
            home: PracticeHome::new(2, 2),
            dir: support::memory_dir(),
        }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Backs the key up, and gives the lines of the shares.
    fn back_up(&self, name: &str) -> [Vec<String>; 3] {
        let (file, papers) = (self.file(name), self.file(&format!("{name}.papers")));
        let args = ["--second", "security", "ca", "backup", path(&file)];
        let papers_in = ["--papers", path(&papers)];
        let custodians = ["周一", "吴二", "郑三"].map(|name| ["--custodian", name]);
        let args = [&args[..], &papers_in[..], &custodians.concat()].concat();
        let made = self.home.run(args).expect(0);
        assert_eq!(made.one()["papers"].as_array().unwrap().len(), 3);
        [1, 2, 3].map(|number| {
            let (lines, text) = lines_on(&papers.join(format!("ca-share-{number}.pdf")));
            assert!(text.contains("CA 密钥 G1 备份"), "{text}");
            lines
        })
    }

    fn put_back(&self, name: &str, shares: [&Vec<String>; 2]) -> Answer {
        let lines: Vec<&str> = shares.into_iter().flatten().map(String::as_str).collect();
        let args = format!("--second security ca restore {}", path(&self.file(name)));
        self.home.typed(&[], &args, &lines)
    }

    /// As a disk leaves them that has gone bad.
    fn damage_token(&self) {
        let tokens = self.home.path.join("ca/tokens");
        for token in fs::read_dir(tokens).unwrap() {
            for object in fs::read_dir(token.unwrap().path()).unwrap() {
                fs::write(object.unwrap().path(), b"").unwrap();
            }
        }
    }
}

fn certified_under(ca: &Path, certificates: &Path) -> usize {
    let mut count = 0;
    for entry in fs::read_dir(certificates).unwrap() {
        let file = entry.unwrap().path();
        if file.extension().is_some_and(|ending| ending == "pem") {
            must("openssl", &["verify", "-CAfile", path(ca), path(&file)]);
            count += 1;
        }
    }
    count
}

#[test]
fn any_two_shares_bring_the_key_back_and_it_signs_as_before() {
    let scene = Scene::new();
    scene.home.run(["personalise", "2026-0001"]).expect(0);
    let [one, _two, three] = scene.back_up("ca.backup");
    let works = scene.put_back("ca.backup", [&one, &three]);
    assert!(works.stderr.contains("ca-key-works") || works.error_code() == "ca-key-works");
    scene.damage_token();
    let asked = scene.home.run(["personalise", "2026-0002"]).expect(3);
    let asks = asked.events("result").remove(0)["serial"].clone();
    let other = scene.home.run(["crl", "publish"]);
    assert_ne!(other.code, Some(0), "the CA's token is gone");
    let back = scene.put_back("ca.backup", [&three, &one]);
    assert_eq!(back.code, Some(0), "{back:#?}");
    assert!(back.stderr.contains("\"generation\":\"G1\""), "{back:#?}");
    let resume = ["resume", asks.as_str().unwrap(), "--answer", "try-again"];
    scene.home.run(resume).expect(0);
    scene.home.run(["crl", "publish"]).expect(0);
    let (ca, out) = (
        scene.home.path.join("ca/ca.pem"),
        scene.file("certificates"),
    );
    scene
        .home
        .run(["certificate", "export", path(&out)])
        .expect(0);
    assert_eq!(certified_under(&ca, &out), 2);
    // And once more, where the whole folder is gone.
    fs::rename(scene.home.path.join("ca/ca.pem"), scene.file("ca.pem")).unwrap();
    fs::remove_dir_all(scene.home.path.join("ca")).unwrap();
    let back = scene.put_back("ca.backup", [&three, &one]);
    assert_eq!(back.code, Some(0), "{back:#?}");
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let tokens = scene.home.path.join("ca/tokens");
    assert_eq!(
        (mode(&tokens), mode(&scene.home.path.join("ca"))),
        (0o700, 0o700)
    );
    scene.home.run(["crl", "publish"]).expect(0);
    let log = scene.home.run(["audit", "verify"]).expect(0);
    assert_eq!(log.one()["intact"], true);
    let acts = ["--officer", "auditor", "audit", "list", "--act"];
    for act in ["ca-key-backed-up", "ca-key-put-back"] {
        let rows = scene.home.run([&acts[..], &[act]].concat()).expect(0);
        let detail = rows.items().first().unwrap()["detail"].clone();
        assert_eq!(detail, "G1; with security");
    }
}

#[test]
fn shares_of_another_backup_a_changed_file_and_one_officer_alone_bring_nothing_back() {
    let scene = Scene::new();
    let [one, two, _three] = scene.back_up("first");
    let [_one, _two, other] = scene.back_up("second");
    let (file, papers) = (scene.file("third"), scene.file("papers"));
    let alone = ["ca", "backup", path(&file), "--papers", path(&papers)];
    let custodians = ["周一", "吴二", "郑三"].map(|name| ["--custodian", name]);
    let alone = scene.home.run([&alone[..], &custodians.concat()].concat());
    assert_eq!(alone.expect(4).error_code(), "second-officer-required");
    assert!(!file.exists() && !papers.exists());
    scene.damage_token();
    let before = fs::read_dir(scene.home.path.join("ca")).unwrap().count();
    let code = |answer: Answer| {
        assert_eq!(answer.code, Some(4), "{answer:#?}");
        let code = answer.stderr.split("\"code\":\"").nth(1);
        code.and_then(|rest| rest.split('"').next())
            .unwrap_or_default()
            .to_owned()
    };
    let mixed = scene.put_back("first", [&one, &other]);
    assert_eq!(code(mixed), "share-other-kit");
    let mut bytes = fs::read(scene.file("first")).unwrap();
    let last = bytes.len() - 10;
    bytes[last] = if bytes[last] == b'0' { b'1' } else { b'0' };
    fs::write(scene.file("first"), bytes).unwrap();
    let changed = scene.put_back("first", [&one, &two]);
    assert_eq!(code(changed), "ca-backup-invalid");
    let after = fs::read_dir(scene.home.path.join("ca")).unwrap().count();
    assert_eq!(before, after, "nothing half-done");
}
