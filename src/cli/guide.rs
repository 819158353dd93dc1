//! `guide`: the pages that the window's help shows, on the terminal or as a book.

use std::path::Path;

use serde_json::{Value, json};

use super::commands::Cli;
use crate::station::Error;
use crate::station::jobs::guide;
use crate::wording::guide::Guide;

impl Cli<'_> {
    pub(super) fn guide(&self, page: Option<&str>, out: Option<&Path>) -> Result<u8, Error> {
        let words = self.output.wording();
        if let Some(out) = out {
            let sheets = guide::write(words, out)?;
            let path = out.display().to_string();
            let text = words.with("written", [("path", path)]);
            let document = json!({ "files": [out], "sheets": sheets });
            self.output.document(&document, &text);
            return Ok(0);
        }
        let guide = Guide::new(words.language());
        if let Some(name) = page {
            let page = guide
                .page(name)
                .ok_or_else(|| Error::usage("guide-page-unknown", name))?;
            let document = json!({ "name": page.name, "title": page.title, "text": page.source });
            self.output.document(&document, page.source.trim_end());
            return Ok(0);
        }
        let pages = guide.pages().iter();
        let items: Vec<Value> = pages
            .map(|page| json!({ "name": page.name, "title": page.title }))
            .collect();
        self.output
            .list(&items, &[("col-name", "name"), ("col-title", "title")]);
        Ok(0)
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::cli::args::Arguments;
    use crate::wording::Language;
    use crate::wording::guide::Block;

    #[test]
    fn every_command_that_the_guide_shows_is_one() {
        let mut commands = 0;
        for language in [Language::Chinese, Language::English] {
            for page in Guide::new(language).pages() {
                for block in &page.blocks {
                    let Block::Code(text) = block else { continue };
                    for line in text.lines() {
                        let parsed = Arguments::try_parse_from(line.split_whitespace());
                        assert!(parsed.is_ok(), "{}: {line}\n{:?}", page.name, parsed.err());
                        commands += 1;
                    }
                }
            }
        }
        assert!(commands > 40);
    }
}
