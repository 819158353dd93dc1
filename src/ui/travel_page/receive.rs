//! A file that came: the lines of a note to be ticked as missing and signed for, or the sign-for of a
//! note that was sent from here.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use eframe::egui::{self, RichText, Ui};
use egui::Key;

use crate::domain::officer::Duty;
use crate::domain::stock::{DispatchItem, ItemOutcome};
use crate::domain::ukey::Serial;
use crate::station::jobs::stock::{NoteFile, SignForFile, StockFile};
use crate::ui::parts::{card, cells, day, edged, field, grouped, listed, pressed_when, typed_path};
use crate::ui::stock_view::{Came, StockAct};
use crate::ui::theme;
use crate::ui::view::View;
use crate::wording::Wording;

/// Height of a line.
const ROW: f32 = 28.0;
/// Height of the lines before they scroll.
const LINES: f32 = 240.0;

/// What a person did here so far.
#[derive(Debug, Default)]
pub(super) struct State {
    path: String,
    /// The file whose lines are ticked below.
    ticked_of: PathBuf,
    /// Did not come; of a note that was signed for before: came late.
    ticked: BTreeSet<Serial>,
    extra: String,
}

impl State {
    /// Takes a file that was dropped, and looks into it if that may be done.
    pub(super) fn take(&mut self, path: String, view: &View) -> Option<StockAct> {
        self.path = path;
        (view.may(Duty::ManageStock) && !view.busy).then(|| StockAct::Open(self.trimmed()))
    }

    fn trimmed(&self) -> PathBuf {
        typed_path(&self.path)
    }
}

/// Draws it; gives what was asked for.
pub(super) fn show(
    ui: &mut Ui,
    wording: &Wording,
    view: &View,
    state: &mut State,
) -> Option<StockAct> {
    let mut act = None;
    card(ui, |ui| {
        let edit = egui::TextEdit::singleline(&mut state.path)
            .id_salt("path")
            .hint_text(wording.text("ui-file-drop"))
            .char_limit(4096)
            .desired_width(f32::INFINITY);
        let typed = field(ui, &wording.text("ui-file"), edit);
        let entered = typed.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
        let empty = state.path.trim().is_empty();
        let why_not = empty.then_some("ui-file-first");
        let open = egui::Button::new(wording.text("ui-file-open"));
        let pressed = pressed_when(ui, wording, view, (Duty::ManageStock, why_not), open);
        let may = view.may(Duty::ManageStock) && !view.busy && !empty;
        if pressed || (entered && may) {
            act = Some(StockAct::Open(state.trimmed()));
        }
    });
    let Some(opened) = &view.opened else {
        return act;
    };
    if state.ticked_of != opened.path {
        state.ticked_of.clone_from(&opened.path);
        state.ticked.clear();
        state.extra.clear();
    }
    let asked = card(ui, |ui| match &opened.file {
        StockFile::Note(file) => note(ui, wording, view, (&opened.path, file), state),
        StockFile::SignFor(file) => sign_for(ui, wording, view, (&opened.path, file)),
    });
    act.or(asked)
}

/// Who sends what.
fn head(ui: &mut Ui, wording: &Wording, key: &str, args: [(&'static str, String); 4]) {
    ui.strong(wording.with(key, args));
}

fn note(
    ui: &mut Ui,
    wording: &Wording,
    view: &View,
    (path, file): (&Path, &NoteFile),
    state: &mut State,
) -> Option<StockAct> {
    let args = [
        ("number", file.number.clone()),
        ("unit", file.unit.clone()),
        ("officer", file.signer.clone()),
        ("day", day(file.at)),
    ];
    head(ui, wording, "ui-file-note", args);
    if let Some(reason) = &file.reason {
        ui.label(format!("{}: {reason}", wording.text("ui-reason")));
    }
    let lines: Vec<_> = if file.signed_for {
        ui.colored_label(
            theme::colors(ui).attention,
            wording.text("ui-file-signed-for"),
        );
        let missing = |outcome: &ItemOutcome| *outcome == ItemOutcome::Missing;
        let lines = file.lines.iter();
        lines.filter(|(_item, outcome)| missing(outcome)).collect()
    } else {
        file.lines.iter().collect()
    };
    let key = if file.signed_for {
        "ui-tick-late"
    } else {
        "ui-tick-missing"
    };
    ui.label(wording.text(key));
    tick(ui, wording, &lines, &mut state.ticked);
    let ticked = state.ticked.len();
    if !file.signed_for {
        let edit = egui::TextEdit::singleline(&mut state.extra)
            .id_salt("extra")
            .char_limit(2000)
            .desired_width(f32::INFINITY);
        field(ui, &wording.text("ui-extra"), edit);
        let args = [
            ("came", lines.len().saturating_sub(ticked).to_string()),
            ("missing", ticked.to_string()),
        ];
        ui.label(wording.with("ui-sign-for-sum", args));
    }
    let why_not = (file.signed_for && ticked == 0).then_some("ui-tick-late-first");
    let sign = theme::primary(ui, wording.text("ui-sign-for"));
    let asked = pressed_when(ui, wording, view, (Duty::ManageStock, why_not), sign);
    let counted = counted(file.signed_for, state);
    asked.then(|| StockAct::SignFor {
        path: path.to_owned(),
        counted,
    })
}

/// What differs, as ticked and typed.
fn counted(signed_for: bool, state: &State) -> Came {
    let serials: Vec<Serial> = state.ticked.iter().cloned().collect();
    if signed_for {
        return Came {
            late: serials,
            ..Came::default()
        };
    }
    Came {
        missing: serials,
        extra: listed(&state.extra),
        late: Vec::new(),
    }
}

fn tick(
    ui: &mut Ui,
    wording: &Wording,
    lines: &[&(DispatchItem, ItemOutcome)],
    ticked: &mut BTreeSet<Serial>,
) {
    let colors = theme::colors(ui);
    let width = ui.available_width() - 12.0;
    egui::ScrollArea::vertical()
        .id_salt("lines")
        .max_height(LINES)
        .auto_shrink([false, true])
        .show_rows(ui, ROW, lines.len(), |ui, seen| {
            for (item, outcome) in lines.get(seen).unwrap_or_default() {
                let [mut check, mut model, mut place, mut verdict] =
                    cells(ui, ROW, [0.40, 0.28, 0.16, 0.16].map(|part| part * width));
                let mut is = ticked.contains(&item.serial);
                let name = RichText::new(grouped(item.serial.as_str())).monospace();
                let ticks = edged(&mut check, |ui| ui.checkbox(&mut is, name));
                if ticks.changed() {
                    if is {
                        ticked.insert(item.serial.clone());
                    } else {
                        ticked.remove(&item.serial);
                    }
                }
                model.add(egui::Label::new(&item.model).truncate());
                if let Some(label) = &item.r#box {
                    place.add(egui::Label::new(label).truncate());
                }
                if *outcome == ItemOutcome::Refused {
                    let word = wording.text("ui-line-refused");
                    verdict
                        .colored_label(colors.attention, format!("△ {word}"))
                        .on_hover_text(wording.text("ui-line-refused-why"));
                }
            }
        });
}

fn sign_for(
    ui: &mut Ui,
    wording: &Wording,
    view: &View,
    (path, file): (&Path, &SignForFile),
) -> Option<StockAct> {
    let args = [
        ("number", file.note.number.clone()),
        ("unit", file.unit.clone()),
        ("officer", file.signer.clone()),
        ("day", day(file.at)),
    ];
    head(ui, wording, "ui-file-sign-for", args);
    let colors = theme::colors(ui);
    let of = |outcome| {
        let items = file.items.iter();
        items.filter(move |(_serial, other)| *other == outcome)
    };
    let received = of(ItemOutcome::Received).count().to_string();
    let words = wording.with("ui-came-received", [("count", received)]);
    ui.colored_label(colors.good, format!("✓ {words}"));
    let differing = [
        (
            "ui-came-missing",
            of(ItemOutcome::Missing).map(|(serial, _)| serial).collect(),
        ),
        (
            "ui-came-refused",
            of(ItemOutcome::Refused).map(|(serial, _)| serial).collect(),
        ),
        ("ui-came-extra", file.extra.iter().collect::<Vec<_>>()),
    ];
    for (key, serials) in differing {
        if serials.is_empty() {
            continue;
        }
        let count = [("count", serials.len().to_string())];
        ui.colored_label(colors.attention, format!("△ {}", wording.with(key, count)));
        let texts: Vec<_> = serials
            .iter()
            .map(|serial| grouped(serial.as_str()))
            .collect();
        ui.add(egui::Label::new(RichText::new(texts.join(", ")).monospace()).wrap());
    }
    let why_not = file.replayed.then_some("parcel-replayed");
    if let Some(key) = why_not {
        ui.colored_label(colors.attention, wording.text(key));
    }
    let take = theme::primary(ui, wording.text("ui-take-sign-for"));
    let asked = pressed_when(ui, wording, view, (Duty::ManageStock, why_not), take);
    asked.then(|| StockAct::ReceiveSignFor(path.to_owned()))
}
