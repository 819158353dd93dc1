//! Asks a holder for PINs in the window: the run waits for the answer, the window never does.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::sync_channel;
use std::sync::{Mutex, PoisonError};

use crate::domain::person::mask_name;
use crate::station::SecretText;
use crate::station::sign_in::{AskUserPin, PinQuestion};
use crate::ui::make_view::{PinAnswer, PinAsked, PinKind};
use crate::ui::{Shared, lock};

/// The window that the holder sits at, for one command.
pub(super) struct AtWindow<'a> {
    view: &'a Shared,
    repaint: &'a (dyn Fn() + Send + Sync),
    one_holder_at_a_time: Mutex<()>,
    /// Nobody was there the last time: the other ukeys of this command are not asked for.
    deserted: AtomicBool,
}

impl<'a> AtWindow<'a> {
    pub(super) fn new(view: &'a Shared, repaint: &'a (dyn Fn() + Send + Sync)) -> Self {
        Self {
            view,
            repaint,
            one_holder_at_a_time: Mutex::default(),
            deserted: AtomicBool::new(false),
        }
    }

    fn ask(&self, question: &PinQuestion<'_>, kind: PinKind) -> Option<PinAnswer> {
        let turn = self.one_holder_at_a_time.lock();
        let _turn = turn.unwrap_or_else(PoisonError::into_inner);
        if self.deserted.load(Ordering::Relaxed) {
            return None;
        }
        let (answer, given) = sync_channel(1);
        {
            let mut view = lock(self.view);
            if view.gone {
                return None;
            }
            view.pins_asked += 1;
            view.pin = Some(PinAsked {
                turn: view.pins_asked,
                kind,
                request: question.request.to_owned(),
                holder: mask_name(question.holder),
                serial: question.serial.clone(),
                policy: question.policy,
                refused: question.refused,
                answer,
            });
        }
        (self.repaint)();
        let given = given.recv().ok(); // The window is gone: it took its end with it.
        lock(self.view).pin = None;
        (self.repaint)();
        if matches!(given, Some(PinAnswer::Still)) {
            self.deserted.store(true, Ordering::Relaxed);
        }
        given
    }
}

impl AskUserPin for AtWindow<'_> {
    fn user_pin(&self, question: &PinQuestion<'_>) -> Option<[SecretText; 2]> {
        match self.ask(question, PinKind::New)? {
            PinAnswer::New(typed) => Some(typed),
            PinAnswer::Present(_) | PinAnswer::Cancelled | PinAnswer::Still => None,
        }
    }

    fn present_user_pin(&self, question: &PinQuestion<'_>) -> Option<SecretText> {
        match self.ask(question, PinKind::Present)? {
            PinAnswer::Present(typed) => Some(typed),
            PinAnswer::New(_) | PinAnswer::Cancelled | PinAnswer::Still => None,
        }
    }
}
