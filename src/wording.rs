//! Chinese and English for people: Fluent messages by key. Knows nothing of terminals or windows.

pub mod guide;

use std::collections::{BTreeMap, HashMap};

use i18n_embed::LanguageLoader as _;
use i18n_embed::fluent::FluentLanguageLoader;
use i18n_embed::unic_langid::LanguageIdentifier;
use rust_embed::RustEmbed;

use crate::domain::ukey::UkeyState;

#[derive(RustEmbed)]
#[folder = "src/wording"]
struct Messages;

/// A language of messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// 中文.
    Chinese,
    /// English.
    English,
}

impl Language {
    /// The system's language, else Chinese.
    pub fn of_system() -> Self {
        let asked = i18n_embed::DesktopLanguageRequester::requested_languages();
        let english = asked
            .first()
            .is_some_and(|first| first.language.as_str() == "en");
        if english {
            Self::English
        } else {
            Self::Chinese
        }
    }

    fn id(self) -> LanguageIdentifier {
        let tag = match self {
            Self::Chinese => "zh-CN",
            Self::English => "en",
        };
        tag.parse().unwrap_or_default()
    }
}

/// The messages in one language.
pub struct Wording {
    loader: FluentLanguageLoader,
    language: Language,
}

impl std::fmt::Debug for Wording {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Wording({:?})", self.language)
    }
}

impl Wording {
    /// Loads a language. The messages are part of the program.
    pub fn new(language: Language) -> Self {
        let loader = FluentLanguageLoader::new("ukey-station", Language::Chinese.id());
        if let Err(error) = loader.load_languages(&Messages, &[language.id()]) {
            tracing::error!(%error, "messages");
        }
        loader.set_use_isolating(false);
        Self { loader, language }
    }

    /// The language.
    pub const fn language(&self) -> Language {
        self.language
    }

    /// A message without arguments.
    pub fn text(&self, key: &str) -> String {
        self.loader.get(key)
    }

    /// A message with arguments.
    pub fn with<const N: usize>(&self, key: &str, args: [(&'static str, String); N]) -> String {
        self.loader
            .get_args_concrete(key, HashMap::from(args.map(|(k, v)| (k, v.into()))))
    }

    /// A message with arguments that come from a file, if this key has one.
    pub fn known_with(&self, key: &str, args: &BTreeMap<String, String>) -> Option<String> {
        let args = args.iter().map(|(k, v)| (k.as_str(), v.as_str().into()));
        let args = args.collect::<HashMap<_, _>>();
        let known = self.loader.has(key);
        known.then(|| self.loader.get_args_concrete(key, args))
    }

    /// The message, if this key has one.
    pub fn known(&self, key: &str) -> Option<String> {
        self.loader.has(key).then(|| self.loader.get(key))
    }

    /// The keys that begin so, in the order in which they are written down.
    pub fn beginning(prefix: &str) -> Vec<String> {
        let file = Messages::get("zh-CN/ukey-station.ftl"); // Both languages have the same keys.
        let bytes = file.map(|file| file.data.into_owned()).unwrap_or_default();
        let text = String::from_utf8(bytes).unwrap_or_default();
        let keys = text.lines().filter_map(|line| line.split_once(" ="));
        keys.map(|(key, _message)| key)
            .filter(|key| key.starts_with(prefix))
            .map(str::to_owned)
            .collect()
    }

    /// The word of a ukey's state.
    pub fn ukey_state(&self, state: UkeyState) -> String {
        self.text(ukey_state_key(state))
    }

    /// What an error says: a headline that holds the facts, and what to do next.
    pub fn error(&self, code: &str, subject: &str) -> (String, Vec<String>) {
        let key = format!("error-{code}");
        let facts = [("code", code.to_owned()), ("subject", subject.to_owned())];
        let headline = if self.loader.has(&key) {
            self.with(&key, facts)
        } else {
            self.with("error-other", facts)
        };
        let hint = self
            .known(&format!("hint-{code}"))
            .or_else(|| self.known("hint-other"));
        (
            headline.trim_end_matches([':', '：', ' ']).to_owned(),
            hint.into_iter().collect(),
        )
    }
}

/// The key of a ukey's state: a request that is returned (已退回) has another word than a ukey (已回收).
pub const fn ukey_state_key(state: UkeyState) -> &'static str {
    match state {
        UkeyState::Blank => "state-blank",
        UkeyState::Allocated => "state-allocated",
        UkeyState::Personalising => "state-personalising",
        UkeyState::Issued => "state-issued",
        UkeyState::HandedOut => "state-handed-out",
        UkeyState::Suspended => "state-suspended",
        UkeyState::Lost => "state-lost",
        UkeyState::Damaged => "state-damaged",
        UkeyState::Returned => "state-ukey-returned",
        UkeyState::Destroyed => "state-destroyed",
        UkeyState::Dispatched => "state-dispatched",
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn keys(language: &str) -> BTreeSet<String> {
        let file = Messages::get(&format!("{language}/ukey-station.ftl")).unwrap();
        let text = String::from_utf8(file.data.into_owned()).unwrap();
        let lines = text
            .lines()
            .filter(|line| !line.starts_with([' ', '#']) && line.contains('='));
        lines
            .map(|line| line.split('=').next().unwrap().trim().to_owned())
            .collect()
    }

    #[test]
    fn both_languages_say_the_same_things() {
        assert_eq!(keys("zh-CN"), keys("en"));
    }

    #[test]
    fn acts_are_listed_by_their_keys() {
        let acts = Wording::beginning("act-");
        let all: BTreeSet<String> = acts.iter().cloned().collect();
        let of_file = keys("en").into_iter().filter(|key| key.starts_with("act-"));
        assert_eq!(all, of_file.collect::<BTreeSet<_>>());
        assert_eq!(acts.len(), all.len());
    }

    #[test]
    fn what_is_done_with_so_pins_and_keys_is_said_in_words() {
        let acts =
            ["pin-unblocked", "so-pin-released", "ukey-wiped"].map(|act| format!("act-{act}"));
        let codes = ["escrow", "key-attribute", "so-pin-change-open"];
        let codes = codes.map(|code| format!("error-{code}"));
        let known = keys("en");
        for key in acts.iter().chain(&codes) {
            assert!(known.contains(key), "{key}");
        }
        assert!(known.contains("act-evidence-exported"));
    }

    #[test]
    fn every_error_with_a_headline_says_what_to_do_next() {
        for key in keys("en") {
            if let Some(code) = key.strip_prefix("error-") {
                assert!(keys("en").contains(&format!("hint-{code}")), "{key}");
            }
        }
    }
}
