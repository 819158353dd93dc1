//! The door of the desk: signing in and out, the wait after wrong passphrases, the idle lock, and what
//! each post is told.

use egui::{Event, Key, Modifiers};

use super::*;
use crate::domain::officer::Post;
use crate::station::door::{AtDoor, Door};
use crate::ui::sound::Tone;
use crate::ui::view::{DoorView, HandedOutNote};

pub(super) fn name(text: &str) -> OfficerName {
    OfficerName::parse(text).unwrap()
}

fn at_door(text: &str, post: Post) -> AtDoor {
    AtDoor {
        name: name(text),
        post,
        wait_secs: None,
        by_secrets: false,
    }
}

fn door_view(left: Option<Left>) -> View {
    let officers = vec![
        at_door("admin", Post::System),
        at_door("security", Post::Security),
        at_door("auditor", Post::Auditor),
    ];
    View {
        place: Place::Door(DoorView {
            door: Door {
                practice: false,
                officers,
            },
            left,
            last: None,
        }),
        home: "/srv/ukey-station".to_owned(),
        ..View::default()
    }
}

fn officers(view: &mut View) -> &mut Vec<AtDoor> {
    match &mut view.place {
        Place::Door(view) => &mut view.door.officers,
        Place::Opening | Place::FirstRun(_) | Place::Desk => panic!("no door"),
    }
}

pub(super) fn is_door(view: &View, left: Option<Left>) -> bool {
    matches!(&view.place, Place::Door(door) if door.left == left)
}

/// Whether somebody has signed in and everything was read once: the day is read last.
pub(super) const fn is_desk(view: &View) -> bool {
    matches!(view.place, Place::Desk) && view.today.is_some()
}

/// What a person sees and does, whatever reads the commands.
pub(super) trait Person {
    fn harness(&mut self) -> &mut Harness<'static, Window>;

    fn key(&mut self, modifiers: Modifiers, key: Key) {
        self.harness().key_press_modifiers(modifiers, key);
        self.harness().step();
        self.harness().step();
    }

    /// Types into the field of this name, over what stands there.
    fn write(&mut self, role: Role, name: &str, text: &str) {
        self.harness().get_by_role_and_label(role, name).focus();
        self.harness().step();
        self.key(Modifiers::COMMAND, Key::A);
        self.type_text(text);
    }

    fn type_text(&mut self, text: &str) {
        self.harness().event(Event::Text(text.to_owned()));
        self.harness().step();
        self.harness().step();
    }

    /// Listens in the player's place to what is played from here on.
    fn listen(&mut self) -> Receiver<Tone> {
        let (ask, heard) = sync_channel(64);
        self.harness().state_mut().sound = Sound::to(ask);
        heard
    }

    /// Draws a frame at this time, in seconds.
    fn draw_at(&mut self, secs: f64) {
        self.harness().input_mut().time = Some(secs);
        self.harness().step();
    }
}

impl Person for Bench {
    fn harness(&mut self) -> &mut Harness<'static, Window> {
        &mut self.harness
    }
}

#[test]
fn who_cannot_sign_in_finds_the_recovery_kit_which_sends_nothing_that_is_half_typed() {
    for language in [Language::Chinese, Language::English] {
        let mut bench = Bench::new(language, door_view(None));
        let open = bench.word("ui-recover-open");
        bench.press(&open);
        let title = bench.word("ui-recover-title");
        bench.harness.get_by_role_and_label(Role::Heading, &title);
        let unnamed = bench.harness.unnamed_widgets();
        assert!(unnamed.is_empty(), "{unnamed:?}");
        let args = [("place", "1".to_owned()), ("line", "1".to_owned())];
        let line = bench.harness.state().wording.with("ui-recover-line", args);
        bench.write(Role::TextInput, &line, "abcd-efgh-zz");
        let not_yet = bench.word("ui-recover-not-yet");
        assert!(bench.says(&not_yet));
        let shown = bench.harness.query_all_by_value("abcd-efgh-zz").count();
        assert_eq!(shown, 0, "the field sees dots");
        let recover = bench.word("ui-recover");
        bench
            .harness
            .get_by_role_and_label(Role::Button, &recover)
            .click_accesskit();
        bench.harness.step();
        assert!(bench.sent().is_empty());
        // Idle, and all of it is gone.
        bench.harness.state_mut().door.forget();
        bench.harness.step();
        let sign_in = bench.word("ui-sign-in");
        bench.harness.get_by_role_and_label(Role::Heading, &sign_in);
    }
}

#[test]
fn the_door_names_the_home_its_officers_and_their_posts() {
    for language in [Language::Chinese, Language::English] {
        let bench = Bench::new(language, door_view(None));
        bench.harness.get_by_label("/srv/ukey-station");
        let sign_in = bench.word("ui-sign-in");
        bench.harness.get_by_role_and_label(Role::Heading, &sign_in);
        let radios: Vec<_> = bench.harness.get_all_by_role(Role::RadioButton).collect();
        assert_eq!(radios.len(), 3);
        for (radio, post) in radios.iter().zip(Post::ALL) {
            let label = radio.accesskit_node().label().unwrap_or_default();
            assert!(label.contains(post.chinese()), "{label}");
        }
        let passphrase = bench.word("ui-passphrase");
        let field = bench
            .harness
            .get_by_role_and_label(Role::PasswordInput, &passphrase);
        assert!(field.is_focused());
        assert!(bench.sent().is_empty());
    }
}

#[test]
fn every_input_of_the_door_has_an_accessible_name() {
    for language in [Language::Chinese, Language::English] {
        for left in [None, Some(Left::Locked), Some(Left::SignedOut)] {
            let bench = Bench::new(language, door_view(left));
            let unnamed = bench.harness.unnamed_widgets();
            assert!(unnamed.is_empty(), "{unnamed:?}");
        }
    }
}

#[test]
fn a_locked_desk_says_so_and_a_left_one_too() {
    for language in [Language::Chinese, Language::English] {
        let bench = Bench::new(language, door_view(Some(Left::Locked)));
        let locked = bench.word("ui-locked");
        bench.harness.get_by_role_and_label(Role::Heading, &locked);
        bench.harness.get_by_label(&bench.word("ui-locked-why"));
        let bench = Bench::new(language, door_view(Some(Left::SignedOut)));
        bench.harness.get_by_label(&bench.word("ui-signed-out"));
    }
}

#[test]
fn the_keyboard_alone_signs_the_chosen_officer_in() {
    let mut bench = Bench::new(Language::English, door_view(None));
    bench.key(Modifiers::SHIFT, Key::Tab);
    bench.key(Modifiers::NONE, Key::Space);
    bench.type_text("correct horse");
    bench.key(Modifiers::NONE, Key::Enter);
    let sent = bench.sent();
    let [Command::SignIn(officer, Some(passphrase))] = sent.as_slice() else {
        panic!("{sent:?}")
    };
    assert_eq!(officer.as_str(), "auditor");
    assert_eq!(passphrase.expose(), "correct horse");
    assert!(!format!("{sent:?}").contains("horse"));

    // The button is reached and pressed by keys as well.
    bench.type_text("battery staple");
    bench.key(Modifiers::NONE, Key::Tab);
    bench.key(Modifiers::NONE, Key::Enter);
    let sent = bench.sent();
    let [Command::SignIn(_, Some(passphrase))] = sent.as_slice() else {
        panic!("{sent:?}")
    };
    assert_eq!(passphrase.expose(), "battery staple");
}

#[test]
fn egui_sees_dots_only_and_undo_brings_no_passphrase_back() {
    let mut bench = Bench::new(Language::English, door_view(None));
    bench.type_text("correct horse");
    let passphrase = bench.word("ui-passphrase");
    let value = bench
        .harness
        .get_by_role_and_label(Role::PasswordInput, &passphrase)
        .value();
    assert!(value.unwrap_or_default().chars().all(|c| c == '•'));
    bench.key(Modifiers::NONE, Key::Enter);
    assert_eq!(bench.sent().len(), 1);
    bench.key(Modifiers::COMMAND, Key::Z);
    bench.key(Modifiers::NONE, Key::Enter);
    assert!(bench.sent().is_empty(), "there is nothing to send");
}

#[test]
fn a_passphrase_is_not_sent_for_another_officer_and_not_kept_half_typed() {
    let mut bench = Bench::new(Language::English, door_view(None));
    bench.type_text("correct horse");
    bench.harness.get_by_label_contains("security").click();
    bench.harness.step();
    bench.harness.step();
    bench.key(Modifiers::NONE, Key::Enter);
    assert!(bench.sent().is_empty());

    bench.draw_at(1000.0);
    bench.type_text("correct horse");
    bench.draw_at(1059.0);
    bench.draw_at(1061.0);
    bench.key(Modifiers::NONE, Key::Enter);
    assert!(bench.sent().is_empty(), "forgotten after a minute");
}

#[test]
fn who_has_to_wait_is_told_how_long_and_what_then_and_cannot_try() {
    for language in [Language::Chinese, Language::English] {
        let mut view = door_view(None);
        officers(&mut view)[0].wait_secs = Some(14);
        view.error = Some(("sign-in-wait".to_owned(), "admin: 15 s".to_owned()));
        let mut bench = Bench::new(language, view);
        bench.harness.get_by_label_contains("14");
        bench.harness.get_by_label(&bench.word("ui-wait-next"));
        let (headline, _hints) = Wording::new(language).error("sign-in-wait", "admin: 15 s");
        assert!(bench.harness.query_by_label(&headline).is_none(), "once");
        bench.type_text("correct horse");
        bench.key(Modifiers::NONE, Key::Enter);
        let sign_in = bench.word("ui-sign-in");
        bench.press(&sign_in);
        assert!(bench.sent().is_empty());
        officers(&mut lock(&bench.harness.state().view))[0].wait_secs = None;
        bench.harness.step();
        bench.press(&sign_in);
        assert!(matches!(bench.sent().as_slice(), [Command::SignIn(..)]));
    }
}

#[test]
fn sign_out_is_a_button_that_waits_for_the_work() {
    for language in [Language::Chinese, Language::English] {
        let mut bench = Bench::new(language, view());
        let sign_out = bench.word("ui-sign-out");
        lock(&bench.harness.state().view).busy = true;
        bench.harness.step();
        bench.press(&sign_out);
        assert!(bench.sent().is_empty());
        lock(&bench.harness.state().view).busy = false;
        bench.harness.step();
        bench.press(&sign_out);
        bench.press(&sign_out);
        let sent = bench.sent();
        assert!(
            matches!(sent.as_slice(), [Command::Leave(Left::SignedOut)]),
            "once: {sent:?}"
        );
    }
}

#[test]
fn an_idle_desk_locks_after_its_time_counted_from_the_last_input() {
    let mut view = view();
    view.idle_minutes = 2;
    let mut bench = Bench::new(Language::English, view);
    bench.draw_at(10.0);
    bench.type_text("x");
    bench.draw_at(129.0);
    assert!(bench.sent().is_empty(), "119 s");
    bench
        .harness
        .event(Event::PointerMoved(egui::pos2(5.0, 5.0)));
    bench.harness.step();
    bench.harness.event(Event::WindowFocused(true));
    bench.draw_at(248.0);
    assert!(bench.sent().is_empty(), "119 s again");
    bench.draw_at(249.0);
    bench.draw_at(260.0);
    let sent = bench.sent();
    assert!(
        matches!(sent.as_slice(), [Command::Leave(Left::Locked)]),
        "once: {sent:?}"
    );
}

#[test]
fn while_ukeys_are_made_nothing_locks_and_right_after_it_does() {
    let mut view = view();
    view.idle_minutes = 1;
    view.busy = true;
    let mut bench = Bench::new(Language::English, view);
    for secs in [100.0, 1000.0, 9000.0] {
        bench.draw_at(secs);
        assert!(bench.sent().is_empty());
    }
    lock(&bench.harness.state().view).busy = false;
    bench.draw_at(9001.0);
    let sent = bench.sent();
    assert!(
        matches!(sent.as_slice(), [Command::Leave(Left::Locked)]),
        "{sent:?}"
    );
}

#[test]
fn a_post_without_the_duty_is_told_whose_it_is_and_its_buttons_send_nothing() {
    for language in [Language::Chinese, Language::English] {
        for post in [Post::Security, Post::Auditor] {
            let mut view = view();
            view.post = Some(post);
            view.lanes = vec![asking(&[Answer::TryAgain])];
            let mut bench = Bench::new(language, view);
            bench.harness.get_by_label("王晓雯");
            let words = Wording::new(language).with(
                "ui-read-only",
                [
                    ("post", post_word(&Wording::new(language), post)),
                    ("posts", post_word(&Wording::new(language), Post::System)),
                ],
            );
            bench.harness.get_by_label(&words);
            for key in [
                "ui-make-all",
                "ui-resume",
                "ui-hand-out",
                "answer-try-again",
            ] {
                let word = bench.word(key);
                bench.press(&word);
            }
            assert!(bench.sent().is_empty());
        }
    }
}

#[test]
fn a_disabled_button_says_on_hover_why() {
    let mut view = view();
    view.post = Some(Post::Auditor);
    let mut bench = Bench::new(Language::Chinese, view);
    let word = bench.word("ui-resume");
    bench
        .harness
        .get_by_role_and_label(Role::Button, &word)
        .hover();
    for secs in [100.0, 101.0, 102.0] {
        bench.draw_at(secs);
    }
    bench.harness.get_by_label("由系统管理员办理");
}

#[test]
fn a_random_pin_is_told_before_and_after_the_hand_out() {
    for language in [Language::Chinese, Language::English] {
        let mut view = view();
        let issued = serial("8f5c00005f1b0002");
        view.to_hold.insert(issued.clone());
        view.handed_out = Some(HandedOutNote {
            serial: issued,
            hold: true,
            replaced: false,
            crl: Some("ui-crl-due"),
            crl_error: Some(("ca-locked".to_owned(), String::new())),
        });
        let bench = Bench::new(language, view);
        let wording = Wording::new(language);
        for key in [
            "ui-hold-foreseen",
            "ui-hold-begun",
            "ui-crl-due",
            "ui-hint-ca-locked",
        ] {
            bench.harness.get_by_label(&wording.text(key));
        }
    }
}

#[test]
fn every_wait_says_what_to_do_next() {
    use crate::workflow::journal::Wait;
    for language in [Language::Chinese, Language::English] {
        for wait in [
            Wait::Ukey { found: None },
            Wait::Certificate,
            Wait::CsrOnly,
            Wait::CaUnlock,
            Wait::UserPin,
        ] {
            let mut view = view();
            let mut lane = asking(&[]);
            let word = wait.word();
            lane.result.as_mut().unwrap().outcome = Outcome::Pending(wait);
            view.lanes = vec![lane];
            let bench = Bench::new(language, view);
            let next = Wording::new(language).known(&format!("ui-next-{word}"));
            bench.harness.get_by_label(&next.expect(word));
        }
    }
}
