//! The form in the card of a ukey whose holder leaves or moves: what is asked, what would end, and the button
//! that ends it.

use eframe::egui::{self, Ui};

use super::super::loss_view::{LossAct, Parted, Parting, PartingLooked};
use super::super::parts::{dropped_file, edged, field, pressed_when, reason, some_path};
use super::super::second_view::Proposed;
use super::super::theme;
use super::super::view::View;
use crate::domain::departure::Departure;
use crate::domain::officer::Duty;
use crate::domain::ukey::UkeyState;
use crate::station::HolderRow;
use crate::station::jobs::people::is_reason;
use crate::wording::Wording;

/// How a person and a unit part, with the key of each.
const WAYS: [(Departure, &str); 3] = [
    (Departure::Left, "ui-part-left"),
    (Departure::UnitClosed, "ui-part-unit-closed"),
    (Departure::Moved, "ui-part-moved"),
];

/// What a person typed so far.
#[derive(Debug, Default)]
pub(super) struct State {
    how: Option<Departure>,
    reason: String,
    to: String,
    certificate: String,
    brought: bool,
}

/// What came of drawing the form.
pub(super) enum Asked {
    /// Something of the desk.
    Act(LossAct),
    /// Something of two officers.
    Propose(Proposed),
    /// The form is closed.
    Close,
}

/// Whether somebody can part who holds a ukey in this state: its certificate may be live.
pub(super) const fn is_offered(state: UkeyState) -> bool {
    match state {
        UkeyState::Issued | UkeyState::HandedOut | UkeyState::Suspended | UkeyState::Damaged => {
            true
        }
        UkeyState::Blank
        | UkeyState::Allocated
        | UkeyState::Personalising
        | UkeyState::Lost
        | UkeyState::Returned
        | UkeyState::Destroyed
        | UkeyState::Dispatched => false,
    }
}

/// Draws the form; gives what was asked for.
pub(super) fn show(
    ui: &mut Ui,
    wording: &Wording,
    view: &View,
    (row, form): (&HolderRow, &mut State),
) -> Option<Asked> {
    if super::head(ui, wording, "ui-part-title") {
        return Some(Asked::Close);
    }
    ui.label(wording.text("ui-part-what"));
    fields(ui, wording, form);
    let typed = form.typed(row);
    let looked = view.parting.as_ref();
    let looked = looked.filter(|looked| Some(&looked.parting) == typed.as_ref());
    let look = look(ui, wording, view, (form, typed.clone(), looked.is_some()));
    let done = looked.and_then(|looked| carry_out(ui, wording, view, looked));
    look.or(done)
}

impl State {
    /// What is asked for, once everything is typed.
    fn typed(&self, row: &HolderRow) -> Option<Parting> {
        let how = self.how.filter(|_how| self.missing().is_none())?;
        let moves = how == Departure::Moved;
        Some(Parting {
            serial: row.serial.clone(),
            number: row.request.clone(),
            how,
            reason: self.reason.trim().to_owned(),
            brought: self.brought,
            to: moves.then(|| self.to.trim().to_owned()),
            certificate: some_path(&self.certificate).filter(|_path| moves),
        })
    }

    /// Key of what is not typed yet.
    fn missing(&self) -> Option<&'static str> {
        match self.how {
            None => Some("ui-part-choose"),
            Some(Departure::Moved) if self.to.trim().is_empty() => Some("ui-part-to-first"),
            Some(_) if !is_reason(&self.reason) => Some("ui-explain-reason"),
            Some(_) => None,
        }
    }
}

fn fields(ui: &mut Ui, wording: &Wording, form: &mut State) {
    for (how, key) in WAYS {
        if edged(ui, |ui| ui.radio(form.how == Some(how), wording.text(key))).clicked() {
            form.how = Some(how);
        }
    }
    if form.how == Some(Departure::Moved) {
        let edit = egui::TextEdit::singleline(&mut form.to)
            .id_salt("part to")
            .char_limit(100)
            .desired_width(f32::INFINITY);
        field(ui, &wording.text("ui-part-to"), edit);
        if let Some(path) = dropped_file(ui) {
            form.certificate = path;
        }
        let edit = egui::TextEdit::singleline(&mut form.certificate)
            .id_salt("part certificate")
            .hint_text(wording.text("ui-file-drop"))
            .char_limit(4096)
            .desired_width(f32::INFINITY);
        field(ui, &wording.text("ui-part-certificate"), edit);
    }
    reason(ui, wording, "part reason", &mut form.reason);
    let word = wording.text("ui-part-brought");
    edged(ui, |ui| ui.checkbox(&mut form.brought, word));
}

/// The button that shows what ends; it may be pressed again once a ukey was plugged in.
fn look(
    ui: &mut Ui,
    wording: &Wording,
    view: &View,
    (form, typed, again): (&State, Option<Parting>, bool),
) -> Option<Asked> {
    let button = if again {
        egui::Button::new(wording.text("ui-part-look-again"))
    } else {
        theme::primary(ui, wording.text("ui-part-look"))
    };
    let terms = (Duty::ManageStock, form.missing());
    let asked = pressed_when(ui, wording, view, terms, button);
    let parting = typed.filter(|_parting| asked)?;
    Some(Asked::Act(LossAct::LookAtParting(parting)))
}

/// What ends, and the button that ends it.
fn carry_out(ui: &mut Ui, wording: &Wording, view: &View, looked: &PartingLooked) -> Option<Asked> {
    ui.separator();
    for fact in looked.facts(wording) {
        ui.label(fact);
    }
    let moves = looked.parting.how == Departure::Moved;
    let colors = theme::colors(ui);
    let key = if looked.absent > 0 {
        let count = [("count", looked.absent.to_string())];
        let words = wording.with("ui-part-security", count);
        ui.colored_label(colors.attention, format!("△ {words}"));
        "ui-part-propose"
    } else {
        let words = wording.text("ui-part-for-good");
        ui.colored_label(colors.attention, format!("△ {words}"));
        if moves {
            "ui-part-move"
        } else {
            "ui-part-leave"
        }
    };
    let button = theme::primary(ui, wording.text(key));
    let asked = pressed_when(ui, wording, view, (Duty::ManageStock, None), button);
    asked.then(|| {
        if looked.absent > 0 {
            Asked::Propose(Proposed::Part(Box::new(looked.clone())))
        } else {
            Asked::Act(LossAct::Part(looked.parting.clone()))
        }
    })
}

/// What became of it.
pub(super) fn done(ui: &mut Ui, wording: &Wording, parted: &Parted) {
    let meanings = parted.reasons.iter();
    let meanings = meanings.map(|reason| wording.text(&format!("reason-{}", reason.word())));
    let args = [
        ("returned", parted.returned.to_string()),
        ("due", (parted.all - parted.returned).to_string()),
        ("meaning", meanings.collect::<Vec<_>>().join(" / ")),
    ];
    ui.label(wording.with("ui-part-ended", args));
    for number in &parted.successors {
        ui.label(wording.with("ui-loss-anew-next", [("number", number.clone())]));
    }
    if let Some((path, unit)) = &parted.file {
        let args = [("path", path.display().to_string()), ("unit", unit.clone())];
        ui.label(wording.with("holders-file", args));
    }
}
