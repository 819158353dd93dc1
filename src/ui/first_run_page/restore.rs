//! A home out of a backup: its file, and the two officers of it who restore it together.

use eframe::egui::{self, Ui};

use super::{secret, text};
use crate::domain::officer::{OfficerName, Post};
use crate::station::jobs::restore::Restored;
use crate::ui::first_run_view::{RestoreOrder, SetUp};
use crate::ui::parts::{card, dropped_file, minute, some_path, title};
use crate::ui::passphrase::Passphrase;
use crate::ui::view::View;
use crate::ui::{post_word, settings_page, theme, told};
use crate::wording::Wording;

/// Who restores: the first of these acts, the second confirms.
const POSTS: [Post; 2] = [Post::System, Post::Security];

/// What a person typed so far.
#[derive(Debug, Default)]
pub(super) struct State {
    open: bool,
    file: String,
    officers: [Officer; POSTS.len()],
    /// What was asked for last here is this.
    asked: bool,
}

#[derive(Debug, Default)]
struct Officer {
    name: String,
    passphrase: Passphrase,
}

impl State {
    /// Whether what goes on or went wrong is told in this card.
    pub(super) const fn is_asked(&self) -> bool {
        self.asked
    }

    /// Something else was asked for since.
    pub(super) const fn is_past(&mut self) {
        self.asked = false;
    }

    /// Forgets the passphrases that were typed.
    pub(super) fn forget(&mut self) {
        for officer in &mut self.officers {
            officer.passphrase.wipe();
        }
    }

    /// What is asked for, once everything is there; else the key of what is not.
    fn order(&self) -> Result<RestoreOrder, &'static str> {
        let file = some_path(&self.file).ok_or("ui-restore-file-first")?;
        let [system, security] = self.officers.each_ref().map(|officer| {
            let name = OfficerName::parse(officer.name.trim()).ok();
            let name = name.filter(|_name| !officer.passphrase.is_empty());
            name.map(|name| (name, officer.passphrase.copy()))
        });
        let both = system.zip(security);
        let (system, security) = both.ok_or("ui-restore-officers-first")?;
        Ok(RestoreOrder {
            file,
            officers: [system, security],
        })
    }
}

/// Draws its card; gives what was asked for.
pub(super) fn show(
    ui: &mut Ui,
    wording: &Wording,
    view: &View,
    state: &mut State,
) -> Option<SetUp> {
    card(ui, |ui| {
        title(ui, wording.text("ui-restore"));
        ui.label(wording.text("ui-restore-what"));
        if !state.open {
            state.open = ui.button(wording.text("ui-restore-begin")).clicked();
            return None;
        }
        if let Some(path) = dropped_file(ui) {
            state.file = path;
        }
        let word = wording.text("ui-restore-file");
        text(ui, &word, ("restore file", &mut state.file));
        for (officer, post) in state.officers.iter_mut().zip(POSTS) {
            let of = |key: &str| wording.with(key, [("post", post_word(wording, post))]);
            let salt = |what: &str| format!("restore {what} {}", post.word());
            let name = of("ui-restore-name");
            text(ui, &name, (&salt("name"), &mut officer.name));
            let word = of("ui-restore-passphrase");
            secret(ui, &word, (&salt("passphrase"), &mut officer.passphrase));
        }
        let order = state.order();
        let why_not = order.as_ref().err().copied();
        let button = egui::Button::new(wording.text("ui-restore-now"));
        let pressed = ui.add_enabled(why_not.is_none() && !view.busy, button);
        if let Some(key) = why_not {
            ui.weak(wording.text(key));
        }
        if let Some(progress) = &view.backing_up {
            settings_page::progress(ui, wording, progress);
        }
        if state.asked {
            refused(ui, wording, view);
        }
        let order = order.ok().filter(|_order| pressed.clicked())?;
        state.asked = true;
        Some(SetUp::Restore(Box::new(order)))
    })
}

/// What went wrong: of names and passphrases that do not fit, which ones are meant.
fn refused(ui: &mut Ui, wording: &Wording, view: &View) {
    let Some((code, subject)) = &view.error else {
        return;
    };
    if ["officer-unknown", "wrong-duty", "passphrase-wrong"].contains(&code.as_str()) {
        let (headline, _hints) = wording.error(code, subject);
        ui.colored_label(theme::colors(ui).stopped, headline);
        ui.label(wording.text("ui-restore-check-officers"));
    } else {
        told(ui, wording, code, subject);
    }
}

/// What became of it, at the door of the home.
pub(in crate::ui) fn told_at_door(ui: &mut Ui, wording: &Wording, restored: &Restored) {
    let args = [
        ("unit", restored.unit.clone()),
        ("at", minute(restored.made_at)),
        ("code", restored.code.to_string()),
    ];
    let colors = theme::colors(ui);
    let words = wording.with("ui-restored", args);
    ui.colored_label(colors.good, format!("✓ {words}"));
    ui.label(wording.text("ui-restored-root"));
    ui.monospace(&restored.root);
    ui.colored_label(colors.attention, wording.text("ui-restored-next"));
}
