//! 制证: the approved requests that wait, and a card for each ukey that is plugged in or at work.

mod lane;
mod waiting;

use std::collections::BTreeMap;
use std::path::PathBuf;

use eframe::egui::{self, RichText};

use super::desk_thread::Command;
use super::make_view::{MakeOrder, SlipDone};
use super::paper::{Sent, is_pin_letter};
use super::parts::{self, card, edged, grouped, pressed, pressed_when, who_may};
use super::view::{HandedOutNote, Lane, View};
use super::{post_word, signature_card, theme, told};
use crate::domain::officer::Duty;
use crate::domain::ukey::Serial;
use crate::wording::Wording;
use crate::workflow::journal::PinSource;

/// Width of the list of requests.
const WAITING: f32 = 320.0;

/// What a person did here so far.
#[derive(Debug, Default)]
pub(super) struct State {
    /// Where user PINs come from, if they chose.
    pin: Option<PinSource>,
    /// Each blank that is plugged in later is made too.
    goes_on: bool,
    waiting: waiting::State,
    /// Ukeys whose stopped work was put aside, with its request's number.
    skipped: BTreeMap<Serial, String>,
    signature: signature_card::State,
}

impl State {
    /// As chosen; else the holder types it, in practice the secrets file has it.
    fn pin(&self, view: &View) -> PinSource {
        self.pin.unwrap_or(if view.practice {
            PinSource::Secrets
        } else {
            PinSource::Holder
        })
    }

    fn skip(&mut self, lane: &Lane) {
        let (serial, request) = (lane.serial.clone(), lane.request.clone());
        self.skipped.insert(serial, request);
    }

    /// Whether its work was put aside; what is at work again is seen.
    fn is_skipped(&self, lane: &Lane) -> bool {
        lane.result.is_some() && self.skipped.get(&lane.serial) == Some(&lane.request)
    }

    fn follow(&mut self, view: &View) {
        let at_work = view.lanes.iter().filter(|lane| lane.result.is_none());
        for lane in at_work {
            self.skipped.remove(&lane.serial);
        }
    }
}

/// What was asked for.
#[derive(Debug, Default)]
pub(super) struct Asked {
    pub(super) commands: Vec<Command>,
    /// Whether no further ukey is begun, where that was changed.
    pub(super) paused: Option<bool>,
    /// A paper that is to be seen.
    pub(super) shown: Option<PathBuf>,
}

/// Draws the page; gives what was asked for.
pub(super) fn show(ui: &mut egui::Ui, wording: &Wording, view: &View, page: &mut State) -> Asked {
    let mut asked = Asked::default();
    page.follow(view);
    if !view.may(Duty::Personalise) {
        read_only(ui, wording, view);
    }
    bar(ui, wording, view, page, &mut asked);
    choices(ui, wording, view, page);
    standing(ui, wording, view, &mut asked);
    ui.add_space(8.0);
    let height = ui.available_height();
    ui.horizontal_top(|ui| {
        let down = egui::Layout::top_down(egui::Align::Min);
        ui.allocate_ui_with_layout(egui::vec2(WAITING, height), down, |ui| {
            ui.set_min_width(WAITING);
            let pin = page.pin(view);
            let command = waiting::show(ui, wording, view, (&mut page.waiting, pin));
            asked.commands.extend(command);
        });
        ui.add_space(8.0);
        ui.vertical(|ui| {
            egui::ScrollArea::vertical()
                .id_salt("lanes")
                .auto_shrink(false)
                .show(ui, |ui| {
                    let plugged = view.ukeys.iter().filter(|ukey| ukey.inserted);
                    let title = wording.text("ui-inserted");
                    parts::title(ui, format!("{title}  {}", plugged.count()));
                    if let Some(note) = &view.note {
                        parts::note(ui, wording, note);
                    }
                    if let Some(slip) = &view.slip {
                        asked.shown = self::slip(ui, wording, slip);
                    }
                    if let Some(note) = &view.handed_out {
                        handed_out(ui, wording, note);
                    }
                    asked.commands.extend(lane::show(ui, wording, view, page));
                });
        });
    });
    let signed = signature_card::show(ui.ctx(), wording, &mut page.signature);
    let slip = |(serial, written)| Command::Slip(serial, written);
    asked.commands.extend(signed.map(slip));
    asked
}

/// Begin, pause, resume.
fn bar(ui: &mut egui::Ui, wording: &Wording, view: &View, page: &State, asked: &mut Asked) {
    let count = page.waiting.count(view);
    ui.horizontal(|ui| {
        let why_not = if view.requests.is_empty() {
            Some("ui-none-waiting")
        } else if count == 0 {
            Some("ui-make-none-checked")
        } else {
            None
        };
        let begin = theme::primary(ui, wording.text("ui-make-all"));
        if pressed_when(ui, wording, view, (Duty::Personalise, why_not), begin) {
            asked.commands.push(Command::Make(MakeOrder {
                numbers: page.waiting.numbers(view),
                pin: page.pin(view),
                goes_on: page.goes_on,
            }));
        }
        ui.label(wording.with("ui-make-count", [("count", count.to_string())]));
        let resume = egui::Button::new(wording.text("ui-resume"));
        if pressed(ui, wording, view, Duty::Personalise, resume) {
            asked.commands.push(Command::Resume(None));
        }
        let at_work = view.busy && view.lanes.iter().any(|lane| lane.result.is_none());
        if at_work && !view.paused && ui.button(wording.text("ui-make-pause")).clicked() {
            asked.paused = Some(true);
        }
        if view.busy {
            ui.spinner();
            ui.label(wording.text("ui-working"));
        }
    });
}

/// Where the user PIN comes from, and whether it goes on with what is plugged in later.
fn choices(ui: &mut egui::Ui, wording: &Wording, view: &View, page: &mut State) {
    ui.horizontal_wrapped(|ui| {
        ui.label(wording.text("ui-pin-from"));
        let chosen = page.pin(view);
        let sources = [
            (PinSource::Secrets, "ui-pin-from-secrets"),
            (PinSource::Holder, "ui-pin-from-holder"),
            (PinSource::Random, "ui-pin-from-random"),
        ];
        for (source, key) in sources {
            if source == PinSource::Secrets && !view.practice {
                continue;
            }
            let word = wording.text(key);
            if edged(ui, |ui| ui.radio(chosen == source, word)).clicked() {
                page.pin = Some(source);
            }
        }
        ui.add_space(24.0);
        let word = wording.text("ui-make-goes-on");
        edged(ui, |ui| ui.checkbox(&mut page.goes_on, word));
    });
}

/// What goes on, what is paused, and for what there was no ukey.
fn standing(ui: &mut egui::Ui, wording: &Wording, view: &View, asked: &mut Asked) {
    let colors = theme::colors(ui);
    if view.paused && view.busy {
        ui.colored_label(colors.attention, wording.text("ui-make-pausing"));
    }
    if let Some(open) = view.open_order.as_ref().filter(|_open| !view.busy) {
        ui.horizontal(|ui| {
            let numbers = &open.order.numbers;
            let left = view
                .requests
                .iter()
                .filter(|request| numbers.is_empty() || numbers.contains(&request.row.number));
            let count = [("count", left.count().to_string())];
            let key = if view.paused {
                "ui-make-paused"
            } else {
                "ui-make-next-blank"
            };
            ui.colored_label(colors.working, format!("◐ {}", wording.with(key, count)));
            if view.paused {
                if ui.button(wording.text("ui-make-go-on")).clicked() {
                    asked.paused = Some(false);
                }
            } else if ui.button(wording.text("ui-make-pause")).clicked() {
                asked.paused = Some(true);
            }
            if ui.button(wording.text("ui-make-end")).clicked() {
                asked.commands.push(Command::EndOrder);
            }
        });
    } else if view.without_ukey > 0 {
        let args = [("count", view.without_ukey.to_string())];
        let words = wording.with("ui-without-ukey", args);
        ui.colored_label(colors.attention, words);
    }
}

/// What this post may do here, and who does the rest.
fn read_only(ui: &mut egui::Ui, wording: &Wording, view: &View) {
    let own = view.post.map(|post| post_word(wording, post));
    let args = [
        ("post", own.unwrap_or_default()),
        ("posts", who_may(wording, Duty::Personalise)),
    ];
    ui.colored_label(
        theme::colors(ui).attention,
        wording.with("ui-read-only", args),
    );
}

/// The papers for a holder: printed, shown, or where they lie. Gives one that is to be seen.
fn slip(ui: &mut egui::Ui, wording: &Wording, slip: &SlipDone) -> Option<PathBuf> {
    card(ui, |ui| {
        let colors = theme::colors(ui);
        ui.monospace(grouped(slip.serial.as_str()));
        let Some(sent) = slip.sent else {
            ui.spinner();
            return None;
        };
        let (key, color) = match sent {
            Sent::Printed => ("ui-slip-printed", colors.good),
            Sent::Shown => ("ui-slip-shown", colors.working),
            Sent::Left => ("ui-slip-left", colors.attention),
        };
        ui.colored_label(color, wording.text(key));
        let mut shown = None;
        for file in &slip.files {
            let letter = is_pin_letter(file);
            if letter && sent == Sent::Printed {
                ui.label(wording.text("ui-slip-letter-printed"));
                continue;
            }
            if letter {
                ui.colored_label(colors.attention, wording.text("ui-slip-letter"));
            }
            ui.horizontal(|ui| {
                let name = file.file_name().unwrap_or_default().to_string_lossy();
                let word = wording.with("ui-slip-open", [("file", name.into_owned())]);
                if ui.button(word).clicked() {
                    shown = Some(file.clone());
                }
            });
            let path = RichText::new(file.display().to_string()).small();
            ui.add(egui::Label::new(path.color(colors.quiet)).truncate());
        }
        shown
    })
}

fn handed_out(ui: &mut egui::Ui, wording: &Wording, note: &HandedOutNote) {
    card(ui, |ui| {
        let word = wording.text("state-handed-out");
        ui.horizontal(|ui| {
            ui.colored_label(theme::colors(ui).good, format!("✓ {word}"));
            ui.monospace(grouped(note.serial.as_str()));
        });
        if note.hold {
            ui.label(wording.text("ui-hold-begun"));
        }
        if note.replaced {
            ui.label(wording.text("ui-rekey-revoked"));
        }
        if let Some((code, subject)) = &note.crl_error {
            told(ui, wording, code, subject);
        }
        if let Some(key) = note.crl {
            ui.colored_label(theme::colors(ui).attention, wording.text(key));
        }
    });
}
