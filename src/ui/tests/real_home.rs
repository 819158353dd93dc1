//! The window on homes with real tokens and records, with the thread that owns its desk.

mod audit;
mod backup;
mod certificates;
mod check;
mod first_run;
mod loss;
pub(super) mod make;
mod moving;
mod parting;
mod pin;
mod readers;
mod recover;
mod remote;
mod requests;
mod reveal;
mod second;
mod settings;
mod stock;
mod today;
mod training;
mod waiver;

use std::fs;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;
use std::time::Duration;

use egui::{Key, Modifiers};
use tempfile::TempDir;

use super::door::{Person, is_desk, is_door, name};
use super::*;
use crate::domain::officer::Post;
use crate::station::clock::Stopwatch;
use crate::station::desk::OpenTerms;
use crate::station::jobs::{init, practice};
use crate::station::secrets::Secrets;
use crate::station::sign_in::NobodyToAsk;
use crate::station::{Home, SecretText};

/// One real home at a time: a process that a neighbouring test starts holds, until its exec, the
/// locks that this one has just let go.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

fn alone() -> MutexGuard<'static, ()> {
    ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner)
}

const SYSTEM: (&str, &str) = ("wang-system", "brave paper lantern 71");
const SECURITY: (&str, &str) = ("zhao-security", "quiet river stone 92");
const PROVINCE: &str = r#"
    [unit]
    name = "示例省教育厅"
    level = "province"
    code = "11430000006123458L"
    province = "湖南省"
    prefecture = "示例市"
    [[officers]]
    name = "wang-system"
    post = "system"
    [[officers]]
    name = "zhao-security"
    post = "security"
    [ca]
    kind = "embedded"
"#;

/// A secrets file that nobody else reads.
fn private(dir: &TempDir, file: &str, officers: &[(&str, &str)]) -> PathBuf {
    let path = dir.path().join(file);
    let mut secrets = Secrets::new(path.clone());
    for (officer, passphrase) in officers {
        secrets.set_passphrase(name(officer), SecretText::new((*passphrase).to_owned()));
    }
    secrets.save().unwrap();
    path
}

/// The shortest time between two frames of a screen.
const FRAME: Duration = Duration::from_millis(16);
/// What was not seen by then does not come.
const LATE: Duration = Duration::from_mins(3);

/// A window on a home with real tokens and records.
struct RealDesk {
    harness: Harness<'static, Window>,
    /// A signal whenever the thread has changed the picture.
    painted: Receiver<()>,
    home: Home,
    passphrases: Secrets,
    _dir: TempDir,
    _alone: MutexGuard<'static, ()>,
}

impl Person for RealDesk {
    fn harness(&mut self) -> &mut Harness<'static, Window> {
        &mut self.harness
    }
}

/// Whether the passphrases are in the home for who opens it.
#[derive(PartialEq, Eq)]
enum SecretsFile {
    There,
    Gone,
}

impl RealDesk {
    /// On a practice home.
    fn new(language: Language, file: &SecretsFile, ukeys: u16) -> Self {
        let alone = alone();
        let dir = TempDir::with_prefix("ukey-").unwrap();
        let made = practice::new(&dir.path().join("home"), "softhsm2", ukeys, ukeys);
        let home = made.expect("the program is built: cargo build");
        let passphrases = Secrets::read(&home.secrets()).unwrap();
        if *file == SecretsFile::Gone {
            fs::remove_file(home.secrets()).unwrap();
        }
        Self::open(
            language,
            (home, passphrases),
            &OpenTerms::default(),
            (dir, alone),
        )
    }

    /// On a home that is no practice home, as `init` makes it.
    fn real(officer: Option<&str>, file: &SecretsFile) -> Self {
        Self::real_after(officer, file, |_home, _terms| {})
    }

    /// The same, after something was done to it.
    fn real_after(
        officer: Option<&str>,
        file: &SecretsFile,
        prepare: impl FnOnce(&Home, &OpenTerms),
    ) -> Self {
        let alone = alone();
        let dir = TempDir::with_prefix("ukey-").unwrap();
        let config = dir.path().join("init.toml");
        fs::write(&config, PROVINCE).unwrap();
        let all = private(&dir, "all.toml", &[SYSTEM, SECURITY]);
        let config = init::Config::read(&config).unwrap();
        let path = dir.path().join("home");
        let made = init::init(&path, &config, Some(&all), &NobodyToAsk);
        made.expect("the program is built: cargo build");
        let one = private(&dir, "one.toml", &[SYSTEM]);
        let terms = OpenTerms {
            officer: officer.map(name),
            secrets: (*file == SecretsFile::There).then_some(one),
        };
        let secrets = Secrets::read(&all).unwrap();
        let home = Home::open(&path).unwrap();
        prepare(&home, &terms);
        Self::open(Language::Chinese, (home, secrets), &terms, (dir, alone))
    }

    fn open(
        language: Language,
        (home, passphrases): (Home, Secrets),
        terms: &OpenTerms,
        (dir, alone): (TempDir, MutexGuard<'static, ()>),
    ) -> Self {
        let view = Shared::default();
        let (paint, painted) = sync_channel(1);
        let repaint = move || {
            paint.try_send(()).ok(); // One signal is enough.
        };
        let path = home.path().to_owned();
        let started = desk_thread::start(path, terms.clone(), Arc::clone(&view), repaint.clone());
        let (commands, running) = started.unwrap();
        let mut window = Window::new(Wording::new(language), view, commands);
        window.running = Some(running);
        let harness = Harness::builder()
            .with_size([1280.0, 760.0])
            .with_context_setup(fonts::bundled)
            .build_ui_state(|ui, window: &mut Window| window.show(ui), window);
        // Other threads than the desk's ask egui for a frame; what the window itself asks for while it is
        // drawn is nobody's news.
        let drawing = thread::current().id();
        harness.ctx.set_request_repaint_callback(move |_asked| {
            if thread::current().id() != drawing {
                repaint();
            }
        });
        Self {
            harness,
            painted,
            home,
            passphrases,
            _dir: dir,
            _alone: alone,
        }
    }

    fn view(&self) -> View {
        lock(&self.harness.state().view).clone()
    }

    fn word(&self, key: &str) -> String {
        self.harness.state().wording.text(key)
    }

    /// Draws as a screen does, when the desk or the window asks for a frame, until this is seen.
    fn until(&mut self, what: impl Fn(&View) -> bool) {
        let begun = Stopwatch::start();
        while !what(&self.view()) {
            assert!(
                begun.ms() < LATE.as_secs_f64() * 1000.0,
                "{:#?}",
                self.view()
            );
            self.next_frame();
        }
        self.harness.step();
        self.harness.step();
    }

    /// Draws once anybody wants a frame.
    fn next_frame(&mut self) {
        let root = &self.harness.output().viewport_output[&egui::ViewportId::ROOT];
        let wished = root.repaint_delay.clamp(FRAME, LATE);
        self.painted.recv_timeout(wished).ok();
        self.harness.step();
    }

    fn press(&mut self, key: &str) {
        let word = self.word(key);
        self.press_word(&word);
    }

    /// Presses a button once it is there and stands still: the records and the readers are looked at one
    /// after the other, and what is read then moves what stands below it.
    fn press_word(&mut self, word: &str) {
        self.wait_for(Role::Button, word);
        let mut before = None;
        loop {
            let button = self.harness.get_by_role_and_label(Role::Button, word);
            let place = Some(button.rect());
            if place == before {
                break;
            }
            before = place;
            self.harness.step();
        }
        self.harness
            .get_by_role_and_label(Role::Button, word)
            .click();
        self.harness.step();
        self.harness.step();
    }

    /// Draws whenever the desk has something to show until a control of this name is there.
    fn wait_for(&mut self, role: Role, name: &str) {
        let begun = Stopwatch::start();
        while begun.ms() < LATE.as_secs_f64() * 1000.0
            && self
                .harness
                .query_all_by_role_and_label(role, name)
                .next()
                .is_none()
        {
            self.next_frame();
        }
    }

    /// As a screen reader does: the button may be further down than is seen.
    fn press_below(&mut self, key: &str) {
        let word = self.word(key);
        self.harness
            .get_by_role_and_label(Role::Button, &word)
            .click_accesskit();
        self.harness.step();
        self.harness.step();
    }

    /// Types into a field, over what stands there.
    fn fill(&mut self, role: Role, key: &str, text: &str) {
        let word = self.word(key);
        self.write(role, &word, text);
    }

    fn choose(&mut self, officer: &str) {
        self.harness
            .get_all_by_role(Role::RadioButton)
            .find(|radio| {
                let label = radio.accesskit_node().label().unwrap_or_default();
                label.starts_with(officer)
            })
            .unwrap()
            .click();
        self.harness.step();
        self.harness.step();
    }

    fn passphrase(&self, officer: &str) -> String {
        let passphrase = self.passphrases.passphrase(&name(officer));
        passphrase.unwrap().expose().to_owned()
    }

    fn try_passphrase(&mut self, text: &str) {
        lock(&self.harness.state().view).error = None;
        self.type_text(text);
        self.key(Modifiers::NONE, Key::Enter);
        self.until(|view| is_desk(view) || (!view.busy && view.error.is_some()));
    }

    fn is_free(&self) -> bool {
        self.home.lock().is_ok()
    }
}

#[test]
fn a_wrong_passphrase_is_told_in_place_and_the_right_one_opens_the_desk() {
    for language in [Language::Chinese, Language::English] {
        let mut desk = RealDesk::new(language, &SecretsFile::Gone, 0);
        desk.until(|view| is_door(view, None));
        desk.harness
            .get_by_label(&desk.home.path().display().to_string());
        desk.choose("security");
        desk.try_passphrase("wrong horse 12");
        let (headline, _hints) = Wording::new(language).error("passphrase-wrong", "security");
        desk.harness.get_by_label(&headline);
        desk.harness
            .get_by_label(&desk.word("ui-hint-passphrase-wrong"));
        assert!(desk.is_free(), "nobody holds the home");

        let right = desk.passphrase("security");
        desk.try_passphrase(&right);
        desk.until(|view| is_desk(view) && view.post.is_some());
        assert!(!desk.is_free());
        assert_eq!(desk.view().officer, "security");
        assert_eq!(desk.view().error, None);
        desk.harness.get_by_label("示例市练习小学");
        assert!(!format!("{:?}", desk.view()).contains(&right));
    }
}

#[test]
fn after_three_wrong_passphrases_the_wait_is_told_and_the_right_one_waits_too() {
    let mut desk = RealDesk::new(Language::Chinese, &SecretsFile::Gone, 0);
    desk.until(|view| is_door(view, None));
    for _ in 0..3 {
        desk.try_passphrase("wrong horse 12");
    }
    desk.until(|view| {
        matches!(&view.place, Place::Door(view) if view.door.officers[0].wait_secs.is_some())
    });
    desk.harness.get_by_label_contains("还须等待 1");
    let right = desk.passphrase("admin");
    desk.type_text(&right);
    desk.key(Modifiers::NONE, Key::Enter);
    assert!(!is_desk(&desk.view()) && !desk.view().busy);
    // Another officer need not wait.
    desk.choose("auditor");
    let right = desk.passphrase("auditor");
    desk.try_passphrase(&right);
    desk.until(|view| is_desk(view) && view.post == Some(Post::Auditor));
}

#[test]
fn a_home_that_another_process_holds_is_told_and_opens_when_it_is_free() {
    let mut desk = RealDesk::new(Language::English, &SecretsFile::Gone, 0);
    desk.until(|view| is_door(view, None));
    let held = desk.home.lock().unwrap();
    let right = desk.passphrase("admin");
    desk.try_passphrase(&right);
    assert_eq!(desk.view().error.unwrap().0, "home-held");
    desk.harness.get_by_label(&desk.word("ui-hint-home-held"));
    drop(held);
    desk.try_passphrase(&right);
    desk.until(is_desk);
}

#[test]
fn one_signs_out_and_a_trainee_goes_on_in_another_post_without_typing() {
    let mut desk = RealDesk::new(Language::Chinese, &SecretsFile::There, 1);
    desk.until(|view| is_desk(view) && view.requests.len() == 1);
    assert_eq!(desk.view().officer, "admin");
    desk.press("ui-sign-out");
    desk.until(|view| is_door(view, Some(Left::SignedOut)));
    assert!(desk.is_free(), "the lock is released");
    let left = desk.view();
    assert!(left.requests.is_empty() && left.ukeys.is_empty() && left.post.is_none());
    desk.harness.get_by_label("示例市练习小学");
    assert_eq!(
        desk.harness.query_all_by_role(Role::PasswordInput).count(),
        0
    );

    desk.choose("auditor");
    desk.press("ui-sign-in");
    desk.until(|view| is_desk(view) && view.post == Some(Post::Auditor));
    assert_eq!(desk.view().officer, "auditor");
    desk.press("page-make");
    desk.press("ui-make-all");
    desk.until(|view| !view.busy);
    assert_eq!(desk.view().requests.len(), 1, "nothing was made");
    assert!(desk.view().lanes.is_empty());
}

#[test]
fn an_idle_desk_is_let_go_with_its_keys_and_the_last_officer_comes_back() {
    let mut desk = RealDesk::new(Language::English, &SecretsFile::Gone, 1);
    desk.until(|view| is_door(view, None));
    desk.choose("security");
    let right = desk.passphrase("security");
    desk.try_passphrase(&right);
    desk.until(|view| is_desk(view) && view.idle_minutes == 10 && view.requests.len() == 1);
    let holder = desk.view().requests[0].row.holder_name.clone();
    desk.harness.input_mut().time = Some(10_000.0);
    desk.type_text("x");
    desk.draw_at(10_599.0);
    assert!(!desk.harness.state().leaving && is_desk(&desk.view()));
    desk.draw_at(10_600.0);
    desk.until(|view| is_door(view, Some(Left::Locked)));
    assert!(desk.is_free());
    assert!(!format!("{:?}", desk.view()).contains(&holder));
    let locked = desk.word("ui-locked");
    desk.harness.get_by_role_and_label(Role::Heading, &locked);
    desk.try_passphrase(&right);
    desk.until(|view| is_desk(view) && view.officer == "security");
}

#[test]
fn the_ukey_at_work_is_finished_before_the_desk_locks() {
    let mut desk = RealDesk::new(Language::English, &SecretsFile::There, 1);
    desk.until(|view| is_desk(view) && view.requests.len() == 1 && view.idle_minutes == 10);
    desk.press("page-make");
    desk.press("ui-make-all");
    desk.until(|view| view.busy || !view.lanes.is_empty());
    desk.draw_at(100_000.0);
    desk.until(|view| is_door(view, Some(Left::Locked)));
    desk.press("ui-sign-in");
    desk.until(|view| is_desk(view) && !view.ukeys.is_empty());
    assert_eq!(desk.view().ukeys[0].row.state, UkeyState::Issued);
    assert!(desk.view().requests.is_empty());
}

#[test]
fn a_real_home_asks_for_a_passphrase_and_chooses_who_was_named() {
    let mut desk = RealDesk::real(Some(SECURITY.0), &SecretsFile::Gone);
    desk.until(|view| is_door(view, None));
    assert!(!desk.view().practice && desk.view().error.is_none());
    desk.try_passphrase(SYSTEM.1);
    let told = desk.view().error.unwrap();
    assert_eq!(told, ("passphrase-wrong".to_owned(), SECURITY.0.to_owned()));
    desk.try_passphrase(SECURITY.1);
    desk.until(|view| is_desk(view) && view.post == Some(Post::Security));
    desk.harness.get_by_label("示例省教育厅");
    desk.press("ui-sign-out");
    desk.until(|view| is_door(view, Some(Left::SignedOut)));
    assert!(desk.is_free());
    desk.choose(SYSTEM.0);
    desk.try_passphrase(SYSTEM.1);
    desk.until(|view| is_desk(view) && view.post == Some(Post::System));
}

#[test]
fn officer_and_secrets_sign_in_at_the_start_and_never_again_without_typing() {
    let mut desk = RealDesk::real(Some(SYSTEM.0), &SecretsFile::There);
    desk.until(|view| is_desk(view) && view.officer == SYSTEM.0 && view.idle_minutes == 10);
    desk.draw_at(100_000.0);
    desk.until(|view| is_door(view, Some(Left::Locked)));
    desk.key(Modifiers::NONE, Key::Enter);
    assert!(!is_desk(&desk.view()) && !desk.view().busy);
    desk.try_passphrase("wrong horse 12");
    assert_eq!(desk.view().error.unwrap().0, "passphrase-wrong");
    assert!(desk.is_free());
    desk.try_passphrase(SYSTEM.1);
    desk.until(|view| is_desk(view) && view.officer == SYSTEM.0);
}
