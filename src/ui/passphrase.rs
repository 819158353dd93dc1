//! A passphrase while it is typed: the text field sees dots only, so that neither its undo history nor
//! the memory of egui ever holds the text.
//!
//! What it cannot wipe: the events in which the system delivers keys and pastes (egui frees them after
//! the frame, unwiped), the clipboard, and what the display server keeps.

use std::any::TypeId;
use std::ops::Range;

use eframe::egui::TextBuffer;
use eframe::egui::text::CharIndex;
use zeroize::{Zeroize as _, Zeroizing};

use crate::station::SecretText;

/// Most characters that are taken.
pub(super) const MOST: usize = 256;

/// A passphrase while it is typed.
pub(super) struct Passphrase {
    /// Has room for the most from the start: it never moves and leaves nothing behind.
    text: Zeroizing<String>,
    dots: String,
}

impl Passphrase {
    pub(super) fn new() -> Self {
        Self {
            text: Zeroizing::new(room()),
            dots: String::new(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// What is typed so far, to be judged in place.
    pub(super) fn expose(&self) -> &str {
        &self.text
    }

    /// Gives it away; nothing stays.
    pub(super) fn give(&mut self) -> SecretText {
        self.dots.clear();
        SecretText::new(std::mem::replace(&mut *self.text, room()))
    }

    /// A copy of it, for a try that may be refused.
    pub(super) fn copy(&self) -> SecretText {
        let mut text = room();
        text.push_str(&self.text);
        SecretText::new(text)
    }

    /// Forgets it.
    pub(super) fn wipe(&mut self) {
        self.text.zeroize();
        self.dots.clear();
    }

    fn byte(&self, at: CharIndex) -> usize {
        let mut places = self.text.char_indices().map(|(byte, _char)| byte);
        places.nth(at.0).unwrap_or(self.text.len())
    }

    fn draw_dots(&mut self) {
        self.dots = "•".repeat(self.text.chars().count());
    }
}

fn room() -> String {
    String::with_capacity(MOST * char::MAX.len_utf8())
}

impl Default for Passphrase {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[elided]")
    }
}

impl TextBuffer for Passphrase {
    fn is_mutable(&self) -> bool {
        true
    }

    fn as_str(&self) -> &str {
        &self.dots
    }

    fn insert_text(&mut self, text: &str, char_index: CharIndex) -> usize {
        let left = MOST.saturating_sub(self.text.chars().count());
        let end = text.char_indices().nth(left).map(|(byte, _char)| byte);
        let taken = text.get(..end.unwrap_or(text.len())).unwrap_or_default();
        let at = self.byte(char_index);
        self.text.insert_str(at, taken);
        self.draw_dots();
        taken.chars().count()
    }

    fn delete_char_range(&mut self, char_range: Range<CharIndex>) {
        let range = self.byte(char_range.start)..self.byte(char_range.end);
        self.text.replace_range(range, "");
        self.draw_dots();
    }

    /// Undo and redo know dots only: they clear it.
    fn replace_with(&mut self, _dots: &str) {
        self.wipe();
    }

    fn take(&mut self) -> String {
        let dots = std::mem::take(&mut self.dots);
        self.wipe();
        dots
    }

    fn type_id(&self) -> TypeId {
        TypeId::of::<Self>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_field_sees_dots_and_the_text_is_given_once() {
        let mut typed = Passphrase::new();
        assert_eq!(typed.insert_text("口令 horse", CharIndex(0)), 8);
        assert_eq!(typed.insert_text("é", CharIndex(2)), 1);
        typed.delete_char_range(CharIndex(0)..CharIndex(1));
        assert_eq!(typed.as_str(), "••••••••");
        assert_eq!(format!("{typed:?}"), "[elided]");
        assert_eq!(typed.give().expose(), "令é horse");
        assert!(typed.is_empty());
        assert_eq!(typed.as_str(), "");
    }

    #[test]
    fn it_never_moves_in_memory_and_takes_no_more_than_fits() {
        let mut typed = Passphrase::new();
        let place = typed.text.as_ptr();
        assert_eq!(typed.insert_text(&"𠮷".repeat(300), CharIndex(0)), MOST);
        assert_eq!(typed.insert_text("more", CharIndex(3)), 0);
        assert_eq!(typed.text.as_ptr(), place);
        assert_eq!(typed.as_str().chars().count(), MOST);
    }

    #[test]
    fn undo_brings_nothing_back() {
        let mut typed = Passphrase::new();
        typed.insert_text("correct horse", CharIndex(0));
        typed.replace_with("•••");
        assert!(typed.is_empty());
        assert_eq!(typed.take(), "");
    }
}
