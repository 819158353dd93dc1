//! 证书: every certificate in a table with a search; beside it the card of the one that lies open, else what
//! concerns all of them: the list of revoked ones, who is to come for renewal, an export.

mod card;

use std::path::PathBuf;

use eframe::egui::{self, RichText, Ui};

use super::certificates_view::{
    CertificateAct, CertificateDone, CertificatePicture, CertificateQuery, ListFacts,
};
use super::parts::{self, cells, chosen_line, day, edged, grouped, pressed_when, title};
use super::view::View;
use super::{theme, told};
use crate::domain::certificate::{CertificateSerial, CertificateState, RevocationReason};
use crate::domain::officer::Duty;
use crate::station::jobs::certificates::Wanted;
use crate::station::{CertificateLine, CertificateOrder};
use crate::wording::Wording;

/// Height of a line of the table.
const ROW: f32 = 40.0;
/// Width of the right side, and of it in a narrow window.
const SIDE: f32 = 400.0;
const NARROW_SIDE: f32 = 320.0;
/// A window whose page is narrower than this is narrow.
const NARROW: f32 = 900.0;

/// A table narrower than this leaves unit and serial number to the card.
const NARROW_TABLE: f32 = 560.0;

/// States that the list is cut down to.
const STATES: [Option<CertificateState>; 5] = [
    None,
    Some(CertificateState::Active),
    Some(CertificateState::Hold),
    Some(CertificateState::Revoked),
    Some(CertificateState::Expired),
];
/// Days within which certificates end.
const WITHIN: [u32; 3] = [30, 60, 90];
/// Who is to come for renewal is listed for so long ahead where nothing is chosen.
const USUAL_DAYS: u32 = 90;

/// What a person did here so far.
#[derive(Debug, Default)]
pub(super) struct State {
    wanted: Wanted,
    open: Option<CertificateSerial>,
    reason: Option<RevocationReason>,
    /// The certificate is to be revoked: asked once more.
    sure: bool,
    folder: String,
    evidence: String,
    renewals: String,
}

impl State {
    pub(super) fn query(&self) -> CertificateQuery {
        CertificateQuery {
            wanted: Wanted {
                search: self.wanted.search.trim().to_owned(),
                ..self.wanted.clone()
            },
            open: self.open.clone(),
        }
    }

    fn open(&mut self, serial: Option<CertificateSerial>) {
        self.open = serial;
        (self.reason, self.sure) = (None, false);
    }
}

/// Draws the page; gives what was asked for.
pub(super) fn show(
    ui: &mut Ui,
    wording: &Wording,
    view: &View,
    page: &mut State,
) -> Option<CertificateAct> {
    let Some(picture) = &view.certificates else {
        ui.spinner();
        ui.label(wording.text("ui-reading"));
        return None;
    };
    let room = ui.available_size();
    let side = if room.x < NARROW { NARROW_SIDE } else { SIDE };
    let mut act = None;
    ui.horizontal_top(|ui| {
        let size = egui::vec2(room.x - side - 16.0, room.y);
        let down = egui::Layout::top_down(egui::Align::Min);
        ui.allocate_ui_with_layout(size, down, |ui| {
            ui.set_min_width(size.x);
            filters(ui, wording, &mut page.wanted);
            table(ui, wording, picture, page);
        });
        ui.allocate_ui_with_layout(egui::vec2(side, room.y), down, |ui| {
            ui.set_min_width(side);
            egui::ScrollArea::vertical()
                .id_salt("side")
                .auto_shrink(false)
                .show(ui, |ui| {
                    if let Some(done) = &view.certificate_done {
                        self::done(ui, wording, done);
                    }
                    act = match (&picture.card, &page.open) {
                        (Some(card), Some(open)) if card.row.serial == *open => {
                            card::show(ui, wording, view, (card, page))
                        }
                        (_, Some(_being_read)) => None,
                        (_, None) => all(ui, wording, view, (picture, page)),
                    };
                });
        });
    });
    act
}

fn filters(ui: &mut Ui, wording: &Wording, wanted: &mut Wanted) {
    ui.horizontal(|ui| {
        let label = ui.label(wording.text("ui-certificates-search"));
        let edit = egui::TextEdit::singleline(&mut wanted.search)
            .id_salt("search")
            .hint_text(wording.text("ui-certificates-search-hint"))
            .char_limit(64)
            .margin(egui::vec2(8.0, 6.0))
            .desired_width(f32::INFINITY);
        edged(ui, |ui| ui.add(edit)).labelled_by(label.id);
    });
    ui.horizontal_wrapped(|ui| {
        for state in STATES {
            let key = state.map_or("all", CertificateState::word);
            let word = wording.text(&format!("ui-certificates-{key}"));
            let chosen = wanted.state == state && wanted.ends_within_days.is_none();
            if choice(ui, &word, chosen) {
                (wanted.state, wanted.ends_within_days) = (state, None);
            }
        }
        for days in WITHIN {
            let word = wording.with("ui-certificates-within", [("days", days.to_string())]);
            if choice(ui, &word, wanted.ends_within_days == Some(days)) {
                (wanted.state, wanted.ends_within_days) = (None, Some(days));
                wanted.order = CertificateOrder::EndsFirst;
            }
        }
    });
}

fn choice(ui: &mut Ui, word: &str, chosen: bool) -> bool {
    let button = egui::Button::new(word).selected(chosen);
    ui.add(button).clicked()
}

fn table(ui: &mut Ui, wording: &Wording, picture: &CertificatePicture, page: &mut State) {
    let width = ui.available_width() - 28.0; // The scroll bar's, and what a line keeps free.
    let parts = if width < NARROW_TABLE {
        [0.24, 0.0, 0.24, 0.28, 0.24, 0.0]
    } else {
        [0.17, 0.25, 0.15, 0.16, 0.13, 0.14]
    };
    let widths = parts.map(|part| part * width);
    heads(ui, wording, widths, &mut page.wanted.order);
    ui.spacing_mut().item_spacing.y = 0.0;
    ui.separator();
    if picture.rows.is_empty() {
        ui.add_space(8.0);
        let key = if page.query().wanted == Wanted::default() {
            "ui-certificates-none"
        } else {
            "ui-certificates-not-found"
        };
        ui.weak(wording.text(key));
    }
    if picture.more {
        let count = [("count", picture.rows.len().to_string())];
        ui.weak(wording.with("ui-certificates-more", count));
    }
    egui::ScrollArea::vertical()
        .id_salt("table")
        .auto_shrink(false)
        .show_rows(ui, ROW, picture.rows.len(), |ui, seen| {
            for row in picture.rows.get(seen).unwrap_or_default() {
                ui.push_id(&row.serial, |ui| line(ui, wording, widths, (row, page)));
            }
        });
}

/// The heads of the columns; those of holder and end put the list in order.
fn heads(ui: &mut Ui, wording: &Wording, widths: [f32; 6], order: &mut CertificateOrder) {
    let heads = [
        ("col-holder", Some(CertificateOrder::Holder)),
        ("col-unit", None),
        ("ui-col-request", None),
        ("col-not-after", Some(CertificateOrder::EndsFirst)),
        ("ui-col-state", None),
        ("ui-col-serial", None),
    ];
    let quiet = theme::colors(ui).quiet;
    for (mut cell, (key, sorts)) in cells(ui, 28.0, widths).into_iter().zip(heads) {
        let word = wording.text(key);
        let text = |word: &str| RichText::new(word).small().color(quiet);
        if cell.available_width() < 1.0 {
            continue;
        }
        cell.spacing_mut().button_padding.x = 8.0; // As far in as a line's words.
        let Some(sorts) = sorts else {
            cell.add_space(8.0);
            cell.label(text(&word));
            continue;
        };
        let by_end = sorts == CertificateOrder::EndsFirst;
        let shape = match *order {
            CertificateOrder::Holder if !by_end => " ↓",
            CertificateOrder::EndsFirst if by_end => " ↓",
            CertificateOrder::EndsLast if by_end => " ↑",
            _ => "",
        };
        let button = egui::Button::new(text(&format!("{word}{shape}")))
            .min_size(egui::vec2(0.0, 24.0))
            .frame_when_inactive(false);
        let response = cell.add(button);
        let told = wording.with("ui-certificates-sort", [("column", word)]);
        let chosen = !shape.is_empty();
        response.widget_info(|| {
            egui::WidgetInfo::selected(egui::accesskit::Role::Button, true, chosen, &told)
        });
        if response.clicked() {
            *order = match *order {
                CertificateOrder::EndsFirst if by_end => CertificateOrder::EndsLast,
                _ => sorts,
            };
        }
    }
}

fn line(
    ui: &mut Ui,
    wording: &Wording,
    widths: [f32; 6],
    (row, page): (&CertificateLine, &mut State),
) {
    let chosen = page.open.as_ref() == Some(&row.serial);
    let holder = holder(wording, &row.holder);
    let name = format!("{holder} {} {}", row.number, row.serial);
    let (cells, clicked) = chosen_line(ui, ROW, widths, (&name, chosen));
    let [
        mut who,
        mut unit,
        mut request,
        mut ends,
        mut in_state,
        mut serial,
    ] = cells;
    plain(&mut who, RichText::new(&holder));
    plain(&mut unit, RichText::new(&row.unit));
    plain(&mut request, RichText::new(&row.number).monospace());
    plain(&mut ends, RichText::new(day(row.not_after)));
    state(&mut in_state, wording, row.state);
    let text = grouped(&row.serial.to_string());
    plain(&mut serial, RichText::new(text).monospace());
    if clicked {
        page.open((!chosen).then(|| row.serial.clone()));
    }
}

/// A text of a line: the line is clicked, not the text.
fn plain(ui: &mut Ui, text: RichText) {
    if ui.available_width() < 1.0 {
        return; // A column that is left out.
    }
    ui.add(egui::Label::new(text).truncate().selectable(false));
}

/// Shape, colour and word of a certificate's state.
fn state(ui: &mut Ui, wording: &Wording, state: CertificateState) {
    let (shape, color) = theme::certificate_state(ui, state);
    let word = wording.text(&format!("ui-certificates-{}", state.word()));
    let text = RichText::new(format!("{shape} {word}")).color(color);
    plain(ui, text);
}

/// A holder's name; a purge leaves none.
fn holder(wording: &Wording, name: &str) -> String {
    if name.is_empty() {
        wording.text("ui-certificates-purged")
    } else {
        name.to_owned()
    }
}

fn done(ui: &mut Ui, wording: &Wording, done: &CertificateDone) {
    let good = theme::colors(ui).good;
    let attention = theme::colors(ui).attention;
    parts::card(ui, |ui| match done {
        CertificateDone::Written { files, path } => {
            let args = [
                ("count", files.to_string()),
                ("path", path.display().to_string()),
            ];
            let key = if *files == 1 {
                "ui-certificates-written"
            } else {
                "ui-certificates-written-all"
            };
            ui.colored_label(good, format!("✓ {}", wording.with(key, args)));
        }
        CertificateDone::Revoked {
            serial,
            crl,
            crl_error,
        } => {
            let text = wording.text("ui-certificates-revoked-done");
            ui.colored_label(good, format!("✓ {text}"));
            ui.monospace(grouped(&serial.to_string()));
            if let Some((code, subject)) = crl_error {
                told(ui, wording, code, subject);
            }
            if let Some(key) = crl {
                ui.colored_label(attention, wording.text(key));
            }
        }
        CertificateDone::Published {
            number,
            losses: (confirmed, open),
            places: (have, all),
            failed,
        } => {
            let args = [
                ("number", number.to_string()),
                ("have", have.to_string()),
                ("all", all.to_string()),
            ];
            let text = wording.with("ui-certificates-published", args);
            ui.colored_label(good, format!("✓ {text}"));
            if confirmed + open > 0 {
                let args = [
                    ("confirmed", confirmed.to_string()),
                    ("open", open.to_string()),
                ];
                ui.label(wording.with("ui-certificates-published-losses", args));
            }
            if let Some((code, subject)) = failed {
                told(ui, wording, code, subject);
            }
        }
    });
}

/// What concerns all certificates.
fn all(
    ui: &mut Ui,
    wording: &Wording,
    view: &View,
    (picture, page): (&CertificatePicture, &mut State),
) -> Option<CertificateAct> {
    ui.weak(wording.text("ui-certificates-open-one"));
    let published = parts::card(ui, |ui| list(ui, wording, view, picture.list));
    let listed = parts::card(ui, |ui| renewals(ui, wording, view, page));
    let exported = parts::card(ui, |ui| {
        title(ui, wording.text("ui-certificates-export-all"));
        let dir = path(ui, wording, ("ui-certificates-folder", &mut page.folder));
        let why_not = dir.is_none().then_some("ui-certificates-folder-first");
        let button = egui::Button::new(wording.text("ui-certificates-export-all-button"));
        let asked = pressed_when(ui, wording, view, (Duty::ReadRecords, why_not), button);
        dir.filter(|_dir| asked)
            .map(|dir| CertificateAct::Export { serial: None, dir })
    });
    published.or(listed).or(exported)
}

/// The published list of revoked certificates.
fn list(
    ui: &mut Ui,
    wording: &Wording,
    view: &View,
    list: Option<ListFacts>,
) -> Option<CertificateAct> {
    title(ui, wording.text("ui-certificates-list"));
    match list {
        None => {
            ui.weak(wording.text("ui-certificates-list-none"));
        }
        Some(list) => {
            let args = [
                ("generation", list.generation.to_string()),
                ("number", list.number.to_string()),
                ("until", list.until.map(day).unwrap_or_default()),
                ("revoked", list.revoked.to_string()),
            ];
            ui.label(wording.with("ui-certificates-list-facts", args));
            if list.due {
                let word = wording.text("ui-certificates-list-due");
                ui.colored_label(theme::colors(ui).attention, format!("△ {word}"));
            }
        }
    }
    // Security signs the next one; system gives on the newest.
    let (duty, key) = if view.may(Duty::Personalise) {
        (Duty::Personalise, "ui-certificates-give-on")
    } else {
        (Duty::Revoke, "ui-certificates-publish")
    };
    let button = egui::Button::new(wording.text(key));
    parts::pressed(ui, wording, view, duty, button).then_some(CertificateAct::PublishList)
}

/// Who is to come for renewal.
fn renewals(
    ui: &mut Ui,
    wording: &Wording,
    view: &View,
    page: &mut State,
) -> Option<CertificateAct> {
    let within_days = page.wanted.ends_within_days.unwrap_or(USUAL_DAYS);
    let days = [("days", within_days.to_string())];
    title(ui, wording.with("ui-certificates-renewals", days));
    let out = path(
        ui,
        wording,
        ("ui-certificates-renewals-file", &mut page.renewals),
    );
    let why_not = out.is_none().then_some("ui-certificates-file-first");
    let button = egui::Button::new(wording.text("ui-certificates-renewals-write"));
    let asked = pressed_when(ui, wording, view, (Duty::ReadRecords, why_not), button);
    out.filter(|_out| asked)
        .map(|out| CertificateAct::Expiring {
            within_days,
            out,
            language: wording.language(),
        })
}

/// A field for a path, and what was typed into it.
fn path(ui: &mut Ui, wording: &Wording, (key, text): (&str, &mut String)) -> Option<PathBuf> {
    let edit = egui::TextEdit::singleline(text)
        .id_salt(key)
        .char_limit(4096)
        .desired_width(f32::INFINITY);
    parts::field(ui, &wording.text(key), edit);
    parts::some_path(text)
}
