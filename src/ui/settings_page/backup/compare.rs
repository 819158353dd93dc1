//! After a restore (D-52): what the home is compared with, what the comparison found, and which certificates
//! came to light.

use std::path::PathBuf;

use eframe::egui::{self, Ui};

use crate::domain::officer::Duty;
use crate::station::UnknownCertificateRow;
use crate::station::jobs::restore::Origin;
use crate::station::jobs::restore::compare::Compared;
use crate::ui::parts::{
    card, day, dropped_file, edged, field, grouped, pressed_when, some_path, title,
};
use crate::ui::second_view::Proposed;
use crate::ui::settings_view::{CompareOrder, Newest, SettingsDone, SettingsPicture};
use crate::ui::view::View;
use crate::ui::{theme, told};
use crate::wording::Wording;

/// How the newest checkpoint is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Known {
    File,
    Code,
    Nothing,
}

const WAYS: [(Known, &str); 3] = [
    (Known::File, "ui-compare-by-file"),
    (Known::Code, "ui-compare-by-code"),
    (Known::Nothing, "ui-compare-no-checkpoint"),
];

/// What a person typed so far.
#[derive(Debug, Default)]
pub(super) struct State {
    known: Option<Known>,
    /// Path of the file, or the code.
    checkpoint: String,
    /// A path a line.
    lists: String,
    no_other: bool,
}

impl State {
    /// What it is compared with, once everything is there; else the key of what is not.
    fn order(&self) -> Result<CompareOrder, &'static str> {
        let typed = self.checkpoint.trim();
        let newest = match self.known {
            None => return Err("ui-compare-choose"),
            Some(Known::Nothing) => Newest::Nothing,
            Some(Known::File) => Newest::File(some_path(typed).ok_or("ui-file-first")?),
            Some(Known::Code) => {
                let code = typed.parse();
                Newest::Code(code.map_err(|_unlike| "ui-compare-code-first")?)
            }
        };
        let lists: Vec<PathBuf> = self.lists.lines().filter_map(some_path).collect();
        if lists.is_empty() && !self.no_other {
            return Err("ui-compare-lists-first");
        }
        Ok(CompareOrder {
            newest,
            lists,
            no_other: self.no_other,
        })
    }
}

/// Draws it where the home was restored.
pub(super) fn show(
    ui: &mut Ui,
    wording: &Wording,
    (view, picture): (&View, &SettingsPicture),
    (form, proposed): (&mut State, &mut Option<Proposed>),
) {
    let Some(origin) = picture.origin else {
        return;
    };
    card(ui, |ui| {
        title(ui, wording.text("ui-compare-title"));
        standing(ui, wording, origin);
        fields(ui, wording, form);
        let order = form.order();
        let why_not = order.as_ref().err().copied();
        let button = egui::Button::new(wording.text("ui-compare"));
        if pressed_when(ui, wording, view, (Duty::SetUp, why_not), button) {
            *proposed = order.ok().map(Proposed::Compare);
        }
    });
    if let Some(SettingsDone::Compared {
        found,
        crl,
        crl_error,
    }) = &view.settings_done
    {
        compared(ui, wording, found, (*crl, crl_error.as_ref()));
    }
    if !picture.unknown.is_empty() {
        unknown(ui, wording, &picture.unknown);
    }
}

fn standing(ui: &mut Ui, wording: &Wording, origin: Origin) {
    let colors = theme::colors(ui);
    let args = [
        ("made", day(origin.made_at)),
        ("restored", day(origin.restored_at)),
    ];
    ui.label(wording.with("ui-compare-of", args));
    if let Some(at) = origin.compared_at {
        let words = wording.with("ui-compare-since", [("day", day(at))]);
        ui.colored_label(colors.good, format!("✓ {words}"));
        ui.weak(wording.text("ui-compare-again"));
    } else {
        let words = wording.text("ui-compare-locked");
        ui.colored_label(colors.stopped, format!("✕ {words}"));
    }
    ui.label(wording.text("ui-compare-what"));
}

fn fields(ui: &mut Ui, wording: &Wording, form: &mut State) {
    ui.label(wording.text("ui-compare-checkpoint"));
    for (known, key) in WAYS {
        let chosen = form.known == Some(known);
        if edged(ui, |ui| ui.radio(chosen, wording.text(key))).clicked() {
            form.known = Some(known);
        }
    }
    let typed = match form.known {
        Some(Known::File) => Some("ui-compare-file"),
        Some(Known::Code) => Some("ui-compare-code"),
        Some(Known::Nothing) | None => None,
    };
    if let Some(key) = typed {
        let edit = egui::TextEdit::singleline(&mut form.checkpoint)
            .id_salt("checkpoint")
            .char_limit(4096)
            .desired_width(f32::INFINITY);
        field(ui, &wording.text(key), edit);
    }
    if let Some(path) = dropped_file(ui) {
        take_dropped(form, &path);
    }
    let edit = egui::TextEdit::multiline(&mut form.lists)
        .id_salt("lists")
        .hint_text(wording.text("ui-file-drop"))
        .char_limit(20_000)
        .desired_rows(2)
        .desired_width(f32::INFINITY);
    field(ui, &wording.text("ui-compare-lists"), edit);
    let word = wording.text("ui-compare-no-other-list");
    edged(ui, |ui| ui.checkbox(&mut form.no_other, word));
}

/// A checkpoint is known by its ending; anything else is a list.
fn take_dropped(form: &mut State, path: &str) {
    if std::path::Path::new(path).extension() == Some("p7s".as_ref()) {
        (form.known, form.checkpoint) = (Some(Known::File), path.to_owned());
    } else {
        let apart = form.lists.is_empty() || form.lists.ends_with('\n');
        form.lists.push_str(if apart { "" } else { "\n" });
        form.lists.push_str(path);
    }
}

/// What the comparison found.
fn compared(
    ui: &mut Ui,
    wording: &Wording,
    found: &Compared,
    (crl, crl_error): (Option<&str>, Option<&(String, String)>),
) {
    card(ui, |ui| {
        let colors = theme::colors(ui);
        let args = [
            ("revoked", found.revoked.len().to_string()),
            ("unknown", found.unknown.len().to_string()),
            ("damaged", found.damaged.len().to_string()),
        ];
        let words = wording.with("ui-compared", args);
        ui.colored_label(colors.good, format!("✓ {words}"));
        if let Some(lost) = found.lost.filter(|lost| *lost > 0) {
            let words = wording.with("compared-lost", [("lost", lost.to_string())]);
            ui.colored_label(colors.attention, format!("△ {words}"));
        }
        for serial in &found.damaged {
            ui.monospace(grouped(serial.as_str()));
        }
        if let Some((code, subject)) = crl_error {
            told(ui, wording, code, subject);
        }
        if let Some(key) = crl {
            ui.colored_label(colors.attention, wording.text(key));
        }
        ui.label(wording.text("ui-compared-next"));
    });
}

/// Every certificate that came to light.
fn unknown(ui: &mut Ui, wording: &Wording, lines: &[UnknownCertificateRow]) {
    card(ui, |ui| {
        let count = [("count", lines.len().to_string())];
        title(ui, wording.with("ui-compare-unknown", count));
        ui.weak(wording.text("ui-compare-unknown-what"));
        for line in lines {
            ui.horizontal_wrapped(|ui| {
                ui.weak(day(line.noticed_at));
                ui.monospace(grouped(&line.serial.to_string()));
                ui.label(wording.text(&format!("reason-{}", line.reason.word())));
                if let Some(ukey) = &line.ukey {
                    ui.weak(wording.text("col-serial"));
                    ui.monospace(grouped(ukey.as_str()));
                }
            });
        }
    });
}
