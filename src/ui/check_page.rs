//! 盘点: one huge counter, the last ukey with its verdict, what differs growing beside it, and the field
//! of the barcode scanner.

use eframe::egui::{self, RichText, Ui, UserAttentionType, ViewportCommand};
use egui::Key;

use super::check_view::{CheckAct, CheckPicture, LastSeen};
use super::parts::{card, cells, day, grouped, listed, pressed, pressed_when, read_only, title};
use super::view::View;
use super::{own_words, parts, theme, told, travel_page};
use crate::domain::officer::Duty;
use crate::domain::stock_check::{CheckItem, CheckState, Missing, Verdict};
use crate::station::CheckRow;
use crate::wording::Wording;

/// The one number of the page.
const COUNTER: f32 = 72.0;
/// Height of a line of those that were not seen.
const ROW: f32 = 28.0;

/// What a person did here so far.
#[derive(Debug, Default)]
pub(super) struct State {
    model: Option<String>,
    typed: String,
    /// Scanned, and not yet with the desk.
    scanned: Vec<String>,
    /// The last ukey that was told.
    turn: u64,
    /// Giving up was asked for once.
    giving_up: bool,
}

impl State {
    /// What was scanned, to be sent; [`Self::taken`] when it was.
    pub(super) fn to_send(&self) -> Option<CheckAct> {
        (!self.scanned.is_empty()).then(|| CheckAct::Scan(self.scanned.clone()))
    }

    /// The desk has it.
    pub(super) fn taken(&mut self) {
        self.scanned.clear();
    }
}

/// Draws the page; gives what was asked for. What was scanned waits in the state.
pub(super) fn show(
    ui: &mut Ui,
    wording: &Wording,
    view: &View,
    page: &mut State,
) -> Option<CheckAct> {
    let Some(picture) = &view.check else {
        ui.spinner();
        ui.label(wording.text("ui-reading"));
        return None;
    };
    read_only(ui, wording, view, Duty::ManageStock);
    let act = buttons(ui, wording, view, (picture, page));
    if let Some(done) = &view.stock_done {
        travel_page::done(ui, wording, done);
    }
    ui.add_space(8.0);
    ui.columns_const(|[left, right]| {
        if let Some(row) = &picture.row {
            counter(left, wording, picture, row);
            if picture.sitting {
                scanner(left, wording, page);
                last(left, wording, picture, page);
            }
            lists(right, wording, picture, row);
        } else {
            left.label(wording.text("ui-check-none"));
        }
    });
    act
}

fn buttons(
    ui: &mut Ui,
    wording: &Wording,
    view: &View,
    (picture, page): (&CheckPicture, &mut State),
) -> Option<CheckAct> {
    let open = picture.row.as_ref().filter(|row| goes_on(row.state));
    let mut act = None;
    // A row as high as its highest button keeps them in a line.
    let usual = std::mem::replace(&mut ui.spacing_mut().interact_size.y, 40.0);
    let button =
        |ui: &mut Ui, key, why_not, primary| large(ui, wording, view, (key, why_not, primary));
    ui.horizontal(|ui| {
        let going = picture.sitting.then_some("ui-check-runs");
        let none = open.is_none().then_some("ui-check-none-open");
        if open.is_none() {
            if button(ui, "ui-check-start", None, true) {
                act = Some(CheckAct::Start(page.model.clone()));
            }
        } else if !picture.sitting && button(ui, "ui-check-resume", going, true) {
            act = Some(CheckAct::Resume);
        }
        let idle = (!picture.sitting).then_some("ui-check-paused-already");
        let still = none.or(idle);
        if button(ui, "ui-check-pause", still, picture.sitting) {
            act = Some(CheckAct::Pause);
        }
        if button(ui, "ui-check-sign", none, false) {
            act = Some(CheckAct::Sign);
        }
        if let Some(row) = &picture.row {
            let print = egui::Button::new(wording.text("ui-print"));
            let print = print.min_size(egui::vec2(72.0, 40.0));
            if pressed(ui, wording, view, Duty::ReadRecords, print) {
                act = Some(CheckAct::Print(row.number.clone()));
            }
        }
        if give_up(ui, wording, view, (none, &mut page.giving_up)) {
            act = Some(CheckAct::GiveUp);
        }
        if view.busy {
            ui.spinner();
            ui.label(wording.text("ui-busy"));
        }
    });
    ui.spacing_mut().interact_size.y = usual;
    if open.is_none() && picture.models.len() > 1 {
        models(ui, wording, picture, page);
    }
    act
}

/// A button of system's, as high as the others.
fn large(
    ui: &mut Ui,
    wording: &Wording,
    view: &View,
    (key, why_not, primary): (&str, Option<&str>, bool),
) -> bool {
    let word = wording.text(key);
    let button = if primary {
        theme::primary(ui, word)
    } else {
        egui::Button::new(word).min_size(egui::vec2(72.0, 40.0))
    };
    pressed_when(ui, wording, view, (Duty::ManageStock, why_not), button)
}

/// Giving up is asked for twice; whether it was.
fn give_up(
    ui: &mut Ui,
    wording: &Wording,
    view: &View,
    (why_not, asked): (Option<&str>, &mut bool),
) -> bool {
    if !*asked || why_not.is_some() {
        *asked = large(ui, wording, view, ("ui-check-drop", why_not, false));
        return false;
    }
    let colors = theme::colors(ui);
    ui.colored_label(colors.attention, wording.text("ui-check-drop-sure"));
    let sure = large(ui, wording, view, ("ui-check-drop-yes", None, false));
    if sure || ui.button(wording.text("ui-cancel")).clicked() {
        *asked = false;
    }
    sure
}

/// Of which model the next check is.
fn models(ui: &mut Ui, wording: &Wording, picture: &CheckPicture, page: &mut State) {
    ui.horizontal_wrapped(|ui| {
        ui.label(wording.text("ui-check-of"));
        let all = egui::Button::selectable(page.model.is_none(), wording.text("ui-check-all"));
        if ui.add(all).clicked() {
            page.model = None;
        }
        for model in &picture.models {
            let chosen = page.model.as_ref() == Some(model);
            if ui
                .add(egui::Button::selectable(chosen, model.as_str()))
                .clicked()
            {
                page.model = Some(model.clone());
            }
        }
    });
}

fn counter(ui: &mut Ui, wording: &Wording, picture: &CheckPicture, row: &CheckRow) {
    card(ui, |ui| {
        let state = wording.text(&format!("state-{}", row.state.word()));
        let args = [
            ("number", row.number.clone()),
            ("state", state),
            ("day", day(row.started_at)),
        ];
        ui.label(wording.with("ui-check-head", args));
        if let Some(model) = &row.model {
            ui.weak(wording.with("ui-check-model", [("model", model.clone())]));
        }
        ui.horizontal(|ui| {
            let found = picture.found.to_string();
            ui.label(RichText::new(found).size(COUNTER).strong());
            let of = format!("/ {}", picture.expected);
            let quiet = theme::colors(ui).quiet;
            ui.label(RichText::new(of).size(28.0).color(quiet));
            ui.label(wording.text("ui-check-found"));
        });
        let colors = theme::colors(ui);
        ui.horizontal_wrapped(|ui| {
            let missing = [("count", picture.missing.len().to_string())];
            ui.colored_label(
                colors.quiet,
                format!("○ {}", wording.with("ui-check-missing", missing)),
            );
            let count = picture.differing.len();
            let words = wording.with("ui-check-differing", [("count", count.to_string())]);
            if count > 0 {
                ui.colored_label(colors.attention, format!("△ {words}"));
            } else {
                ui.colored_label(colors.good, format!("✓ {words}"));
            }
        });
    });
}

/// The field of the scanner: it has the focus whenever nothing else is typed into.
fn scanner(ui: &mut Ui, wording: &Wording, page: &mut State) {
    let label = ui.label(wording.text("ui-check-scan"));
    let edit = egui::TextEdit::singleline(&mut page.typed)
        .id_salt("scan")
        .font(egui::TextStyle::Monospace)
        .char_limit(4096)
        .margin(egui::vec2(8.0, 8.0))
        .desired_width(f32::INFINITY);
    let field = parts::edged(ui, |ui| ui.add(edit)).labelled_by(label.id);
    let entered = field.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
    if entered {
        // A person types a number as it is printed, in groups; a scanner sends one a line.
        let text: String = page.typed.split_whitespace().collect();
        page.scanned.extend(listed(&text));
        page.typed.clear();
    }
    let nothing_else = ui.memory(|memory| memory.focused().is_none());
    if entered || nothing_else {
        field.request_focus();
    }
}

/// The last ukey, so large that it is read from the hub.
fn last(ui: &mut Ui, wording: &Wording, picture: &CheckPicture, page: &mut State) {
    if let Some((code, subject)) = &picture.no_serial {
        card(ui, |ui| told(ui, wording, code, subject));
    }
    let Some(seen) = &picture.last else {
        ui.weak(wording.text("ui-check-waits"));
        return;
    };
    if seen.turn != page.turn {
        page.turn = seen.turn;
        call(ui, seen);
    }
    let item = &seen.item;
    let (shape, color) = theme::verdict(ui, item.verdict);
    card(ui, |ui| {
        ui.horizontal(|ui| {
            ui.label(RichText::new(shape).size(36.0).color(color));
            ui.vertical(|ui| {
                let serial = grouped(item.serial.as_str());
                ui.label(RichText::new(serial).monospace().size(22.0).strong());
                let mut words = verdict_word(wording, item.verdict);
                if let (Verdict::Duplicate, Some(before)) = (item.verdict, seen.before) {
                    words = format!("{words} ({})", verdict_word(wording, before));
                }
                ui.label(RichText::new(words).color(color));
            });
        });
        if item.verdict != Verdict::Found {
            ui.label(cure(wording, item));
        }
    });
}

/// Whoever looks at the hub and not at the window is called where something differs: the window asks for
/// attention, as the system does that (a flash, a sound).
fn call(ui: &Ui, seen: &LastSeen) {
    let attention = match seen.item.verdict {
        Verdict::Found | Verdict::Duplicate | Verdict::OfOfficer => return,
        Verdict::Twice
        | Verdict::Unknown
        | Verdict::WrongState
        | Verdict::NotBlank
        | Verdict::SoLocked
        | Verdict::WrongModel
        | Verdict::ForeignObjects
        | Verdict::Unreadable => UserAttentionType::Critical,
    };
    ui.ctx()
        .send_viewport_cmd(ViewportCommand::RequestUserAttention(attention));
}

fn verdict_word(wording: &Wording, verdict: Verdict) -> String {
    wording.text(&format!("verdict-{}", verdict.word()))
}

/// What to do.
fn cure(wording: &Wording, item: &CheckItem) -> String {
    let key = format!("check-cure-{}", item.verdict.word());
    own_words(wording, &key).unwrap_or_default()
}

fn lists(ui: &mut Ui, wording: &Wording, picture: &CheckPicture, row: &CheckRow) {
    let count = [("count", picture.differing.len().to_string())];
    title(ui, wording.with("ui-check-differences", count));
    if picture.differing.is_empty() {
        ui.weak(wording.text("ui-check-no-differences"));
    }
    let height = ui.available_height() * 0.55;
    egui::ScrollArea::vertical()
        .id_salt("differing")
        .max_height(height)
        .auto_shrink([false, true])
        .show(ui, |ui| {
            for item in &picture.differing {
                ui.push_id(item.serial.as_str(), |ui| differing(ui, wording, item));
            }
        });
    if row.state == CheckState::Dropped {
        return;
    }
    ui.add_space(8.0);
    let count = [("count", picture.missing.len().to_string())];
    title(ui, wording.with("ui-check-unseen", count));
    egui::ScrollArea::vertical()
        .id_salt("missing")
        .auto_shrink(false)
        .show_rows(ui, ROW, picture.missing.len(), |ui, seen| {
            for one in picture.missing.get(seen).unwrap_or_default() {
                missing(ui, wording, one);
            }
        });
}

fn differing(ui: &mut Ui, wording: &Wording, item: &CheckItem) {
    let (shape, color) = theme::verdict(ui, item.verdict);
    card(ui, |ui| {
        ui.horizontal_wrapped(|ui| {
            ui.colored_label(
                color,
                format!("{shape} {}", verdict_word(wording, item.verdict)),
            );
            ui.monospace(grouped(item.serial.as_str()));
            if let Some(state) = item.state {
                ui.weak(wording.ukey_state(state));
            }
        });
        ui.label(RichText::new(cure(wording, item)).small());
    });
}

fn missing(ui: &mut Ui, wording: &Wording, one: &Missing) {
    let width = ui.available_width() - 12.0;
    let widths = [0.5, 0.25, 0.25].map(|part| part * width);
    let [mut serial, mut place, mut state] = cells(ui, ROW, widths);
    let mono = RichText::new(grouped(one.serial.as_str())).monospace();
    serial.add(egui::Label::new(mono).truncate());
    if let Some(label) = &one.r#box {
        place.add(egui::Label::new(label).truncate());
    }
    parts::state(&mut state, wording, one.state);
}

/// Whether a check of this state can go on.
const fn goes_on(state: CheckState) -> bool {
    matches!(state, CheckState::Open | CheckState::Paused)
}
