//! The house rules, read from the sources: which room may use which, and where each crate lives.
#![expect(clippy::unwrap_used, reason = "test helpers")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use syn::visit::{self, Visit};
use syn::{ItemUse, UseTree};

/// A room and the rooms it may use.
const ROOMS: [(&str, &[&str]); 12] = [
    ("memory", &[]),
    ("domain", &["memory"]),
    ("workflow", &["domain"]),
    ("token", &["domain", "memory"]),
    ("keys", &["domain", "memory"]),
    ("issuing", &["domain"]),
    ("store", &["domain", "workflow"]),
    ("wording", &["domain"]),
    ("documents", &["domain", "wording"]),
    (
        "station",
        &[
            "domain",
            "workflow",
            "token",
            "keys",
            "issuing",
            "store",
            "wording",
            "documents",
            "memory",
        ],
    ),
    ("ui", &["domain", "workflow", "station", "wording"]),
    ("cli", &["domain", "workflow", "station", "wording"]),
];

/// A crate and the only rooms that use it.
const HOMES: &[(&str, &[&str])] = &[
    ("cryptoki", &["token"]),
    ("pcsc", &["token"]),
    ("argon2", &["keys"]),
    ("age", &["keys"]),
    ("chacha20poly1305", &["keys"]),
    ("cms", &["keys", "issuing"]),
    ("x509_cert", &["keys", "issuing"]),
    ("zip", &["documents", "keys"]),
    ("rcgen", &["issuing"]),
    ("x509_parser", &["issuing"]),
    ("rusqlite", &["store"]),
    ("krilla", &["documents"]),
    ("pulldown_cmark", &["wording"]),
    ("qrcode", &["documents"]),
    ("calamine", &["documents"]),
    ("icalendar", &["documents"]),
    ("rust_xlsxwriter", &["documents"]),
    ("csv", &["documents"]),
    ("memchr", &["documents"]),
    ("memmap2", &["memory"]),
    ("encoding_rs", &["documents"]),
    ("icu_collator", &["domain"]),
    ("icu_locale_core", &["domain"]),
    ("pinyin", &["domain"]),
    ("image", &["ui"]),
    ("eframe", &["ui"]),
    ("egui", &["ui"]),
    ("egui_plot", &["ui"]),
    ("egui_system_font_provider", &["ui"]),
    ("clap", &["cli"]),
    ("ureq", &["station"]),
];

/// An act and the only file outside its own room that does it.
const SINGLE_CALLERS: [(&str, &str, &str); 4] = [
    (
        "Run::new(",
        "workflow",
        "station/jobs/personalise/session.rs",
    ),
    (
        ".write_certificate(id",
        "token",
        "station/jobs/personalise/perform.rs",
    ),
    (".authority.sign(", "", "issuing/connector/embedded.rs"),
    ("ureq::", "", "station/web.rs"),
];

/// First segments and `crate::` rooms that one file names.
#[derive(Default)]
struct Names {
    crates: BTreeSet<String>,
    rooms: BTreeSet<String>,
}

impl Names {
    fn path(&mut self, segments: &[String]) {
        match segments {
            [first, second, ..] if first == "crate" => {
                self.rooms.insert(second.clone());
            }
            [first, ..] => {
                self.crates.insert(first.clone());
            }
            [] => {}
        }
    }

    fn tree(&mut self, before: &[String], tree: &UseTree) {
        let with = |name: &syn::Ident| [before, &[name.to_string()]].concat();
        match tree {
            UseTree::Path(path) => self.tree(&with(&path.ident), &path.tree),
            UseTree::Name(name) => self.path(&with(&name.ident)),
            UseTree::Rename(name) => self.path(&with(&name.ident)),
            UseTree::Glob(_) => self.path(before),
            UseTree::Group(group) => {
                for tree in &group.items {
                    self.tree(before, tree);
                }
            }
        }
    }
}

impl<'ast> Visit<'ast> for Names {
    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        self.tree(&[], &item.tree);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let segments: Vec<String> = path
            .segments
            .iter()
            .map(|part| part.ident.to_string())
            .collect();
        if segments.len() > 1 {
            self.path(&segments);
        }
        visit::visit_path(self, path);
    }
}

fn sources() -> Vec<(String, PathBuf)> {
    fn walk(dir: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                found.push(path);
            }
        }
    }
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    walk(&src, &mut found);
    found.sort();
    let name = |path: &PathBuf| {
        path.strip_prefix(&src)
            .unwrap()
            .to_string_lossy()
            .into_owned()
    };
    found
        .iter()
        .map(|path| (name(path), path.clone()))
        .collect()
}

/// The room of a file; none for lib.rs and main.rs.
fn room(name: &str) -> Option<&str> {
    let first = name.split('/').next()?;
    let room = first.strip_suffix(".rs").unwrap_or(first);
    (room != "lib" && room != "main").then_some(room)
}

fn names(path: &Path) -> Names {
    let file = syn::parse_file(&fs::read_to_string(path).unwrap()).unwrap();
    let mut names = Names::default();
    names.visit_file(&file);
    names
}

#[test]
fn each_room_uses_only_the_rooms_it_may() {
    let mut broken = Vec::new();
    for (name, path) in sources() {
        let Some(room) = room(&name) else { continue };
        let rule = ROOMS.iter().find(|(other, _may)| *other == room);
        let Some((_room, may)) = rule else {
            broken.push(format!("{name}: {room} is no room of the house"));
            continue;
        };
        for used in names(&path).rooms {
            let is_room = ROOMS.iter().any(|(other, _may)| *other == used);
            if is_room && used != room && !may.contains(&used.as_str()) {
                broken.push(format!("{name} uses {used}"));
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn the_store_uses_nothing_of_workflow_but_its_journal() {
    for (name, path) in sources() {
        if room(&name) == Some("store") {
            let text = fs::read_to_string(&path).unwrap();
            let other =
                text.matches("workflow::").count() - text.matches("workflow::journal").count();
            assert_eq!(other, 0, "{name}");
        }
    }
}

#[test]
fn each_crate_stays_in_its_home() {
    let mut broken = Vec::new();
    for (name, path) in sources() {
        let Some(room) = room(&name) else { continue };
        for used in names(&path).crates {
            let home = HOMES.iter().find(|(other, _homes)| *other == used);
            if home.is_some_and(|(_crate, homes)| !homes.contains(&room)) {
                broken.push(format!("{name} uses {used}"));
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn what_may_happen_in_one_place_happens_there_alone() {
    for (act, own_room, caller) in SINGLE_CALLERS {
        let mut callers = Vec::new();
        for (name, path) in sources() {
            let outside = room(&name).is_some_and(|room| room != own_room);
            if outside && fs::read_to_string(&path).unwrap().contains(act) {
                callers.push(name);
            }
        }
        assert_eq!(callers, [caller], "{act}");
    }
}

/// The words that stand as acts in the calls that make a row of the audit log.
fn acts(text: &str) -> BTreeSet<String> {
    let calls = ["audit_row(", "foundation::row(", "AuditRow::new("];
    let calls = calls.iter().flat_map(|call| text.split(call).skip(1));
    let quoted = calls.filter_map(|rest| {
        let arguments = rest.split(')').next()?;
        let mut parts = arguments.split('"');
        Some(parts.nth_back(1)?.to_owned())
    });
    quoted.filter(|word| word.contains('-')).collect()
}

#[test]
fn every_act_of_the_log_has_its_word() {
    let messages = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/wording/zh-CN/ukey-station.ftl");
    let messages = fs::read_to_string(messages).unwrap();
    let (mut found, mut wordless) = (0, Vec::new());
    for (name, path) in sources() {
        let text = fs::read_to_string(path).unwrap();
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        if room(&name) != Some("station") {
            continue;
        }
        for act in acts(code) {
            found += 1;
            // The act of who is no officer stands where an officer's name does.
            if act != "recovery-kit" && !messages.contains(&format!("\nact-{act} = ")) {
                wordless.push(format!("{name}: {act}"));
            }
        }
    }
    assert!(found > 80, "{found}");
    assert!(wordless.is_empty(), "{wordless:#?}");
}
