//! The first run on a real disk: a practice home beside the place, a real home in it, and nothing at all
//! where something was refused.

use super::*;
use crate::domain::officer::Duty;
use crate::domain::unit::UnitDraft;
use crate::station::jobs::backup;
use crate::station::jobs::init::{CaKind, Filled};
use crate::station::jobs::today::ToDo;
use crate::ui::first_run_view::{FirstRun, SetUp};

/// A window where no home is.
struct NewDesk {
    harness: Harness<'static, Window>,
    painted: Receiver<()>,
    path: PathBuf,
    _dir: TempDir,
    _alone: MutexGuard<'static, ()>,
}

impl Person for NewDesk {
    fn harness(&mut self) -> &mut Harness<'static, Window> {
        &mut self.harness
    }
}

impl NewDesk {
    fn new() -> Self {
        let alone = alone();
        let dir = TempDir::with_prefix("ukey-").unwrap();
        let path = dir.path().join("desk");
        let view = Shared::default();
        let (paint, painted) = sync_channel(1);
        let repaint = move || {
            paint.try_send(()).ok(); // One signal is enough.
        };
        let terms = OpenTerms::default();
        let started = desk_thread::start(path.clone(), terms, Arc::clone(&view), repaint);
        let (commands, running) = started.unwrap();
        let mut window = Window::new(Wording::new(Language::Chinese), view, commands);
        window.running = Some(running);
        let harness = Harness::builder()
            .with_size([1280.0, 760.0])
            .with_context_setup(fonts::bundled)
            .build_ui_state(|ui, window: &mut Window| window.show(ui), window);
        let mut desk = Self {
            harness,
            painted,
            path,
            _dir: dir,
            _alone: alone,
        };
        desk.until(|view| matches!(view.place, Place::FirstRun(_)));
        desk
    }

    fn view(&self) -> View {
        lock(&self.harness.state().view).clone()
    }

    fn first_run(&self) -> FirstRun {
        match self.view().place {
            Place::FirstRun(first) => first,
            other => panic!("{other:?}"),
        }
    }

    fn until(&mut self, what: impl Fn(&View) -> bool) {
        for _ in 0..200 {
            if what(&self.view()) {
                break;
            }
            let signal = self.painted.recv_timeout(Duration::from_mins(2));
            signal.unwrap_or_else(|_late| panic!("{:#?}", self.view()));
            self.harness.step();
        }
        assert!(what(&self.view()), "{:#?}", self.view());
        self.harness.step();
        self.harness.step();
    }

    fn set_up(&mut self, filled: Filled, passphrases: [&str; 2]) {
        let twice = |text: &str| [text, text].map(|text| SecretText::new(text.to_owned()));
        let passphrases = [SYSTEM, SECURITY].into_iter().zip(passphrases);
        let passphrases = passphrases.map(|((officer, _), text)| (name(officer), twice(text)));
        let command = Command::SetUp(SetUp::Real {
            filled: Box::new(filled),
            passphrases: passphrases.collect(),
        });
        assert!(self.harness.state().send(command));
    }

    /// What lies beside each other where the home is to be.
    fn beside(&self) -> Vec<String> {
        let entries = fs::read_dir(self.path.parent().unwrap()).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().display().to_string());
        let mut names: Vec<_> = names.collect();
        names.sort();
        names
    }
}

fn filled() -> Filled {
    Filled {
        unit: UnitDraft {
            name: "示例省教育厅".to_owned(),
            level: "province".to_owned(),
            code: "11430000006123458L".to_owned(),
            province: "湖南省".to_owned(),
            prefecture: "示例市".to_owned(),
            ..UnitDraft::default()
        },
        officers: vec![
            (name(SYSTEM.0), Post::System, None),
            (name(SECURITY.0), Post::Security, None),
        ],
        ca: CaKind::Embedded,
        ..Filled::default()
    }
}

#[test]
fn practice_is_made_beside_the_place_opens_by_itself_and_is_marked() {
    let mut desk = NewDesk::new();
    let word = desk.harness.state().wording.text("ui-first-practice-make");
    desk.harness
        .get_by_role_and_label(Role::Button, &word)
        .click();
    desk.harness.step();
    desk.harness.step();
    desk.until(|view| is_desk(view) && view.requests.len() == 10);
    let view = desk.view();
    assert!(view.practice && view.home.ends_with("desk-practice"));
    desk.harness
        .get_by_label(&desk.harness.state().wording.text("ui-practice"));
    desk.harness.get_by_role_and_label(Role::Heading, "今日");
    assert_eq!(desk.beside(), ["desk-practice"], "the place itself is free");
}

#[test]
fn what_is_refused_leaves_nothing_behind_and_what_fits_ends_at_the_door() {
    let mut desk = NewDesk::new();
    let mut wrong = filled();
    wrong.unit.code = "11430000006123458X".to_owned();
    desk.set_up(wrong, [SYSTEM.1, SECURITY.1]);
    desk.until(|view| !view.busy && view.error.is_some());
    let faults = desk.first_run().faults;
    assert!(
        faults.iter().any(|fault| fault.field == "code"),
        "{faults:?}"
    );
    assert_eq!(desk.beside(), [""; 0]);

    desk.set_up(filled(), [SYSTEM.1, "short"]);
    desk.until(|view| {
        !view.busy && matches!(&view.place, Place::FirstRun(first) if first.refused.is_some())
    });
    let refused = Some((name(SECURITY.0), "passphrase-refused-short"));
    assert_eq!(desk.first_run().refused, refused);
    assert_eq!(desk.first_run().faults.len(), 0);
    assert_eq!(desk.beside(), [""; 0]);

    let backup = desk.path.with_file_name("first.ukey-backup");
    let right = Filled {
        backup: Some(backup.clone()),
        ..filled()
    };
    desk.set_up(right, [SYSTEM.1, SECURITY.1]);
    desk.until(|view| is_door(view, None));
    let made = desk.view().made.unwrap();
    assert_eq!((made.enrolment, made.failed), (None, None));
    assert_eq!(made.backup, Some(backup));
    assert_eq!(made.unidentified, [name(SECURITY.0)]);
    assert_eq!(desk.beside(), ["desk", "first.ukey-backup"]);
    assert!(!format!("{:?}", desk.view()).contains(SYSTEM.1));

    // The very passphrase that was typed signs in.
    let secret = SecretText::new(SYSTEM.1.to_owned());
    let sign_in = Command::SignIn(name(SYSTEM.0), Some(secret));
    assert!(desk.harness.state().send(sign_in));
    desk.until(is_desk);
    assert_eq!(desk.view().made, None, "it was told");
}

#[test]
fn two_officers_restore_a_backup_where_no_home_is_and_compare_it_next() {
    let mut desk = NewDesk::new();
    let burned = practice::new(&desk.path.with_file_name("burned"), "softhsm2", 1, 1);
    let burned = burned.expect("the program is built: cargo build");
    let file = desk.path.with_file_name("a.ukey-backup");
    {
        let (at, system) = practice::open(burned.path(), Duty::SetUp).unwrap();
        backup::make(&at, &system, &file, &|_progress| {}).unwrap();
    }
    let secrets = Secrets::read(&burned.secrets()).unwrap();
    let right = |officer: &str| {
        let passphrase = secrets.passphrase(&name(officer)).unwrap();
        passphrase.expose().to_owned()
    };
    let words = Wording::new(Language::Chinese);
    let press = |desk: &mut NewDesk, key: &str| {
        let button = words.text(key);
        desk.harness
            .get_by_role_and_label(Role::Button, &button)
            .click_accesskit();
        desk.harness.step();
        desk.harness.step();
    };
    press(&mut desk, "ui-restore-begin");
    let of = |key: &str, post| words.with(key, [("post", post_word(&words, post))]);
    let field = words.text("ui-restore-file");
    desk.write(Role::TextInput, &field, &file.display().to_string());
    for (officer, post) in [("admin", Post::System), ("security", Post::Security)] {
        desk.write(Role::TextInput, &of("ui-restore-name", post), officer);
    }
    let system = of("ui-restore-passphrase", Post::System);
    desk.write(Role::PasswordInput, &system, &right("admin"));
    let security = of("ui-restore-passphrase", Post::Security);
    desk.write(Role::PasswordInput, &security, "wrong horse 12");
    press(&mut desk, "ui-restore-now");
    desk.until(|view| !view.busy && view.error.is_some());
    let told = desk.view().error.unwrap();
    assert_eq!(told, ("passphrase-wrong".to_owned(), "security".to_owned()));
    assert_eq!(
        desk.beside(),
        ["a.ukey-backup", "burned"],
        "nothing is left"
    );

    desk.write(Role::PasswordInput, &security, &right("security"));
    press(&mut desk, "ui-restore-now");
    desk.until(|view| is_door(view, None));
    let view = desk.view();
    let restored = view.restored.clone().unwrap();
    assert_eq!(restored.unit, "示例市练习小学");
    desk.harness.get_by_label(&restored.root);
    desk.harness.get_by_label(&words.text("ui-restored-next"));
    assert!(!format!("{view:?}").contains(&right("admin")));

    // Whoever signs in is told at the top that it is to be compared.
    let secret = SecretText::new(right("admin"));
    let sign_in = Command::SignIn(name("admin"), Some(secret));
    assert!(desk.harness.state().send(sign_in));
    desk.until(|view| is_desk(view) && view.restored.is_none());
    desk.until(|view| {
        let today = view.today.as_ref();
        today.is_some_and(|today| today.to_do.contains(&ToDo::Compare))
    });
    desk.harness
        .get_by_label_contains(&words.text("ui-health-restored"));
}
