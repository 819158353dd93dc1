//! The guide: pages of Markdown in `docs/guide`, part of the program, for who does not know what to do next.
//! A page is named by its file; both languages have the same pages.

use pulldown_cmark::{Event, HeadingLevel, Parser, Tag, TagEnd};
use rust_embed::RustEmbed;

use super::Language;

#[derive(RustEmbed)]
#[folder = "docs/guide"]
struct Files;

/// The page for what no other page is about.
const ANYTHING: &str = "trouble";

/// What an error is about, by the beginning of its code; the longest one counts.
const AREAS: [(&str, &str); 99] = [
    ("answer-", "resume"),
    ("approval-", "requests"),
    ("audit-", "audit"),
    ("backup-", "recovery"),
    ("ca-", "certificates"),
    ("certificate-", "certificates"),
    ("certificate-not-applied-for", "requests"),
    ("checkpoint-", "audit"),
    ("clock-", "two-officers"),
    ("config-", "set-up"),
    ("correction-", "two-officers"),
    ("crl-", "certificates"),
    ("csr-", "certificates"),
    ("custodian", "recovery"),
    ("deadline", "resume"),
    ("delegation-", "requests"),
    ("device-error", "resume"),
    ("diagnostics-", "settings"),
    ("discrepancy-", "stock"),
    ("dispatch-", "travel"),
    ("enrolled-", "set-up"),
    ("escrow", "loss"),
    ("evidence-", "audit"),
    ("exchange-", "certificates"),
    ("field-unknown", "audit"),
    ("fingerprint-", "set-up"),
    ("form-words", "requests"),
    ("history-", "travel"),
    ("holder-", "loss"),
    ("holder-is-officer", "officers"),
    ("holders-", "loss"),
    ("home-", "start"),
    ("home-exists", "set-up"),
    ("journal-", "resume"),
    ("key-", "certificates"),
    ("keys-damaged", "recovery"),
    ("last-officer", "officers"),
    ("loss-", "loss"),
    ("module-", "make"),
    ("no-blank-ukey", "make"),
    ("no-open-question", "resume"),
    ("not-a-reason", "certificates"),
    ("not-holder-root", "certificates"),
    ("not-practice", "practice"),
    ("note-", "travel"),
    ("nothing-to-send", "requests"),
    ("officer-", "officers"),
    ("officer-required", "start"),
    ("officer-temporary", "recovery"),
    ("officer-unknown", "start"),
    ("opinions-", "requests"),
    ("own-account", "officers"),
    ("own-entry", "two-officers"),
    ("own-request", "requests"),
    ("parcel-", "travel"),
    ("passphrase-", "start"),
    ("person-has-post", "officers"),
    ("pin-", "hand-out"),
    ("power-cut", "resume"),
    ("practice-fault", "practice"),
    ("profile-", "settings"),
    ("range-not-given", "stock"),
    ("readers-", "make"),
    ("records-", "recovery"),
    ("recovery-", "recovery"),
    ("rekey-", "loss"),
    ("renewal-", "certificates"),
    ("request-", "requests"),
    ("restore-", "recovery"),
    ("reveal-", "two-officers"),
    ("revocation-list", "certificates"),
    ("root-", "set-up"),
    ("run-not-open", "resume"),
    ("runs-wait-for-ca", "certificates"),
    ("scan-", "requests"),
    ("second-officer-", "two-officers"),
    ("secrets-", "start"),
    ("serial-", "stock"),
    ("setting-", "settings"),
    ("share-", "recovery"),
    ("sheet-", "requests"),
    ("sign-for-", "travel"),
    ("sign-in-wait", "start"),
    ("so-pin-", "loss"),
    ("stock-", "stock"),
    ("stock-check-", "check"),
    ("store-damaged", "recovery"),
    ("store-failed", "recovery"),
    ("superior-", "requests"),
    ("tally-", "stock"),
    ("temporary-", "loss"),
    ("ukey-", "make"),
    ("unblock-", "loss"),
    ("unit-", "set-up"),
    ("user-type-", "requests"),
    ("waiver-", "two-officers"),
    ("wipe-", "loss"),
    ("worker-", "resume"),
    ("wrong-duty", "officers"),
];

/// The name of the page that helps with an error.
pub fn page_of_error(code: &str) -> &'static str {
    let fitting = AREAS.iter().filter(|(prefix, _)| code.starts_with(prefix));
    let longest = fitting.max_by_key(|(prefix, _page)| prefix.len());
    longest.map_or(ANYTHING, |(_prefix, page)| page)
}

/// The guide in one language.
#[derive(Clone, Debug)]
pub struct Guide {
    pages: Vec<Page>,
    language: Language,
}

/// One page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Its name: that of its file, without number and ending.
    pub name: String,
    /// Its first heading.
    pub title: String,
    /// What stands on it, below the title.
    pub blocks: Vec<Block>,
    /// The same as Markdown, with the title.
    pub source: String,
}

/// A part of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Block {
    /// A heading below the title.
    Heading(String),
    /// Text.
    Paragraph(Vec<Span>),
    /// A point of a list, with its number where they are counted.
    Item(Option<u64>, Vec<Span>),
    /// Commands, line for line.
    Code(String),
}

/// A piece of text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// Its characters.
    pub text: String,
    /// How it is set.
    pub style: Style,
}

/// How a piece of text is set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Style {
    /// As it is.
    Plain,
    /// A word of the window.
    Strong,
    /// What is typed, or the name of a file.
    Code,
    /// A link to the page of this name.
    Link(String),
}

impl Block {
    /// Its text alone.
    pub fn text(&self) -> String {
        match self {
            Self::Heading(text) | Self::Code(text) => text.clone(),
            Self::Paragraph(spans) | Self::Item(_, spans) => {
                spans.iter().map(|span| span.text.as_str()).collect()
            }
        }
    }
}

/// Where the guide says what was searched for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// Name of the page.
    pub page: String,
    /// Its title.
    pub title: String,
    /// Some text around the first word that was found.
    pub around: String,
}

impl Guide {
    /// The pages of a language, in their order.
    pub fn new(language: Language) -> Self {
        let folder = format!("{}/", language.id());
        let mut files: Vec<_> = Files::iter()
            .filter(|path| path.starts_with(&folder))
            .collect();
        files.sort_unstable();
        let pages = files.iter().filter_map(|path| {
            let file = Files::get(path)?.data.into_owned();
            let text = String::from_utf8(file).ok()?;
            let name = path.strip_prefix(&folder)?;
            Some(Page::parse(page_name(name), text))
        });
        Self {
            pages: pages.collect(),
            language,
        }
    }

    /// Its language.
    pub const fn language(&self) -> Language {
        self.language
    }

    /// Every page.
    pub fn pages(&self) -> &[Page] {
        &self.pages
    }

    /// A page by its name, with or without its number.
    pub fn page(&self, name: &str) -> Option<&Page> {
        let name = page_name(name);
        self.pages.iter().find(|page| page.name == name)
    }

    /// The pages where each of these words stands, those first whose headings have one.
    pub fn search(&self, text: &str) -> Vec<Hit> {
        let words: Vec<String> = text.split_whitespace().map(str::to_lowercase).collect();
        if words.is_empty() {
            return Vec::new();
        }
        let mut hits: Vec<(bool, Hit)> = self
            .pages
            .iter()
            .filter_map(|page| page.hit(&words))
            .collect();
        hits.sort_by_key(|(in_heading, _hit)| !in_heading);
        hits.into_iter().map(|(_in_heading, hit)| hit).collect()
    }
}

/// `07-make.md` is `make`.
fn page_name(file: &str) -> &str {
    let name = file.strip_suffix(".md").unwrap_or(file);
    name.trim_start_matches(|c: char| c.is_ascii_digit() || c == '-')
}

impl Page {
    fn parse(name: &str, source: String) -> Self {
        let mut reader = Reader::default();
        for event in Parser::new(&source) {
            reader.take(event);
        }
        Self {
            name: name.to_owned(),
            title: reader.title,
            blocks: reader.blocks,
            source,
        }
    }

    /// Where each of these words stands, and whether one is in a heading.
    fn hit(&self, words: &[String]) -> Option<(bool, Hit)> {
        let whole = self.source.to_lowercase();
        if !words.iter().all(|word| whole.contains(word.as_str())) {
            return None;
        }
        let has = |text: &str| {
            let text = text.to_lowercase();
            words.iter().any(|word| text.contains(word.as_str()))
        };
        let mut headings = self.blocks.iter().filter_map(|block| match block {
            Block::Heading(text) => Some(text),
            Block::Paragraph(_) | Block::Item(..) | Block::Code(_) => None,
        });
        let in_heading = has(&self.title) || headings.any(|text| has(text));
        let texts = self.blocks.iter().map(Block::text);
        let around = texts.into_iter().find(|text| has(text)).unwrap_or_default();
        let hit = Hit {
            page: self.name.clone(),
            title: self.title.clone(),
            around: around_first(&around, words),
        };
        Some((in_heading, hit))
    }
}

/// Some characters before and after the first word.
fn around_first(text: &str, words: &[String]) -> String {
    const BEFORE: usize = 12;
    const MOST: usize = 60;
    let lower: Vec<char> = text.to_lowercase().chars().collect();
    let place = words.iter().filter_map(|word| {
        let word: Vec<char> = word.chars().collect();
        lower
            .windows(word.len().max(1))
            .position(|part| part == word)
    });
    let start = place.min().unwrap_or(0).saturating_sub(BEFORE);
    let part: String = text.chars().skip(start).take(MOST).collect();
    let more = text.chars().nth(start + MOST).is_some();
    let (before, after) = (
        if start > 0 { "…" } else { "" },
        if more { "…" } else { "" },
    );
    format!("{before}{}{after}", part.replace('\n', " "))
}

/// Puts the events of a page together.
#[derive(Default)]
struct Reader {
    title: String,
    blocks: Vec<Block>,
    spans: Vec<Span>,
    /// Number of the next point, for each list that is open.
    lists: Vec<Option<u64>>,
    strong: bool,
    link: Option<String>,
    code: Option<String>,
}

impl Reader {
    fn take(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.start(&tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text) => match &mut self.code {
                Some(code) => code.push_str(&text),
                None => self.push(&text, None),
            },
            Event::Code(text) => self.push(&text, Some(Style::Code)),
            Event::SoftBreak | Event::HardBreak => self.soft_break(),
            // The pages have none of these; a test says so.
            Event::InlineMath(_)
            | Event::DisplayMath(_)
            | Event::Html(_)
            | Event::InlineHtml(_)
            | Event::FootnoteReference(_)
            | Event::Rule
            | Event::TaskListMarker(_) => {}
        }
    }

    fn start(&mut self, tag: &Tag<'_>) {
        match tag {
            Tag::Strong => self.strong = true,
            Tag::Link { dest_url, .. } => self.link = Some(page_name(dest_url).to_owned()),
            Tag::List(first) => {
                self.finish(None); // The text of the point that the list is in.
                self.lists.push(*first);
            }
            Tag::CodeBlock(_) => self.code = Some(String::new()),
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Strong => self.strong = false,
            TagEnd::Link => self.link = None,
            TagEnd::List(_) => {
                self.lists.pop();
            }
            TagEnd::CodeBlock => {
                let code = self.code.take().unwrap_or_default();
                self.blocks.push(Block::Code(code.trim_end().to_owned()));
            }
            TagEnd::Heading(level) => self.finish(Some(level)),
            TagEnd::Paragraph | TagEnd::Item => self.finish(None),
            _ => {}
        }
    }

    fn push(&mut self, text: &str, style: Option<Style>) {
        let own = match (&self.link, self.strong) {
            (Some(page), _) => Style::Link(page.clone()),
            (None, true) => Style::Strong,
            (None, false) => Style::Plain,
        };
        let style = style.unwrap_or(own);
        match self.spans.last_mut() {
            Some(last) if last.style == style => last.text.push_str(text),
            _ => self.spans.push(Span {
                text: text.to_owned(),
                style,
            }),
        }
    }

    /// A line's end is a space between words, and nothing between Chinese characters.
    fn soft_break(&mut self) {
        let last = self.spans.last();
        let last = last.and_then(|span| span.text.chars().next_back());
        if last.is_some_and(|c| c.is_ascii()) {
            self.push(" ", None);
        }
    }

    fn finish(&mut self, heading: Option<HeadingLevel>) {
        if self.spans.is_empty() {
            return;
        }
        let spans = std::mem::take(&mut self.spans);
        let text = || spans.iter().map(|span| span.text.as_str()).collect();
        let block = match (heading, self.lists.last_mut()) {
            (Some(HeadingLevel::H1), _) => {
                self.title = text();
                return;
            }
            (Some(_below), _) => Block::Heading(text()),
            (None, Some(number)) => {
                let this = *number;
                *number = this.map(|this| this + 1);
                Block::Item(this, spans)
            }
            (None, None) => Block::Paragraph(spans),
        };
        self.blocks.push(block);
    }
}

#[cfg(test)]
mod tests;
