//! The backup of the CA's key (D-60): a file, and three shares of which two open it.

use eframe::egui::{self, Ui};

use super::CUSTODIANS;
use crate::domain::officer::Duty;
use crate::station::jobs::health::CaStanding;
use crate::ui::parts::{card, field, pressed_when, some_path, title};
use crate::ui::second_view::Proposed;
use crate::ui::settings_page::done;
use crate::ui::settings_view::{CaBackupOrder, KitOrder, SettingsDone};
use crate::ui::view::View;
use crate::wording::Wording;

/// What a person typed so far.
#[derive(Debug, Default)]
pub(super) struct State {
    file: String,
    folder: String,
    custodians: [String; CUSTODIANS],
}

impl State {
    /// What is asked for, once everything is typed; else the key of what is not.
    fn order(&self) -> Result<CaBackupOrder, &'static str> {
        if self.custodians.iter().any(|name| name.trim().is_empty()) {
            return Err("ui-kit-custodians-first");
        }
        let custodians = self.custodians.iter();
        Ok(CaBackupOrder {
            file: some_path(&self.file).ok_or("ui-file-first")?,
            shares: KitOrder {
                folder: some_path(&self.folder).ok_or("ui-backup-folder-first")?,
                custodians: custodians.map(|name| name.trim().to_owned()).collect(),
            },
        })
    }
}

/// Draws it where this station holds the CA's key; gives what is proposed to security.
pub(super) fn show(
    ui: &mut Ui,
    wording: &Wording,
    view: &View,
    state: &mut State,
) -> Option<Proposed> {
    match view.health.as_ref()?.ca {
        CaStanding::Elsewhere | CaStanding::NotCertified => return None,
        CaStanding::Ended
        | CaStanding::Locked
        | CaStanding::ByItself
        | CaStanding::Unlocked(..) => {}
    }
    let proposed = card(ui, |ui| {
        title(ui, wording.text("ui-ca-backup-title"));
        ui.label(wording.text("ui-ca-backup-why"));
        for (name, number) in state.custodians.iter_mut().zip(1..) {
            let args = [("number", number.to_string())];
            let edit = egui::TextEdit::singleline(name)
                .id_salt(("ca custodian", number))
                .char_limit(64)
                .desired_width(240.0);
            field(ui, &wording.with("ui-ca-backup-custodian", args), edit);
        }
        for (key, text) in [
            ("ui-ca-backup-file", &mut state.file),
            ("ui-ca-backup-folder", &mut state.folder),
        ] {
            let edit = egui::TextEdit::singleline(text)
                .id_salt(key)
                .char_limit(4096)
                .desired_width(f32::INFINITY);
            field(ui, &wording.text(key), edit);
        }
        let order = state.order();
        let why_not = order.as_ref().err().copied();
        let button = egui::Button::new(wording.text("ui-ca-backup"));
        let asked = pressed_when(ui, wording, view, (Duty::SetUp, why_not), button);
        let order = order.ok().filter(|_order| asked);
        order.map(|order| Proposed::BackUpCa(Box::new(order)))
    });
    if let Some(told @ SettingsDone::CaBackedUp { .. }) = &view.settings_done {
        done(ui, wording, told);
    }
    proposed
}
