//! The desktop: the same jobs in a window. Never blocks: a thread of its own does the work, the
//! window sends it commands and draws what it is told.

mod audit_page;
mod audit_view;
mod certificates_page;
mod certificates_view;
mod check_page;
mod check_view;
mod desk_thread;
mod desk_window;
mod first_run_page;
mod first_run_view;
mod fonts;
mod health_bar;
mod help_page;
mod idle;
mod loss_page;
mod loss_view;
mod make_page;
mod make_view;
mod page;
mod paper;
mod parts;
mod passphrase;
mod pin_page;
mod practice_panel;
mod practice_thread;
mod practice_view;
mod rail;
mod recovery_page;
mod recovery_view;
mod remote_view;
mod requests_page;
mod requests_view;
mod row_faults;
mod second_card;
mod second_view;
mod settings_page;
mod settings_view;
mod sign_in_page;
mod signature_card;
mod sound;
mod stock_page;
mod stock_view;
mod theme;
mod today_page;
mod top_bar;
mod travel_page;
mod view;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use eframe::egui;
use egui::accesskit::Role;

use self::desk_thread::{Command, Commands, Running};
use self::idle::Idle;
use self::make_view::PinAnswer;
use self::page::Page;
use self::paper::Outside;
use self::sound::Sound;
use self::stock_view::Shown;
use self::view::{Left, Place, View};
use crate::domain::officer::Post;
use crate::station::desk::OpenTerms;
use crate::station::window_choices::{Choices, SoundChoice};
use crate::station::{Error, clock};
use crate::wording::{Language, Wording};

/// What could not be sent is tried again after this.
const AGAIN: std::time::Duration = std::time::Duration::from_millis(50);

/// What window and desk thread share.
type Shared = Arc<Mutex<View>>;

/// Opens the window on a home and stays until it is closed. Without a language it speaks the one that was
/// chosen in it last, else the system's.
///
/// # Errors
/// `no-window` when the system gives none.
pub fn open(home: PathBuf, terms: OpenTerms, language: Option<Language>) -> Result<u8, Error> {
    let choices_file = Choices::place();
    let choices = choices_file.as_deref().map(Choices::read);
    let choices = choices.unwrap_or_default();
    let language = language.or_else(|| choices.language());
    let wording = Wording::new(language.unwrap_or_else(Language::of_system));
    let options = eframe::NativeOptions {
        viewport: egui::ViewportBuilder::default()
            .with_inner_size([1280.0, 760.0])
            .with_min_inner_size([960.0, 560.0])
            .with_title(wording.text("app-title")),
        system_font_fallback: false, // `fonts` has its own.
        ..eframe::NativeOptions::default()
    };
    let start = |creation: &eframe::CreationContext<'_>| {
        fonts::of_system(&creation.egui_ctx);
        theme::apply(&creation.egui_ctx);
        theme::choose(&creation.egui_ctx, choices.theme);
        let view = Shared::default();
        let repaint = creation.egui_ctx.clone();
        let (commands, running) = desk_thread::start(home, terms, Arc::clone(&view), move || {
            repaint.request_repaint();
        })?;
        let mut window = Window::new(wording, view, commands);
        window.running = Some(running);
        window.outside = Outside::System;
        window.sound = Sound::of_system();
        (window.choices, window.choices_file) = (choices, choices_file);
        let app: Box<dyn eframe::App> = Box::new(window);
        Ok(app)
    };
    eframe::run_native("ukey-station", options, Box::new(start))
        .map(|()| 0)
        .map_err(|error| Error::failed("no-window", error.to_string()))
}

struct Window {
    wording: Wording,
    view: Shared,
    commands: Commands,
    page: Page,
    door: sign_in_page::State,
    first_run: first_run_page::State,
    make: make_page::State,
    /// What a holder types.
    pin: pin_page::State,
    second: second_card::State,
    /// Where papers go.
    outside: Outside,
    sound: Sound,
    stock: stock_page::State,
    travel: travel_page::State,
    check: check_page::State,
    certificates: certificates_page::State,
    loss: loss_page::State,
    audit: audit_page::State,
    settings: settings_page::State,
    help: help_page::State,
    practice: practice_panel::State,
    /// The guide is read before anybody has signed in.
    help_at_door: bool,
    choices: Choices,
    /// Where the choices are kept; nowhere in a test.
    choices_file: Option<PathBuf>,
    requests: requests_page::State,
    /// What the desk was asked last to read.
    asked: Shown,
    /// The last ukey of the stock check that was seen.
    checked: u64,
    idle: Idle,
    /// The desk was asked to let go, and has not yet.
    leaving: bool,
    /// Dropped after the commands: it ends when they do.
    running: Option<Running>,
}

impl Window {
    fn new(wording: Wording, view: Shared, commands: Commands) -> Self {
        Self {
            wording,
            view,
            commands,
            page: Page::Today,
            door: sign_in_page::State::new(),
            first_run: first_run_page::State::default(),
            make: make_page::State::default(),
            pin: pin_page::State::new(),
            second: second_card::State::new(),
            outside: Outside::Nowhere,
            sound: Sound::silent(),
            stock: stock_page::State::default(),
            travel: travel_page::State::default(),
            check: check_page::State::default(),
            certificates: certificates_page::State::default(),
            loss: loss_page::State::default(),
            audit: audit_page::State::default(),
            settings: settings_page::State::default(),
            help: help_page::State::default(),
            practice: practice_panel::State::default(),
            help_at_door: false,
            choices: Choices::default(),
            choices_file: None,
            requests: requests_page::State::default(),
            asked: Shown::default(),
            checked: 0,
            idle: Idle::new(),
            leaving: false,
            running: None,
        }
    }

    /// Sends a command and says whether it is on its way; the thread takes one at a time and the
    /// window never waits.
    fn send(&self, command: Command) -> bool {
        let sent = self.commands.try_send(command);
        if !sent {
            tracing::debug!("the desk is busy");
        }
        sent
    }

    /// Lets the desk go when nobody has touched it for too long (D-58); work in hand is finished
    /// first.
    fn lock_when_idle(&mut self, view: &View, ctx: &egui::Context) {
        match view.place {
            Place::Desk if view.idle_minutes > 0 && !view.busy && !self.leaving => {
                let left = f64::from(view.idle_minutes) * 60.0 - self.idle.secs(clock::now());
                if left <= 0.0 {
                    self.leaving = self.send(Command::Leave(Left::Locked));
                } else {
                    ctx.request_repaint_after(std::time::Duration::from_secs_f64(left));
                }
            }
            Place::Desk => {}
            Place::Opening | Place::FirstRun(_) | Place::Door(_) => {
                self.leaving = false;
            }
        }
        self.forget_when_idle();
    }

    fn forget_when_idle(&mut self) {
        if self.idle.secs(clock::now()) >= idle::FORGET_SECS {
            self.door.forget();
            self.first_run.forget();
            self.second.forget();
        }
    }

    /// Turns to what a holder is asked, and closes that when nobody touches it; whatever was typed is gone
    /// once nothing is asked.
    fn watch_holder(&mut self, view: &View, ctx: &egui::Context) {
        let Some(asked) = &view.pin else {
            self.pin.forget();
            return;
        };
        if self.pin.turn_to(asked) {
            self.idle.appear(clock::now());
        }
        let left = pin_page::STILL_SECS - self.idle.secs(clock::now());
        if left <= 0.0 {
            self.pin.answer(asked, PinAnswer::Still);
        } else {
            ctx.request_repaint_after(std::time::Duration::from_secs_f64(left));
        }
    }

    fn language_button(&mut self, ui: &mut egui::Ui) {
        if ui.button(self.wording.text("ui-language")).clicked() {
            let other = match self.wording.language() {
                Language::Chinese => Language::English,
                Language::English => Language::Chinese,
            };
            let mut choices = self.choices;
            choices.set_language(other);
            self.look(choices, ui.ctx());
        }
    }

    /// Takes on another look, and keeps it for the next time.
    fn look(&mut self, choices: Choices, ctx: &egui::Context) {
        if let Some(language) = choices.language()
            && language != self.wording.language()
        {
            self.wording = Wording::new(language);
        }
        theme::choose(ctx, choices.theme);
        self.choices = choices;
        let kept = self.choices_file.as_ref().map(|path| choices.write(path));
        if let Some(Err(error)) = kept {
            tracing::warn!(%error, "the choices of the window are not kept");
        }
    }

    /// Has played what the desk says for the ear, each once; a person may have wanted none.
    fn sound_out(&self) {
        let tones = std::mem::take(&mut lock(&self.view).tones);
        if self.choices.sound == SoundChoice::On {
            for tone in tones {
                self.sound.ask(tone);
            }
        }
    }
}

impl eframe::App for Window {
    /// Also called while the window is hidden: an idle desk locks there too, and who looks elsewhere hears it.
    fn logic(&mut self, ctx: &egui::Context, _frame: &mut eframe::Frame) {
        self.sound_out();
        let shared = Arc::clone(&self.view);
        let view = lock(&shared);
        self.lock_when_idle(&view, ctx);
        self.watch_holder(&view, ctx);
    }

    fn ui(&mut self, ui: &mut egui::Ui, frame: &mut eframe::Frame) {
        tell_frame(ui.ctx(), frame);
        self.show(ui);
    }
}

impl Window {
    /// Draws everything, and sends what was asked for.
    fn show(&mut self, ui: &mut egui::Ui) {
        self.sound_out();
        let view = lock(&self.view).clone();
        ui.input(|input| self.idle.frame(input, clock::now()));
        self.lock_when_idle(&view, ui.ctx());
        self.watch_holder(&view, ui.ctx());
        match &view.place {
            Place::Desk if view.pin.is_some() => self.holders_page(ui, &view),
            Place::Desk => {
                if self.door.take_entered() {
                    self.idle.touch();
                    self.page = self.practice.take_next_page().unwrap_or(Page::Today);
                    self.make = make_page::State::default();
                    self.second.close();
                    self.stock = stock_page::State::default();
                    self.travel = travel_page::State::default();
                    self.check = check_page::State::default();
                    self.certificates = certificates_page::State::default();
                    self.loss = loss_page::State::default();
                    self.audit = audit_page::State::default();
                    self.settings = settings_page::State::default();
                    self.help_at_door = false;
                    self.requests.leave();
                    self.asked = Shown::default();
                }
                self.desk(ui, &view);
                self.second_officer(ui.ctx(), &view);
                self.take_papers(&view, ui.ctx());
            }
            Place::Opening | Place::FirstRun(_) | Place::Door(_) => self.show_door(ui, &view),
        }
    }

    /// The holder's alone: nothing else is seen.
    fn holders_page(&mut self, ui: &mut egui::Ui, view: &View) {
        let Some(asked) = &view.pin else { return };
        let answer = egui::CentralPanel::default()
            .show(ui, |ui| {
                pin_page::show(ui, &self.wording, asked, &mut self.pin)
            })
            .inner;
        if let Some(answer) = answer {
            self.pin.answer(asked, answer);
        }
    }

    fn show_door(&mut self, ui: &mut egui::Ui, view: &View) {
        egui::Panel::top("top").exact_size(48.0).show(ui, |ui| {
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                self.language_button(ui);
                let help = ui.selectable_label(self.help_at_door, self.wording.text("page-help"));
                self.help_at_door ^= help.clicked();
            });
        });
        let asked = egui::CentralPanel::default()
            .show(ui, |ui| {
                if self.help_at_door {
                    self.help_at_door = !self.go_back(ui, "ui-sign-in");
                    help_page::show(ui, &self.wording, &mut self.help);
                    return None;
                }
                if let Place::FirstRun(first) = &view.place {
                    let page = &mut self.first_run;
                    return first_run_page::show(ui, &self.wording, (view, first), page)
                        .map(Command::SetUp);
                }
                self.first_run.forget(); // A home is there.
                sign_in_page::show(ui, &self.wording, view, &mut self.door)
            })
            .inner;
        if let Some(name) = help_page::take_wanted(ui.ctx()) {
            self.help.open(name);
            self.help_at_door = true;
        }
        if let Some(command) = asked {
            self.send(command);
        }
    }

    /// A button that leads back to the page of this key.
    fn go_back(&self, ui: &mut egui::Ui, key: &str) -> bool {
        let page = [("page", self.wording.text(key))];
        let word = self.wording.with("ui-guide-back", page);
        ui.button(word).clicked()
    }
}

impl Drop for Window {
    /// Nobody is asked any more.
    fn drop(&mut self) {
        let mut view = lock(&self.view);
        view.gone = true;
        view.pin = None;
    }
}

/// Tells an engineer who asks (`RUST_LOG=ukey_station::frames=trace`) how long the frame before took.
fn tell_frame(ctx: &egui::Context, frame: &eframe::Frame) {
    if tracing::enabled!(target: "ukey_station::frames", tracing::Level::TRACE) {
        match frame.info().cpu_usage {
            Some(secs) => {
                tracing::trace!(target: "ukey_station::frames", ms = secs * 1000.0, "frame");
            }
            None => ctx.request_repaint(), // The first one is told by the second.
        }
    }
}

/// What happened, and what to do: in the window's own words where those of the command line do not
/// fit.
fn told(ui: &mut egui::Ui, wording: &Wording, code: &str, subject: &str) {
    let (headline, hints) = wording.error(code, subject);
    ui.horizontal_wrapped(|ui| {
        ui.colored_label(theme::colors(ui).stopped, headline);
        help_page::button(ui, wording, code);
    });
    match own_words(wording, &format!("hint-{code}")) {
        Some(hint) => {
            ui.label(hint);
        }
        None => {
            for hint in hints {
                ui.label(hint);
            }
        }
    }
}

/// A message as the window says it: where its own words differ from those of the command line, theirs stand
/// under the same key after `ui-`.
fn own_words(wording: &Wording, key: &str) -> Option<String> {
    let own = wording.known(&format!("ui-{key}"));
    own.or_else(|| wording.known(key))
}

/// A page's title; screen readers find it as a heading of that name.
fn heading(ui: &mut egui::Ui, word: &str) {
    let label = ui.label(egui::RichText::new(word).size(20.0).strong());
    ui.ctx().accesskit_node_builder(label.id, |node| {
        node.set_role(Role::Heading);
        node.set_label(word);
    });
    ui.add_space(8.0);
}

/// A post as form 1 names it; in English also what that is.
fn post_word(wording: &Wording, post: Post) -> String {
    match wording.language() {
        Language::Chinese => post.chinese().to_owned(),
        Language::English => {
            let word = wording.text(&format!("post-{}", post.word()));
            format!("{} ({word})", post.chinese())
        }
    }
}

fn lock(view: &Shared) -> MutexGuard<'_, View> {
    view.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
