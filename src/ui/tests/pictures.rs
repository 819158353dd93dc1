//! Pictures of what people look at, in both languages and both themes, beside those in `tests/snapshots`.
//! Where a page is meant to look otherwise: `UPDATE_SNAPSHOTS=1 cargo test --lib pictures`, and look at them.

use egui::Theme;
use egui_kittest::SnapshotOptions;

use super::raster::Raster;
use super::*;
use crate::ui::make_view::PinKind;

/// The window as it is seen: with its own look, on a screen of 1366 by 768 pixels.
fn seen(
    language: Language,
    theme: Theme,
    scale: f32,
    (view, page): (View, Page),
) -> Harness<'static, Window> {
    let (send, _commands) = line().unwrap();
    let window = Window::new(Wording::new(language), Arc::new(Mutex::new(view)), send);
    let mut harness = Harness::builder()
        .with_size(egui::vec2(1366.0, 768.0) / scale)
        .with_pixels_per_point(scale)
        .with_theme(theme)
        .with_context_setup(|ctx| {
            fonts::bundled(ctx);
            theme::apply(ctx);
        })
        .renderer(Raster::default())
        .build_ui_state(|ui, window: &mut Window| window.show(ui), window);
    harness.state_mut().page = page; // At first it is the one of the day.
    harness.step();
    harness.step();
    harness
}

/// Where fonts are drawn with other instructions of the processor an edge may be a shade apart.
fn compare(mut harness: Harness<'static, Window>, name: &str) {
    harness.snapshot_options(name, &SnapshotOptions::new().max_failed_pixels(20));
}

fn made() -> View {
    let mut view = view();
    view.lanes = vec![
        make::at_work(
            "8f5c00005f1b0001",
            Step::GenerateKeyPair,
            &[Step::VerifyApproval, Step::Identify],
        ),
        asking(&[Answer::TryAgain, Answer::WriteOff]),
    ];
    for lane in &mut view.lanes {
        lane.begun = None; // The time that is left is another one each time.
    }
    view
}

#[test]
fn the_page_of_the_day_in_chinese_by_day() {
    let view = (today::today_view(Vec::new()), Page::Today);
    let harness = seen(Language::Chinese, Theme::Light, 1.0, view);
    compare(harness, "today-zh-light");
}

#[test]
fn the_page_of_the_day_in_english_by_night() {
    let view = (today::today_view(Vec::new()), Page::Today);
    let harness = seen(Language::English, Theme::Dark, 1.0, view);
    compare(harness, "today-en-dark");
}

#[test]
fn ukeys_in_the_making() {
    let harness = seen(Language::Chinese, Theme::Dark, 1.0, (made(), Page::Make));
    compare(harness, "make-zh-dark");
}

#[test]
fn the_list_of_applications_on_a_screen_at_125_percent() {
    let view = requests::listed_view(Post::System, requests::facts());
    let harness = seen(
        Language::Chinese,
        Theme::Light,
        1.25,
        (view, Page::Requests),
    );
    compare(harness, "requests-zh-light-125");
}

#[test]
fn the_page_on_which_a_holder_types_a_pin() {
    let (asked, _given) = pin::asked(1, PinKind::New, None);
    let view = View {
        pin: Some(asked),
        busy: true,
        ..view()
    };
    compare(
        seen(Language::Chinese, Theme::Light, 1.0, (view, Page::Make)),
        "pin-zh-light",
    );
}
