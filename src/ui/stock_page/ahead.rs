//! How many blanks the coming months need, and how the stock stood on the last days: each as a plot, and as
//! the numbers of that plot beside it.

use eframe::egui::{self, Align2, Color32, RichText, Ui};
use egui::accesskit::Role;
use egui_plot::{
    AxisHints, Bar, BarChart, GridMark, HLine, Line, LineStyle, Plot, PlotPoint, PlotPoints, Text,
};

use crate::domain::forecast::{Month, Need};
use crate::domain::ukey::UkeyState;
use crate::station::StockLine;
use crate::station::jobs::stock::{LevelView, StockDay};
use crate::station::jobs::tally::Forecast;
use crate::ui::parts::{card, cells, title};
use crate::ui::stock_view::StockOutlook;
use crate::ui::theme;
use crate::wording::Wording;

/// Height of a plot.
const PLOT: f32 = 280.0;
/// Room for the names along the axes, before they are measured.
const ACROSS: f32 = 40.0;
const UP: f32 = 48.0;
/// Height of a line of the numbers.
const ROW: f32 = 24.0;
/// A scale that ends lower would make one ukey look like many.
const LEAST_TOP: u64 = 5;
/// Days between two that are named.
const DAYS_NAMED: usize = 7;
/// Months between two that are named.
const MONTHS_NAMED: usize = 2;

/// What a person chose here.
#[derive(Debug, Default)]
pub(super) struct State {
    /// Code of the unit whose need is shown; of all where none is.
    unit: Option<String>,
}

/// Draws both.
pub(super) fn show(
    ui: &mut Ui,
    wording: &Wording,
    (outlook, levels): (&StockOutlook, &[LevelView]),
    page: &mut State,
) {
    egui::ScrollArea::vertical()
        .id_salt("ahead")
        .auto_shrink(false)
        .show(ui, |ui| {
            ui.columns_const(|[left, right]| {
                card(left, |ui| need(ui, wording, &outlook.forecast, page));
                card(right, |ui| course(ui, wording, &outlook.days, levels));
            });
        });
}

/// A still picture. Along it lie so many places, of which each `step` is named from one on.
fn plot<'a>(
    id: &str,
    names: [String; 2],
    (from, count, step): (usize, usize, usize),
    top: u64,
    named: impl Fn(usize) -> Option<String> + 'a,
) -> Plot<'a> {
    let [across, up] = names;
    let across = AxisHints::new_x()
        .label(across)
        .min_thickness(ACROSS)
        .formatter(move |mark, _range| place_of(mark).and_then(&named).unwrap_or_default());
    let up = AxisHints::new_y()
        .label(up)
        .min_thickness(UP)
        .formatter(|mark, _range| format!("{:.0}", mark.value));
    let top = top.max(LEAST_TOP);
    Plot::new(id.to_owned())
        .height(PLOT)
        .sense(egui::Sense::hover())
        .allow_drag(false)
        .allow_zoom(false)
        .allow_scroll(false)
        .allow_boxed_zoom(false)
        .allow_double_click_reset(false)
        .allow_axis_zoom_drag(false)
        .show_crosshair(false)
        .show_x(false)
        .show_y(false)
        .label_formatter(|_at| None)
        .show_grid([false, true])
        .set_margin_fraction(egui::vec2(0.05, 0.0))
        .include_x(0.0)
        .include_x(place(count.saturating_sub(1)))
        .include_y(0.0)
        .include_y(number(top) * 1.12)
        .custom_x_axes(vec![across])
        .custom_y_axes(vec![up])
        .x_grid_spacer(move |_input| marks(from, count, step))
        .y_grid_spacer(move |seen| {
            let mut levels = levels_of(top);
            levels.retain(|level| level.value <= seen.bounds.1); // Others would be named outside.
            levels
        })
}

/// Lines at whole numbers, at most six of them: 1, 2 or 5 of a power of ten apart.
fn levels_of(top: u64) -> Vec<GridMark> {
    let powers = (0..18).map(|power| 10_u64.pow(power));
    let mut steps = powers.flat_map(|power| [power, 2 * power, 5 * power]);
    let step = steps.find(|step| top / step <= 5).unwrap_or(top);
    let levels = (0..=6).map(|at| at * step);
    levels
        .map(|level| GridMark {
            value: number(level),
            step_size: number(step),
        })
        .collect()
}

#[expect(clippy::cast_precision_loss, reason = "a place in a picture")]
const fn number(count: u64) -> f64 {
    count as f64
}

fn place(at: usize) -> f64 {
    number(u64::try_from(at).unwrap_or_default())
}

/// A mark at every `step` of so many places, from this one on.
fn marks(from: usize, count: usize, step: usize) -> Vec<GridMark> {
    let marks = (from..count).step_by(step.max(1));
    marks
        .map(|at| GridMark {
            value: place(at),
            step_size: place(step),
        })
        .collect()
}

fn need(ui: &mut Ui, wording: &Wording, forecast: &Forecast, page: &mut State) {
    title(ui, wording.text("ui-ahead-need"));
    of_unit(ui, wording, forecast, page);
    let chosen = page.unit.as_ref();
    let mut units = forecast.units.iter();
    let unit = units.find(|unit| Some(&unit.unit_code) == chosen);
    let months = unit.map_or(&forecast.total, |unit| &unit.months);
    let told = bars(ui, wording, months);
    let accent = theme::colors(ui).accent;
    ui.horizontal_wrapped(|ui| {
        ui.colored_label(accent, "■");
        ui.label(wording.text("ui-ahead-base"));
        ui.add_space(12.0);
        ui.colored_label(accent, "□");
        ui.label(wording.text("ui-ahead-beyond"));
    });
    for (stock, outlook) in &forecast.models {
        let Some(from) = outlook.low_from else {
            continue;
        };
        let args = [("model", stock.model.clone()), ("month", from.to_string())];
        let words = format!("△ {}", wording.with("ui-ahead-low", args));
        ui.colored_label(theme::colors(ui).attention, words);
    }
    if !told {
        ui.weak(wording.text("ui-ahead-none"));
        return;
    }
    let heads = [
        "col-month",
        "ui-ahead-waiting",
        "col-expiring",
        "col-losses",
        "col-spare",
        "ui-ahead-needed",
    ];
    head(ui, wording, heads);
    for (month, need) in months.iter().filter(|(_month, need)| need.needed() > 0) {
        let counts = [
            need.approved_waiting,
            need.expiring,
            need.losses,
            need.spare,
        ];
        let [waiting, expiring, losses, spare] = counts.map(|count| count.to_string());
        let needed = need.needed().to_string();
        row(
            ui,
            [month.to_string(), waiting, expiring, losses, spare, needed],
        );
    }
}

/// Whose need is shown.
fn of_unit(ui: &mut Ui, wording: &Wording, forecast: &Forecast, page: &mut State) {
    let all = wording.text("ui-ahead-all-units");
    let name = |code: &Option<String>| {
        let mut units = forecast.units.iter();
        let unit = units.find(|unit| Some(&unit.unit_code) == code.as_ref());
        unit.map_or_else(|| all.clone(), |unit| unit.unit.clone())
    };
    let chosen = name(&page.unit);
    ui.horizontal(|ui| {
        let label = ui.label(wording.text("ui-ahead-unit"));
        let combo = egui::ComboBox::from_id_salt("unit")
            .selected_text(&chosen)
            .width(280.0)
            .show_ui(ui, |ui| {
                ui.selectable_value(&mut page.unit, None, &all);
                for unit in &forecast.units {
                    let code = Some(unit.unit_code.clone());
                    ui.selectable_value(&mut page.unit, code, &unit.unit);
                }
            });
        combo.response.labelled_by(label.id);
    });
}

/// The bars; whether there are any.
fn bars(ui: &mut Ui, wording: &Wording, months: &[(Month, Need)]) -> bool {
    let accent = theme::colors(ui).accent;
    let text = ui.visuals().text_color();
    let edge = egui::Stroke::new(1.0, accent);
    let bar = |at: usize, count: u64, fill: Color32| {
        let bar = Bar::new(place(at), number(count)).width(0.6);
        bar.fill(fill).stroke(edge)
    };
    let base = |need: &Need| need.approved_waiting.saturating_add(need.expiring);
    let named = |at: usize| months.get(at).map(|(month, _need)| month.to_string());
    let (mut first, mut beyond, mut sums) = (Vec::new(), Vec::new(), Vec::new());
    for (at, (_month, need)) in months.iter().enumerate() {
        first.push(bar(at, base(need), accent));
        let more = need.losses.saturating_add(need.spare);
        beyond.push(bar(at, more, accent.gamma_multiply(0.15)));
        if need.needed() > 0 {
            let above = PlotPoint::new(place(at), number(need.needed()));
            let count = RichText::new(need.needed().to_string()).color(text);
            sums.push(Text::new("", above, count).anchor(Align2::CENTER_BOTTOM));
        }
    }
    let most = months.iter().map(|(_month, need)| need.needed()).max();
    let names = ["col-month", "ui-ahead-blanks"].map(|key| wording.text(key));
    let count = months.len();
    let most = most.unwrap_or_default();
    let grid = ui.visuals().widgets.noninteractive.bg_stroke.color;
    let plotted = plot("need", names, (0, count, MONTHS_NAMED), most, named).grid_color(grid);
    let shown = plotted.show(ui, |plot| {
        let first = BarChart::new("", first).allow_hover(false);
        let beyond = BarChart::new("", beyond).stack_on(&[&first]);
        plot.bar_chart(first);
        plot.bar_chart(beyond.allow_hover(false));
        for sum in sums {
            plot.text(sum.allow_hover(false));
        }
    });
    let needed = months.iter().filter(|(_month, need)| need.needed() > 0);
    let needed: Vec<_> = needed
        .map(|(month, need)| format!("{month} {}", need.needed()))
        .collect();
    let told = format!("{}: {}", wording.text("ui-ahead-need"), needed.join(", "));
    name(&shown.response, &told);
    !needed.is_empty()
}

/// The place that a mark stands for.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a mark of ours: a small whole number"
)]
fn place_of(mark: GridMark) -> Option<usize> {
    (mark.value >= 0.0).then_some(mark.value.round() as usize)
}

fn name(picture: &egui::Response, told: &str) {
    picture.widget_info(|| egui::WidgetInfo::labeled(Role::Image, true, told));
}

/// Blanks of each model at the end of each day. Models are told apart by the kind of line as well.
fn course(ui: &mut Ui, wording: &Wording, days: &[StockDay], levels: &[LevelView]) {
    let args = [("days", days.len().to_string())];
    title(ui, wording.with("ui-ahead-course", args));
    let lines = courses(days);
    let quiet = theme::colors(ui).quiet;
    for (at, course) in lines.iter().enumerate() {
        let (color, shape, _style) = kind(ui, at);
        ui.horizontal_wrapped(|ui| {
            ui.colored_label(color, RichText::new(shape).monospace());
            ui.label(&course.model);
            let level = levels.iter().find(|level| course.is_of(level));
            if let Some(level) = level.and_then(|level| level.level) {
                let word = wording.text("ui-level");
                ui.colored_label(quiet, format!("┄ {word} {level}"));
            }
        });
    }
    let most = lines.iter().flat_map(|line| &line.blanks).copied().max();
    // The year stands in the numbers below.
    let short = |day: &StockDay| {
        let (month, of_month) = (u8::from(day.day.month()), day.day.day());
        format!("{month:02}-{of_month:02}")
    };
    let named = move |at: usize| days.get(at).map(short);
    let names = ["ui-ahead-day", "ui-ahead-blanks"].map(|key| wording.text(key));
    let count = days.len();
    let drawn: Vec<_> = (0..lines.len()).map(|at| kind(ui, at)).collect();
    let most = most.unwrap_or_default();
    // Today is named.
    let from = count.saturating_sub(1) % DAYS_NAMED;
    let grid = ui.visuals().widgets.noninteractive.bg_stroke.color;
    let plotted = plot("course", names, (from, count, DAYS_NAMED), most, named).grid_color(grid);
    let shown = plotted.show(ui, |plot| {
        for (course, (color, _shape, style)) in lines.iter().zip(drawn) {
            for piece in steps(&course.blanks) {
                let line = Line::new("", PlotPoints::from(piece.to_vec()));
                let line = line.color(color).width(2.0).style(style);
                plot.line(line.allow_hover(false));
            }
            let level = levels.iter().find(|level| course.is_of(level));
            if let Some(level) = level.and_then(|level| level.level) {
                let line = HLine::new("", number(level)).color(quiet);
                let dotted = LineStyle::Dotted { spacing: 6.0 };
                plot.hline(line.style(dotted).allow_hover(false));
            }
        }
    });
    let now = lines.iter().map(|course| {
        let first = course.blanks.first().copied().unwrap_or_default();
        let last = course.blanks.last().copied().unwrap_or_default();
        format!("{} {first} → {last}", course.model)
    });
    let now: Vec<_> = now.collect();
    let told = wording.with("ui-ahead-course", [("days", days.len().to_string())]);
    name(&shown.response, &format!("{told}: {}", now.join(", ")));
    numbers(ui, wording, days, &lines);
}

/// The days on which a number changed, the newest first.
fn numbers(ui: &mut Ui, wording: &Wording, days: &[StockDay], lines: &[Course]) {
    head(ui, wording, ["ui-ahead-day", "col-model", "state-blank"]);
    for (at, day) in days.iter().enumerate().rev() {
        for course in lines {
            let before = at.checked_sub(1).and_then(|at| course.blanks.get(at));
            let Some(blank) = course.blanks.get(at).filter(|now| Some(*now) != before) else {
                continue;
            };
            let day = day.day.to_string();
            row(ui, [day, course.model.clone(), blank.to_string()]);
        }
    }
}

/// One model's blanks, day by day.
struct Course {
    maker: String,
    model: String,
    blanks: Vec<u64>,
}

impl Course {
    fn is_of(&self, level: &LevelView) -> bool {
        (&self.maker, &self.model) == (&level.maker, &level.model)
    }
}

/// Every model that there was on the last of these days; none before it came.
fn courses(days: &[StockDay]) -> Vec<Course> {
    let models = days.last().map(|day| day.lines.iter()).unwrap_or_default();
    let course = |line: &StockLine| {
        let same = |other: &&StockLine| (&other.maker, &other.model) == (&line.maker, &line.model);
        let blank = |day: &StockDay| {
            let found = day.lines.iter().find(same);
            found.map_or(0, |line| line.count(UkeyState::Blank))
        };
        Course {
            maker: line.maker.clone(),
            model: line.model.clone(),
            blanks: days.iter().map(blank).collect(),
        }
    };
    models.map(course).collect()
}

/// A number holds until it changes: steps and no slopes. Each piece is a line of its own, since a path is drawn
/// askew at its corners.
fn steps(blanks: &[u64]) -> Vec<[[f64; 2]; 2]> {
    let mut pieces = Vec::new();
    let mut since = 0;
    for (at, count) in blanks.iter().enumerate() {
        let next = blanks.get(at + 1);
        if next == Some(count) {
            continue;
        }
        let end = if next.is_some() { at + 1 } else { at };
        let level = number(*count);
        pieces.push([[place(since), level], [place(end), level]]);
        let change = next.map(|next| [[place(end), level], [place(end), number(*next)]]);
        pieces.extend(change);
        since = end;
    }
    pieces
}

/// Colour, shape in words, and kind of the line of the model at this place.
fn kind(ui: &Ui, at: usize) -> (Color32, &'static str, LineStyle) {
    let colors = theme::colors(ui);
    match at % 3 {
        0 => (colors.accent, "━━", LineStyle::Solid),
        1 => (colors.attention, "╍╍", LineStyle::Dashed { length: 10.0 }),
        _ => (colors.good, "┅┅", LineStyle::Dashed { length: 4.0 }),
    }
}

fn head<const N: usize>(ui: &mut Ui, wording: &Wording, keys: [&str; N]) {
    ui.add_space(8.0);
    let quiet = theme::colors(ui).quiet;
    for (mut cell, key) in columns::<N>(ui).into_iter().zip(keys) {
        let word = RichText::new(wording.text(key)).small().color(quiet);
        cell.add(egui::Label::new(word).truncate());
    }
}

fn row<const N: usize>(ui: &mut Ui, texts: [String; N]) {
    for (mut cell, text) in columns::<N>(ui).into_iter().zip(texts) {
        cell.add(egui::Label::new(text).truncate());
    }
}

fn columns<const N: usize>(ui: &mut Ui) -> [Ui; N] {
    let width = ui.available_width() / place_f32(N);
    cells(ui, ROW, [width; N])
}

#[expect(clippy::cast_precision_loss, reason = "a handful of columns")]
const fn place_f32(count: usize) -> f32 {
    count as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_holds_from_its_day_until_the_day_that_changes_it() {
        let drawn = steps(&[3, 3, 1, 1]);
        let expected = [
            [[0.0, 3.0], [2.0, 3.0]],
            [[2.0, 3.0], [2.0, 1.0]],
            [[2.0, 1.0], [3.0, 1.0]],
        ];
        assert_eq!(drawn, expected);
        assert_eq!(steps(&[]), Vec::<[[f64; 2]; 2]>::new());
    }

    #[test]
    fn the_scale_has_whole_numbers_few_lines_and_room_for_the_largest() {
        for top in [5, 6, 12, 49, 1000, 999_999] {
            let levels = levels_of(top);
            let fits = levels.iter().filter(|mark| mark.value <= number(top));
            assert!((3..=6).contains(&fits.count()), "{top}");
            assert!(levels.iter().all(|mark| mark.value.fract() == 0.0));
        }
    }
}
