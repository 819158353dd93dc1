//! What is done with the log: verified whole, or against what was seen of it before; signed; exported.

use std::path::PathBuf;

use eframe::egui::{self, Ui};

use super::verdict;
use crate::domain::checkpoint::Standing;
use crate::domain::officer::{Duty, Post};
use crate::station::clock;
use crate::station::jobs::audit::duty_to_sign;
use crate::ui::audit_view::{AuditAct, AuditDone, AuditHealth};
use crate::ui::parts::{
    card, dropped_file, field, minute, pressed, pressed_when, title, typed_path,
};
use crate::ui::theme;
use crate::ui::view::View;
use crate::wording::Wording;

/// What a person did here so far.
#[derive(Debug, Default)]
pub(super) struct State {
    /// A short code, or the path of a checkpoint's file.
    against: String,
    /// Where the next checkpoint goes; empty until a person or the page has filled it.
    checkpoint: String,
    /// Where the next export goes.
    export: String,
}

/// Draws it; gives what was asked for.
pub(super) fn show(
    ui: &mut Ui,
    wording: &Wording,
    view: &View,
    state: &mut State,
) -> Option<AuditAct> {
    if let Some(path) = dropped_file(ui) {
        state.against = path;
    }
    fill(&mut state.checkpoint, view, "checkpoint", "p7s");
    fill(&mut state.export, view, "audit", "jsonl");
    if let Some(done) = &view.audit_done {
        self::done(ui, wording, done);
    }
    let mut act = None;
    card(ui, |ui| {
        title(ui, wording.text("ui-audit-verify-title"));
        let whole = egui::Button::new(wording.text("ui-audit-verify"));
        if pressed(ui, wording, view, Duty::ReadRecords, whole) {
            act = Some(AuditAct::Verify);
        }
        let edit = egui::TextEdit::singleline(&mut state.against)
            .id_salt("against")
            .hint_text(wording.text("ui-file-drop"))
            .char_limit(4096)
            .desired_width(f32::INFINITY);
        field(ui, &wording.text("ui-audit-against"), edit);
        let empty = state.against.trim().is_empty();
        let why_not = empty.then_some("ui-audit-against-first");
        let compare = egui::Button::new(wording.text("ui-audit-compare"));
        if pressed_when(ui, wording, view, (Duty::ReadRecords, why_not), compare) {
            act = Some(AuditAct::VerifyAgainst(state.against.trim().to_owned()));
        }
        if let Some(health) = &view.audit_health {
            compared(ui, wording, health);
        }
    });
    let sign = duty_to_sign(view.post.unwrap_or(Post::System));
    let signed = file(
        ui,
        wording,
        view,
        ("checkpoint", sign),
        &mut state.checkpoint,
    );
    let exported = file(
        ui,
        wording,
        view,
        ("export", Duty::Audit),
        &mut state.export,
    );
    let written = signed.map(AuditAct::Sign);
    act.or(written).or_else(|| exported.map(AuditAct::Export))
}

/// A card that writes one file.
fn file(
    ui: &mut Ui,
    wording: &Wording,
    view: &View,
    (what, duty): (&str, Duty),
    path: &mut String,
) -> Option<PathBuf> {
    card(ui, |ui| {
        title(ui, wording.text(&format!("ui-audit-{what}-title")));
        ui.weak(wording.text(&format!("ui-audit-{what}-why")));
        let edit = egui::TextEdit::singleline(path)
            .id_salt(what)
            .char_limit(4096)
            .desired_width(f32::INFINITY);
        field(ui, &wording.text(&format!("ui-audit-{what}-file")), edit);
        let why_not = path.trim().is_empty().then_some("ui-file-first");
        let button = egui::Button::new(wording.text(&format!("ui-audit-{what}")));
        pressed_when(ui, wording, view, (duty, why_not), button).then(|| typed_path(path))
    })
}

/// Proposes a file of this home that is not there yet: its name tells the minute.
fn fill(path: &mut String, view: &View, stem: &str, ending: &str) {
    let written = match &view.audit_done {
        Some(AuditDone::Signed { path, .. } | AuditDone::Exported { path, .. }) => Some(path),
        None => None,
    };
    let used = written.is_some_and(|written| *written == typed_path(path));
    if path.is_empty() || used {
        let now = clock::now().to_string().replace([':', 'Z'], "");
        *path = format!("{}/out/{stem}-{now}.{ending}", view.home);
    }
}

/// What was compared last, and what the log says to it.
fn compared(ui: &mut Ui, wording: &Wording, health: &AuditHealth) {
    let colors = theme::colors(ui);
    let found = &health.found;
    let word = verdict(wording, found.first_broken, (found.rows, found.told));
    let color = if found.intact() {
        colors.good
    } else {
        colors.stopped
    };
    ui.weak(wording.with("ui-audit-verified", [("at", minute(health.at))]));
    ui.colored_label(color, word);
    if let Some((typed, standing)) = &health.against {
        let (shape, color) = match standing {
            Standing::Matches => ("✓", colors.good),
            Standing::OtherHome => ("?", colors.attention),
            Standing::Shorter | Standing::Forked => ("✕", colors.stopped),
        };
        let word = wording.text(&format!("audit-checkpoint-{}", standing.word()));
        ui.colored_label(color, format!("{shape} {word}"));
        ui.add(egui::Label::new(egui::RichText::new(typed).monospace()).truncate());
    }
    if !found.intact() {
        ui.label(wording.text("ui-cure-audit"));
    }
    for line in &health.waivers {
        let (key, args) = line.told();
        ui.label(wording.with(key, args));
    }
}

fn done(ui: &mut Ui, wording: &Wording, done: &AuditDone) {
    let (words, path) = match done {
        AuditDone::Signed { code, path } => {
            let args = [("code", code.clone()), ("path", path.display().to_string())];
            (wording.with("audit-checkpoint-signed", args), path)
        }
        AuditDone::Exported { rows, path } => {
            let args = [
                ("rows", rows.to_string()),
                ("path", path.display().to_string()),
            ];
            (wording.with("audit-exported", args), path)
        }
    };
    card(ui, |ui| {
        ui.horizontal_top(|ui| {
            ui.colored_label(theme::colors(ui).good, "✓");
            ui.add(egui::Label::new(words).wrap());
        });
        if matches!(done, AuditDone::Signed { .. }) {
            ui.weak(wording.text("ui-audit-checkpoint-next"));
        }
        if ui.button(wording.text("ui-copy-path")).clicked() {
            ui.ctx().copy_text(path.display().to_string());
        }
    });
}
