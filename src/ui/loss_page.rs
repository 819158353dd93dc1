//! 挂失补办: every ukey that is with somebody in a table with a search, beside it the form of the one that
//! is missing or was found, and the reports whose clock runs.

mod parting;
mod remote;
mod taking;

use std::time::Duration;

use eframe::egui::{self, RichText, Ui};
use egui::accesskit::Role;

use super::loss_view::{LossAct, LossDone, LossPicture};
use super::parts::{
    self, card, cells, dropped_file, edged, field, grouped, pressed, pressed_when, state, title,
    typed_path,
};
use super::second_view::Proposed;
use super::view::View;
use super::{theme, told};
use crate::domain::loss::{LossClock, LossKind};
use crate::domain::officer::{Duty, Post};
use crate::domain::ukey::{Serial, UkeyState};
use crate::station::HolderRow;
use crate::station::clock;
use crate::station::jobs::losses::{self, LossView};
use crate::station::jobs::people::is_reason;
use crate::wording::Wording;

/// Height of a line of the table.
const ROW: f32 = 40.0;
/// Width of the right side.
const SIDE: f32 = 400.0;
/// How often the clocks are drawn anew: they show minutes.
const TICK: Duration = Duration::from_secs(20);

/// What a person did here so far.
#[derive(Debug, Default)]
pub(super) struct State {
    search: String,
    chosen: Option<Serial>,
    kind: Option<LossKind>,
    reason: String,
    statement: String,
    /// The holder's identity document was compared with them.
    compared: bool,
    proposed: Option<Proposed>,
    /// The form of a holder who leaves or moves, while it is open.
    parting: Option<parting::State>,
    /// The form of a ukey that comes back, while it is open.
    taking: Option<taking::State>,
    /// Unblocking by files, while it is seen.
    remote: Option<remote::State>,
    /// The last act that was told: its form is closed since, and nothing is sent twice.
    told: Option<(Serial, &'static str)>,
}

impl State {
    /// What is searched for: as typed, without the spaces of the groups.
    pub(super) fn search(&self) -> String {
        self.search.split_whitespace().collect()
    }

    /// What is proposed to a second officer, once.
    pub(super) const fn take_proposed(&mut self) -> Option<Proposed> {
        self.proposed.take()
    }

    /// Closes the form of what was just done; what was refused stays in it.
    fn follow(&mut self, view: &View) {
        let done = view.loss_done.as_ref();
        let done = done.map(|done| (done.serial.clone(), done.done));
        if done != self.told {
            if done.is_some() {
                (self.chosen, self.parting, self.taking) = (None, None, None);
            }
            self.told = done;
        }
    }

    /// Opens the form of one that comes back; the search finds it, however many there are.
    fn fetch(&mut self, serial: &Serial) {
        self.choose(serial);
        serial.as_str().clone_into(&mut self.search);
        self.taking = Some(taking::State::default());
    }

    fn choose(&mut self, serial: &Serial) {
        *self = Self {
            search: std::mem::take(&mut self.search),
            told: self.told.take(),
            chosen: Some(serial.clone()),
            ..Self::default()
        };
    }
}

/// Draws the page; gives what was asked for.
pub(super) fn show(
    ui: &mut Ui,
    wording: &Wording,
    view: &View,
    page: &mut State,
) -> Option<LossAct> {
    let Some(picture) = &view.losses else {
        ui.spinner();
        ui.label(wording.text("ui-reading"));
        return None;
    };
    page.follow(view);
    let height = ui.available_height();
    let mut act = None;
    ui.horizontal_top(|ui| {
        let size = egui::vec2(ui.available_width() - SIDE - 16.0, height);
        let down = egui::Layout::top_down(egui::Align::Min);
        ui.allocate_ui_with_layout(size, down, |ui| {
            ui.set_min_width(size.x);
            search(ui, wording, &mut page.search);
            table(ui, wording, picture, page);
        });
        ui.allocate_ui_with_layout(egui::vec2(SIDE, height), down, |ui| {
            ui.set_min_width(SIDE);
            egui::ScrollArea::vertical()
                .id_salt("side")
                .auto_shrink(false)
                .show(ui, |ui| {
                    if let Some(done) = &view.loss_done {
                        self::done(ui, wording, done);
                    }
                    if let Some(note) = &view.note {
                        parts::note(ui, wording, note);
                    }
                    if page.remote.is_some() {
                        act = by_files(ui, wording, view, page);
                        return;
                    }
                    act = form(ui, wording, view, (picture, page));
                    ui.add_space(12.0);
                    clocks(ui, wording, &picture.open);
                    if let Some(serial) = taking::due(ui, wording, &picture.due) {
                        page.fetch(&serial);
                    }
                    ui.add_space(12.0);
                    title(ui, wording.text("ui-remote-title"));
                    ui.label(wording.text("ui-remote-what"));
                    let button = egui::Button::new(wording.text("ui-remote"));
                    if pressed(ui, wording, view, Duty::HandOut, button) {
                        page.remote = Some(remote::State::default());
                    }
                });
        });
    });
    act
}

fn search(ui: &mut Ui, wording: &Wording, text: &mut String) {
    ui.horizontal(|ui| {
        let label = ui.label(wording.text("ui-loss-search"));
        let edit = egui::TextEdit::singleline(text)
            .id_salt("search")
            .char_limit(64)
            .margin(egui::vec2(8.0, 6.0))
            .desired_width(240.0);
        edged(ui, |ui| ui.add(edit)).labelled_by(label.id);
    });
}

fn table(ui: &mut Ui, wording: &Wording, picture: &LossPicture, page: &mut State) {
    let width = ui.available_width() - 12.0; // The scroll bar's.
    let widths = [0.34, 0.18, 0.16, 0.16, 0.16].map(|part| part * width);
    let heads = [
        "ui-col-serial",
        "col-holder",
        "ui-col-request",
        "ui-col-state",
    ];
    for (mut cell, key) in cells(ui, 20.0, widths).into_iter().zip(heads) {
        let word = RichText::new(wording.text(key)).small();
        cell.label(word.color(theme::colors(ui).quiet));
    }
    ui.spacing_mut().item_spacing.y = 0.0;
    ui.separator();
    if picture.ukeys.is_empty() {
        ui.add_space(8.0);
        ui.weak(wording.text("ui-loss-nobody"));
    }
    if picture.more {
        let count = [("count", picture.ukeys.len().to_string())];
        ui.weak(wording.with("ui-loss-more", count));
    }
    egui::ScrollArea::vertical()
        .id_salt("table")
        .auto_shrink(false)
        .show_rows(ui, ROW, picture.ukeys.len(), |ui, seen| {
            for row in picture.ukeys.get(seen).unwrap_or_default() {
                ui.push_id(row.serial.as_str(), |ui| {
                    line(ui, wording, widths, (row, page));
                });
            }
        });
}

fn line(ui: &mut Ui, wording: &Wording, widths: [f32; 5], (row, page): (&HolderRow, &mut State)) {
    let [
        mut serial,
        mut holder,
        mut request,
        mut in_state,
        mut button,
    ] = cells(ui, ROW, widths);
    let chosen = page.chosen.as_ref() == Some(&row.serial);
    let mono = RichText::new(grouped(row.serial.as_str())).monospace();
    serial.add(egui::Label::new(mono).truncate());
    holder.add(egui::Label::new(&row.holder).truncate());
    request.monospace(&row.request);
    state(&mut in_state, wording, row.state);
    let choose = egui::Button::new(wording.text("ui-loss-choose")).selected(chosen);
    let response = button.add(choose);
    let told = format!("{} {}", wording.text("ui-loss-choose"), row.serial);
    response.widget_info(|| egui::WidgetInfo::selected(Role::Button, true, chosen, &told));
    if response.clicked() {
        page.choose(&row.serial);
    }
}

fn done(ui: &mut Ui, wording: &Wording, done: &LossDone) {
    card(ui, |ui| {
        ui.horizontal(|ui| {
            ui.colored_label(theme::colors(ui).good, "✓");
            ui.monospace(grouped(done.serial.as_str()));
        });
        ui.label(wording.text(done.done));
        if let Some(parted) = &done.parted {
            parting::done(ui, wording, parted);
        }
        if let Some(number) = &done.request {
            ui.label(wording.with("ui-loss-anew-next", [("number", number.clone())]));
        }
        if let Some((code, subject)) = &done.crl_error {
            told(ui, wording, code, subject);
        }
        if let Some(key) = done.crl {
            ui.colored_label(theme::colors(ui).attention, wording.text(key));
        }
    });
}

fn form(
    ui: &mut Ui,
    wording: &Wording,
    view: &View,
    (picture, page): (&LossPicture, &mut State),
) -> Option<LossAct> {
    let chosen = page.chosen.clone();
    let mut rows = picture.ukeys.iter();
    let row = rows.find(|row| Some(&row.serial) == chosen.as_ref());
    let Some(row) = row else {
        ui.weak(wording.text("ui-loss-choose-first"));
        return None;
    };
    card(ui, |ui| {
        let mono = RichText::new(grouped(row.serial.as_str())).monospace();
        ui.label(mono.strong());
        ui.horizontal(|ui| {
            ui.label(&row.holder);
            ui.weak(&row.unit);
        });
        if page.parting.is_some() {
            return leaving(ui, wording, view, (row, page));
        }
        if page.taking.is_some() {
            return coming_back(ui, wording, view, (row, page));
        }
        let mut act = None;
        if row.state == UkeyState::Suspended {
            act = found(ui, wording, view, (row, page));
            ui.separator();
        }
        let reported = (row.state != UkeyState::Lost)
            .then(|| report(ui, wording, view, (row, page)))
            .flatten();
        let anew = anew(ui, wording, view, row);
        if row.state == UkeyState::HandedOut {
            ui.separator();
            unblock(ui, wording, view, (row, page));
        }
        if parting::is_offered(row.state) {
            ui.separator();
            title(ui, wording.text("ui-part-title"));
            let button = egui::Button::new(wording.text("ui-part"));
            if pressed(ui, wording, view, Duty::ManageStock, button) {
                page.parting = Some(parting::State::default());
            }
        }
        if taking::is_offered(row.state) {
            ui.separator();
            title(ui, wording.text("ui-take-back-title"));
            let button = egui::Button::new(wording.text("ui-take-back-begin"));
            if pressed(ui, wording, view, Duty::ManageStock, button) {
                page.taking = Some(taking::State::default());
            }
        }
        act.or(reported).or(anew)
    })
}

/// The title of a form with the way back; whether it was taken.
fn head(ui: &mut Ui, wording: &Wording, key: &str) -> bool {
    ui.horizontal(|ui| {
        title(ui, wording.text(key));
        let back = egui::Layout::right_to_left(egui::Align::Center);
        ui.with_layout(back, |ui| ui.button(wording.text("ui-part-back")).clicked())
            .inner
    })
    .inner
}

/// It comes back from its holder.
fn coming_back(
    ui: &mut Ui,
    wording: &Wording,
    view: &View,
    (row, page): (&HolderRow, &mut State),
) -> Option<LossAct> {
    let form = page.taking.as_mut()?;
    match taking::show(ui, wording, view, (row, form))? {
        taking::Asked::Act(act) => Some(act),
        taking::Asked::Close => {
            page.taking = None;
            None
        }
    }
}

/// A ukey is unblocked with a neighbour's desk.
fn by_files(ui: &mut Ui, wording: &Wording, view: &View, page: &mut State) -> Option<LossAct> {
    let form = page.remote.as_mut()?;
    match remote::show(ui, wording, view, form)? {
        remote::Asked::Act(act) => return Some(LossAct::Remote(act)),
        remote::Asked::Propose(act) => page.proposed = Some(act),
        remote::Asked::Close => page.remote = None,
    }
    None
}

/// Its holder leaves or moves.
fn leaving(
    ui: &mut Ui,
    wording: &Wording,
    view: &View,
    (row, page): (&HolderRow, &mut State),
) -> Option<LossAct> {
    let form = page.parting.as_mut()?;
    match parting::show(ui, wording, view, (row, form))? {
        parting::Asked::Act(act) => return Some(act),
        parting::Asked::Propose(act) => page.proposed = Some(act),
        parting::Asked::Close => page.parting = None,
    }
    None
}

/// The ukey is missing: what, and why.
fn report(
    ui: &mut Ui,
    wording: &Wording,
    view: &View,
    (row, page): (&HolderRow, &mut State),
) -> Option<LossAct> {
    for kind in LossKind::ALL {
        if !kind.is_reported_of(row.state) {
            continue;
        }
        let word = wording.text(&format!("ui-loss-{}", kind.word()));
        if edged(ui, |ui| ui.radio(page.kind == Some(kind), word)).clicked() {
            page.kind = Some(kind);
        }
    }
    parts::reason(ui, wording, "reason", &mut page.reason);
    let why_not = if page.kind.is_none() {
        Some("ui-loss-choose-kind")
    } else if !is_reason(&page.reason) {
        Some("ui-explain-reason")
    } else {
        None
    };
    let button = theme::primary(ui, wording.text("ui-loss-report"));
    let asked = pressed_when(ui, wording, view, (Duty::ReportLoss, why_not), button);
    let kind = page.kind?;
    asked.then(|| LossAct::Report {
        serial: row.serial.clone(),
        kind,
        reason: page.reason.trim().to_owned(),
    })
}

/// Its holder needs another one, or a new key on this one.
fn anew(ui: &mut Ui, wording: &Wording, view: &View, row: &HolderRow) -> Option<LossAct> {
    ui.separator();
    title(ui, wording.text("ui-loss-anew-title"));
    ui.label(wording.text("ui-loss-anew-what"));
    let mut ask = |key: &str, renewal| {
        let button = egui::Button::new(wording.text(key));
        let asked = pressed_when(ui, wording, view, (Duty::EnterRequest, None), button);
        asked.then(|| LossAct::Anew {
            serial: row.serial.clone(),
            renewal,
        })
    };
    let rekey = ask("ui-loss-rekey", false);
    // Both are drawn, whichever is pressed.
    let renewal = match row.state {
        UkeyState::HandedOut => ask("ui-loss-renewal", true),
        _ => None,
    };
    rekey.or(renewal)
}

/// Its holder has forgotten the PIN, or locked it (D-44).
fn unblock(ui: &mut Ui, wording: &Wording, view: &View, (row, page): (&HolderRow, &mut State)) {
    title(ui, wording.text("ui-unblock-title"));
    let word = wording.text("ui-unblock-compared");
    edged(ui, |ui| ui.checkbox(&mut page.compared, word));
    let why_not = (!page.compared).then_some("ui-unblock-compare-first");
    let button = egui::Button::new(wording.text("ui-unblock"));
    if pressed_when(ui, wording, view, (Duty::HandOut, why_not), button) {
        let serial = row.serial.clone();
        page.proposed = Some(Proposed::Unblock { serial });
    }
}

/// It was found: where the holder's signed statement lies.
fn found(
    ui: &mut Ui,
    wording: &Wording,
    view: &View,
    (row, page): (&HolderRow, &mut State),
) -> Option<LossAct> {
    if let Some(path) = dropped_file(ui) {
        page.statement = path;
    }
    let edit = egui::TextEdit::singleline(&mut page.statement)
        .id_salt("statement")
        .hint_text(wording.text("ui-file-drop"))
        .char_limit(4096)
        .desired_width(f32::INFINITY);
    field(ui, &wording.text("ui-loss-statement"), edit);
    let path = typed_path(&page.statement);
    let why_not = path
        .as_os_str()
        .is_empty()
        .then_some("ui-loss-statement-first");
    let duty = losses::duty_to_find(view.post.unwrap_or(Post::System));
    let button = egui::Button::new(wording.text("ui-loss-found"));
    let asked = pressed_when(ui, wording, view, (duty, why_not), button);
    asked.then(|| LossAct::Found {
        serial: row.serial.clone(),
        statement: path,
    })
}

/// The reports that no published list is known to tell, with the time since.
fn clocks(ui: &mut Ui, wording: &Wording, open: &[LossView]) {
    let count = [("count", open.len().to_string())];
    title(ui, wording.with("ui-loss-open", count));
    if open.is_empty() {
        ui.weak(wording.text("ui-loss-open-none"));
        return;
    }
    ui.ctx().request_repaint_after(TICK);
    let now = clock::now();
    for view in open {
        let running = LossClock::new(view.row.reported_at, None, now);
        let colors = theme::colors(ui);
        card(ui, |ui| {
            ui.horizontal(|ui| {
                let color = if running.is_overdue() {
                    colors.stopped
                } else {
                    colors.attention
                };
                let time = RichText::new(running.hours_minutes()).size(20.0).strong();
                ui.colored_label(color, time);
                let kind = wording.text(&format!("kind-{}", view.row.kind.word()));
                ui.label(kind);
                ui.monospace(grouped(view.row.ukey.as_str()));
            });
            let key = if running.is_overdue() {
                "ui-loss-overdue"
            } else {
                "ui-loss-until"
            };
            ui.weak(wording.text(key));
        });
    }
}
