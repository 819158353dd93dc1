//! The card of one certificate: its facts, its ukey and that ukey's life, and what can be done with it.

use eframe::egui::{self, RichText, Ui};

use super::super::parts::{self, day, grouped, pressed_when, title};
use super::super::theme;
use super::super::view::View;
use super::{CertificateAct, State, holder, path};
use crate::domain::certificate::{CertificateState, RevocationReason};
use crate::domain::officer::Duty;
use crate::domain::ukey::UkeyState;
use crate::station::EntryRow;
use crate::station::jobs::certificates::CertificateCard;
use crate::wording::Wording;

pub(super) fn show(
    ui: &mut Ui,
    wording: &Wording,
    view: &View,
    (card, page): (&CertificateCard, &mut State),
) -> Option<CertificateAct> {
    parts::card(ui, |ui| facts(ui, wording, card, page));
    let revoked = match card.row.state {
        CertificateState::Active | CertificateState::Hold => {
            parts::card(ui, |ui| revoke(ui, wording, view, (card, page)))
        }
        CertificateState::Revoked | CertificateState::Expired | CertificateState::Pending => None,
    };
    let written = parts::card(ui, |ui| write(ui, wording, view, (card, page)));
    parts::card(ui, |ui| life(ui, wording, &card.life));
    revoked.or(written)
}

fn facts(ui: &mut Ui, wording: &Wording, card: &CertificateCard, page: &mut State) {
    ui.horizontal(|ui| {
        ui.label(RichText::new(holder(wording, &card.holder)).strong());
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            if ui.button(wording.text("ui-certificates-close")).clicked() {
                page.open(None);
            }
        });
    });
    ui.label(&card.unit);
    let row = &card.row;
    let (shape, color) = theme::certificate_state(ui, row.state);
    let word = wording.text(&format!("ui-certificates-{}", row.state.word()));
    let reason = row
        .reason
        .map(|reason| wording.text(&format!("reason-{}", reason.word())));
    let since = row.revoked_at.map(day);
    let more: Vec<String> = reason.into_iter().chain(since).collect();
    let more = if more.is_empty() {
        String::new()
    } else {
        format!(" · {}", more.join(" · "))
    };
    ui.colored_label(color, format!("{shape} {word}{more}"));
    ui.separator();
    fact(
        ui,
        &wording.text("col-certificate"),
        &grouped(&row.serial.to_string()),
    );
    let lasts = format!("{} – {}", day(row.not_before), day(row.not_after));
    fact(ui, &wording.text("ui-certificates-lasts"), &lasts);
    fact(ui, &wording.text("ui-col-request"), &card.number);
    fact(
        ui,
        &wording.text("ui-certificates-generation"),
        &row.generation.to_string(),
    );
    fact(ui, &wording.text("col-serial"), &grouped(row.ukey.as_str()));
    ui.horizontal(|ui| {
        parts::state(ui, wording, card.ukey.state);
    });
    ui.weak(&row.subject);
}

fn fact(ui: &mut Ui, word: &str, text: &str) {
    ui.horizontal_wrapped(|ui| {
        ui.weak(word);
        ui.monospace(text);
    });
}

/// Revoking takes two presses: for good is for good.
fn revoke(
    ui: &mut Ui,
    wording: &Wording,
    view: &View,
    (card, page): (&CertificateCard, &mut State),
) -> Option<CertificateAct> {
    title(ui, wording.text("ui-certificates-revoke"));
    if !view.may(Duty::Revoke) {
        let posts = [("posts", parts::who_may(wording, Duty::Revoke))];
        ui.weak(wording.with("ui-certificates-revoke-others", posts));
        return None;
    }
    for reason in RevocationReason::ALL {
        let hold = reason == RevocationReason::CertificateHold;
        if hold && card.row.state == CertificateState::Hold {
            continue; // It is on hold.
        }
        let word = wording.text(&format!("reason-{}", reason.word()));
        if parts::edged(ui, |ui| ui.radio(page.reason == Some(reason), word)).clicked() {
            (page.reason, page.sure) = (Some(reason), false);
        }
    }
    let why_not = page
        .reason
        .is_none()
        .then_some("ui-certificates-reason-first");
    let (hint, key) = if page.sure {
        let hold = page.reason == Some(RevocationReason::CertificateHold);
        let hint = if hold {
            "ui-certificates-hold-sure"
        } else {
            "ui-certificates-revoke-sure"
        };
        (Some(hint), "ui-certificates-revoke-yes")
    } else {
        (None, "ui-certificates-revoke-button")
    };
    if let Some(hint) = hint {
        ui.colored_label(
            theme::colors(ui).attention,
            format!("△ {}", wording.text(hint)),
        );
    }
    let button = egui::Button::new(wording.text(key));
    let asked = pressed_when(ui, wording, view, (Duty::Revoke, why_not), button);
    let reason = page.reason.filter(|_reason| asked)?;
    if !page.sure {
        page.sure = true;
        return None;
    }
    (page.reason, page.sure) = (None, false);
    Some(CertificateAct::Revoke {
        serial: card.row.serial.clone(),
        reason,
    })
}

fn write(
    ui: &mut Ui,
    wording: &Wording,
    view: &View,
    (card, page): (&CertificateCard, &mut State),
) -> Option<CertificateAct> {
    title(ui, wording.text("ui-certificates-export"));
    let dir = path(ui, wording, ("ui-certificates-folder", &mut page.folder));
    let why_not = dir.is_none().then_some("ui-certificates-folder-first");
    let button = egui::Button::new(wording.text("ui-certificates-export-button"));
    let asked = pressed_when(ui, wording, view, (Duty::ReadRecords, why_not), button);
    let exported = dir.filter(|_dir| asked).map(|dir| CertificateAct::Export {
        serial: Some(card.row.serial.clone()),
        dir,
    });
    ui.add_space(8.0);
    title(ui, wording.text("ui-certificates-evidence"));
    ui.weak(wording.text("ui-certificates-evidence-what"));
    let out = path(
        ui,
        wording,
        ("ui-certificates-evidence-file", &mut page.evidence),
    );
    let why_not = out.is_none().then_some("ui-certificates-file-first");
    let button = egui::Button::new(wording.text("ui-certificates-evidence-button"));
    let asked = pressed_when(ui, wording, view, (Duty::ReadRecords, why_not), button);
    let proven = out
        .filter(|_out| asked)
        .map(|out| CertificateAct::Evidence {
            ukey: card.row.ukey.clone(),
            out,
        });
    exported.or(proven)
}

/// Every step of the ukey's life, the newest first.
fn life(ui: &mut Ui, wording: &Wording, life: &[EntryRow]) {
    title(ui, wording.text("ui-certificates-life"));
    if life.is_empty() {
        ui.weak(wording.text("ui-certificates-life-none"));
    }
    for entry in life.iter().rev() {
        let to = UkeyState::from_word(&entry.to);
        ui.horizontal_wrapped(|ui| {
            ui.weak(day(entry.at));
            match to {
                Some(state) => parts::state(ui, wording, state),
                None => {
                    ui.label(wording.text("ui-certificates-outside"));
                }
            }
            if let Some(officer) = &entry.officer {
                ui.weak(officer);
            }
            if let Some(note) = &entry.note {
                ui.weak(note);
            }
        });
    }
}
