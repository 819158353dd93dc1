//! The bench: virtual ukeys that are plugged in and pulled out, the CA, and faults that wait for their step.

use eframe::egui::{self, RichText, Ui};
use egui::accesskit::Role;

use super::{Asked, State, theme, title};
use crate::domain::ukey::{Serial, UkeyState};
use crate::station::jobs::practice::{self, CaAnswers, PracticeBench};
use crate::station::{FaultAtStep, PlannedFault};
use crate::ui::parts::{card, edged, grouped};
use crate::ui::practice_view::BenchAct;
use crate::ui::view::View;
use crate::wording::Wording;

/// Draws it.
pub(super) fn show(
    ui: &mut Ui,
    wording: &Wording,
    view: &View,
    (page, asked): (&mut State, &mut Vec<Asked>),
) {
    let Some(bench) = &view.bench else {
        ui.spinner();
        return;
    };
    let mut acts = Vec::new();
    fault(ui, wording, (bench, page), &mut acts);
    ui.add_space(8.0);
    ca(ui, wording, bench, &mut acts);
    ui.add_space(8.0);
    ukeys(ui, wording, (view, bench), &mut acts);
    asked.extend(acts.into_iter().map(Asked::Bench));
    ui.add_space(8.0);
}

/// Which fault strikes at which step of which ukey, and those that wait.
fn fault(
    ui: &mut Ui,
    wording: &Wording,
    (bench, page): (&PracticeBench, &mut State),
    acts: &mut Vec<BenchAct>,
) {
    title(ui, &wording.text("ui-fault-title"));
    waiting(ui, wording, &bench.planned, acts);
    let mut kind = page.kind.unwrap_or(FaultAtStep::Removed);
    egui::Grid::new("faults")
        .num_columns(2)
        .spacing([16.0, 0.0])
        .show(ui, |ui| {
            for pair in FaultAtStep::ALL.chunks(2) {
                for of in pair {
                    let word = wording.text(&format!("fault-{}", of.word()));
                    if edged(ui, |ui| ui.radio(kind == *of, word)).clicked() {
                        (kind, page.at) = (*of, None); // Not every one can happen at every step.
                    }
                }
                ui.end_row();
            }
        });
    page.kind = Some(kind);
    let quiet = theme::colors(ui).quiet;
    let what = wording.text(&format!("fault-{}-what", kind.word()));
    ui.add(egui::Label::new(RichText::new(what).small().color(quiet)).wrap());
    let at = page.at.unwrap_or_else(|| kind.usual_step());
    step(ui, wording, (kind, page));
    which(ui, wording, (bench, page));
    let plan = egui::Button::new(wording.text("ui-fault-plan"));
    if ui.add(plan).clicked() {
        acts.push(BenchAct::Plan(page.serial.clone(), kind, at));
    }
}

/// The step where it strikes.
fn step(ui: &mut Ui, wording: &Wording, (kind, page): (FaultAtStep, &mut State)) {
    let word = |step: crate::workflow::step::Step| wording.text(&format!("step-{}", step.word()));
    let mut at = page.at.unwrap_or_else(|| kind.usual_step());
    choice(ui, &wording.text("ui-fault-step"), &word(at), |ui| {
        for step in practice::fault_steps(kind) {
            ui.selectable_value(&mut at, step, word(step));
        }
    });
    page.at = Some(at);
}

/// The ukey that it strikes.
fn which(ui: &mut Ui, wording: &Wording, (bench, page): (&PracticeBench, &mut State)) {
    let next = wording.text("ui-fault-next");
    let serial = &mut page.serial;
    let shown = serial
        .as_ref()
        .map_or_else(|| next.clone(), |serial| grouped(serial.as_str()));
    choice(ui, &wording.text("ui-fault-ukey"), &shown, |ui| {
        ui.selectable_value(serial, None, &next);
        for (of, _inserted) in &bench.ukeys {
            ui.selectable_value(serial, Some(of.clone()), grouped(of.as_str()));
        }
    });
}

/// A list to choose from, with its name before it.
fn choice(ui: &mut Ui, name: &str, shown: &str, list: impl FnOnce(&mut Ui)) {
    ui.horizontal(|ui| {
        let label = ui.label(name);
        edged(ui, |ui| {
            egui::ComboBox::from_id_salt(name)
                .width(ui.available_width() - 8.0)
                .height(320.0)
                .selected_text(shown)
                .truncate()
                .show_ui(ui, list)
                .response
                .labelled_by(label.id)
        });
    });
}

/// The faults that wait; each can be taken back.
fn waiting(ui: &mut Ui, wording: &Wording, planned: &[PlannedFault], acts: &mut Vec<BenchAct>) {
    for PlannedFault { serial, kind, at } in planned {
        card(ui, |ui| {
            let next = || wording.text("ui-fault-next");
            let on = serial
                .as_ref()
                .map_or_else(next, |serial| grouped(serial.as_str()));
            let args = [
                ("ukey", on.clone()),
                ("step", wording.text(&format!("step-{}", at.word()))),
                ("fault", wording.text(&format!("fault-{}", kind.word()))),
            ];
            let text = format!("△ {}", wording.with("ui-fault-waits", args));
            let color = theme::colors(ui).attention;
            ui.add(egui::Label::new(RichText::new(text).color(color)).wrap());
            let word = wording.text("ui-fault-withdraw");
            if named_button(ui, &word, &on) {
                acts.push(BenchAct::Withdraw(serial.clone()));
            }
        });
    }
}

fn ca(ui: &mut Ui, wording: &Wording, bench: &PracticeBench, acts: &mut Vec<BenchAct>) {
    title(ui, &wording.text("ui-bench-ca"));
    let colors = theme::colors(ui);
    let (shape, color, state, word, next) = if bench.ca_answers {
        let keys = ("ui-bench-ca-on", "ui-bench-ca-turn-off");
        ("●", colors.good, keys.0, keys.1, CaAnswers::No)
    } else {
        let keys = ("ui-bench-ca-off", "ui-bench-ca-turn-on");
        ("✕", colors.stopped, keys.0, keys.1, CaAnswers::Yes)
    };
    ui.horizontal(|ui| {
        ui.colored_label(color, format!("{shape} {}", wording.text(state)));
        right(ui, |ui| {
            if ui.button(wording.text(word)).clicked() {
                acts.push(BenchAct::Ca(next));
            }
        });
    });
}

/// Every virtual ukey, with the hand on it.
fn ukeys(
    ui: &mut Ui,
    wording: &Wording,
    (view, bench): (&View, &PracticeBench),
    acts: &mut Vec<BenchAct>,
) {
    title(ui, &wording.text("ui-bench-ukeys"));
    let state = |serial: &Serial| {
        let training = view.training.as_ref()?;
        training.states.get(serial).copied()
    };
    let mut out = bench.ukeys.iter().filter(|(_serial, inserted)| !inserted);
    let blank = out.find(|(serial, _out)| state(serial) == Some(UkeyState::Blank));
    let next = egui::Button::new(wording.text("ui-bench-next-blank"));
    let next = ui.add_enabled(blank.is_some(), next);
    let next = next.on_disabled_hover_text(wording.text("ui-bench-no-blank"));
    if let Some((serial, _out)) = blank
        && next.clicked()
    {
        acts.push(BenchAct::Insert(serial.clone()));
    }
    // What is out stands first: it is to be put back.
    let (inside, outside): (Vec<_>, Vec<_>) = bench
        .ukeys
        .iter()
        .partition(|(_serial, inserted)| *inserted);
    for (serial, inserted) in outside.into_iter().chain(inside) {
        ui.horizontal(|ui| {
            let state = state(serial);
            if let Some(state) = state {
                let (shape, color) = theme::ukey_state(ui, state);
                let word = wording.ukey_state(state);
                ui.colored_label(color, shape).on_hover_text(word);
            }
            let text = RichText::new(grouped(serial.as_str())).monospace();
            let color = theme::colors(ui).quiet;
            ui.label(if *inserted { text } else { text.color(color) });
            right(ui, |ui| {
                let (key, act): (_, fn(Serial) -> BenchAct) = if *inserted {
                    ("ui-bench-pull", BenchAct::Pull)
                } else {
                    ("ui-bench-insert", BenchAct::Insert)
                };
                if named_button(ui, &wording.text(key), &grouped(serial.as_str())) {
                    acts.push(act(serial.clone()));
                }
            });
        });
    }
}

/// A button in a line of a list, with a name of its own.
fn named_button(ui: &mut Ui, word: &str, of: &str) -> bool {
    let response = ui.button(word);
    let told = format!("{word} {of}");
    response.widget_info(|| egui::WidgetInfo::labeled(Role::Button, true, &told));
    response.clicked()
}

/// At the right end of a line.
fn right(ui: &mut Ui, add: impl FnOnce(&mut Ui)) {
    ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), add);
}
