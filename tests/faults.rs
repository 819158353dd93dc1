//! Every failure at every point: before, in and after each C_ call of a run, and at each boundary of the
//! station's journal. The points come from a recorded run. After a restart and `resume` every request has
//! its certificate on the same ukey, or a person was asked and it has it then; third parties judge.
//!
//! The suite takes a sample; `FAULT_SWEEP=1` (scripts/faults) takes them all.
#![expect(clippy::unwrap_used, reason = "test helpers")]
#![allow(
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::allow_attributes,
    reason = "a missing JSON field fails the test; a sweep tells its table"
)]

mod support;

#[path = "fault-module/src/functions.rs"]
#[allow(dead_code, reason = "the module's own numbers")]
mod functions;

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::sync::Mutex;
use std::thread;

use support::point::{Outcome, Point, Recorded, Template, secrets_are_kept, so_pins_in_escrow};
use support::{Answer, Module};

/// What every call meets. `lost` and `wrong` do the work.
const CALL_FAULTS: [&str; 7] = [
    "error=6", // CKR_FUNCTION_FAILED
    "removed",
    "lost",
    "wrong",
    "hang",
    "abort",
    "segv-after",
];
/// What every third call meets: the same in other words.
const MORE_FAULTS: [&str; 6] = [
    "absent",
    "truncated",
    "kill",
    "kill-after",
    "kill-station",
    "kill-station-after",
];
/// What a boundary of the journal may meet.
const DISK_FAULTS: [&str; 8] = [
    "kill",
    "kill-after",
    "kill-workers",
    "power",
    "power-torn",
    "full",
    "error",
    "read-only",
];
/// Microseconds after which a worker is killed inside a call.
const INSIDE: [(u64, &str); 3] = [
    (50, "kill-inside=50"),
    (200, "kill-inside=200"),
    (800, "kill-inside=800"),
];
/// Functions whose answer can be another one, or shorter.
const WRONG: [usize; 9] = [
    functions::GET_SLOT_LIST,
    functions::GET_TOKEN_INFO,
    functions::GET_MECHANISM_LIST,
    functions::OPEN_SESSION,
    functions::CREATE_OBJECT,
    functions::GET_ATTRIBUTE_VALUE,
    functions::FIND_OBJECTS,
    functions::SIGN,
    functions::GENERATE_KEY_PAIR,
];
const SHORT: [usize; 5] = [
    functions::GET_SLOT_LIST,
    functions::GET_MECHANISM_LIST,
    functions::GET_ATTRIBUTE_VALUE,
    functions::FIND_OBJECTS,
    functions::SIGN,
];

/// Points tried, and what became of them, by fault.
type Table = BTreeMap<String, [usize; 4]>;

fn call_points(functions: &[u8], faults: &'static [&'static str]) -> Vec<Point> {
    let has_fault = |function: usize, fault: &str| match fault {
        "wrong" => WRONG.contains(&function),
        "truncated" => SHORT.contains(&function),
        _ => true,
    };
    let calls = (1..).zip(functions.iter().map(|function| usize::from(*function)));
    calls
        .flat_map(|(at, function)| {
            let faults = faults.iter();
            let faults = faults.filter(move |fault| has_fault(function, fault));
            faults.map(move |fault| Point {
                at,
                fault,
                place: functions::NAMES[function].to_owned(),
                disk: false,
            })
        })
        .collect()
}

fn disk_points(syncs: u64) -> Vec<Point> {
    let points = (1..=syncs).flat_map(|at| {
        DISK_FAULTS.map(|fault| Point {
            at,
            fault,
            place: "journal".to_owned(),
            disk: true,
        })
    });
    points.collect()
}

/// Killed inside each call whose function takes so long: `SoftHSM` can lose its own object file then, which
/// no station can repair.
fn inside_points(recorded: &Recorded) -> Vec<Point> {
    let functions = recorded.functions.iter();
    let names = functions.map(|function| functions::NAMES[usize::from(*function)]);
    let mut points = Vec::new();
    for (at, name) in (1..).zip(names) {
        let micros = recorded.micros.get(name).copied().unwrap_or_default();
        for (delay, fault) in INSIDE {
            if delay < micros {
                points.push(Point {
                    at,
                    fault,
                    place: name.to_owned(),
                    disk: false,
                });
            }
        }
    }
    points
}

/// All of them in a sweep, every `step`th in the suite, whatever `share`th of the kind is enough.
fn sampled(points: Vec<Point>, (share, step): (usize, usize)) -> Vec<Point> {
    let step = if std::env::var_os("FAULT_SWEEP").is_some() {
        share
    } else {
        step
    };
    points.into_iter().step_by(step).collect()
}

/// Tries the points, two at a time.
fn tried(template: &Template, points: Vec<Point>) -> Vec<(Point, Outcome)> {
    assert!(!points.is_empty());
    let queue = Mutex::new(points.into_iter());
    let done = Mutex::new(Vec::new());
    let lane = || {
        loop {
            let Some(point) = queue.lock().unwrap().next() else {
                return;
            };
            let outcome = template.survive(&point);
            done.lock().unwrap().push((point, outcome));
        }
    };
    thread::scope(|scope| {
        scope.spawn(lane);
        lane();
    });
    done.into_inner().unwrap()
}

fn add(table: &mut Table, kind: &str, tried: &[(Point, Outcome)], failures: &mut Vec<String>) {
    for (point, outcome) in tried {
        let row = table.entry(format!("{kind} {}", point.fault)).or_default();
        let column = match outcome {
            Outcome::Resumed => 0,
            Outcome::Asked => 1,
            Outcome::Wasted(why) => {
                failures.push(format!("WASTED at {point:?}: {why}"));
                2
            }
            Outcome::Wrong(why) => {
                failures.push(format!("WRONG at {point:?}: {why}"));
                3
            }
        };
        row[column] += 1;
    }
}

fn line(counts: [usize; 4]) -> String {
    let [resumed, asked, wasted, wrong] = counts;
    let all: usize = counts.iter().sum();
    format!("{all} points: {resumed} resumed, {asked} asked, {wasted} ukeys wasted, {wrong} wrong")
}

fn sum(table: &Table) -> [usize; 4] {
    table.values().fold([0; 4], |sum, row| {
        [0, 1, 2, 3].map(|column| sum[column] + row[column])
    })
}

/// Prints a table, and adds it to the file that `scripts/faults` shows.
fn tell(text: &str) {
    if let Some(file) = std::env::var_os("FAULT_TABLE") {
        let file = fs::OpenOptions::new().create(true).append(true).open(file);
        file.unwrap().write_all(text.as_bytes()).unwrap();
    }
    println!("{text}");
}

#[test]
fn a_pin_that_is_left_somewhere_is_seen_by_who_judges_and_a_core_file_too() {
    let home = Template::new(Module::softhsm(), "ec").made();
    secrets_are_kept(&home, &[]).unwrap();
    let so_pin = so_pins_in_escrow(&home).pop().unwrap();
    let user_pin = home.user_pin(&home.serials()[0]);
    for (file, text) in [
        ("tmp/left", &so_pin),
        ("tmp/left", &user_pin),
        ("work/left", &user_pin),
        ("home/out/left", &user_pin),
        ("home/secrets.toml.old", &user_pin),
        ("work/core.4711", &String::new()),
    ] {
        let path = home.path.parent().unwrap().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, format!("pin = {text}")).unwrap();
        let told = secrets_are_kept(&home, &[]).unwrap_err();
        assert!(told.contains(file), "{told}");
        fs::remove_file(path).unwrap();
    }
    let printed = Answer {
        code: Some(0),
        lines: vec![serde_json::json!({ "event": "step", "pin": user_pin })],
        stderr: String::new(),
    };
    secrets_are_kept(&home, &[printed]).unwrap_err();
    secrets_are_kept(&home, &[]).unwrap();
}

/// How many points of each kind of failure: of all, and of the suite.
type Shares = ((usize, usize), (usize, usize), (usize, usize));

/// Tries failures of calls and of the disk at the points of a run that was recorded.
fn sweep(
    (table, failures): (&mut Table, &mut Vec<String>),
    (kind, template, recorded): (&str, &Template, &Recorded),
    (calls, more, disk): Shares,
) {
    for (faults, share) in [(&CALL_FAULTS[..], calls), (&MORE_FAULTS, more)] {
        let points = sampled(call_points(&recorded.functions, faults), share);
        add(table, kind, &tried(template, points), failures);
    }
    let points = sampled(disk_points(recorded.syncs), disk);
    add(table, kind, &tried(template, points), failures);
}

/// Empty, or that a core file would not be seen by this matrix: tests/memory.rs looks at the limits.
fn core_files() -> String {
    let pattern = fs::read_to_string("/proc/sys/kernel/core_pattern").unwrap();
    if pattern.starts_with(['|', '/']) {
        format!("core files go elsewhere and were not looked for: {pattern}")
    } else {
        String::new()
    }
}

#[test]
fn every_failure_at_every_point_leaves_a_ukey_that_is_finished_and_records_that_are_true() {
    let (mut table, mut inside) = (Table::new(), Table::new());
    let (mut failures, mut lost_inside) = (Vec::new(), Vec::new());
    // A model whose `C_InitToken` gives the token another serial number is known by its label.
    for (module, key, calls, more, disk) in [
        (Module::softhsm(), "ec", (1, 13), (3, 13), (1, 9)),
        (Module::softhsm(), "rsa", (7, 71), (19, 101), (5, 61)),
        (Module::kryoptic(), "ec", (7, 71), (19, 101), (11, 101)),
    ] {
        let kind = format!("{} {key}", module.profile);
        let template = Template::new(module, key);
        let recorded = template.record();
        let found = (&mut table, &mut failures);
        sweep(found, (&kind, &template, &recorded), (calls, more, disk));
        if key == "ec" {
            let points = sampled(inside_points(&recorded), (1, 13));
            add(
                &mut inside,
                &kind,
                &tried(&template, points),
                &mut lost_inside,
            );
        }
    }
    let heads = ["fault", "resumed", "asked", "wasted", "wrong"];
    let [fault, resumed, asked, wasted, wrong] = heads;
    let mut text = format!("{fault:<34} {resumed:>8} {asked:>6} {wasted:>7} {wrong:>6}\n");
    for (fault, [resumed, asked, wasted, wrong]) in &table {
        let row = format!("{fault:<34} {resumed:>8} {asked:>6} {wasted:>7} {wrong:>6}\n");
        text.push_str(&row);
    }
    // What was lost inside a call, in a line each: nothing is hidden that is counted apart.
    for lost in &lost_inside {
        let lost = lost.lines().next().unwrap_or_default();
        text = format!("{text}{lost}\n");
    }
    let inside_line = line(sum(&inside));
    text = format!(
        "{text}{}inside a C_ call: {inside_line}\n{}\n",
        core_files(),
        line(sum(&table))
    );
    tell(&text);
    let wrong_inside = sum(&inside)[3];
    assert!(
        failures.is_empty() && wrong_inside == 0,
        "{}",
        failures.join("\n\n")
    );
}

#[test]
fn every_failure_during_a_renewal_leaves_the_holder_a_key_that_works_and_ends_in_one() {
    let (mut table, mut failures) = (Table::new(), Vec::new());
    for (module, key, calls, more, disk) in [
        (Module::softhsm(), "ec", (1, 23), (3, 37), (1, 17)),
        (Module::kryoptic(), "ec", (7, 101), (19, 151), (11, 151)),
    ] {
        let kind = format!("renewal {} {key}", module.profile);
        let template = Template::renewal(module, key);
        let recorded = template.record();
        let found = (&mut table, &mut failures);
        sweep(found, (&kind, &template, &recorded), (calls, more, disk));
    }
    let rows = table.iter();
    let rows = rows.map(|(fault, counts)| format!("{fault:<34} {}\n", line(*counts)));
    let rows: String = rows.collect();
    tell(&format!("{rows}renewals: {}\n", line(sum(&table))));
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}
