//! Who and what belongs to the station: officers, the tree of units, models of ukeys. Read here.

use eframe::egui::{self, RichText, Ui};

use super::{ROW, by_command, heads, waivers};
use crate::ui::parts::{cells, edged, grouped};
use crate::ui::settings_view::{
    ModelLine, OfficerLine, OwnUkey, SettingsAct, SettingsPicture, UnitLine,
};
use crate::ui::view::View;
use crate::ui::{post_word, theme};
use crate::wording::Wording;

/// The officers, and what frees them from a second one.
pub(super) fn officers(
    ui: &mut Ui,
    wording: &Wording,
    (view, picture): (&View, &SettingsPicture),
    state: &mut waivers::State,
) -> Option<SettingsAct> {
    let width = ui.available_width() - 12.0;
    let widths = [0.2, 0.26, 0.16, 0.38].map(|part| part * width);
    let keys = [
        "col-name",
        "col-post",
        "ui-settings-may-sign-in",
        "ui-settings-own-ukey",
    ];
    egui::ScrollArea::vertical()
        .auto_shrink(false)
        .show(ui, |ui| {
            heads(ui, wording, widths, keys);
            for line in &picture.officers {
                let [mut name, mut post, mut enabled, mut ukey] = cells(ui, ROW, widths);
                name.add(egui::Label::new(&line.name).truncate());
                post.label(post_word(wording, line.post));
                yes_or_no(&mut enabled, wording, (line.enabled, "enabled"));
                match &line.ukey {
                    OwnUkey::Bound(serial) => {
                        ukey.colored_label(theme::colors(&ukey).good, "✓");
                        ukey.monospace(grouped(serial));
                    }
                    OwnUkey::Waiting(serial) => {
                        let attention = theme::colors(&ukey).attention;
                        ukey.colored_label(attention, "◐");
                        ukey.label(wording.text("ui-settings-ukey-waiting"));
                        ukey.monospace(grouped(serial));
                    }
                    OwnUkey::None => {
                        ukey.weak(wording.text("ui-settings-ukey-none"));
                    }
                }
                if line.enabled {
                    needs(ui, wording, line);
                }
            }
            let act = waivers::show(ui, wording, (view, picture), state);
            by_command(ui, wording, "ui-settings-officers-commands");
            act
        })
        .inner
}

fn yes_or_no(ui: &mut Ui, wording: &Wording, (yes, what): (bool, &str)) {
    let colors = theme::colors(ui);
    let (shape, color, key) = if yes {
        ("✓", colors.good, format!("ui-settings-{what}"))
    } else {
        ("✕", colors.quiet, format!("ui-settings-not-{what}"))
    };
    ui.colored_label(color, shape);
    ui.label(wording.text(&key));
}

/// What an officer still lacks, and so cannot do.
fn needs(ui: &mut Ui, wording: &Wording, line: &OfficerLine) {
    let attention = theme::colors(ui).attention;
    for (there, key) in [
        (line.certified, "ui-settings-not-certified"),
        (line.identified, "ui-settings-not-identified"),
    ] {
        if !there {
            ui.colored_label(attention, format!("△ {}", wording.text(key)));
        }
    }
}

pub(super) fn units(ui: &mut Ui, wording: &Wording, units: &[UnitLine], search: &mut String) {
    let wanted = search.trim().to_lowercase();
    let fits = |line: &&UnitLine| {
        wanted.is_empty()
            || line.name.contains(&wanted)
            || line.code.to_lowercase().contains(&wanted)
    };
    let found: Vec<&UnitLine> = units.iter().filter(fits).collect();
    ui.horizontal(|ui| {
        let label = ui.label(wording.text("ui-settings-unit-search"));
        let edit = egui::TextEdit::singleline(search)
            .id_salt("unit search")
            .char_limit(100)
            .margin(egui::vec2(8.0, 6.0))
            .desired_width(240.0);
        edged(ui, |ui| ui.add(edit)).labelled_by(label.id);
        let count = [("count", found.len().to_string())];
        ui.weak(wording.with("ui-settings-units-found", count));
    });
    let width = ui.available_width() - 12.0;
    let widths = [0.55, 0.15, 0.3].map(|part| part * width);
    heads(ui, wording, widths, ["col-unit", "col-level", "col-code"]);
    if found.is_empty() {
        ui.weak(wording.text("ui-settings-units-none"));
    }
    let height = (ui.available_height() - 150.0).max(4.0 * ROW);
    egui::ScrollArea::vertical()
        .id_salt("units")
        .max_height(height)
        .auto_shrink(false)
        .show_rows(ui, ROW, found.len(), |ui, seen| {
            for line in found.get(seen).unwrap_or_default() {
                unit(ui, wording, widths, (line, wanted.is_empty()));
            }
        });
    by_command(ui, wording, "ui-settings-units-commands");
}

fn unit(ui: &mut Ui, wording: &Wording, widths: [f32; 3], (line, tree): (&UnitLine, bool)) {
    let [mut name, mut level, mut code] = cells(ui, ROW, widths);
    if tree {
        name.add_space(20.0 * f32::from(line.depth));
    }
    let text = RichText::new(&line.name);
    let text = if line.own { text.strong() } else { text };
    name.add(egui::Label::new(text).truncate());
    if line.own {
        name.colored_label(theme::colors(&name).accent, wording.text("ui-settings-own"));
    }
    if line.closed {
        name.weak(wording.text("ui-settings-closed"));
    }
    level.label(wording.text(&format!("level-{}", line.level.word())));
    code.monospace(&line.code);
}

pub(super) fn models(ui: &mut Ui, wording: &Wording, models: &[ModelLine]) {
    let width = ui.available_width() - 12.0;
    let widths = [0.2, 0.24, 0.16, 0.4].map(|part| part * width);
    let keys = [
        "ui-col-model",
        "ui-settings-vendor",
        "ui-settings-tested-head",
        "ui-settings-module",
    ];
    egui::ScrollArea::vertical()
        .auto_shrink(false)
        .show(ui, |ui| {
            heads(ui, wording, widths, keys);
            for line in models {
                let [mut name, mut vendor, mut tested, mut module] = cells(ui, ROW, widths);
                name.add(egui::Label::new(&line.name).truncate());
                vendor.add(egui::Label::new(&line.vendor).truncate());
                yes_or_no(&mut tested, wording, (line.tested, "tested"));
                match &line.module {
                    Some(path) => {
                        let path = RichText::new(path.display().to_string()).monospace();
                        module.add(egui::Label::new(path).truncate());
                    }
                    None => {
                        module.weak(wording.text("ui-settings-no-module"));
                    }
                }
            }
            by_command(ui, wording, "ui-settings-models-commands");
        });
}
