//! The guide holds together: both languages have the same pages, no link leads nowhere, every word that a
//! page says stands in the window does, and every error has its page.

use std::collections::BTreeSet;

use super::*;
use crate::wording::Messages;

const BOTH: [Language; 2] = [Language::Chinese, Language::English];

/// Messages of a language by key; those with arguments as they are written.
fn messages(language: Language) -> Vec<(String, String)> {
    let path = format!("{}/ukey-station.ftl", language.id());
    let file = Messages::get(&path).unwrap().data.into_owned();
    let text = String::from_utf8(file).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with([' ', '#']));
    let pairs = lines.filter_map(|line| line.split_once(" = "));
    pairs
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .collect()
}

fn spans(block: &Block) -> &[Span] {
    match block {
        Block::Paragraph(spans) | Block::Item(_, spans) => spans,
        Block::Heading(_) | Block::Code(_) => &[],
    }
}

#[test]
fn both_languages_have_the_same_pages_with_the_same_headings_and_commands() {
    let [chinese, english] = BOTH.map(Guide::new);
    let shape = |guide: &Guide| -> Vec<(String, usize, usize)> {
        let pages = guide.pages().iter();
        let pages = pages.map(|page| {
            let count = |wanted: fn(&Block) -> bool| {
                page.blocks.iter().filter(|block| wanted(block)).count()
            };
            let headings = count(|block| matches!(block, Block::Heading(_)));
            let codes = count(|block| matches!(block, Block::Code(_)));
            (page.name.clone(), headings, codes)
        });
        pages.collect()
    };
    assert_eq!(shape(&chinese), shape(&english));
    assert!(chinese.pages().len() > 15);
    let names: BTreeSet<_> = chinese.pages().iter().map(|page| &page.name).collect();
    assert_eq!(names.len(), chinese.pages().len(), "each name once");
    for guide in [&chinese, &english] {
        for page in guide.pages() {
            assert!(
                !page.title.is_empty() && !page.blocks.is_empty(),
                "{}",
                page.name
            );
            assert_eq!(guide.page(&page.name), Some(page));
        }
    }
    assert_eq!(chinese.page("07-make"), chinese.page("make"));
    assert_eq!(chinese.page("no-such"), None);
}

#[test]
fn no_link_leads_nowhere_and_no_markup_is_lost() {
    for language in BOTH {
        let guide = Guide::new(language);
        for page in guide.pages() {
            for span in page.blocks.iter().flat_map(spans) {
                if let Style::Link(name) = &span.style {
                    assert!(guide.page(name).is_some(), "{}: {name}", page.name);
                }
            }
            // What the reader knows nothing of would be missing on the page.
            for event in Parser::new(&page.source) {
                let known = match &event {
                    Event::Start(tag) => matches!(
                        tag,
                        Tag::Paragraph
                            | Tag::Heading { .. }
                            | Tag::List(_)
                            | Tag::Item
                            | Tag::Strong
                            | Tag::Link { .. }
                            | Tag::CodeBlock(_)
                    ),
                    Event::End(_)
                    | Event::Text(_)
                    | Event::Code(_)
                    | Event::SoftBreak
                    | Event::HardBreak => true,
                    _ => false,
                };
                assert!(known, "{language:?} {}: {event:?}", page.name);
            }
        }
    }
}

#[test]
fn every_word_of_the_window_that_a_page_names_stands_there() {
    for language in BOTH {
        let said: BTreeSet<String> = messages(language)
            .into_iter()
            .map(|(_key, value)| value)
            .collect();
        let mut unknown = Vec::new();
        for page in Guide::new(language).pages() {
            for span in page.blocks.iter().flat_map(spans) {
                if span.style == Style::Strong && !said.contains(&span.text) {
                    unknown.push((page.name.clone(), span.text.clone()));
                }
            }
        }
        assert!(unknown.is_empty(), "{language:?} {unknown:#?}");
    }
}

#[test]
fn every_page_of_the_rail_has_its_page_here() {
    for language in BOTH {
        let guide = Guide::new(language);
        for (key, word) in messages(language) {
            let Some(name) = key.strip_prefix("page-") else {
                continue;
            };
            if name == "help" {
                continue; // It is where the guide is.
            }
            let page = guide.page(name);
            let page = page.unwrap_or_else(|| panic!("no page {name}"));
            assert_eq!(page.title, word, "{name}");
        }
    }
}

#[test]
fn every_error_has_a_page_and_few_have_the_one_for_everything() {
    let guide = Guide::new(Language::Chinese);
    let messages = messages(Language::Chinese);
    let codes = messages
        .iter()
        .filter_map(|(key, _)| key.strip_prefix("error-"));
    let (mut all, mut anything) = (0, Vec::new());
    for code in codes {
        let page = page_of_error(code);
        assert!(guide.page(page).is_some(), "{code}: {page}");
        all += 1;
        if page == ANYTHING {
            anything.push(code);
        }
    }
    assert!(all > 250);
    assert!(anything.len() < 30, "{anything:?}");
    for (prefix, page) in AREAS {
        assert!(guide.page(page).is_some(), "{prefix}: {page}");
        let starts = |(key, _): &(String, String)| {
            let code = key.strip_prefix("error-");
            code.is_some_and(|code| code.starts_with(prefix))
        };
        assert!(messages.iter().any(starts), "no error begins with {prefix}");
    }
    assert!(AREAS.is_sorted(), "in order, so that one is found");
    assert_eq!(page_of_error("stock-check-open"), "check");
    assert_eq!(page_of_error("stock-not-enough"), "stock");
    assert_eq!(page_of_error("something-new"), ANYTHING);
}

#[test]
fn all_words_of_a_search_must_stand_on_a_page_and_headings_come_first() {
    let guide = Guide::new(Language::Chinese);
    let names = |text: &str| -> Vec<String> {
        let hits = guide.search(text).into_iter();
        hits.map(|hit| hit.page).collect()
    };
    assert!(names("").is_empty() && names("  ").is_empty());
    assert!(names("没有这样的词").is_empty());
    assert_eq!(names("续期")[0], "certificates", "a heading says it");
    assert!(names("续期").len() > 2);
    assert!(names("检查点 导出").contains(&"audit".to_owned()));
    let hit = &guide.search("18 小时")[0];
    assert!(hit.around.contains("18"), "{hit:?}");
    assert!(hit.around.chars().count() < 64);
    let english = Guide::new(Language::English);
    assert_eq!(english.search("PASSPHRASE")[0].page, "officers");
}

#[test]
fn a_page_is_read_into_its_parts() {
    let source = "# T\n\nOne **two** `three`\n[four](09-resume.md).\n\n1. a\n2. b\n   - c\n\n## H\n\n```\nx  y\nz\n```\n";
    let page = Page::parse("x", source.to_owned());
    let plain = |text: &str| Span {
        text: text.to_owned(),
        style: Style::Plain,
    };
    let styled = |text: &str, style| Span {
        text: text.to_owned(),
        style,
    };
    assert_eq!(page.title, "T");
    let expected = [
        Block::Paragraph(vec![
            plain("One "),
            styled("two", Style::Strong),
            plain(" "),
            styled("three", Style::Code),
            plain(" "),
            styled("four", Style::Link("resume".to_owned())),
            plain("."),
        ]),
        Block::Item(Some(1), vec![plain("a")]),
        Block::Item(Some(2), vec![plain("b")]),
        Block::Item(None, vec![plain("c")]),
        Block::Heading("H".to_owned()),
        Block::Code("x  y\nz".to_owned()),
    ];
    assert_eq!(page.blocks, expected);
}
