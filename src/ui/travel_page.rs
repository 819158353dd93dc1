//! 发放签收: what is on its way and the notes on the left; on the right a new note, what goes back to the
//! superior, and the files that came.

mod delivery;
mod done;
mod new_note;
mod receive;

pub(super) use self::done::show as done;
use eframe::egui::{self, RichText, Ui};

use super::parts::{cells, day, dropped_file, pressed, read_only, title};
use super::second_view::Proposed;
use super::stock_view::{NoteLine, StockAct, StockDone, TravelPicture};
use super::theme;
use super::view::View;
use crate::domain::officer::Duty;
use crate::wording::Wording;

/// Height of a note in a list: two lines.
const ROW: f32 = 50.0;
/// A note that is so many days on its way is asked for.
const LATE_DAYS: i64 = 14;

/// What a person did here so far.
#[derive(Debug, Default)]
pub(super) struct State {
    side: Option<Side>,
    note: new_note::State,
    back: new_note::Back,
    receive: receive::State,
    delivery: delivery::State,
    proposed: Option<Proposed>,
    /// The last act that was told: its form is empty since, and nothing is sent twice.
    told: Option<String>,
}

impl State {
    /// What is proposed to a second officer, once.
    pub(super) const fn take_proposed(&mut self) -> Option<Proposed> {
        self.proposed.take()
    }

    /// Empties the form of what was just done; what was refused stays in it.
    fn follow(&mut self, view: &View) {
        let done = match &view.stock_done {
            Some(StockDone::Sent { number, .. }) => Some(number),
            Some(StockDone::SignedFor(signed)) => Some(&signed.note.id),
            // Of which nothing was taken the form stays as it is.
            Some(StockDone::Delivered(received)) => received.movement.as_ref(),
            Some(StockDone::Checked { .. } | StockDone::Printed { .. }) | None => None,
        };
        if self.told.as_ref() == done {
            return;
        }
        self.told = done.cloned();
        match &view.stock_done {
            Some(StockDone::Sent { .. }) => {
                self.note = new_note::State::default();
                self.back = new_note::Back::default();
            }
            Some(StockDone::SignedFor(_)) => self.receive = receive::State::default(),
            Some(StockDone::Delivered(received)) if received.movement.is_some() => {
                self.delivery = delivery::State::default();
            }
            _ => {}
        }
    }
}

/// The right half.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Down,
    Up,
    Receive,
    Delivery,
}

impl Side {
    const ALL: [Self; 4] = [Self::Down, Self::Up, Self::Receive, Self::Delivery];

    const fn key(self) -> &'static str {
        match self {
            Self::Down => "ui-side-down",
            Self::Up => "ui-side-up",
            Self::Receive => "ui-side-receive",
            Self::Delivery => "ui-side-delivery",
        }
    }
}

/// Draws the page; gives what was asked for.
pub(super) fn show(ui: &mut Ui, wording: &Wording, view: &View, page: &mut State) -> Vec<StockAct> {
    let mut acts = Vec::new();
    let Some(picture) = &view.travel else {
        ui.spinner();
        ui.label(wording.text("ui-reading"));
        return acts;
    };
    read_only(ui, wording, view, Duty::ManageStock);
    page.follow(view);
    if let Some(path) = dropped_file(ui) {
        if page.side == Some(Side::Delivery) {
            page.delivery.drop_sheet(path);
        } else {
            page.side = Some(Side::Receive);
            acts.extend(page.receive.take(path, view));
        }
    }
    ui.columns_const(|[left, right]| {
        lists(left, wording, view, picture, &mut acts);
        egui::ScrollArea::vertical()
            .id_salt("side")
            .auto_shrink(false)
            .show(right, |ui| {
                if let Some(done) = &view.stock_done {
                    self::done(ui, wording, done);
                }
                let side = choose(ui, wording, picture, &mut page.side);
                ui.add_space(4.0);
                acts.extend(match side {
                    Side::Down => new_note::down(ui, wording, view, (picture, &mut page.note)),
                    Side::Up => new_note::up(ui, wording, view, (picture, &mut page.back)),
                    Side::Receive => receive::show(ui, wording, view, &mut page.receive),
                    Side::Delivery => {
                        let of = (&**picture, &mut page.delivery);
                        match delivery::show(ui, wording, view, of) {
                            Some(delivery::Asked::Act(act)) => Some(act),
                            Some(delivery::Asked::Second(proposed)) => {
                                page.proposed = Some(proposed);
                                None
                            }
                            None => None,
                        }
                    }
                });
                if view.busy {
                    ui.horizontal(|ui| {
                        ui.spinner();
                        ui.label(wording.text("ui-busy"));
                    });
                }
            });
    });
    acts
}

fn choose(
    ui: &mut Ui,
    wording: &Wording,
    picture: &TravelPicture,
    chosen: &mut Option<Side>,
) -> Side {
    let neighbours = &picture.neighbours;
    let usual = if neighbours.subordinates.is_empty() && neighbours.superior.is_some() {
        Side::Up
    } else {
        Side::Down
    };
    let mut side = chosen.unwrap_or(usual);
    ui.horizontal(|ui| {
        for other in Side::ALL {
            let word = wording.text(other.key());
            if ui
                .add(egui::Button::selectable(side == other, word))
                .clicked()
            {
                side = other;
                *chosen = Some(other);
            }
        }
    });
    side
}

fn lists(
    ui: &mut Ui,
    wording: &Wording,
    view: &View,
    picture: &TravelPicture,
    acts: &mut Vec<StockAct>,
) {
    let count: u64 = picture
        .in_transit
        .iter()
        .map(|line| line.row.in_transit)
        .sum();
    ui.horizontal(|ui| {
        ui.label(RichText::new(count.to_string()).size(28.0).strong());
        title(ui, wording.text("ui-in-transit"));
    });
    if picture.in_transit.is_empty() {
        ui.weak(wording.text("ui-in-transit-none"));
    }
    let height = ui.available_height() * 0.4;
    notes(
        ui,
        wording,
        view,
        ("in-transit", height, &picture.in_transit),
        acts,
    );
    ui.add_space(12.0);
    let count = [("count", picture.notes.len().to_string())];
    title(ui, wording.with("ui-notes", count));
    if picture.notes.is_empty() {
        ui.weak(wording.text("ui-notes-none"));
    }
    let height = ui.available_height();
    notes(ui, wording, view, ("notes", height, &picture.notes), acts);
}

fn notes(
    ui: &mut Ui,
    wording: &Wording,
    view: &View,
    (id, height, lines): (&str, f32, &[NoteLine]),
    acts: &mut Vec<StockAct>,
) {
    egui::ScrollArea::vertical()
        .id_salt(id)
        .max_height(height)
        .auto_shrink([false, true])
        .show_rows(ui, ROW, lines.len(), |ui, seen| {
            for line in lines.get(seen).unwrap_or_default() {
                ui.push_id((id, &line.row.id, line.row.sent), |ui| {
                    acts.extend(note(ui, wording, view, line));
                });
            }
        });
}

/// One note: number and unit, below them how many and how it stands.
fn note(ui: &mut Ui, wording: &Wording, view: &View, line: &NoteLine) -> Option<StockAct> {
    let row = &line.row;
    let colors = theme::colors(ui);
    let width = ui.available_width() - 12.0;
    let [mut words, mut button] = cells(ui, ROW, [width - 96.0, 96.0]);
    let line_below = words.max_rect().bottom();
    let edge = ui.visuals().widgets.noninteractive.bg_stroke;
    ui.painter()
        .hline(words.max_rect().x_range(), line_below, edge);
    words.spacing_mut().interact_size.y = 20.0;
    words.vertical(|ui| {
        ui.spacing_mut().item_spacing.y = 2.0;
        ui.horizontal(|ui| {
            ui.colored_label(colors.quiet, if row.sent { "→" } else { "←" });
            ui.monospace(&row.number);
            ui.add(egui::Label::new(&line.unit).truncate());
        });
        ui.horizontal(|ui| {
            let args = [("count", row.count.to_string()), ("day", day(row.at))];
            let small = |text: String| RichText::new(text).small();
            ui.label(small(wording.with("ui-note-count", args)).color(colors.quiet));
            if row.sent && row.in_transit > 0 {
                let args = [
                    ("count", row.in_transit.to_string()),
                    ("days", line.age_days.to_string()),
                ];
                let late = line.age_days >= LATE_DAYS;
                let color = if late {
                    colors.attention
                } else {
                    colors.working
                };
                let words = wording.with("ui-note-in-transit", args);
                ui.label(small(format!("→ {words}")).color(color));
            } else if let Some(at) = row.signed_for_at {
                let args = [("day", day(at))];
                let words = wording.with("ui-note-signed-for", args);
                ui.label(small(format!("✓ {words}")).color(colors.good));
                if row.in_transit > 0 {
                    let count = [("count", row.in_transit.to_string())];
                    let words = wording.with("ui-came-missing", count);
                    ui.label(small(format!("△ {words}")).color(colors.attention));
                }
            }
        });
    });
    let print = egui::Button::new(wording.text("ui-print"));
    // Whoever may read the records may print them.
    pressed(&mut button, wording, view, Duty::ReadRecords, print).then(|| StockAct::Paper {
        number: row.number.clone(),
        id: row.id.clone(),
    })
}
