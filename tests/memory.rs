//! PINs in the memory of a working station: locked, in no core dump; and where nothing can be locked the work
//! is done all the same.
#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "test helpers: what is missing fails the test"
)]

mod support;

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use support::point::{allow_core_files, nobody_is_left};
use support::{PracticeHome, answer, fault_module};

/// A station whose worker holds the SO PIN and does not come back from `C_InitToken`.
struct Hanging {
    home: PracticeHome,
    station: Child,
    worker: u32,
}

impl Hanging {
    fn start() -> Self {
        let home = PracticeHome::new(1, 1);
        // The worker writes to it when it has come to its place, and waits until that is read.
        let arrived = home.path.with_extension("arrived");
        support::must("mkfifo", &[arrived.to_str().unwrap()]);
        let work = home.path.with_extension("work");
        fs::create_dir(&work).unwrap();
        let station = home
            .command(["personalise", "--all"])
            .current_dir(work)
            .env(home.module.override_env, fault_module())
            .env("FAULT_MODULE", &home.module.library)
            .env("FAULT_AT", "C_InitToken:hang")
            .env("FAULT_FIRED", &arrived)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        support::must("timeout", &["60", "cat", arrived.to_str().unwrap()]);
        let workers = children(station.id());
        assert_eq!(workers.len(), 1, "one ukey, one worker");
        Self {
            home,
            station,
            worker: workers[0],
        }
    }

    /// A line of what the kernel tells of a process.
    fn told(process: u32, file: &str, line: &str) -> String {
        let text = fs::read_to_string(format!("/proc/{process}/{file}")).unwrap();
        let line = text.lines().find(|told| told.starts_with(line));
        line.unwrap().to_owned()
    }

    /// Ends worker and station by a signal and gives the names of what they left where they ran.
    fn end(mut self, signal: &str) -> Vec<String> {
        // The station first: it would answer the end of its worker with another one.
        let [station, worker] = [self.station.id(), self.worker].map(|process| process.to_string());
        support::must("kill", &[signal, &station, &worker]);
        self.station.wait().unwrap();
        nobody_is_left(&self.home.path).unwrap();
        names(&self.home.path.with_extension("work"))
    }
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.collect()
}

/// Processes that one of this process's threads has started.
fn children(process: u32) -> Vec<u32> {
    let tasks = fs::read_dir(format!("/proc/{process}/task")).unwrap();
    let texts = tasks.map(|task| fs::read_to_string(task.unwrap().path().join("children")));
    let texts: Vec<_> = texts.map(Result::unwrap).collect();
    let words = texts.iter().flat_map(|text| text.split_whitespace());
    words.map(|word| word.parse().unwrap()).collect()
}

#[test]
fn the_pins_of_a_run_are_locked_in_memory_in_station_and_worker() {
    let hanging = Hanging::start();
    for process in [hanging.station.id(), hanging.worker] {
        let locked = Hanging::told(process, "status", "VmLck:");
        let kib: u64 = locked.split_whitespace().nth(1).unwrap().parse().unwrap();
        assert!(kib >= 4, "{locked}");
    }
    assert_eq!(hanging.end("-KILL"), [""; 0]);
}

#[test]
fn neither_station_nor_worker_leaves_a_core_file_whatever_the_desk_allows() {
    allow_core_files();
    let hanging = Hanging::start();
    for (process, most) in [(hanging.station.id(), "1"), (hanging.worker, "0")] {
        let core = Hanging::told(process, "limits", "Max core file size");
        let words: Vec<_> = core.split_whitespace().collect();
        assert_eq!(words[4..6], [most, most], "{core}");
    }
    // Another program that ends in this way leaves one, where the system writes them beside it.
    let other = support::memory_dir();
    let mut shell = Command::new("sh");
    shell.args(["-c", "kill -QUIT $$"]).current_dir(&other);
    assert_eq!(shell.status().unwrap().code(), None);
    let pattern = fs::read_to_string("/proc/sys/kernel/core_pattern").unwrap();
    let allowed = rustix::process::getrlimit(rustix::process::Resource::Core).current;
    if !pattern.starts_with(['|', '/']) && allowed != Some(0) {
        assert_eq!(names(other.path()).len(), 1);
    }
    assert_eq!(hanging.end("-QUIT"), [""; 0]);
}

/// The same command where nothing can be locked: the limit is 0, and nobody is above it.
fn unlockable(command: &Command) -> Command {
    let mut bare = Command::new("prlimit");
    bare.arg("--memlock=0:0");
    let own = fs::read_to_string("/proc/self/status").unwrap();
    let held = own.lines().find_map(|line| line.strip_prefix("CapEff:"));
    let held = u64::from_str_radix(held.unwrap().trim(), 16).unwrap();
    if held & (1 << 14) != 0 {
        // CAP_IPC_LOCK: the limit binds only who does not have it.
        bare.args([
            "setpriv",
            "--bounding-set=-ipc_lock",
            "--inh-caps=-ipc_lock",
        ]);
    }
    bare.arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => bare.env(name, value),
            None => bare.env_remove(name),
        };
    }
    bare
}

#[test]
fn a_ukey_is_made_where_nothing_can_be_locked_and_doctor_says_so() {
    let home = PracticeHome::new(1, 1);
    let run = |args: &[&str]| answer(&unlockable(&home.command(args)).output().unwrap());
    let made = run(&["personalise", "--all"]).expect(0);
    assert_eq!(made.events("result")[0]["outcome"], "issued");
    let told = run(&["--lang", "en", "doctor"]).expect(1);
    let wrong: Vec<_> = told
        .items()
        .iter()
        .filter(|item| item["ok"] == false)
        .collect();
    assert_eq!(wrong.len(), 1, "{wrong:#?}");
    assert_eq!(wrong[0]["check"], "memory");
    assert_eq!(wrong[0]["detail"], "not locked");
    assert!(wrong[0]["hint"].as_str().unwrap().contains("ulimit -l"));
    home.run(["doctor"]).expect(0);
}
