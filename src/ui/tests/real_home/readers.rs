//! The window at card readers, through a real pcscd with virtual readers: it is told who comes and who goes,
//! and asks no module meanwhile.

#[path = "../../../../tests/support/readers.rs"]
mod service;
#[expect(dead_code, reason = "what tests of the watch alone ask of a card")]
#[path = "../../../../tests/support/virtual_card.rs"]
mod virtual_card;

use std::env;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command as Program, Stdio};

use self::service::{Reader, Service, card_profile};
use self::virtual_card::VirtualCard;
use super::*;
use crate::domain::officer::Duty;
use crate::station::Desk;
use crate::station::desk::Access;
use crate::station::jobs::units::BadRows;
use crate::station::jobs::{stock, ukeys};

const ATR: &str = "3B:02:14:50";

fn memory_dir() -> TempDir {
    TempDir::with_prefix("ukey-").unwrap()
}

/// The content of the one ukey: it is shown by its module while it lies in its place.
struct Content(PathBuf);

impl Content {
    fn new(dir: &Path) -> Self {
        let content = Self(dir.to_owned());
        fs::create_dir(content.tokens()).unwrap();
        let (conf, tokens) = (content.conf(), content.tokens());
        let text = format!(
            "directories.tokendir = {}\nlog.level = ERROR\n",
            tokens.display()
        );
        fs::write(&conf, text).unwrap();
        let init = "--init-token --free --label BLANK --so-pin 12345678 --pin 123456";
        let status = Program::new("softhsm2-util")
            .args(init.split(' '))
            .env("SOFTHSM2_CONF", conf)
            .stdout(Stdio::null())
            .status();
        assert!(status.unwrap().success());
        content
    }

    fn conf(&self) -> PathBuf {
        self.0.join("softhsm2.conf")
    }

    fn tokens(&self) -> PathBuf {
        self.0.join("tokens")
    }

    fn put_aside(&self) {
        fs::rename(self.tokens(), self.0.join("aside")).unwrap();
        fs::create_dir(self.tokens()).unwrap();
    }

    fn put_back(&self) {
        fs::remove_dir(self.tokens()).unwrap();
        fs::rename(self.0.join("aside"), self.tokens()).unwrap();
    }
}

#[test]
fn a_reader_tells_the_window_who_comes_and_goes_and_its_module_is_not_asked_meanwhile() {
    let reader = Reader::new("Desk");
    let (_name, port) = reader.slot(0);
    let mut service = Service::with(std::slice::from_ref(&reader));
    let dir = memory_dir();
    let content = Content::new(dir.path());
    // Where the service is, is told by the environment: the window is a process of its own.
    let mut window = Program::new(env::current_exe().unwrap());
    let name = "ui::tests::real_home::readers::the_window";
    window.args(["--exact", name, "--ignored", "--nocapture"]);
    service.serve(&mut window);
    let mut window = window
        .env("SOFTHSM2_CONF", content.conf())
        .env("UKEY_TEST_CONTENT", dir.path())
        .env("UKEY_TEST_PORT", port.to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut answer = window.stdin.take().unwrap();
    let said = BufReader::new(window.stdout.take().unwrap()).lines();
    for line in said.map_while(Result::ok) {
        match line.as_str() {
            "stop the service" => service.kill(),
            "start the service" => service.start(std::slice::from_ref(&reader)),
            _ => continue,
        }
        writeln!(answer, "done").unwrap();
    }
    assert!(window.wait().unwrap().success());
}

/// Has the test above do something to the service.
fn ask(what: &str) {
    println!("\n{what}");
    io::stdin().read_line(&mut String::new()).unwrap();
}

/// Takes the ukey into stock, and then away.
fn prepare(home: &Home, terms: &OpenTerms, content: &Content) {
    let profiles = home.path().join("token-profiles");
    fs::create_dir_all(&profiles).unwrap();
    fs::write(profiles.join("test-card.toml"), card_profile()).unwrap();
    // OpenSC, which asks any card, is installed for other tests.
    let opensc = "feitian-epass2003-opensc.toml";
    let shipped = fs::read_to_string(Path::new("token-profiles").join(opensc)).unwrap();
    let elsewhere = shipped.replace("\"/usr/", "\"/nonexistent/");
    fs::write(profiles.join(opensc), elsewhere).unwrap();
    let access = Access::Change;
    let opened = Desk::open(home.path(), access, terms, Duty::ManageStock, &NobodyToAsk);
    let (desk, system) = opened.unwrap();
    let bench = ukeys::inserted(&desk, &system).unwrap();
    let serial = bench.ukeys[0].reading.identity.serial.to_string();
    let delivery = stock::Delivery {
        sheet: None,
        typed: vec![(serial, None)],
        model: Some("test-card".to_owned()),
        box_of: None,
        count: Some(1),
        reason: None,
    };
    stock::receive(&desk, &system, None, (&delivery, BadRows::RefuseAll)).unwrap();
    content.put_aside();
}

impl RealDesk {
    /// The desk does something else meanwhile, more than once.
    fn turns_pages(&mut self) {
        for _ in 0..2 {
            self.press("page-stock");
            self.until(|view| matches!(view.shown, Shown::Stock(_)));
            self.press("page-travel");
            self.until(|view| view.shown == Shown::Travel);
        }
    }
}

/// Run by the test above as a process of its own.
#[test]
#[ignore = "the window, for the test above"]
fn the_window() {
    let of = |name: &str| env::var(name).unwrap();
    let port: u16 = of("UKEY_TEST_PORT").parse().unwrap();
    let content = Content(of("UKEY_TEST_CONTENT").into());
    let put_in = || {
        content.put_back();
        VirtualCard::insert(port, ATR)
    };
    let take_out = |card: VirtualCard| {
        content.put_aside();
        drop(card);
    };
    let mut desk = RealDesk::real_after(Some(SYSTEM.0), &SecretsFile::There, |home, terms| {
        prepare(home, terms, &content);
    });
    desk.until(|view| is_desk(view) && view.idle_minutes == 10);
    assert!(desk.view().ukeys.is_empty());
    let card = put_in();
    desk.until(|view| view.ukeys.len() == 1);
    // Its module would say that it is gone, and is not asked: no reader stirred.
    content.put_aside();
    desk.turns_pages();
    assert_eq!(desk.view().ukeys.len(), 1);
    drop(card);
    desk.until(|view| view.ukeys.is_empty());

    let card = put_in();
    desk.until(|view| view.ukeys.len() == 1);
    ask("stop the service");
    take_out(card);
    desk.turns_pages();
    assert_eq!(desk.view().ukeys.len(), 1, "nobody tells");
    ask("start the service");
    desk.until(|view| view.ukeys.is_empty());
    let card = put_in();
    desk.until(|view| view.ukeys.len() == 1);
    take_out(card);
    desk.until(|view| view.ukeys.is_empty());

    // A stock check opens the readers itself. The ukey has a user PIN, so that it differs.
    let _card = put_in();
    desk.until(|view| view.ukeys.len() == 1);
    desk.press("page-check");
    desk.until(|view| view.check.is_some());
    desk.press("ui-check-start");
    desk.until(|view| {
        let check = view.check.as_ref();
        check.is_some_and(|check| check.differing.len() == 1)
    });
    assert_eq!(desk.view().error, None);
}
