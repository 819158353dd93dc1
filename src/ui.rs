//! The desktop: the same jobs in a window. Never blocks: a thread of its own does the work, the
//! window sends it commands and draws what it is told.

mod check_page;
mod check_view;
mod desk_thread;
mod idle;
mod loss_page;
mod loss_view;
mod make_page;
mod parts;
mod passphrase;
mod rail;
mod sign_in_page;
mod stock_page;
mod stock_view;
mod theme;
mod travel_page;
mod view;

use std::path::PathBuf;
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use eframe::egui;
use egui::accesskit::Role;

use self::desk_thread::Command;
use self::idle::Idle;
use self::stock_view::Shown;
use self::view::{Left, Place, View};
use crate::domain::officer::Post;
use crate::station::desk::OpenTerms;
use crate::station::{Error, clock};
use crate::wording::{Language, Wording};

/// What could not be sent is tried again after this.
const AGAIN: std::time::Duration = std::time::Duration::from_millis(50);

/// What window and desk thread share.
type Shared = Arc<Mutex<View>>;

/// Opens the window on a home and stays until it is closed.
///
/// # Errors
/// `no-window` when the system gives none.
pub fn open(home: PathBuf, terms: OpenTerms, language: Language) -> Result<u8, Error> {
    let wording = Wording::new(language);
    let options = eframe::NativeOptions {
        viewport: egui::ViewportBuilder::default()
            .with_inner_size([1280.0, 760.0])
            .with_min_inner_size([960.0, 560.0])
            .with_title(wording.text("app-title")),
        ..eframe::NativeOptions::default()
    };
    let start = |creation: &eframe::CreationContext<'_>| {
        theme::apply(&creation.egui_ctx);
        let view = Shared::default();
        let repaint = creation.egui_ctx.clone();
        let commands = desk_thread::start(home, terms, Arc::clone(&view), move || {
            repaint.request_repaint();
        })?;
        let app: Box<dyn eframe::App> = Box::new(Window::new(wording, view, commands));
        Ok(app)
    };
    eframe::run_native("ukey-station", options, Box::new(start))
        .map(|()| 0)
        .map_err(|error| Error::failed("no-window", error.to_string()))
}

/// The pages of the rail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Page {
    Make,
    Stock,
    Check,
    Travel,
    Loss,
    Help,
}

impl Page {
    const ALL: [Self; 6] = [
        Self::Make,
        Self::Stock,
        Self::Check,
        Self::Loss,
        Self::Travel,
        Self::Help,
    ];

    /// Key of its word: rail entry and heading have the same.
    const fn key(self) -> &'static str {
        match self {
            Self::Make => "page-make",
            Self::Stock => "page-stock",
            Self::Check => "page-check",
            Self::Travel => "page-travel",
            Self::Loss => "page-loss",
            Self::Help => "page-help",
        }
    }

    /// Its shape in the rail.
    const fn shape(self) -> &'static str {
        match self {
            Self::Make => "◐",
            Self::Stock => "☰",
            Self::Check => "✓",
            Self::Travel => "⇄",
            Self::Loss => "‖",
            Self::Help => "?",
        }
    }
}

struct Window {
    wording: Wording,
    view: Shared,
    commands: SyncSender<Command>,
    page: Page,
    door: sign_in_page::State,
    stock: stock_page::State,
    travel: travel_page::State,
    check: check_page::State,
    loss: loss_page::State,
    /// What the desk was asked last to read.
    asked: Shown,
    /// The last ukey of the stock check that was seen.
    checked: u64,
    idle: Idle,
    /// The desk was asked to let go, and has not yet.
    leaving: bool,
}

impl Window {
    fn new(wording: Wording, view: Shared, commands: SyncSender<Command>) -> Self {
        Self {
            wording,
            view,
            commands,
            page: Page::Make,
            door: sign_in_page::State::new(),
            stock: stock_page::State::default(),
            travel: travel_page::State::default(),
            check: check_page::State::default(),
            loss: loss_page::State::default(),
            asked: Shown::default(),
            checked: 0,
            idle: Idle::new(),
            leaving: false,
        }
    }

    /// Sends a command and says whether it is on its way; the thread takes one at a time and the
    /// window never waits.
    fn send(&self, command: Command) -> bool {
        let sent = self.commands.try_send(command).is_ok();
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
            Place::Opening | Place::Door(_) => {
                self.leaving = false;
                self.idle_at_door();
            }
        }
    }

    fn idle_at_door(&mut self) {
        if self.idle.secs(clock::now()) >= idle::FORGET_SECS {
            self.door.forget();
        }
    }

    fn top_bar(&mut self, ui: &mut egui::Ui, view: &View) {
        ui.horizontal_centered(|ui| {
            ui.strong(&view.unit);
            ui.label("·");
            let post = view.post.map(|post| post_word(&self.wording, post));
            ui.label(format!("{} {}", view.officer, post.unwrap_or_default()));
            if view.practice {
                ui.colored_label(
                    theme::colors(ui).attention,
                    self.wording.text("ui-practice"),
                );
            }
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                self.language_button(ui);
                self.sign_out_button(ui, view);
                for ukey in view.ukeys.iter().filter(|ukey| ukey.inserted) {
                    let (shape, color) = theme::ukey_state(ui, ukey.row.state);
                    let word = self.wording.ukey_state(ukey.row.state);
                    let serial = ukey.row.identity.serial.as_str();
                    ui.colored_label(color, shape)
                        .on_hover_text(format!("{serial} {word}"));
                }
            });
        });
    }

    fn language_button(&mut self, ui: &mut egui::Ui) {
        if ui.button(self.wording.text("ui-language")).clicked() {
            let other = match self.wording.language() {
                Language::Chinese => Language::English,
                Language::English => Language::Chinese,
            };
            self.wording = Wording::new(other);
        }
    }

    fn sign_out_button(&mut self, ui: &mut egui::Ui, view: &View) {
        let button = egui::Button::new(self.wording.text("ui-sign-out"));
        let may = !view.busy && !self.leaving;
        let response = ui
            .add_enabled(may, button)
            .on_disabled_hover_text(self.wording.text("ui-not-while-working"));
        if response.clicked() {
            self.leaving = self.send(Command::Leave(Left::SignedOut));
        }
    }

    fn turn_to(&mut self, page: Page) {
        if self.page != page {
            self.page = page;
            lock(&self.view).error = None; // It was of the other page.
        }
    }

    /// Gives what was scanned to the desk; nothing is lost while that is at work. Ukeys that are plugged
    /// in and scanned count as input: the desk is not left alone.
    fn give_scanned(&mut self, view: &View, ctx: &egui::Context) {
        let turn = view
            .check
            .as_ref()
            .and_then(|check| check.last.as_ref())
            .map_or(0, |last| last.turn);
        if turn != self.checked {
            self.checked = turn;
            self.idle.touch();
        }
        if let Some(act) = self.check.to_send() {
            if self.send(Command::Check(act)) {
                self.check.taken();
            } else {
                ctx.request_repaint_after(AGAIN);
            }
        }
    }

    /// Has the desk read what the page shows; one question at a time.
    fn ask_for_page(&mut self, view: &View) {
        let wanted = match self.page {
            Page::Make | Page::Help => Shown::Other,
            Page::Stock => Shown::Stock(self.stock.query()),
            Page::Travel => Shown::Travel,
            Page::Check => Shown::Check,
            Page::Loss => Shown::Loss(self.loss.search()),
        };
        let answered = view.shown == self.asked;
        if answered && wanted != self.asked && self.send(Command::Show(wanted.clone())) {
            self.asked = wanted;
        }
    }
}

impl eframe::App for Window {
    /// Also called while the window is hidden: an idle desk locks there too.
    fn logic(&mut self, ctx: &egui::Context, _frame: &mut eframe::Frame) {
        let shared = Arc::clone(&self.view);
        self.lock_when_idle(&lock(&shared), ctx);
    }

    fn ui(&mut self, ui: &mut egui::Ui, _frame: &mut eframe::Frame) {
        self.show(ui);
    }
}

impl Window {
    /// Draws everything, and sends what was asked for.
    fn show(&mut self, ui: &mut egui::Ui) {
        let view = lock(&self.view).clone();
        ui.input(|input| self.idle.frame(input, clock::now()));
        self.lock_when_idle(&view, ui.ctx());
        match &view.place {
            Place::Desk => {
                if self.door.take_entered() {
                    self.idle.touch();
                    self.page = Page::Make;
                    self.stock = stock_page::State::default();
                    self.travel = travel_page::State::default();
                    self.check = check_page::State::default();
                    self.loss = loss_page::State::default();
                    self.asked = Shown::default();
                }
                self.desk(ui, &view);
            }
            Place::Opening | Place::Door(_) => self.show_door(ui, &view),
        }
    }

    fn show_door(&mut self, ui: &mut egui::Ui, view: &View) {
        egui::Panel::top("top").exact_size(48.0).show(ui, |ui| {
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                self.language_button(ui);
            });
        });
        let asked = egui::CentralPanel::default()
            .show(ui, |ui| {
                sign_in_page::show(ui, &self.wording, view, &mut self.door)
            })
            .inner;
        if let Some(command) = asked {
            self.send(command);
        }
    }

    fn desk(&mut self, ui: &mut egui::Ui, view: &View) {
        egui::Panel::left("rail")
            .exact_size(176.0)
            .resizable(false)
            .show(ui, |ui| {
                if let Some(page) = rail::show(ui, &self.wording, view, self.page) {
                    self.turn_to(page);
                }
            });
        egui::Panel::top("top")
            .exact_size(48.0)
            .show(ui, |ui| self.top_bar(ui, view));
        self.ask_for_page(view);
        egui::CentralPanel::default().show(ui, |ui| {
            heading(ui, &self.wording.text(self.page.key()));
            if let Some((code, subject)) = &view.error {
                told(ui, &self.wording, code, subject);
            }
            match self.page {
                Page::Make => {
                    for command in make_page::show(ui, &self.wording, view) {
                        self.send(command);
                    }
                }
                Page::Stock => {
                    for act in stock_page::show(ui, &self.wording, view, &mut self.stock) {
                        self.send(Command::Stock(act));
                    }
                }
                Page::Travel => {
                    for act in travel_page::show(ui, &self.wording, view, &mut self.travel) {
                        self.send(Command::Stock(act));
                    }
                }
                Page::Loss => {
                    let act = loss_page::show(ui, &self.wording, view, &mut self.loss);
                    if let Some(act) = act {
                        self.send(Command::Loss(act));
                    }
                }
                Page::Check => {
                    let act = check_page::show(ui, &self.wording, view, &mut self.check);
                    if let Some(act) = act {
                        self.send(Command::Check(act));
                    }
                    self.give_scanned(view, ui.ctx());
                }
                Page::Help => {
                    for key in ["ui-help-text", "ui-help-door"] {
                        ui.label(self.wording.text(key));
                    }
                    let minutes = [("minutes", view.idle_minutes.to_string())];
                    ui.label(self.wording.with("ui-help-idle", minutes));
                }
            }
        });
    }
}

/// What happened, and what to do: in the window's own words where those of the command line do not
/// fit.
fn told(ui: &mut egui::Ui, wording: &Wording, code: &str, subject: &str) {
    let (headline, hints) = wording.error(code, subject);
    ui.colored_label(theme::colors(ui).stopped, headline);
    match wording.known(&format!("ui-hint-{code}")) {
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
