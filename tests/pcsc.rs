//! Card readers through a real pcscd with virtual readers: who comes and who goes, each told once, and
//! nothing that did not happen.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "test helpers: what is missing fails the test"
)]

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::thread;

use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};
use serde_json::{Value, json};
use support::readers::{Reader, Service, card_profile};
use support::stations::{SYSTEM, Station, province};
use support::virtual_card::{Asked, DEADLINE, EPASS, MUTE, VirtualCard};
use support::{SOFTHSM, memory_dir, must};
use tempfile::TempDir;

/// A real home.
struct Home {
    dir: TempDir,
    station: Station,
}

/// A running `ukey inserted --watch`; ended when it is dropped.
struct Watching {
    child: Child,
    lines: Receiver<Value>,
}

impl Home {
    fn new() -> Self {
        let dir = memory_dir();
        let station = province(&dir);
        let home = Self { dir, station };
        // OpenSC, which asks any card, is installed for other tests.
        let opensc = "feitian-epass2003-opensc";
        let shipped = fs::read_to_string(format!("token-profiles/{opensc}.toml")).unwrap();
        home.add_profile(opensc, &shipped.replace("\"/usr/", "\"/nonexistent/"));
        home
    }

    fn add_profile(&self, name: &str, text: &str) {
        let dir = self.station.home().join("token-profiles");
        fs::create_dir_all(&dir).unwrap();
        fs::write(dir.join(name).with_extension("toml"), text).unwrap();
    }

    /// What `doctor` finds of the readers.
    fn readers(&self, service: &Service) -> Value {
        let doctor = self.command(service, &["--lang", "en", "doctor"]).output();
        let answer = support::answer(&doctor.unwrap());
        let mut items = answer.items().iter();
        items
            .find(|item| item["check"] == "readers")
            .unwrap()
            .clone()
    }

    fn command(&self, service: &Service, args: &[&str]) -> Command {
        let mut command = self.station.command(SYSTEM, args);
        service.serve(&mut command);
        command
    }

    /// Returns once it has noted who is plugged in, and says how many that were.
    fn watch(&self, service: &Service) -> Watching {
        self.watch_with(service, &[])
    }

    fn watch_with(&self, service: &Service, settings: &[(&str, &str)]) -> Watching {
        let mut command = self.command(service, &["--lang", "en", "ukey", "inserted", "--watch"]);
        command.envs(settings.iter().copied());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut said = String::new();
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        stderr.read_line(&mut said).unwrap();
        assert!(said.starts_with("Watching; 0 plugged in"), "{said}");
        let stdout = BufReader::new(child.stdout.take().unwrap()).lines();
        let (tell, lines) = sync_channel(10_000);
        thread::Builder::new()
            .spawn(move || {
                for line in stdout.map_while(Result::ok) {
                    tell.send(serde_json::from_str(&line).unwrap()).unwrap();
                }
            })
            .unwrap();
        Watching { child, lines }
    }
}

impl Watching {
    fn next(&self) -> Value {
        self.lines.recv_timeout(DEADLINE).unwrap()
    }

    /// The next events are these, in this order; gives the last.
    fn expect(&self, events: &[&str]) -> Value {
        let mut last = Value::Null;
        for event in events {
            last = self.next();
            assert_eq!(last["event"], *event, "{last}");
        }
        last
    }

    /// Nothing else was told.
    fn end(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        assert_eq!(
            self.lines.recv_timeout(DEADLINE),
            Err(RecvTimeoutError::Disconnected)
        );
    }

    /// Stops it where it is; returns once it has stopped.
    fn stop(&self) {
        let pid = Pid::from_child(&self.child);
        kill_process(pid, Signal::STOP).unwrap();
        waitpid(Some(pid), WaitOptions::UNTRACED).unwrap();
    }

    fn go_on(&self) {
        kill_process(Pid::from_child(&self.child), Signal::CONT).unwrap();
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        self.child.kill().ok(); // It may have ended.
        self.child.wait().ok();
    }
}

#[test]
fn a_card_that_no_module_shows_is_told_with_the_models_it_may_be_and_is_left_alone() {
    let reader = Reader::new("Desk");
    let (name, port) = reader.slot(0);
    let service = Service::with(&[reader]);
    let home = Home::new();
    let watching = home.watch(&service);
    let card = VirtualCard::insert(port, EPASS);
    let candidates = json!(["feitian-epass2003", "feitian-epass2003-opensc"]);
    for (event, code) in [
        ("card-inserted", Value::Null),
        ("inserted", json!("ukey-not-recognised")),
    ] {
        let told = watching.expect(&[event]);
        assert_eq!(told["reader"], name);
        assert_eq!(told["atr"], EPASS);
        assert_eq!(told["candidates"], candidates);
        assert_eq!(told["code"], code);
    }
    let asked = card.remove();
    let told = watching.expect(&["card-removed", "removed"]);
    assert_eq!(told["reader"], name);
    assert_eq!(told["code"], "ukey-not-recognised");
    let harmless = [Asked::Atr, Asked::PowerOn, Asked::PowerOff];
    assert!(asked.iter().all(|one| harmless.contains(one)), "{asked:?}");
    watching.end();
}

#[test]
fn a_hundred_fast_cycles_lose_no_event_and_invent_none() {
    const CYCLES: usize = 25;
    let readers = [Reader::new("Desk"), Reader::new("Hub")];
    let slots = readers
        .iter()
        .flat_map(|reader| [reader.slot(0), reader.slot(1)]);
    let slots: Vec<_> = slots.collect();
    let mut service = Service::with(&readers);
    let home = Home::new();
    let watching = home.watch(&service);
    let mut cards: BTreeMap<&str, (usize, Option<VirtualCard>)> = BTreeMap::new();
    for (name, port) in &slots {
        cards.insert(name, (1, Some(VirtualCard::insert(*port, EPASS))));
    }
    // As fast as the service notices: out as soon as it has powered the card, in as soon as it is gone.
    let mut noticed = [0; 2];
    while noticed != [CYCLES * slots.len(); 2] {
        let line = service.heard("Card ").pop().unwrap();
        let slot = slots.iter().find(|(name, _port)| line.contains(name));
        let Some((name, port)) = slot else { continue };
        let (count, card) = cards.get_mut(name.as_str()).unwrap();
        if line.contains("Card inserted into") {
            noticed[0] += 1;
            *card = None;
        } else if line.contains("Card Removed From") {
            noticed[1] += 1;
            if *count < CYCLES {
                *count += 1;
                *card = Some(VirtualCard::insert(*port, EPASS));
            }
        }
    }
    let (mut moves, mut strangers) = (Vec::new(), Vec::new());
    let of = |list: &[(String, String)], name: &String| -> Vec<String> {
        let own = list.iter().filter(|(reader, _event)| reader == name);
        own.map(|(_reader, event)| event.clone()).collect()
    };
    let all_told = |moves: &Vec<_>, strangers: &Vec<_>| {
        let both = |(name, _port): &(String, u16)| of(strangers, name).len().is_multiple_of(2);
        moves.len() == 2 * CYCLES * slots.len() && slots.iter().all(both)
    };
    while !all_told(&moves, &strangers) {
        let told = watching.next();
        let event = told["event"].as_str().unwrap().to_owned();
        let reader = told["reader"].as_str().unwrap().to_owned();
        let kept = if event.starts_with("card-") {
            &mut moves
        } else {
            &mut strangers
        };
        kept.push((reader, event));
    }
    for (name, _port) in &slots {
        let alternate = ["card-inserted", "card-removed"].repeat(CYCLES);
        assert_eq!(of(&moves, name), alternate, "{name}");
        // A card that was gone again before the modules had been asked is no stranger.
        let told = of(&strangers, name);
        assert!(
            told.chunks(2).all(|pair| pair == ["inserted", "removed"]),
            "{told:?}"
        );
    }
    watching.end();
}

#[test]
fn what_happened_while_the_watch_could_not_look_is_told_from_the_count() {
    let reader = Reader::new("Desk");
    let (_name, port) = reader.slot(0);
    let mut service = Service::with(&[reader]);
    let home = Home::new();
    let watching = home.watch(&service);
    let mut cycles = |count: usize| {
        watching.stop();
        for _ in 0..count {
            let card = VirtualCard::insert(port, EPASS);
            card.powered();
            card.remove();
            service.heard("Card Removed From");
        }
        // pcscd says that a card is gone a moment before it shows it.
        while home.readers(&service)["detail"] != "Desk 00 00, Desk 00 01" {}
        watching.go_on();
        for _ in 0..count {
            let inserted = watching.expect(&["card-inserted"]);
            assert_eq!(inserted["atr"], Value::Null, "it was never looked at");
            watching.expect(&["card-removed"]);
        }
    };
    // The first cards of a reader, and later ones.
    cycles(2);
    cycles(3);
    watching.end();
}

#[test]
fn a_service_that_comes_goes_and_comes_back_is_told_and_what_stayed_is_no_news() {
    let reader = Reader::new("Desk");
    let (name, port) = reader.slot(0);
    let mut service = Service::none();
    let home = Home::new();
    let watching = home.watch(&service);
    watching.expect(&["service-gone"]);
    service.start(std::slice::from_ref(&reader));
    watching.expect(&["service-back"]);
    watching.expect(&["reader-appeared", "reader-appeared"]);
    let card = VirtualCard::insert(port, EPASS);
    watching.expect(&["card-inserted", "inserted"]);

    service.kill();
    watching.expect(&["service-gone"]);
    drop(card);
    service.start(std::slice::from_ref(&reader));
    let card = VirtualCard::insert(port, EPASS);
    watching.expect(&["service-back"]);
    drop(card);
    watching.expect(&["card-removed", "removed"]);

    let card = VirtualCard::insert(port, EPASS);
    watching.expect(&["card-inserted", "inserted"]);
    service.kill();
    drop(card);
    watching.expect(&["service-gone"]);
    // Without this reader: it was unplugged meanwhile, and its card with it.
    service.start(&[Reader::new("Other")]);
    watching.expect(&["service-back"]);
    let mut told: Vec<(String, String)> = Vec::new();
    while told.len() < 6 {
        let event = watching.next();
        let word = |field: &str| event[field].as_str().unwrap().to_owned();
        told.push((word("event"), word("reader")));
    }
    let has = |event: &str, reader: &str| {
        let there = |(word, of): &&(String, String)| word == event && of == reader;
        told.iter().filter(there).count() == 1
    };
    assert!(
        has("card-removed", &name) && has("removed", &name),
        "{told:?}"
    );
    assert!(
        has("reader-gone", "Desk 00 00") && has("reader-gone", "Desk 00 01"),
        "{told:?}"
    );
    let came = has("reader-appeared", "Other 00 00") && has("reader-appeared", "Other 00 01");
    assert!(came, "{told:?}");
    watching.end();
}

#[test]
fn a_card_that_another_program_keeps_to_itself_and_one_that_gives_no_answer_are_told() {
    let reader = Reader::new("Desk");
    let ((name, port), (second, mute_port)) = (reader.slot(0), reader.slot(1));
    let service = Service::with(&[reader]);
    let home = Home::new();
    let watching = home.watch(&service);
    let card = VirtualCard::insert(port, EPASS);
    watching.expect(&["card-inserted", "inserted"]);

    let mut other = Command::new(std::env::current_exe().unwrap());
    other.args(["--exact", "the_other_program", "--ignored", "--nocapture"]);
    service.serve(other.env("UKEY_TEST_READER", &name));
    let mut other = other
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(other.stdout.take().unwrap()).lines();
    assert!(
        said.any(|line| line.unwrap().contains("it is mine")),
        "the other program"
    );
    let told = watching.expect(&["card-unusable"]);
    assert_eq!(
        (&told["reader"], &told["code"]),
        (&json!(name), &json!("card-in-use"))
    );
    writeln!(other.stdin.take().unwrap(), "enough").unwrap();
    assert!(other.wait().unwrap().success());
    watching.expect(&["card-usable"]);
    let challenges = card.remove().into_iter();
    let challenges = challenges.filter(|asked| matches!(asked, Asked::Command(_)));
    assert_eq!(
        challenges.count(),
        1,
        "the other program's, and none of ours"
    );
    watching.expect(&["card-removed", "removed"]);

    let mute = VirtualCard::insert(mute_port, MUTE);
    let inserted = watching.expect(&["card-inserted"]);
    assert_eq!(
        (&inserted["reader"], &inserted["atr"]),
        (&json!(second), &Value::Null)
    );
    let told = watching.expect(&["card-unusable"]);
    assert_eq!(
        (&told["reader"], &told["code"]),
        (&json!(second), &json!("card-mute"))
    );
    drop(mute);
    watching.expect(&["card-removed"]);
    watching.end();
}

/// Run by the test above as a process of its own: takes a card to itself until it is told to end.
#[test]
#[ignore = "another program, for the test above"]
fn the_other_program() {
    let context = pcsc::Context::establish(pcsc::Scope::User).unwrap();
    let reader = std::ffi::CString::new(std::env::var("UKEY_TEST_READER").unwrap()).unwrap();
    let alone = pcsc::ShareMode::Exclusive;
    let card = context
        .connect(&reader, alone, pcsc::Protocols::ANY)
        .unwrap();
    let mut room = [0; 64];
    let challenge = card
        .transmit(&[0x00, 0x84, 0x00, 0x00, 0x08], &mut room)
        .unwrap();
    assert_eq!(challenge, [1, 2, 3, 4, 5, 6, 7, 8, 0x90, 0x00]);
    println!("it is mine");
    std::io::stdin().read_line(&mut String::new()).unwrap();
    card.disconnect(pcsc::Disposition::LeaveCard)
        .map_err(|(_card, error)| error)
        .unwrap();
}

#[test]
fn a_card_whose_module_shows_a_ukey_is_told_as_that_ukey() {
    let reader = Reader::new("Desk");
    let (name, port) = reader.slot(0);
    let service = Service::with(&[reader]);
    let home = Home::new();
    home.add_profile("test-card", &card_profile());
    // The ukey's content lies aside until its card is in the reader.
    let place = |name: &str| home.dir.path().join(name);
    fs::create_dir(place("tokens")).unwrap();
    let conf = place("softhsm2.conf");
    let text = format!(
        "directories.tokendir = {}\nobjectstore.backend = file\nlog.level = ERROR\n",
        place("tokens").display()
    );
    fs::write(&conf, text).unwrap();
    let conf = conf.to_str().unwrap();
    let setting = format!("SOFTHSM2_CONF={conf}");
    let init = [
        "--init-token",
        "--free",
        "--label",
        "BLANK",
        "--so-pin",
        "12345678",
        "--pin",
        "123456",
    ];
    must(
        "env",
        &[
            &[setting.as_str(), "softhsm2-util", "--module", SOFTHSM],
            init.as_slice(),
        ]
        .concat(),
    );
    fs::rename(place("tokens"), place("aside")).unwrap();
    fs::create_dir(place("tokens")).unwrap();

    let watching = home.watch_with(&service, &[("SOFTHSM2_CONF", conf)]);
    let mut serial = None;
    for _ in 0..2 {
        fs::remove_dir(place("tokens")).unwrap();
        fs::rename(place("aside"), place("tokens")).unwrap();
        let card = VirtualCard::insert(port, "3B:02:14:50");
        let told = watching.expect(&["card-inserted"]);
        assert_eq!(
            (&told["reader"], &told["candidates"]),
            (&json!(name), &json!(["test-card"]))
        );
        let told = watching.expect(&["inserted"]);
        assert_eq!(
            (&told["profile"], &told["code"]),
            (&json!("test-card"), &Value::Null)
        );
        let shown = told["serial"].as_str().unwrap().to_owned();
        assert_eq!(shown, *serial.get_or_insert_with(|| shown.clone()));
        fs::rename(place("tokens"), place("aside")).unwrap();
        fs::create_dir(place("tokens")).unwrap();
        drop(card);
        let told = watching.expect(&["card-removed", "removed"]);
        assert_eq!(told["serial"], shown.as_str());
    }
    watching.end();
}

#[test]
fn doctor_names_the_readers_or_says_that_nobody_answers() {
    let reader = Reader::new("Desk");
    let (name, port) = reader.slot(0);
    let mut service = Service::with(&[reader]);
    let home = Home::new();
    let card = VirtualCard::insert(port, EPASS);
    service.heard("Card inserted into");
    let with_card = home.readers(&service);
    assert_eq!(with_card["ok"], true);
    let detail = with_card["detail"].as_str().unwrap();
    assert!(
        detail.contains(&format!("{name} (card)")) && detail.contains("Desk 00 01"),
        "{detail}"
    );
    drop(card);
    service.kill();
    let gone = home.readers(&service);
    assert_eq!(gone["ok"], false);
    assert!(
        gone["hint"]
            .as_str()
            .unwrap()
            .contains("systemctl restart pcscd"),
        "{gone}"
    );
}
