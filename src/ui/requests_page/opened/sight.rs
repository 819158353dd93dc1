//! What is seen in full, each time for a reason that is kept (D-39): the fields, the scan as a picture or
//! a file, the filled form as a file.

use std::fmt;

use eframe::egui::{self, RichText, TextureHandle, TextureOptions, Ui};

use crate::domain::officer::Duty;
use crate::domain::scan::ScanKind;
use crate::station::ScanRow;
use crate::station::jobs::people::{self, is_reason};
use crate::ui::parts::{card, day, field, pressed_when, some_path, title};
use crate::ui::requests_view::{InFull, Look, OpenPicture, RequestsAct, ScanSight, Seen};
use crate::ui::theme;
use crate::ui::view::View;
use crate::wording::Wording;

/// How far a picture is enlarged, at most.
const MOST_ZOOM: f32 = 4.0;

/// What a person asked to see so far.
#[derive(Default)]
pub(super) struct State {
    reason: String,
    out: String,
    /// SHA-256 of the scan that is chosen, hex; the last one before anybody chooses.
    chosen: Option<String>,
    /// The picture on the card, and whose it is.
    texture: Option<(String, TextureHandle)>,
    /// Doublings of the width of the card.
    zoom: f32,
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("sight::State")
    }
}

pub(super) fn show(
    ui: &mut Ui,
    wording: &Wording,
    view: &View,
    (open, state): (&OpenPicture, &mut State),
) -> Option<RequestsAct> {
    let scans = &open.details.scans;
    let chosen = state.chosen.clone();
    let of_choice = |scan: &&ScanRow| Some(hash(scan)) == chosen;
    let scan = scans.iter().find(of_choice).or_else(|| scans.last());
    let seen = view.applications.seen.as_deref();
    if let Some(sight) = seen.and_then(|seen: &Seen| seen.scan.as_ref()) {
        picture(ui, wording, (sight, state));
    } else {
        state.texture = None;
    }
    card(ui, |ui| {
        title(ui, wording.text("ui-request-scans"));
        if scans.is_empty() {
            ui.weak(wording.text("ui-request-no-scan"));
        }
        for one in scans {
            let is_chosen = scan.is_some_and(|scan| hash(scan) == hash(one));
            if ui.radio(is_chosen, scan_words(wording, one)).clicked() {
                state.chosen = Some(hash(one));
            }
        }
        ask(ui, wording, view, (open, scan, state))
    })
}

fn hash(scan: &ScanRow) -> String {
    hex::encode(scan.scan.sha256.0)
}

fn scan_words(wording: &Wording, row: &ScanRow) -> String {
    let short: String = hash(row).chars().take(8).collect();
    let args = [
        ("kind", row.scan.kind.word().to_uppercase()),
        ("size", (row.scan.bytes.div_ceil(1024)).to_string()),
        ("hash", short),
        ("officer", row.attached_by.as_str().to_owned()),
        ("day", day(row.attached_at)),
    ];
    wording.with("ui-request-scan", args)
}

/// The reason, and what can be seen for it.
fn ask(
    ui: &mut Ui,
    wording: &Wording,
    view: &View,
    (open, scan, state): (&OpenPicture, Option<&ScanRow>, &mut State),
) -> Option<RequestsAct> {
    let edit = egui::TextEdit::singleline(&mut state.reason)
        .id_salt("reveal-reason")
        .hint_text(wording.text("ui-request-reveal-hint"))
        .char_limit(500)
        .desired_width(f32::INFINITY);
    field(ui, &wording.text("ui-request-reveal-reason"), edit);
    let why_not = (!is_reason(&state.reason)).then_some("ui-explain-reason");
    if view.post.is_some_and(people::post_needs_release) {
        let words = wording.text("ui-reveal-release");
        ui.colored_label(theme::colors(ui).attention, words);
    }
    let mut act = None;
    let mut button = |ui: &mut Ui, key: &str, why_not: Option<&str>, what: Look| {
        let button = egui::Button::new(wording.text(key));
        if pressed_when(ui, wording, view, (Duty::ReadRecords, why_not), button) {
            act = Some(RequestsAct::Reveal(InFull {
                number: open.view.row.number.clone(),
                what,
                reason: state.reason.trim().to_owned(),
            }));
        }
    };
    ui.horizontal_wrapped(|ui| {
        button(ui, "ui-request-reveal", why_not, Look::Fields);
        let Some(scan) = scan else { return };
        let why_no_picture = match scan.scan.kind {
            ScanKind::Pdf => Some("ui-request-scan-is-pdf"),
            ScanKind::Jpeg | ScanKind::Png => why_not,
        };
        let look = Look::Scan(hash(scan));
        button(ui, "ui-request-scan-open", why_no_picture, look);
    });
    let edit = egui::TextEdit::singleline(&mut state.out)
        .id_salt("reveal-out")
        .hint_text(wording.text("ui-request-out-hint"))
        .char_limit(4096)
        .desired_width(f32::INFINITY);
    field(ui, &wording.text("ui-request-out"), edit);
    let out = || some_path(&state.out);
    ui.horizontal_wrapped(|ui| {
        button(ui, "ui-request-print", why_not, Look::Form(out()));
        let Some(scan) = scan else { return };
        let look = Look::ScanFile {
            sha256: hash(scan),
            out: out(),
        };
        button(ui, "ui-request-scan-write", why_not, look);
    });
    act
}

/// The picture of a scan, as wide as its card or wider.
fn picture(ui: &mut Ui, wording: &Wording, (sight, state): (&ScanSight, &mut State)) {
    card(ui, |ui| {
        let Some(pixels) = &sight.picture else {
            let words = wording.text("ui-request-scan-undrawn");
            ui.colored_label(theme::colors(ui).attention, words);
            return;
        };
        ui.horizontal(|ui| {
            let zooms = [
                ("ui-request-smaller", "−", state.zoom - 0.5),
                ("ui-request-larger", "+", state.zoom + 0.5),
            ];
            for (key, shape, zoom) in zooms {
                let word = wording.text(key);
                let may = (0.0..=MOST_ZOOM.log2()).contains(&zoom);
                let response = ui.add_enabled(may, egui::Button::new(RichText::new(shape)));
                response.widget_info(|| {
                    egui::WidgetInfo::labeled(egui::accesskit::Role::Button, may, &word)
                });
                if response.on_hover_text(&word).clicked() {
                    state.zoom = zoom;
                }
            }
        });
        let known = state
            .texture
            .take()
            .filter(|(hash, _texture)| *hash == sight.sha256);
        let (_hash, texture) = state.texture.insert(known.unwrap_or_else(|| {
            let image = egui::ColorImage::from_rgba_unmultiplied(pixels.size, &pixels.rgba);
            let texture = ui.ctx().load_texture("scan", image, TextureOptions::LINEAR);
            (sight.sha256.clone(), texture)
        }));
        let size = texture.size_vec2();
        let width = ui.available_width() * state.zoom.exp2();
        let size = size * (width / size.x.max(1.0));
        egui::ScrollArea::horizontal()
            .id_salt("scan")
            .show(ui, |ui| {
                let image = egui::Image::new((texture.id(), size));
                ui.add(image.alt_text(wording.text("field-scan")));
            });
    });
}
