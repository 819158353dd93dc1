//! The approved requests that wait: which are made next, found as one types.

use std::collections::BTreeSet;

use eframe::egui::{self, RichText, Ui};
use egui::accesskit::Role;

use crate::domain::officer::Duty;
use crate::station::jobs::requests::RequestView;
use crate::ui::desk_thread::Command;
use crate::ui::make_view::MakeOrder;
use crate::ui::parts::{day, edged, pressed_for, title};
use crate::ui::view::View;
use crate::wording::Wording;
use crate::workflow::journal::PinSource;

/// Height of a request in the list.
const ROW: f32 = 60.0;

/// What a person chose.
#[derive(Debug, Default)]
pub(super) struct State {
    search: String,
    /// Numbers of those that are not made next: every other one is.
    unchecked: BTreeSet<String>,
}

impl State {
    /// The numbers that are made next, as an order names them: none where it is all that wait.
    pub(super) fn numbers(&self, view: &View) -> Vec<String> {
        let checked: Vec<String> = self.checked(view).cloned().collect();
        if checked.len() == view.requests.len() {
            Vec::new()
        } else {
            checked
        }
    }

    /// How many are made next.
    pub(super) fn count(&self, view: &View) -> usize {
        self.checked(view).count()
    }

    fn checked<'a>(&'a self, view: &'a View) -> impl Iterator<Item = &'a String> {
        let numbers = view.requests.iter().map(|request| &request.row.number);
        numbers.filter(|number| !self.unchecked.contains(*number))
    }

    /// Those that the search finds: by number, name, unit or user type.
    fn found<'a>(&self, requests: &'a [RequestView]) -> Vec<&'a RequestView> {
        let search = self.search.trim().to_lowercase();
        let requests = requests.iter();
        requests
            .filter(|request| search.is_empty() || finds(request, &search))
            .collect()
    }
}

fn finds(request: &RequestView, search: &str) -> bool {
    let row = &request.row;
    [
        &row.number,
        &row.holder_name,
        &row.user_types,
        &request.unit.name,
    ]
    .into_iter()
    .any(|text| text.to_lowercase().contains(search))
}

/// Draws the list; gives what was asked for.
pub(super) fn show(
    ui: &mut Ui,
    wording: &Wording,
    view: &View,
    (page, pin): (&mut State, PinSource),
) -> Option<Command> {
    let count = view.requests.len();
    title(ui, format!("{}  {count}", wording.text("ui-waiting")));
    if view.requests.is_empty() {
        ui.weak(wording.text("ui-none-waiting"));
        return None;
    }
    let label = ui.label(wording.text("ui-make-search"));
    let edit = egui::TextEdit::singleline(&mut page.search)
        .id_salt("search")
        .char_limit(64)
        .margin(egui::vec2(8.0, 6.0))
        .desired_width(f32::INFINITY);
    edged(ui, |ui| ui.add(edit)).labelled_by(label.id);
    ui.horizontal(|ui| {
        if ui.button(wording.text("ui-make-check-all")).clicked() {
            page.unchecked.clear();
        }
        if ui.button(wording.text("ui-make-check-none")).clicked() {
            let numbers = view.requests.iter();
            page.unchecked = numbers.map(|request| request.row.number.clone()).collect();
        }
    });
    let found = page.found(&view.requests);
    if found.is_empty() {
        ui.weak(wording.text("ui-make-found-none"));
    }
    let mut asked = None;
    ui.spacing_mut().item_spacing.y = 0.0;
    egui::ScrollArea::vertical()
        .id_salt("waiting")
        .auto_shrink(false)
        .show_rows(ui, ROW, found.len(), |ui, seen| {
            let size = egui::vec2(ui.available_width() - 12.0, ROW); // The scroll bar's.
            let down = egui::Layout::top_down(egui::Align::Min);
            for request in found.get(seen).unwrap_or_default() {
                ui.allocate_ui_with_layout(size, down, |ui| {
                    ui.set_min_size(size);
                    ui.push_id(&request.row.number, |ui| {
                        let command = line(ui, wording, view, (request, page, pin));
                        asked = asked.take().or(command);
                    });
                });
            }
        });
    asked
}

fn line(
    ui: &mut Ui,
    wording: &Wording,
    view: &View,
    (request, page, pin): (&RequestView, &mut State, PinSource),
) -> Option<Command> {
    let row = &request.row;
    let mut asked = None;
    ui.spacing_mut().item_spacing.y = 2.0;
    ui.horizontal(|ui| {
        let mut checked = !page.unchecked.contains(&row.number);
        let tick = edged(ui, |ui| ui.add(egui::Checkbox::without_text(&mut checked)));
        let told = format!("{} {}", wording.text("ui-make-next"), row.number);
        tick.widget_info(|| egui::WidgetInfo::selected(Role::CheckBox, true, checked, &told));
        if tick.clicked() && checked {
            page.unchecked.remove(&row.number);
        } else if tick.clicked() {
            page.unchecked.insert(row.number.clone());
        }
        ui.monospace(&row.number);
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            let word = wording.text("ui-make-one");
            let terms = (Duty::Personalise, row.number.as_str());
            if pressed_for(ui, wording, view, terms, &word) {
                asked = Some(Command::Make(MakeOrder {
                    numbers: vec![row.number.clone()],
                    pin,
                    goes_on: false,
                }));
            }
            let left = egui::Layout::left_to_right(egui::Align::Center);
            ui.with_layout(left, |ui| {
                ui.add(egui::Label::new(&row.holder_name).truncate());
            });
        });
    });
    let approved = row.approved_at.zip(row.approved_by.as_ref());
    let approved = approved.map(|(at, by)| {
        let args = [("day", day(at)), ("officer", by.to_string())];
        wording.with("ui-make-approved", args)
    });
    let parts = [
        Some(request.unit.name.clone()),
        Some(row.user_types.clone()),
        approved,
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    let small = RichText::new(parts.join(" · ")).small().weak();
    ui.add(egui::Label::new(small).truncate());
    asked
}
