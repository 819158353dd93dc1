//! A CA at another station, by files (D-53).

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use super::records::practice_records;
use super::{Answer, PracticeHome, answer, memory_dir, program};

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// A desk and the station of the CA. Both are copies of one practice home, so that they share a
/// root; the desk's CA is elsewhere.
#[derive(Debug)]
pub(crate) struct Scene {
    dir: TempDir,
    pub(crate) desk: PracticeHome,
}

impl Scene {
    /// Runs that wait for their certificates.
    pub(crate) fn with_pending(count: u16) -> Self {
        let desk = PracticeHome::new(count, count);
        let dir = memory_dir();
        let status = Command::new("cp")
            .arg("-a")
            .arg(&desk.path)
            .arg(dir.path().join("ca"))
            .status();
        assert!(status.unwrap().success());
        // As `init` with a CA elsewhere leaves it.
        let mut store = practice_records(&desk.path);
        store
            .write(|writing| writing.set_meta("ca_kind", "exchange"))
            .unwrap();
        drop(store);
        let waiting = desk.run(["personalise", "--all"]).expect(3);
        let results = waiting.events("result");
        assert!(results.iter().all(|result| result["outcome"] == "pending"));
        assert_eq!(results.len(), usize::from(count));
        Self { dir, desk }
    }

    /// A file beside the homes.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// The orders, in a folder.
    pub(crate) fn orders(&self, name: &str) -> PathBuf {
        let dir = self.file(name);
        let written = self
            .desk
            .run(["ca", "exchange", "out", path(&dir)])
            .expect(0);
        assert!(
            written
                .items()
                .iter()
                .all(|item| item["outcome"] == "written")
        );
        dir
    }

    /// The station of the CA.
    pub(crate) fn ca(&self, args: &[&str]) -> Answer {
        self.at("ca", args)
    }

    /// The station in this folder of the scene.
    pub(crate) fn at(&self, home: &str, args: &[&str]) -> Answer {
        let mut command = program();
        command.env(self.desk.module.override_env, &self.desk.module.library);
        command
            .arg("--home")
            .arg(self.file(home))
            .arg("--json")
            .args(args);
        answer(&command.output().unwrap())
    }
}

/// The files of a folder whose name ends so, sorted.
pub(crate) fn named(dir: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found: Vec<_> = fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.to_string_lossy().ends_with(ending))
        .collect();
    found.sort();
    found
}
