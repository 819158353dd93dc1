//! Asks a holder for PINs at the terminal, without echo.

use super::output::Output;
use crate::domain::pin::{PinAlphabet, PinPolicy};
use crate::station::SecretText;
use crate::station::sign_in::{AskUserPin, PinQuestion};

/// The terminal that the holder sits at.
pub(super) struct AtTerminal<'a>(pub(super) &'a Output);

impl AskUserPin for AtTerminal<'_> {
    fn user_pin(&self, question: &PinQuestion<'_>) -> Option<[SecretText; 2]> {
        if !super::commands::at_terminal() {
            return None;
        }
        let words = self.0.wording();
        let PinPolicy {
            min_len,
            max_len,
            alphabet,
        } = question.policy;
        let range = [
            ("min", min_len.to_string()),
            ("max", max_len.to_string()),
            ("request", question.request.to_owned()),
            ("holder", question.holder.to_owned()),
            ("serial", question.serial.as_str().to_owned()),
        ];
        let kind = match alphabet {
            PinAlphabet::Digits => "pin-ask-digits",
            PinAlphabet::Ascii => "pin-ask",
        };
        if let Some(refused) = question.refused {
            let key = format!("pin-refused-{}", refused.word());
            self.0.say(&words.with(&key, range.clone()));
        }
        let first = ask(&words.with(kind, range))?;
        let second = rpassword::prompt_password(words.text("pin-ask-again")).ok()?;
        Some([first, SecretText::new(second)])
    }

    fn present_user_pin(&self, question: &PinQuestion<'_>) -> Option<SecretText> {
        if !super::commands::at_terminal() {
            return None;
        }
        let about = [
            ("request", question.request.to_owned()),
            ("holder", question.holder.to_owned()),
            ("serial", question.serial.as_str().to_owned()),
        ];
        ask(&self.0.wording().with("pin-ask-present", about))
    }
}

/// What was typed; nothing typed is no answer.
fn ask(prompt: &str) -> Option<SecretText> {
    let typed = rpassword::prompt_password(prompt).ok()?;
    Some(SecretText::new(typed)).filter(|text| !text.expose().is_empty())
}
