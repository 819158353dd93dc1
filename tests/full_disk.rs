//! What is exported to a full disk is told, and what stood there before stays (the disk is
//! tests/fault-module).
#![expect(clippy::unwrap_used, reason = "test helpers")]

mod support;

use std::fs;
use std::path::Path;

use support::{PracticeHome, fault_module, memory_dir};

/// Names in a folder.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn an_export_to_a_full_disk_fails_and_leaves_what_was_there() {
    let home = PracticeHome::new(1, 1);
    home.run(["personalise", "--all"]).expect(0);
    let (serial, dir) = (home.serials().remove(0), memory_dir());
    let (file, library) = (dir.path().join("file"), fault_module());
    let file_name = file.to_str().unwrap();
    let exports: [&[&str]; 8] = [
        &["ca", "export", file_name],
        &["request", "export", file_name],
        &["request", "template", file_name],
        &["request", "form", "--blank", "2", file_name],
        &["slip", &serial, file_name],
        &["audit", "checkpoint", file_name],
        &["--officer", "auditor", "audit", "export", file_name],
        &["doctor", "--report", file_name],
    ];
    for args in exports {
        fs::write(&file, "what was there").unwrap();
        let on_disk = |disk: &str| {
            let mut command = home.command(args);
            command
                .env("LD_PRELOAD", &library)
                .env("FAULT_UNDER", dir.path())
                .env("FAULT_DISK", disk);
            support::answer(&command.output().unwrap())
        };
        let failed = on_disk("0:full").expect(1);
        assert_eq!(failed.lines[0]["error"]["kind"], "failed", "{args:?}");
        assert!(
            failed.stderr.contains("file"),
            "{args:?}: {}",
            failed.stderr
        );
        assert_eq!(fs::read(&file).unwrap(), b"what was there", "{args:?}");
        assert_eq!(names(dir.path()), ["file"], "{args:?}");
        on_disk("none").expect(0);
        assert_ne!(fs::read(&file).unwrap(), b"what was there", "{args:?}");
    }
}
