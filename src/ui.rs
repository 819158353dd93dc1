//! The desktop: the same jobs in a window. Never blocks: a thread of its own does the work, the
//! window sends it commands and draws what it is told.

mod desk_thread;
mod make_page;
mod theme;

use std::path::PathBuf;
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use eframe::egui;
use egui::accesskit::Role;

use self::desk_thread::{Command, View};
use crate::station::Error;
use crate::station::desk::OpenTerms;
use crate::wording::{Language, Wording};

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
    Help,
}

impl Page {
    const ALL: [Self; 2] = [Self::Make, Self::Help];

    /// Key of its word: rail entry and heading have the same.
    const fn key(self) -> &'static str {
        match self {
            Self::Make => "page-make",
            Self::Help => "page-help",
        }
    }
}

struct Window {
    wording: Wording,
    view: Shared,
    commands: SyncSender<Command>,
    page: Page,
}

impl Window {
    const fn new(wording: Wording, view: Shared, commands: SyncSender<Command>) -> Self {
        Self {
            wording,
            view,
            commands,
            page: Page::Make,
        }
    }

    /// Sends a command; the thread takes one at a time and the window never waits.
    fn send(&self, command: Command) {
        if self.commands.try_send(command).is_err() {
            tracing::debug!("the desk is busy");
        }
    }

    fn top_bar(&mut self, ui: &mut egui::Ui, view: &View) {
        ui.horizontal_centered(|ui| {
            ui.strong(&view.unit);
            ui.label("·");
            ui.label(format!("{} {}", view.officer, view.post));
            if view.practice {
                ui.colored_label(
                    theme::colors(ui).attention,
                    self.wording.text("ui-practice"),
                );
            }
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                if ui.button(self.wording.text("ui-language")).clicked() {
                    let other = match self.wording.language() {
                        Language::Chinese => Language::English,
                        Language::English => Language::Chinese,
                    };
                    self.wording = Wording::new(other);
                }
                for ukey in view.ukeys.iter().filter(|ukey| ukey.inserted) {
                    let (shape, color) = theme::ukey_state(ui, ukey.row.state);
                    let word = state_word(&self.wording, ukey.row.state.word());
                    let serial = ukey.row.identity.serial.as_str();
                    ui.colored_label(color, shape)
                        .on_hover_text(format!("{serial} {word}"));
                }
            });
        });
    }

    fn rail(&mut self, ui: &mut egui::Ui, view: &View) {
        ui.add_space(8.0);
        ui.label(
            egui::RichText::new(self.wording.text("app-title"))
                .size(20.0)
                .strong(),
        );
        ui.add_space(16.0);
        for page in Page::ALL {
            let word = self.wording.text(page.key());
            let entry = egui::Button::selectable(self.page == page, word);
            ui.horizontal(|ui| {
                if ui.add_sized([112.0, 32.0], entry).clicked() {
                    self.page = page;
                }
                if page == Page::Make && !view.requests.is_empty() {
                    ui.weak(view.requests.len().to_string());
                }
            });
        }
    }
}

impl eframe::App for Window {
    fn ui(&mut self, ui: &mut egui::Ui, _frame: &mut eframe::Frame) {
        self.show(ui);
    }
}

impl Window {
    /// Draws everything, and sends what was asked for.
    fn show(&mut self, ui: &mut egui::Ui) {
        let view = lock(&self.view).clone();
        egui::Panel::left("rail")
            .exact_size(176.0)
            .resizable(false)
            .show(ui, |ui| self.rail(ui, &view));
        egui::Panel::top("top")
            .exact_size(48.0)
            .show(ui, |ui| self.top_bar(ui, &view));
        egui::CentralPanel::default().show(ui, |ui| {
            heading(ui, &self.wording.text(self.page.key()));
            if let Some((code, subject)) = &view.error {
                let (headline, hints) = self.wording.error(code, subject);
                ui.colored_label(theme::colors(ui).stopped, headline);
                for hint in hints {
                    ui.label(hint);
                }
            }
            match self.page {
                Page::Make => {
                    for command in make_page::show(ui, &self.wording, &view) {
                        self.send(command);
                    }
                }
                Page::Help => {
                    ui.label(self.wording.text("ui-help-text"));
                }
            }
        });
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

/// The word of a state.
fn state_word(wording: &Wording, state: &str) -> String {
    let key = format!("state-{}", state.replace('_', "-"));
    wording.known(&key).unwrap_or_else(|| state.to_owned())
}

fn lock(view: &Shared) -> MutexGuard<'_, View> {
    view.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
