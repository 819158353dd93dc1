//! The guide in the window: its pages, its search and links, and the way to it from an error.

use egui::accesskit::Role;

use super::door::Person as _;
use super::*;
use crate::domain::officer::Post;
use crate::station::door::{AtDoor, Door};
use crate::ui::view::DoorView;
use crate::wording::guide::Guide;

fn help_view() -> View {
    View {
        post: Some(Post::System),
        ..view()
    }
}

impl Bench {
    fn at_help(language: Language) -> Self {
        Self::on(language, help_view(), Page::Help)
    }

    fn is_open(&self, name: &str) -> bool {
        let guide = Guide::new(self.harness.state().wording.language());
        let title = &guide.page(name).unwrap().title;
        let headings = self.harness.query_all_by_role(Role::Heading);
        let mut named = headings.filter(|node| {
            let label = node.accesskit_node().label();
            label.is_some_and(|label| label == *title)
        });
        named.next().is_some()
    }
}

#[test]
fn every_page_opens_from_the_contents_and_names_its_inputs() {
    for language in [Language::Chinese, Language::English] {
        let mut bench = Bench::at_help(language);
        assert!(bench.is_open("start"), "the first one stands open");
        for page in Guide::new(language).pages() {
            bench.harness.state_mut().help.open(&page.name);
            bench.harness.step();
            bench.harness.step();
            assert!(bench.is_open(&page.name), "{}", page.name);
            let unnamed = bench.harness.unnamed_widgets();
            assert!(unnamed.is_empty(), "{} {unnamed:?}", page.name);
        }
        assert!(bench.sent().is_empty());
    }
}

#[test]
fn a_search_lists_the_pages_where_it_stands_and_a_link_leads_on() {
    let mut bench = Bench::at_help(Language::Chinese);
    bench.type_into(Role::TextInput, "ui-guide-search", "没有这样的词");
    bench.harness.get_by_label(&bench.word("ui-guide-none"));
    bench.harness.state_mut().help.open("start");
    bench.harness.step();
    bench.type_into(Role::TextInput, "ui-guide-search", "恢复密钥");
    let guide = Guide::new(Language::Chinese);
    let title = &guide.page("recovery").unwrap().title;
    bench.press(title);
    assert!(bench.is_open("recovery"));
    bench.harness.state_mut().help.open("start");
    bench.harness.step();
    bench.harness.step();
    let links = bench.harness.query_all_by_role(Role::Link);
    let mut named = links.filter(|node| {
        let label = node.accesskit_node().label();
        label.is_some_and(|label| label == "建站")
    });
    // As a screen reader does: it may be further down than is seen.
    named.next().unwrap().click_accesskit();
    drop(named);
    bench.harness.step();
    bench.harness.step();
    assert!(bench.is_open("set-up"));
}

#[test]
fn an_error_leads_to_its_page_and_back_and_stays_told() {
    for language in [Language::Chinese, Language::English] {
        let mut view = help_view();
        view.error = Some(("stock-check-open".to_owned(), "3".to_owned()));
        let mut bench = Bench::on(language, view, Page::Make);
        let button = bench.word("ui-guide-what-to-do");
        bench.press(&button);
        assert_eq!(bench.harness.state().page, Page::Help);
        assert!(bench.is_open("check"));
        let (headline, _hints) = Wording::new(language).error("stock-check-open", "3");
        bench.harness.get_by_label(&headline);
        let page = [("page", bench.word("page-make"))];
        let back = bench.harness.state().wording.with("ui-guide-back", page);
        bench.press(&back);
        assert_eq!(bench.harness.state().page, Page::Make);
        bench.harness.get_by_label(&headline);
    }
}

#[test]
fn the_guide_is_read_before_anybody_has_signed_in() {
    let officer = AtDoor {
        name: OfficerName::parse("admin").unwrap(),
        post: Post::System,
        wait_secs: None,
        by_secrets: false,
    };
    let door = DoorView {
        door: Door {
            practice: false,
            officers: vec![officer],
        },
        left: None,
        last: None,
    };
    let view = View {
        place: Place::Door(door),
        error: Some(("passphrase-wrong".to_owned(), "admin".to_owned())),
        ..View::default()
    };
    let mut bench = Bench::new(Language::Chinese, view);
    let button = bench.word("ui-guide-what-to-do");
    bench.press(&button);
    assert!(bench.is_open("start"));
    let page = [("page", bench.word("ui-sign-in"))];
    let back = bench.harness.state().wording.with("ui-guide-back", page);
    bench.press(&back);
    let passphrase = bench.word("ui-passphrase");
    bench
        .harness
        .get_by_role_and_label(Role::PasswordInput, &passphrase);
    let help = bench.word("page-help");
    bench.press(&help);
    assert!(bench.is_open("start"));
    bench.key(egui::Modifiers::NONE, egui::Key::Escape);
    assert!(bench.sent().is_empty());
}
