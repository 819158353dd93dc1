//! 今日 and the top bar: what is told to whom, where each line leads, and that nothing is cut off.

use super::*;
use crate::domain::officer::Post;
use crate::domain::timestamp::DAY_SECS;
use crate::station::jobs::clock_check::ClockView;
use crate::station::jobs::doctor::{Detail, Finding};
use crate::station::jobs::health::{CaStanding, Health, ListStanding};
use crate::station::jobs::today::{Numbers, ToDo, Today};
use crate::ui::settings_view::{Examined, SettingsAct};

fn today(to_do: Vec<ToDo>) -> Today {
    Today {
        numbers: Numbers {
            to_make: 12,
            blanks: 7,
            problems: 3,
            ending: 41,
        },
        to_do,
    }
}

pub(super) fn healthy() -> Health {
    let now = clock::now();
    Health {
        ca: CaStanding::Unlocked(now.plus_secs(DAY_SECS), 50),
        list: ListStanding::Fresh(5),
        clock: ClockView {
            now,
            newest: Some(now),
            plausible: true,
        },
    }
}

pub(super) fn today_view(to_do: Vec<ToDo>) -> View {
    View {
        shown: Shown::Today,
        today: Some(Arc::new(today(to_do))),
        health: Some(healthy()),
        ..view()
    }
}

impl Bench {
    fn at_today(language: Language, to_do: Vec<ToDo>) -> Self {
        Self::on(language, today_view(to_do), Page::Today)
    }
}

#[test]
fn it_is_the_first_page_after_sign_in() {
    let (send, commands) = line().unwrap();
    let shared: Shared = Arc::new(Mutex::new(today_view(Vec::new())));
    let window = Window::new(Wording::new(Language::Chinese), shared, send);
    let harness = Harness::builder()
        .with_context_setup(fonts::bundled)
        .build_ui_state(|ui, window: &mut Window| window.show(ui), window);
    harness.get_by_role_and_label(Role::Heading, "今日");
    assert_eq!(commands.try_iter().count(), 0, "its facts are there");
}

#[test]
fn the_four_numbers_are_told_with_their_words() {
    for language in [Language::Chinese, Language::English] {
        let bench = Bench::at_today(language, Vec::new());
        for (key, number) in [
            ("to-make", 12),
            ("blanks", 7),
            ("problems", 3),
            ("ending", 41),
        ] {
            let word = bench.word(&format!("ui-today-{key}"));
            bench.harness.get_by_label(&format!("{word} {number}"));
        }
        bench.harness.get_by_label(&bench.word("ui-today-nothing"));
    }
}

#[test]
fn each_line_leads_to_the_page_where_it_is_done() {
    let lines = [
        (
            ToDo::Make {
                requests: 3,
                blanks: 5,
            },
            Page::Make,
            "3",
        ),
        (ToDo::Finish(2), Page::Make, "2"),
        (ToDo::HandOut(4), Page::Make, "4"),
        (ToDo::Explain(6), Page::Stock, "6"),
        (
            ToDo::Reorder {
                model: "SoftHSM v2".to_owned(),
                blanks: 8,
                level: 20,
            },
            Page::Stock,
            "SoftHSM v2",
        ),
        (ToDo::Decide(8), Page::Requests, "8"),
        (ToDo::Mend(7), Page::Requests, "7"),
        (ToDo::Checkpoint, Page::Audit, ""),
        (ToDo::RecoveryKit, Page::Settings, ""),
        (ToDo::Ending(5), Page::Certificates, "5"),
        (ToDo::InTransit { notes: 1, days: 9 }, Page::Travel, "9"),
        (
            ToDo::Losses {
                open: 2,
                overdue: 1,
            },
            Page::Loss,
            "2",
        ),
    ];
    for language in [Language::Chinese, Language::English] {
        for (item, page, fact) in &lines {
            let mut bench = Bench::at_today(language, vec![item.clone()]);
            let word = bench.word(page.key());
            let start = format!("{word}: ");
            let buttons = bench.harness.get_all_by_role(Role::Button);
            let mut named = buttons.filter(|node| {
                let label = node.accesskit_node().label().unwrap_or_default();
                label.starts_with(&start) && label.contains(fact)
            });
            named.next().unwrap().click();
            assert!(named.next().is_none());
            drop(named);
            bench.harness.step();
            bench.harness.step();
            assert_eq!(bench.harness.state().page, *page);
        }
    }
}

#[test]
fn urgency_is_told_by_shape_and_word() {
    let lines = vec![
        ToDo::List(ListStanding::Over),
        ToDo::Checkpoint,
        ToDo::Decide(4),
    ];
    let bench = Bench::at_today(Language::English, lines);
    for told in ["✕ Urgent", "△ Due", "○ Waits"] {
        bench.harness.get_by_label(told);
    }
}

#[test]
fn a_thorough_look_is_asked_for_and_what_it_found_says_what_to_do() {
    let mut bench = Bench::at_today(Language::Chinese, Vec::new());
    let examine = bench.word("ui-today-examine");
    bench.press(&examine);
    let sent = bench.sent();
    assert!(
        matches!(sent.as_slice(), [Command::Settings(SettingsAct::Examine)]),
        "{sent:?}"
    );
    let found = |check: &str, ok: bool, word: &str, values: &[(&str, &str)]| Finding {
        check: check.to_owned(),
        ok,
        detail: Detail {
            word: word.to_owned(),
            values: values
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
        },
    };
    let findings = vec![
        found("audit", true, "audit", &[("rows", "88")]),
        found("open-runs", false, "open-runs", &[("count", "2")]),
        found("disk-space", false, "disk-space", &[("mib", "12")]),
    ];
    lock(&bench.harness.state().view).examined = Some(Examined {
        at: clock::now(),
        findings: Arc::new(findings),
    });
    bench.harness.step();
    bench.harness.get_by_label("△ 3 项中有 2 项要处理");
    for key in ["check-open-runs", "ui-cure-open-runs", "cure-disk-space"] {
        bench.harness.get_by_label(&bench.word(key));
    }
    let well = bench.word("check-audit");
    assert!(bench.harness.query_by_label(&well).is_none());
}

#[test]
fn the_health_in_the_top_bar_is_told_with_what_to_do() {
    let cases = [
        (
            CaStanding::Locked,
            ListStanding::Due(2),
            true,
            ["△ CA 已锁", "△ CRL 2 天", "✓ 时钟"],
            "ui-health-ca-locked-hint",
        ),
        (
            CaStanding::Elsewhere,
            ListStanding::Over,
            false,
            ["○ CA 在他处", "✕ CRL 已过期", "✕ 时钟不可信"],
            "ui-health-list-over-hint",
        ),
    ];
    for (ca, list, plausible, told, hint) in cases {
        let mut view = today_view(Vec::new());
        let mut health = healthy();
        (health.ca, health.list, health.clock.plausible) = (ca, list, plausible);
        view.health = Some(health);
        let bench = Bench::on(Language::Chinese, view, Page::Today);
        let hint = bench.word(hint);
        let described = told.iter().any(|label| {
            let node = bench.harness.get_by_label(label);
            node.accesskit_node().description() == Some(hint.clone())
        });
        assert!(described, "{hint}");
    }
}

/// Everything in the top bar, with its place.
fn top_bar(harness: &Harness<'static, Window>) -> Vec<(String, egui::Rect)> {
    let mut found = Vec::new();
    for role in [Role::Label, Role::Button] {
        for node in harness.query_all_by_role(role) {
            let place = node.rect();
            let rail = place.left() < 176.0;
            if place.bottom() <= 48.0 && !rail {
                let told = node.accesskit_node();
                let label = told.label().or_else(|| told.value());
                found.push((label.unwrap_or_default(), place));
            }
        }
    }
    found.sort_by(|(_, one), (_, other)| one.left().total_cmp(&other.left()));
    found
}

#[test]
fn nothing_of_the_top_bar_is_cut_off_or_covered_in_the_smallest_window() {
    for language in [Language::Chinese, Language::English] {
        for post in Post::ALL {
            let mut view = today_view(Vec::new());
            view.post = Some(post);
            view.unit = "某某土家族苗族自治州某某县示例街道第一九年一贯制学校".to_owned();
            let mut health = healthy();
            (health.ca, health.list) = (CaStanding::NotCertified, ListStanding::Missing);
            health.clock.plausible = false;
            view.health = Some(health);
            let states = [UkeyState::Blank, UkeyState::Issued, UkeyState::Suspended];
            view.ukeys = (0..12)
                .map(|at| ukey(&format!("8f5c00005f1b00{at:02}"), states[at % 3], true))
                .collect();
            let (send, _commands) = line().unwrap();
            let window = Window::new(Wording::new(language), Arc::new(Mutex::new(view)), send);
            let mut harness = Harness::builder()
                .with_size([960.0, 560.0])
                .with_context_setup(fonts::bundled)
                .build_ui_state(|ui, window: &mut Window| window.show(ui), window);
            harness.step();
            let placed = top_bar(&harness);
            assert!(placed.len() >= 10, "{placed:?}");
            for pair in placed.windows(2) {
                let [(_, left), (label, right)] = pair else {
                    continue;
                };
                assert!(left.right() <= right.left() + 0.5, "{label}: {placed:?}");
            }
            let last = placed.last().unwrap().1;
            assert!(last.right() <= 960.0, "{placed:?}");
        }
    }
}
