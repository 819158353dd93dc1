//! What who is signed in sees: rail and top bar around the page, what the page asks for, and the second
//! officer's card over it.

use std::sync::Arc;

use eframe::egui;

use super::desk_thread::Command;
use super::requests_view::RequestsAct;
use super::second_view::Proposed;
use super::settings_view::SettingsAct;
use super::stock_view::Shown;
use super::view::View;
use super::{
    AGAIN, Page, Window, audit_page, certificates_page, check_page, heading, help_page, lock,
    loss_page, make_page, rail, requests_page, second_card, settings_page, stock_page, today_page,
    told, travel_page,
};
use crate::station::jobs::people::post_needs_release;

impl Window {
    /// Rail, top bar, and the page between them.
    pub(super) fn desk(&mut self, ui: &mut egui::Ui, view: &View) {
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
        self.practice_panel(ui, view);
        egui::CentralPanel::default().show(ui, |ui| {
            heading(ui, &self.wording.text(self.page.key()));
            if let Some((code, subject)) = &view.error {
                told(ui, &self.wording, code, subject);
            }
            self.page(ui, view);
        });
        // What the page has just turned to: without news there is no further frame that could ask.
        self.ask_for_page(view, ui.ctx());
        if let Some(name) = help_page::take_wanted(ui.ctx()) {
            self.help.open(name);
            if self.page != Page::Help {
                // What went wrong stays above the page about it.
                (self.help.from, self.page) = (Some(self.page), Page::Help);
            }
        }
    }

    fn page(&mut self, ui: &mut egui::Ui, view: &View) {
        match self.page {
            Page::Today => self.today(ui, view),
            Page::Requests => self.applications(ui, view),
            Page::Make => self.making(ui, view),
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
            Page::Certificates => {
                let page = &mut self.certificates;
                if let Some(act) = certificates_page::show(ui, &self.wording, view, page) {
                    self.send(Command::Certificates(act));
                }
            }
            Page::Loss => {
                let act = loss_page::show(ui, &self.wording, view, &mut self.loss);
                if let Some(act) = act {
                    self.send(Command::Loss(act));
                }
            }
            Page::Audit => {
                let act = audit_page::show(ui, &self.wording, view, &mut self.audit);
                if let Some(act) = act {
                    self.send(Command::Audit(act));
                }
            }
            Page::Settings => self.show_settings(ui, view),
            Page::Check => {
                let act = check_page::show(ui, &self.wording, view, &mut self.check);
                if let Some(act) = act {
                    self.send(Command::Check(act));
                }
                self.give_scanned(view, ui.ctx());
            }
            Page::Help => self.guide(ui),
        }
    }

    fn today(&mut self, ui: &mut egui::Ui, view: &View) {
        self.practice_invitation(ui, view);
        match today_page::show(ui, &self.wording, view) {
            Some(today_page::Asked::Page(page)) => self.turn_to(page),
            Some(today_page::Asked::Backup) => {
                self.turn_to(Page::Settings);
                self.settings.open_backup();
            }
            Some(today_page::Asked::Examine) => {
                self.send(Command::Settings(SettingsAct::Examine));
            }
            Some(today_page::Asked::Propose(act)) => self.second.open(act),
            None => {}
        }
    }

    fn making(&mut self, ui: &mut egui::Ui, view: &View) {
        let asked = make_page::show(ui, &self.wording, view, &mut self.make);
        if let Some(paused) = asked.paused {
            lock(&self.view).paused = paused; // A desk at work reads no command.
        }
        if let Some(paper) = asked.shown {
            self.outside.show(&paper);
        }
        for command in asked.commands {
            self.send(command);
        }
    }

    fn guide(&mut self, ui: &mut egui::Ui) {
        if let Some(page) = self.help.from
            && self.go_back(ui, page.key())
        {
            (self.page, self.help.from) = (page, None);
        }
        help_page::show(ui, &self.wording, &mut self.help);
    }

    fn applications(&mut self, ui: &mut egui::Ui, view: &View) {
        if let Some(stored) = lock(&self.view).applications.draft.take() {
            self.requests.take_stored(&stored, &view.officer);
        }
        let act = requests_page::show(ui, &self.wording, view, &mut self.requests);
        match act {
            Some(RequestsAct::Reveal(sight)) if view.post.is_some_and(post_needs_release) => {
                self.second.open(Proposed::Reveal(Box::new(sight)));
            }
            Some(act) => {
                self.send(Command::Requests(act));
            }
            None => {}
        }
    }

    fn show_settings(&mut self, ui: &mut egui::Ui, view: &View) {
        let page = &mut self.settings;
        let of_window = (self.choices, self.sound.is_played());
        match settings_page::show(ui, &self.wording, (view, of_window), page) {
            Some(settings_page::Asked::Act(act)) => {
                self.send(Command::Settings(act));
            }
            Some(settings_page::Asked::Look(choices)) => self.look(choices, ui.ctx()),
            Some(settings_page::Asked::Tone(tone)) => self.sound.ask(tone),
            None => {}
        }
    }

    pub(super) fn turn_to(&mut self, page: Page) {
        self.help.from = None;
        if self.page != page {
            self.page = page;
            let mut view = lock(&self.view);
            view.error = None; // They were of the other page.
            view.note = None;
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
    fn ask_for_page(&mut self, view: &View, ctx: &egui::Context) {
        let wanted = match self.page {
            Page::Today => Shown::Today,
            Page::Make | Page::Help => Shown::Other,
            Page::Requests => Shown::Requests(self.requests.query()),
            Page::Stock => Shown::Stock(self.stock.query()),
            Page::Travel => Shown::Travel,
            Page::Check => Shown::Check,
            Page::Certificates => Shown::Certificates(Box::new(self.certificates.query())),
            Page::Loss => Shown::Loss(self.loss.search()),
            Page::Audit => Shown::Audit(self.audit.query()),
            Page::Settings => Shown::Settings,
        };
        let answered = view.shown == self.asked;
        if !answered || wanted == self.asked {
            return;
        }
        if self.send(Command::Show(wanted.clone())) {
            self.asked = wanted;
        } else {
            ctx.request_repaint_after(AGAIN);
        }
    }

    /// Prints the papers that the desk has written.
    pub(super) fn take_papers(&self, view: &View, ctx: &egui::Context) {
        let Some(slip) = view.slip.as_ref().filter(|slip| !slip.taken) else {
            return;
        };
        if let Some(slip) = &mut lock(&self.view).slip {
            slip.taken = true;
        }
        let repaint = ctx.clone();
        let repaint = move || repaint.request_repaint();
        let (papers, shared) = (slip.files.clone(), Arc::clone(&self.view));
        if let Err(error) = self.outside.send(papers, shared, repaint) {
            tracing::warn!(%error, "papers were not taken on");
        }
    }

    /// The second officer's card, over the page that proposes something to them.
    pub(super) fn second_officer(&mut self, ctx: &egui::Context, view: &View) {
        let proposed = self.stock.take_proposed();
        let proposed = proposed.or_else(|| self.travel.take_proposed());
        let proposed = proposed.or_else(|| self.loss.take_proposed());
        let proposed = proposed.or_else(|| self.settings.take_proposed());
        if let Some(proposed) = proposed {
            self.second.open(proposed);
        }
        let confirmed = second_card::show(ctx, &self.wording, view, &mut self.second);
        if let Some(confirmed) = confirmed
            && !self.send(Command::Confirmed(confirmed))
        {
            self.second.close();
        }
    }
}
