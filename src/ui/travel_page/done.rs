//! What became of the last act: where its file lies, what its paper is, what differs.

use std::path::Path;

use eframe::egui::{self, OpenUrl, Ui};

use crate::domain::stock::ItemOutcome;
use crate::station::jobs::stock::{Received, SignedFor};
use crate::ui::parts::{card, grouped};
use crate::ui::stock_view::{Paper, StockDone};
use crate::ui::{row_faults, theme, told};
use crate::wording::Wording;

/// Draws it.
pub(in crate::ui) fn show(ui: &mut Ui, wording: &Wording, done: &StockDone) {
    card(ui, |ui| match done {
        StockDone::Sent {
            number,
            unit,
            count,
            file,
            paper,
        } => {
            let args = [
                ("number", number.clone()),
                ("unit", unit.clone()),
                ("count", count.to_string()),
            ];
            good(ui, &wording.with("ui-sent", args));
            lies(ui, wording, "ui-sent-file", file);
            ui.label(wording.text("ui-sent-next"));
            paper_of(ui, wording, paper);
        }
        StockDone::Printed { number, paper } => {
            good(
                ui,
                &wording.with("ui-printed", [("number", number.clone())]),
            );
            printed(ui, wording, paper);
        }
        StockDone::Checked {
            number,
            differences,
            paper,
        } => {
            good(
                ui,
                &wording.with("ui-checked", [("number", number.clone())]),
            );
            if *differences > 0 {
                let count = [("count", differences.to_string())];
                let words = wording.with("ui-checked-differences", count);
                ui.colored_label(theme::colors(ui).attention, format!("△ {words}"));
            }
            paper_of(ui, wording, paper);
        }
        StockDone::SignedFor(signed) => signed_for(ui, wording, signed),
        StockDone::Delivered(received) => delivered(ui, wording, received),
    });
}

fn paper_of(ui: &mut Ui, wording: &Wording, paper: &Paper) {
    match paper {
        Ok(path) => printed(ui, wording, path),
        Err((code, subject)) => told(ui, wording, code, subject),
    }
}

fn good(ui: &mut Ui, words: &str) {
    ui.colored_label(theme::colors(ui).good, format!("✓ {words}"));
}

/// Where a file lies, to be read and copied.
fn lies(ui: &mut Ui, wording: &Wording, key: &str, path: &Path) {
    let path = path.display().to_string();
    ui.label(wording.text(key));
    ui.horizontal_wrapped(|ui| {
        ui.monospace(&path);
        if ui.button(wording.text("ui-copy-path")).clicked() {
            ui.ctx().copy_text(path);
        }
    });
}

/// The paper: where it lies, and the button that shows it for printing.
fn printed(ui: &mut Ui, wording: &Wording, path: &Path) {
    ui.label(wording.text("ui-paper"));
    ui.horizontal_wrapped(|ui| {
        ui.monospace(path.display().to_string());
        if ui.button(wording.text("ui-paper-open")).clicked() {
            let url = format!("file://{}", path.display());
            ui.ctx().open_url(OpenUrl::new_tab(url));
        }
    });
}

fn delivered(ui: &mut Ui, wording: &Wording, received: &Received) {
    let counts = [
        ("received", received.received.to_string()),
        ("refused", received.refused.to_string()),
    ];
    let words = wording.with("stock-received", counts);
    if received.refused == 0 {
        good(ui, &words);
    } else {
        ui.colored_label(theme::colors(ui).attention, format!("△ {words}"));
    }
    row_faults::show(ui, wording, &received.faults);
}

fn signed_for(ui: &mut Ui, wording: &Wording, signed: &SignedFor) {
    let colors = theme::colors(ui);
    if signed.replayed {
        ui.colored_label(colors.attention, wording.text("parcel-replayed"));
        return;
    }
    let of = |outcome| {
        let items = signed.items.iter();
        items
            .filter(move |(_serial, other)| *other == outcome)
            .map(|(serial, _)| serial)
    };
    let args = [
        ("number", signed.note.number.clone()),
        ("count", of(ItemOutcome::Received).count().to_string()),
    ];
    good(ui, &wording.with("stock-signed-for", args));
    let differing = [
        (
            "ui-came-missing",
            of(ItemOutcome::Missing).collect::<Vec<_>>(),
        ),
        ("ui-came-refused", of(ItemOutcome::Refused).collect()),
        ("ui-came-extra", signed.extra.iter().collect()),
    ];
    let mut differs = false;
    for (key, serials) in differing {
        if serials.is_empty() {
            continue;
        }
        differs = true;
        let count = [("count", serials.len().to_string())];
        ui.colored_label(colors.attention, format!("△ {}", wording.with(key, count)));
        let texts: Vec<_> = serials
            .iter()
            .map(|serial| grouped(serial.as_str()))
            .collect();
        ui.add(egui::Label::new(egui::RichText::new(texts.join(", ")).monospace()).wrap());
    }
    if differs {
        ui.label(wording.text("ui-came-differs-next"));
    }
    if let Some(sent) = &signed.sent {
        lies(ui, wording, "ui-signed-file", &sent.file);
        ui.label(wording.text("ui-signed-next"));
    }
}
