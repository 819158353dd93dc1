//! 审计: in one line whether the log is whole, the log as a time line with filters, the newest first, and
//! beside it what the auditor does with it and the row that was chosen.

mod duties;

use eframe::egui::{self, RichText, Sense, StrokeKind, Ui};
use egui::accesskit::Role;

use super::audit_view::{AuditAct, AuditHealth, AuditLine, AuditPicture, AuditQuery};
use super::parts::{card, edged, grouped, minute, who_may};
use super::theme;
use super::view::View;
use crate::domain::audit::{since, until};
use crate::domain::officer::Duty;
use crate::domain::timestamp::Timestamp;
use crate::wording::Wording;

/// Height of a row of the time line.
const ROW: f32 = 52.0;
/// Width of the right side.
const SIDE: f32 = 340.0;

/// What a person did here so far.
#[derive(Debug, Default)]
pub(super) struct State {
    search: String,
    act: Option<String>,
    officer: Option<String>,
    since: String,
    until: String,
    /// Where each page before this one ended; none on the newest.
    pages: Vec<u64>,
    chosen: Option<u64>,
    duties: duties::State,
}

impl State {
    /// Which rows are wanted; a day that is none is left out, and said so beside it.
    pub(super) fn query(&self) -> AuditQuery {
        AuditQuery {
            search: self.search.trim().to_owned(),
            act: self.act.clone(),
            officer: self.officer.clone(),
            since: since(self.since.trim()),
            until: until(self.until.trim()),
            before: self.pages.last().copied(),
        }
    }

    fn is_filtered(&self) -> bool {
        let all = AuditQuery {
            before: self.pages.last().copied(),
            ..AuditQuery::default()
        };
        self.query() != all
    }
}

/// Draws the page; gives what was asked for.
pub(super) fn show(
    ui: &mut Ui,
    wording: &Wording,
    view: &View,
    page: &mut State,
) -> Option<AuditAct> {
    health(ui, wording, view);
    let Some(picture) = &view.audit else {
        ui.spinner();
        ui.label(wording.text("ui-reading"));
        return None;
    };
    let height = ui.available_height();
    let mut act = None;
    ui.horizontal_top(|ui| {
        let size = egui::vec2(ui.available_width() - SIDE - 16.0, height);
        let down = egui::Layout::top_down(egui::Align::Min);
        ui.allocate_ui_with_layout(size, down, |ui| {
            ui.set_min_width(size.x);
            ui.set_max_width(size.x);
            filters(ui, wording, picture, page);
            turn(ui, wording, picture, page);
            time_line(ui, wording, picture, page);
        });
        ui.allocate_ui_with_layout(egui::vec2(SIDE, height), down, |ui| {
            ui.set_min_width(SIDE);
            ui.set_max_width(SIDE);
            egui::ScrollArea::vertical()
                .id_salt("side")
                .auto_shrink(false)
                .show(ui, |ui| {
                    chosen(ui, wording, picture, page.chosen);
                    act = duties::show(ui, wording, view, &mut page.duties);
                });
        });
    });
    act
}

/// The log in one line: how long it is, whether it is whole, what was signed last.
fn health(ui: &mut Ui, wording: &Wording, view: &View) {
    let reach = view.audit.as_ref().and_then(|page| page.reach.as_ref());
    ui.horizontal_wrapped(|ui| {
        let colors = theme::colors(ui);
        match &view.audit_health {
            None => {
                ui.spinner();
                ui.label(wording.text("ui-audit-verifying"));
            }
            Some(AuditHealth { found, at, .. }) => {
                let (shape, color) = if found.intact() {
                    ("✓", colors.good)
                } else {
                    ("✕", colors.stopped)
                };
                ui.colored_label(color, shape);
                let word = verdict(wording, found.first_broken, (found.rows, found.told));
                ui.label(RichText::new(word).color(color).strong());
                ui.weak(wording.with("ui-audit-verified", [("at", minute(*at))]));
            }
        }
        let Some(reach) = reach else { return };
        let health = view.audit_health.as_ref();
        if health.is_none_or(|health| health.found.rows != reach.rows) {
            ui.weak("·");
            ui.label(wording.with("ui-audit-rows", [("rows", reach.rows.to_string())]));
        }
        ui.weak("·");
        match &reach.newest {
            Some(signed) => {
                ui.label(wording.text("ui-audit-newest"));
                ui.monospace(signed.code.to_string());
                let args = [
                    ("officer", signed.officer.to_string()),
                    ("at", minute(signed.at)),
                ];
                ui.weak(wording.with("ui-audit-newest-by", args));
            }
            None => {
                ui.colored_label(colors.attention, wording.text("ui-audit-newest-none"));
            }
        }
    });
    ui.add_space(4.0);
}

/// Whether the log is whole, as far as who asks may know.
fn verdict(wording: &Wording, broken: Option<u64>, (rows, told): (u64, bool)) -> String {
    match broken {
        None if told => wording.with("audit-intact", [("rows", rows.to_string())]),
        None => wording.text("ui-audit-intact"),
        Some(row) if told => wording.with("audit-broken", [("row", row.to_string())]),
        Some(_) => wording.text("audit-broken-unnamed"),
    }
}

fn filters(ui: &mut Ui, wording: &Wording, picture: &AuditPicture, page: &mut State) {
    let before = page.query();
    ui.horizontal_wrapped(|ui| {
        text_field(ui, wording, "ui-audit-search", (&mut page.search, 180.0));
        choice(ui, wording, "ui-audit-act", &mut page.act, |wording| {
            let acts = Wording::beginning("act-").into_iter();
            acts.filter_map(|key| Some(key.strip_prefix("act-")?.to_owned()))
                .map(|act| (act_word(wording, &act), act))
                .collect()
        });
        if !picture.officers.is_empty() {
            choice(
                ui,
                wording,
                "ui-audit-officer",
                &mut page.officer,
                |_wording| {
                    let names = picture.officers.iter();
                    names.map(|name| (name.clone(), name.clone())).collect()
                },
            );
        }
    });
    ui.horizontal_wrapped(|ui| {
        text_field(ui, wording, "ui-audit-since", (&mut page.since, 104.0));
        text_field(ui, wording, "ui-audit-until", (&mut page.until, 104.0));
        let no_day = |text: &str| !text.trim().is_empty() && since(text.trim()).is_none();
        if no_day(&page.since) || no_day(&page.until) {
            let attention = theme::colors(ui).attention;
            ui.colored_label(attention, wording.text("ui-audit-no-day"));
        }
        let clear = egui::Button::new(wording.text("ui-search-clear"));
        let clear = ui.add_enabled(page.is_filtered(), clear);
        if clear
            .on_disabled_hover_text(wording.text("ui-search-nothing"))
            .clicked()
        {
            *page = State {
                duties: std::mem::take(&mut page.duties),
                chosen: page.chosen,
                ..State::default()
            };
        }
    });
    if page.query() != before {
        page.pages.clear(); // Other rows have other pages.
    }
    if picture.officers.is_empty() {
        let posts = [("posts", who_may(wording, Duty::Audit))];
        ui.weak(wording.with("ui-audit-own", posts));
    }
}

fn text_field(ui: &mut Ui, wording: &Wording, key: &str, (text, width): (&mut String, f32)) {
    let label = ui.label(wording.text(key));
    let edit = egui::TextEdit::singleline(text)
        .id_salt(key)
        .char_limit(128)
        .margin(egui::vec2(8.0, 6.0))
        .desired_width(width);
    edged(ui, |ui| ui.add(edit)).labelled_by(label.id);
}

/// One of a list, or all; the list is made when it is opened.
fn choice(
    ui: &mut Ui,
    wording: &Wording,
    key: &str,
    value: &mut Option<String>,
    list: impl FnOnce(&Wording) -> Vec<(String, String)>,
) {
    let label = ui.label(wording.text(key));
    let shown = match value {
        Some(value) if key == "ui-audit-act" => act_word(wording, value),
        Some(value) => value.clone(),
        None => wording.text("ui-audit-all"),
    };
    let combo = edged(ui, |ui| {
        egui::ComboBox::from_id_salt(key)
            .width(150.0)
            .height(420.0)
            .selected_text(shown)
            .show_ui(ui, |ui| {
                ui.selectable_value(value, None, wording.text("ui-audit-all"));
                for (word, of) in list(wording) {
                    ui.selectable_value(value, Some(of), word);
                }
            })
    });
    combo.response.labelled_by(label.id);
}

/// Which page of the log this is, and the ways to the others.
fn turn(ui: &mut Ui, wording: &Wording, picture: &AuditPicture, page: &mut State) {
    ui.horizontal(|ui| {
        let first = page.pages.is_empty();
        let newest = egui::Button::new(wording.text("ui-audit-to-newest"));
        if ui.add_enabled(!first, newest).clicked() {
            page.pages.clear();
        }
        let newer = egui::Button::new(wording.text("ui-audit-newer"));
        if ui.add_enabled(!first, newer).clicked() {
            page.pages.pop();
        }
        let oldest = picture.lines.last().map(|line| line.sequence);
        let older = egui::Button::new(wording.text("ui-audit-older"));
        if ui.add_enabled(picture.more, older).clicked() {
            page.pages.extend(oldest);
        }
        if let (Some(first), Some(last)) = (picture.lines.first(), oldest) {
            let args = [
                ("from", first.sequence.to_string()),
                ("to", last.to_string()),
            ];
            ui.weak(wording.with("ui-audit-place", args));
        }
    });
}

fn time_line(ui: &mut Ui, wording: &Wording, picture: &AuditPicture, page: &mut State) {
    ui.spacing_mut().item_spacing.y = 0.0;
    ui.separator();
    if picture.lines.is_empty() {
        ui.add_space(8.0);
        ui.weak(wording.text("ui-audit-none"));
    }
    egui::ScrollArea::vertical()
        .id_salt(("time line", page.pages.last()))
        .auto_shrink(false)
        .show_rows(ui, ROW, picture.lines.len(), |ui, seen| {
            for line in picture.lines.get(seen).unwrap_or_default() {
                let chosen = page.chosen == Some(line.sequence);
                if ui
                    .push_id(line.sequence, |ui| row(ui, wording, (line, chosen)))
                    .inner
                {
                    page.chosen = (!chosen).then_some(line.sequence);
                }
            }
        });
}

/// One act in two lines; whether it was chosen.
fn row(ui: &mut Ui, wording: &Wording, (line, chosen): (&AuditLine, bool)) -> bool {
    let width = ui.available_width() - 12.0; // The scroll bar's.
    let (rect, response) = ui.allocate_exact_size(egui::vec2(width, ROW), Sense::click());
    let colors = theme::colors(ui);
    let painter = ui.painter();
    if chosen {
        painter.rect_filled(rect, 4.0, ui.visuals().selection.bg_fill);
    } else if response.hovered() {
        painter.rect_filled(rect, 4.0, ui.visuals().widgets.hovered.weak_bg_fill);
    }
    if response.has_focus() {
        let stroke = egui::Stroke::new(2.0, colors.accent);
        painter.rect_stroke(rect, 4.0, stroke, StrokeKind::Inside);
    }
    let edge = ui.visuals().widgets.noninteractive.bg_stroke;
    painter.hline(rect.x_range(), rect.bottom(), edge);

    let done = line.result == DONE;
    let (shape, color) = if done {
        ("✓", colors.good)
    } else {
        ("✕", colors.stopped)
    };
    let (act, result) = (act_word(wording, &line.act), result_word(wording, line));
    let about = about(line);
    let label = |text: RichText| egui::Label::new(text).selectable(false).truncate();
    let (upper, lower) = rect
        .shrink2(egui::vec2(8.0, 6.0))
        .split_top_bottom_at_fraction(0.55);
    let mut upper = line_in(ui, upper);
    upper.add(label(RichText::new(second(line.at)).monospace()));
    upper.add(label(RichText::new(shape).color(color)));
    upper.add(label(RichText::new(&act).strong()));
    if !done {
        upper.add(label(RichText::new(&result).color(color)));
    }
    let quiet = RichText::new(&about).small().color(colors.quiet);
    line_in(ui, lower).add(label(quiet));
    let name = format!("{} {act} {result} {about}", second(line.at));
    response.widget_info(|| egui::WidgetInfo::selected(Role::Button, true, chosen, &name));
    response.clicked()
}

/// One line of a row.
fn line_in(ui: &mut Ui, place: egui::Rect) -> Ui {
    let layout = egui::Layout::left_to_right(egui::Align::Center);
    ui.new_child(egui::UiBuilder::new().max_rect(place).layout(layout))
}

/// The result of an act that was not refused.
const DONE: &str = "done";

/// Who, and about what.
fn about(line: &AuditLine) -> String {
    let ukey = line.ukey.as_deref().map(grouped);
    let parts = [
        Some(line.officer.clone()),
        line.request.clone(),
        line.holder.clone(),
        ukey,
        line.certificate.clone(),
        line.detail.clone(),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    parts.join(" · ")
}

/// What was done, in words; a newer station's log may hold acts that this program does not know.
fn act_word(wording: &Wording, act: &str) -> String {
    let known = wording.known(&format!("act-{act}"));
    known.unwrap_or_else(|| act.to_owned())
}

fn result_word(wording: &Wording, line: &AuditLine) -> String {
    if line.result == DONE {
        wording.text("ui-audit-done")
    } else {
        wording.error(&line.result, "").0
    }
}

/// The row that was chosen, with all that stands in it.
fn chosen(ui: &mut Ui, wording: &Wording, picture: &AuditPicture, chosen: Option<u64>) {
    let mut lines = picture.lines.iter();
    let line = lines.find(|line| Some(line.sequence) == chosen);
    let Some(line) = line else {
        if !picture.lines.is_empty() {
            ui.weak(wording.text("ui-audit-choose"));
        }
        return;
    };
    let post = line.post.as_deref().map(|post| {
        let known = wording.known(&format!("post-{post}"));
        known.unwrap_or_else(|| post.to_owned())
    });
    let officer = match post {
        Some(post) => format!("{} ({post})", line.officer),
        None => line.officer.clone(),
    };
    let facts = [
        ("col-sequence", Some(line.sequence.to_string())),
        ("col-at", Some(line.at.to_string())),
        ("col-officer", Some(officer)),
        (
            "col-act",
            Some(format!("{} ({})", act_word(wording, &line.act), line.act)),
        ),
        ("col-outcome", Some(result_word(wording, line))),
        ("col-request", line.request.clone()),
        ("col-holder", line.holder.clone()),
        ("col-serial", line.ukey.as_deref().map(grouped)),
        ("col-certificate", line.certificate.clone()),
        ("col-detail", line.detail.clone()),
        ("ui-audit-hash", Some(line.hash.clone())),
    ];
    card(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 4.0;
        for (key, value) in facts {
            let Some(value) = value else { continue };
            ui.label(
                RichText::new(wording.text(key))
                    .small()
                    .color(theme::colors(ui).quiet),
            );
            ui.add(egui::Label::new(value).wrap());
        }
    });
}

/// A moment to the second, UTC.
fn second(at: Timestamp) -> String {
    at.to_string().replace('T', " ").replace('Z', "")
}
