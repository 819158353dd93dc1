//! What is wrong with the rows of a sheet, in a table.

use eframe::egui::{self, Ui};

use super::parts::cells;
use crate::station::jobs::request_import::RowFault;
use crate::wording::Wording;

/// Two lines of a hint.
const ROW: f32 = 40.0;

/// Draws every fault; nothing where there is none.
pub(super) fn show(ui: &mut Ui, wording: &Wording, faults: &[RowFault]) {
    if faults.is_empty() {
        return;
    }
    let width = ui.available_width() - 12.0;
    // Of a list that was typed no row has a cell.
    let cell = faults.iter().any(|fault| !fault.place.cell.is_empty());
    let widths = if cell {
        [0.06, 0.08, 0.17, 0.22, 0.08, 0.39]
    } else {
        [0.08, 0.0, 0.18, 0.24, 0.1, 0.4]
    };
    let widths = widths.map(|part| part * width);
    let heads = [
        "col-row",
        "col-cell",
        "col-column",
        "col-value",
        "col-rule",
        "col-hint",
    ];
    for (mut head, key) in cells(ui, 20.0, widths).into_iter().zip(heads) {
        if cell || key != "col-cell" {
            head.weak(wording.text(key));
        }
    }
    ui.spacing_mut().item_spacing.y = 0.0;
    egui::ScrollArea::vertical()
        .id_salt("faults")
        .max_height(ui.available_height().max(4.0 * ROW))
        .show_rows(ui, ROW, faults.len(), |ui, seen| {
            for fault in faults.get(seen).unwrap_or_default() {
                line(ui, wording, widths, fault);
            }
        });
}

fn line(ui: &mut Ui, wording: &Wording, widths: [f32; 6], fault: &RowFault) {
    let number = fault.number.clone().unwrap_or_default();
    // As of hints: the window's own words, where it has some.
    let own = wording.known(&format!("ui-fault-{}", fault.word));
    let known = || wording.with(&format!("fault-{}", fault.word), [("number", number)]);
    let hint = own.unwrap_or_else(known);
    let texts = [
        fault.place.row.to_string(),
        fault.place.cell.clone(),
        fault.place.column.to_owned(),
        fault.value.clone().unwrap_or_default(),
        fault.rule.to_owned(),
        hint,
    ];
    for (at, (mut cell, text)) in cells(ui, ROW, widths).into_iter().zip(texts).enumerate() {
        let label = egui::Label::new(text);
        // The hint says what to write: all of it is seen.
        cell.add(if at == 5 {
            label.wrap()
        } else {
            label.truncate()
        });
    }
}
