//! What the desk's thread does to unblock a ukey by files.

use std::path::Path;

use super::{AtWork, Typed};
use crate::station::Error;
use crate::station::jobs::unblock::remote::{self, Question};
use crate::ui::lock;
use crate::ui::remote_view::{QuestionLooked, RemoteAct, RemoteDone};
use crate::ui::second_view::Confirmed;
use crate::ui::view::on_list;

impl AtWork<'_> {
    pub(super) fn remote_act(&self, act: RemoteAct) -> Result<(), Error> {
        let (desk, officer) = (&self.desk, &self.officer);
        lock(self.view).remote_done = None;
        let done = match act {
            RemoteAct::Ask { serial, owner } => {
                let asking = (serial.as_str(), owner.as_deref());
                let asked = remote::ask(desk, officer, asking, None)?;
                RemoteDone::Asked {
                    serial: asked.serial,
                    owner: asked.owner,
                    file: asked.file,
                }
            }
            RemoteAct::Look(file) => {
                self.look_at_question(&file)?;
                return Ok(());
            }
            RemoteAct::Apply(file) => {
                let applied = remote::apply(desk, officer, (&file, None), &self.holder())?;
                RemoteDone::Applied {
                    serial: applied.serial,
                    file: applied.file,
                }
            }
            RemoteAct::Confirm(file) => {
                let confirmed = remote::confirm(desk, officer, &file)?;
                let (crl, crl_error) = on_list(confirmed.lifted.as_ref());
                RemoteDone::Confirmed {
                    serial: confirmed.serial,
                    replayed: confirmed.replayed,
                    lifted: confirmed.lifted.is_some(),
                    crl,
                    crl_error,
                }
            }
        };
        lock(self.view).remote_done = Some(done);
        Ok(())
    }

    fn look_at_question(&self, file: &Path) -> Result<Question, Error> {
        lock(self.view).question = None; // What is refused is not to be answered.
        let question = remote::question(&self.desk, &self.officer, file)?;
        lock(self.view).question = Some(QuestionLooked {
            file: file.to_owned(),
            serial: question.serial().clone(),
            request: question.request().to_owned(),
            unit: question.unit().to_owned(),
        });
        Ok(question)
    }

    /// Security releases the SO PIN for the question that they have seen; for another one they do not.
    pub(super) fn grant_confirmed(
        &self,
        by: (&Confirmed, &Typed),
        seen: &QuestionLooked,
    ) -> Result<(), Error> {
        let Some(release) = self.release(by, &seen.serial) else {
            return Ok(());
        };
        lock(self.view).remote_done = None;
        let question = self.look_at_question(&seen.file)?;
        if lock(self.view).question.as_ref() != Some(seen) {
            let file = seen.file.display().to_string();
            return Err(Error::refused("changed-meanwhile", file));
        }
        let answer = (&question, &release);
        let granted = remote::grant(&self.desk, &self.officer, answer, None)?;
        let mut view = lock(self.view);
        view.question = None; // A question is answered once.
        view.remote_done = Some(RemoteDone::Granted {
            serial: granted.serial,
            to: granted.to,
            until: granted.expires,
            file: granted.file,
        });
        Ok(())
    }
}
