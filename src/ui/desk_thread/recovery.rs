//! What the desk's thread does at the door when nobody can sign in any more: two shares enrol a replacement.

use std::cell::RefCell;

use super::DeskThread;
use crate::domain::officer::OfficerName;
use crate::station::SecretText;
use crate::station::jobs::recovery::{self, AskShare};
use crate::station::sign_in::AskSecret;
use crate::ui::lock;
use crate::ui::recovery_view::{Recovered, Recovery};

impl DeskThread {
    pub(super) fn recover(&self, order: &Recovery) {
        {
            let mut view = lock(&self.view);
            view.busy = true;
            view.error = None;
            view.recovered = None;
        }
        (self.repaint)();
        let typed = Typed {
            order,
            refused: RefCell::default(),
        };
        let home = self.home.borrow().clone();
        let enrolled = recovery::enrol(&home, &order.replacement, (&typed, &typed));
        let refused = typed.refused.into_inner();
        {
            let mut view = lock(&self.view);
            view.busy = false;
            view.recovered = match &enrolled {
                Ok(enrolled) => Some(Recovered::Enrolled(enrolled.clone())),
                Err(_) => refused.map(Recovered::Passphrase),
            };
        }
        match enrolled {
            Err(error) if refused.is_none() => self.tell(error),
            // What was refused is told at its field.
            Ok(_) | Err(_) => (self.repaint)(),
        }
    }
}

/// What the page took; nothing is asked for again.
struct Typed<'a> {
    order: &'a Recovery,
    refused: RefCell<Option<&'static str>>,
}

impl AskSecret for Typed<'_> {
    fn passphrase(&self, _officer: &OfficerName) -> Option<SecretText> {
        None
    }

    fn new_passphrase(
        &self,
        _officer: &OfficerName,
        refused: Option<&'static str>,
    ) -> Option<[SecretText; 2]> {
        if let Some(key) = refused {
            *self.refused.borrow_mut() = Some(key);
            return None;
        }
        Some(self.order.passphrase.clone())
    }
}

impl AskShare for Typed<'_> {
    fn share(&self, place: u8) -> Option<Vec<SecretText>> {
        let at = usize::from(place.checked_sub(1)?);
        self.order.shares.get(at).cloned()
    }
}
