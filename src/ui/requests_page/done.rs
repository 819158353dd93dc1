//! What became of the last act.

use eframe::egui::{self, Ui};

use super::{field_word, opinion_word};
use crate::domain::opinion::OpinionKind;
use crate::domain::request::{FieldFault, FieldWarning, Normalised};
use crate::station::jobs::holders::{Arrival, Received};
use crate::station::jobs::request_import::Imported;
use crate::ui::parts::{card, title};
use crate::ui::requests_view::{Refused, RequestsDone};
use crate::ui::{row_faults, theme, told};
use crate::wording::Wording;

/// Height of a list before it scrolls.
const LIST: f32 = 160.0;

pub(super) fn show(ui: &mut Ui, wording: &Wording, done: &RequestsDone) {
    match done {
        // The form says each under its field.
        RequestsDone::Invalid(faults) if faults.is_empty() => {}
        RequestsDone::Invalid(faults) => {
            card(ui, |ui| self::faults(ui, wording, faults));
        }
        RequestsDone::Saved {
            number,
            normalised,
            warnings,
        } => {
            card(ui, |ui| {
                good(
                    ui,
                    wording.with("request-entered", [("number", number.clone())]),
                );
                notes(ui, wording, (normalised, warnings));
            });
        }
        RequestsDone::Each {
            done,
            numbers,
            refused,
        } => {
            card(ui, |ui| each(ui, wording, (done, numbers, refused)));
        }
        RequestsDone::Paper { done, warnings } => {
            card(ui, |ui| {
                good(ui, wording.text(done));
                notes(ui, wording, (&[], warnings));
            });
        }
        RequestsDone::Written(path) => written(ui, wording, path),
        RequestsDone::Imported(imported) => {
            card(ui, |ui| self::imported(ui, wording, imported));
        }
        RequestsDone::SentUp { file, count } => {
            card(ui, |ui| {
                let args = [
                    ("count", count.to_string()),
                    ("path", file.display().to_string()),
                ];
                good(ui, wording.with("ui-request-sent-up", args));
            });
        }
        RequestsDone::Reviewed { file, count } => {
            card(ui, |ui| {
                let args = [
                    ("count", count.to_string()),
                    ("path", file.display().to_string()),
                ];
                good(ui, wording.with("ui-request-reviewed", args));
            });
        }
        RequestsDone::Answered {
            replayed,
            numbers,
            refused,
        } => {
            card(ui, |ui| {
                if *replayed {
                    ui.colored_label(theme::colors(ui).attention, wording.text("parcel-replayed"));
                }
                each(ui, wording, ("ui-request-answered", numbers, refused));
            });
        }
        RequestsDone::HandedOver(received) => {
            card(ui, |ui| handed_over(ui, wording, received));
        }
    }
}

/// Who handed the records over, and what became of each.
fn handed_over(ui: &mut Ui, wording: &Wording, received: &Received) {
    if received.replayed {
        ui.colored_label(theme::colors(ui).attention, wording.text("parcel-replayed"));
        return;
    }
    let args = [
        ("count", received.holders.len().to_string()),
        ("unit", received.from.clone()),
        ("signer", received.signer.clone()),
        ("by", received.certified_by.clone()),
    ];
    good(ui, wording.with("ui-moved-in-received", args));
    for arrived in &received.holders {
        let of = |number: &String| {
            [
                ("number", number.clone()),
                ("old", arrived.old_number.clone()),
                ("unit", arrived.old_unit.clone()),
            ]
        };
        match &arrived.arrival {
            Ok(Arrival::Entered(number)) => {
                ui.label(wording.with("ui-moved-in-entered", of(number)));
            }
            Ok(Arrival::There(number)) => {
                ui.label(wording.with("ui-moved-in-there", of(number)));
            }
            Err(error) => {
                ui.monospace(&arrived.old_number);
                told(ui, wording, error.code, &error.subject);
                faults(ui, wording, &error.faults);
            }
        }
    }
}

/// What is wrong, field by field.
fn faults(ui: &mut Ui, wording: &Wording, faults: &[FieldFault]) {
    for fault in faults {
        let word = field_word(wording, fault.field);
        let text = wording.text(&format!("fault-{}", fault.problem.word()));
        let line = format!("✕ {word}: {text} ({})", fault.rule);
        ui.colored_label(theme::colors(ui).stopped, line);
    }
}

fn good(ui: &mut Ui, words: String) {
    ui.horizontal_wrapped(|ui| {
        ui.colored_label(theme::colors(ui).good, "✓");
        ui.label(words);
    });
}

fn written(ui: &mut Ui, wording: &Wording, path: &std::path::Path) {
    card(ui, |ui| {
        let path = path.display().to_string();
        good(ui, wording.with("written", [("path", path)]));
    });
}

/// What was kept otherwise than it was typed, and what a person should look at again.
fn notes(ui: &mut Ui, wording: &Wording, (normalised, warnings): (&[Normalised], &[FieldWarning])) {
    for note in normalised {
        let args = [
            ("field", field_word(wording, note.field)),
            ("from", note.from.clone()),
            ("to", note.to.clone()),
        ];
        ui.weak(wording.with("ui-request-kept-as", args));
    }
    for warning in warnings {
        self::warning(ui, wording, warning);
    }
}

pub(super) fn warning(ui: &mut Ui, wording: &Wording, warning: &FieldWarning) {
    let field = field_word(wording, warning.field);
    let text = wording.text(&format!("warning-{}", warning.word));
    let line = format!("△ {field}: {text} ({})", warning.rule);
    ui.colored_label(theme::colors(ui).attention, line);
}

fn each(ui: &mut Ui, wording: &Wording, (done, numbers, refused): (&str, &[String], &[Refused])) {
    if !numbers.is_empty() {
        let listed = match numbers {
            [one] => one.clone(),
            [first, .., last] => format!("{first} … {last}"),
            [] => String::new(),
        };
        let args = [("count", numbers.len().to_string()), ("numbers", listed)];
        good(ui, wording.with(done, args));
    }
    if refused.is_empty() {
        return;
    }
    let count = [("count", refused.len().to_string())];
    title(ui, wording.with("ui-request-refused", count));
    egui::ScrollArea::vertical()
        .id_salt("refused")
        .max_height(LIST)
        .show(ui, |ui| {
            ui.set_min_width(ui.available_width());
            for (number, (code, subject)) in refused {
                ui.monospace(number);
                told(ui, wording, code, &in_words(wording, code, subject));
            }
        });
}

/// The subject of an error with the paper's words for the opinions that it names.
fn in_words(wording: &Wording, code: &str, subject: &str) -> String {
    let mut said = subject.to_owned();
    if code == "opinions-missing" {
        for kind in OpinionKind::ALL {
            said = said.replace(kind.word(), &opinion_word(wording, kind));
        }
    }
    said
}

/// Counts, and every fault in a table.
fn imported(ui: &mut Ui, wording: &Wording, imported: &Imported) {
    let counts = [
        ("imported", imported.imported.to_string()),
        ("unchanged", imported.unchanged.to_string()),
        ("refused", imported.refused.to_string()),
    ];
    good(ui, wording.with("imported", counts));
    let noted = (imported.normalised.len(), imported.warnings.len());
    if noted != (0, 0) {
        let counts = [
            ("normalised", noted.0.to_string()),
            ("warnings", noted.1.to_string()),
        ];
        ui.weak(wording.with("ui-request-imported-noted", counts));
    }
    row_faults::show(ui, wording, &imported.faults);
}
