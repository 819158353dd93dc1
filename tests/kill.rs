//! Kill tests: the station (SIGKILL) at every boundary of its journal, station and worker before
//! and after every C_ call of a run. After a restart and `resume`, every request has exactly one
//! certificate and every ukey is accounted for; pkcs11-tool judges the ukey.
//!
//! The suite takes every so many points; `KILL_SWEEP=1` (scripts/kill-sweep.sh) takes them all.
#![expect(clippy::unwrap_used, reason = "test helpers")]
#![allow(
    clippy::indexing_slicing,
    clippy::print_stderr,
    clippy::allow_attributes,
    reason = "a missing JSON field fails the test; a sweep tells its count"
)]

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::thread;

use support::{Answer, Module, PracticeHome, answer, killer};

/// A practice home with one ukey and one approved request, to be copied for each point.
struct Template {
    home: PracticeHome,
    killer: PathBuf,
    key: &'static str,
}

impl Template {
    fn new(module: Module, key: &'static str) -> Self {
        Self {
            home: PracticeHome::with(module, 1, 1),
            killer: killer(),
            key,
        }
    }

    fn copy(&self) -> PracticeHome {
        let copy = PracticeHome::empty(self.home.module.clone());
        let from = &self.home.path;
        let copied = Command::new("cp")
            .arg("-a")
            .arg(from)
            .arg(&copy.path)
            .status()
            .unwrap();
        assert!(copied.success());
        copy
    }

    /// Makes the ukey, with these settings of the killer.
    fn make(&self, home: &PracticeHome, settings: &[(&str, &str)]) -> Answer {
        let mut command = home.command(["personalise", "--all", "--key", self.key]);
        command
            .env(home.module.override_env, &self.killer)
            .env("KILLER_MODULE", &home.module.library)
            .envs(settings.iter().copied());
        answer(&command.output().unwrap())
    }

    /// How many calls and syncs a run without faults has.
    fn count(&self) -> (u64, u64) {
        let home = self.copy();
        let (calls, syncs) = (home.path.join("calls"), home.path.join("syncs"));
        let preload = self.killer.to_str().unwrap();
        let settings = [
            ("KILLER_CALLS", calls.to_str().unwrap()),
            ("KILLER_SYNCS", syncs.to_str().unwrap()),
            ("LD_PRELOAD", preload),
        ];
        self.make(&home, &settings).expect(0);
        let length = |path: &Path| fs::metadata(path).unwrap().len();
        (length(&calls), length(&syncs))
    }

    /// Kills at one point, restarts, and checks what must hold.
    fn survive(&self, point: &Point) -> Result<(), String> {
        let home = self.copy();
        let file = home.path.join("counted");
        let file = file.to_str().unwrap();
        let at = point.at();
        let settings = match point {
            Point::Call { .. } => vec![("KILLER_CALLS", file), ("KILLER_AT", at.as_str())],
            Point::Sync { .. } => vec![
                ("KILLER_SYNCS", file),
                ("KILLER_SYNC_AT", at.as_str()),
                ("LD_PRELOAD", self.killer.to_str().unwrap()),
            ],
        };
        let killed = self.make(&home, &settings);
        let station_died = killed.code.is_none();
        if station_died != point.kills_station() {
            return Err(format!(
                "{at}: the station ended with {:?}\n{killed:#?}",
                killed.code
            ));
        }
        let first = home.run(["resume"]);
        let second = home.run(["personalise", "--all", "--key", self.key]);
        verdict(&home, self.key).map_err(|why| {
            format!("{at}: {why}\nkilled {killed:#?}\nresume {first:#?}\nagain {second:#?}")
        })
    }
}

/// Where to kill whom.
#[derive(Clone, Copy, Debug)]
enum Point {
    Call {
        number: u64,
        phase: &'static str,
        victim: &'static str,
    },
    Sync {
        number: u64,
        phase: &'static str,
    },
}

impl Point {
    fn at(&self) -> String {
        match self {
            Self::Call {
                number,
                phase,
                victim,
            } => format!("{number}:{phase}:{victim}"),
            Self::Sync { number, phase } => format!("{number}:{phase}"),
        }
    }

    const fn kills_station(&self) -> bool {
        match self {
            Self::Call { victim, .. } => victim.len() == "station".len(),
            Self::Sync { .. } => true,
        }
    }
}

/// Every request has exactly one live certificate, the ukey is issued, proven and accounted for.
fn verdict(home: &PracticeHome, key: &str) -> Result<(), String> {
    let demand = |holds: bool, text: &str| if holds { Ok(()) } else { Err(text.to_owned()) };
    let request = home.run(["request", "list"]).expect(0).items()[0].clone();
    demand(
        request["state"] == "issued",
        &format!("the request is {}", request["state"]),
    )?;
    let ukeys = home.run(["ukey", "list"]).expect(0);
    let ukey = &ukeys.items()[0];
    demand(ukeys.items().len() == 1, "there is one ukey")?;
    demand(
        ukey["state"] == "issued",
        &format!("the ukey is {}", ukey["state"]),
    )?;
    let certificates = home.run(["certificate", "list"]).expect(0);
    demand(certificates.items().len() == 1, "there is one certificate")?;
    demand(certificates.items()[0]["state"] == "active", "it is active")?;
    let audit = home
        .run(["--officer", "auditor", "audit", "verify"])
        .expect(0);
    demand(audit.one()["intact"] == true, "the audit log is intact")?;

    let serial = ukey["serial"].as_str().unwrap();
    let pin = home.user_pin(serial);
    let list = |kind| {
        let args = ["--login", "--pin", &pin, "--list-objects", "--type", kind];
        String::from_utf8_lossy(&home.pkcs11_tool(serial, &args).stdout).into_owned()
    };
    demand(
        list("privkey").matches("Private Key Object").count() == 1,
        "one private key",
    )?;
    // The holder's and the CA's.
    demand(
        list("cert").matches("Certificate Object").count() == 2,
        "two certificates on it",
    )?;
    let algorithm = if key == "ec" { "EC" } else { "RSA" };
    demand(
        list("privkey").contains(algorithm),
        "the key is of the asked kind",
    )
}

/// Tries the points, two at a time, and tells every failure.
fn sweep(template: &Template, points: Vec<Point>) {
    assert!(!points.is_empty());
    let total = points.len();
    let queue = Mutex::new(points);
    let failures = Mutex::new(Vec::new());
    let lane = || {
        loop {
            let point = queue.lock().unwrap().pop();
            let Some(point) = point else { return };
            if let Err(why) = template.survive(&point) {
                failures.lock().unwrap().push(why);
            }
        }
    };
    thread::scope(|scope| {
        scope.spawn(lane);
        lane();
    });
    let failures = failures.into_inner().unwrap();
    assert!(
        failures.is_empty(),
        "{} of {total} points:\n{}",
        failures.len(),
        failures.join("\n\n")
    );
    eprintln!("{total} points, all resumed on the same ukey");
}

/// All of them in a sweep, every `step`th in the suite.
fn sampled(points: Vec<Point>, step: usize) -> Vec<Point> {
    let step = if std::env::var_os("KILL_SWEEP").is_some() {
        1
    } else {
        step
    };
    points.into_iter().step_by(step).collect()
}

fn calls(count: u64, victim: &'static str) -> Vec<Point> {
    let phases = ["before", "after"];
    (1..=count)
        .flat_map(|number| {
            phases.map(|phase| Point::Call {
                number,
                phase,
                victim,
            })
        })
        .collect()
}

#[test]
fn the_station_killed_at_each_boundary_of_its_journal_finishes_the_same_ukey() {
    for key in ["ec", "rsa"] {
        let template = Template::new(Module::softhsm(), key);
        let (_calls, syncs) = template.count();
        let points = (1..=syncs)
            .flat_map(|number| ["before", "after"].map(|phase| Point::Sync { number, phase }))
            .collect();
        sweep(&template, sampled(points, if key == "ec" { 1 } else { 5 }));
    }
}

#[test]
fn the_worker_killed_around_each_call_of_a_p256_run_finishes_the_same_ukey() {
    let template = Template::new(Module::softhsm(), "ec");
    let (count, _syncs) = template.count();
    sweep(&template, sampled(calls(count, "worker"), 5));
}

#[test]
fn the_worker_killed_around_each_call_of_an_rsa_run_finishes_the_same_ukey() {
    let template = Template::new(Module::softhsm(), "rsa");
    let (count, _syncs) = template.count();
    sweep(&template, sampled(calls(count, "worker"), 17));
}

#[test]
fn the_station_killed_around_each_call_finishes_the_same_ukey() {
    for (key, step) in [("ec", 7), ("rsa", 31)] {
        let template = Template::new(Module::softhsm(), key);
        let (count, _syncs) = template.count();
        sweep(&template, sampled(calls(count, "station"), step));
    }
}

/// A model whose `C_InitToken` gives the token another serial number: the run knows it by its label.
#[test]
fn the_worker_killed_around_each_call_finishes_a_ukey_that_changes_its_serial() {
    let template = Template::new(Module::kryoptic(), "ec");
    let (count, _syncs) = template.count();
    sweep(&template, sampled(calls(count, "worker"), 9));
}
