//! What the desk's thread does for practice: how far the course has come, and a trainee's change of post.

use std::sync::Arc;

use super::stock::Stale;
use super::{AtWork, DeskThread, Opened};
use crate::domain::officer::Post;
use crate::station::jobs::{course, ukeys};
use crate::station::{Error, UkeyFilter, door};
use crate::ui::lock;
use crate::ui::practice_view::PracticePicture;
use crate::ui::view::{Left, Place};

impl AtWork<'_> {
    /// What the records say to the course, after every act; nothing in a real home. Whether it was looked.
    pub(super) fn look_at_practice(&self, stale: Stale) -> Result<bool, Error> {
        if stale != Stale::Records || !self.desk.is_practice() {
            return Ok(false);
        }
        let (desk, officer) = (&self.desk, &self.officer);
        let course = course::course(desk, officer)?;
        let rows = ukeys::page(desk, officer, &UkeyFilter::default())?.into_iter();
        let states = rows.map(|ukey| (ukey.row.identity.serial, ukey.row.state));
        lock(self.view).training = Some(Arc::new(PracticePicture {
            course,
            states: states.collect(),
        }));
        Ok(true)
    }

    /// Whether a desk can be left so: a trainee alone goes to another post.
    pub(super) fn may_leave(&self, left: Left) -> bool {
        self.desk.is_practice() || !matches!(left, Left::ToPost(_))
    }

    pub(super) fn begin_course(&self) -> Result<(), Error> {
        course::begin(&self.desk, &self.officer)
    }
}

impl DeskThread {
    /// Signs the trainee in again in another post (D-7), as the practice secrets let them; else the door says
    /// what is missing.
    pub(super) fn change_post(&self, post: Post) -> Option<Opened> {
        {
            let mut view = lock(&self.view);
            *view = view.emptied(Place::Opening);
            view.busy = true;
        }
        (self.repaint)();
        let home = self.home.borrow().clone();
        let opened = door::look(&home, self.terms.secrets.as_deref()).and_then(|door| {
            let officers = door.officers.into_iter();
            let mut known = officers.filter(|officer| officer.by_secrets);
            let officer = known.find(|officer| officer.post == post);
            let missing = || Error::usage("officer-required", "");
            self.sign_in(officer.ok_or_else(missing)?.name, None)
        });
        lock(&self.view).busy = false;
        opened.map_err(|error| self.tell(error)).ok()
    }
}
