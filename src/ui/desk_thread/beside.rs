//! What the desk does while ukeys are made: it reads the pages that the window turns to and searches. A clerk
//! with a stack of ukeys at work still looks up who stands at the counter.

use std::collections::VecDeque;
use std::os::fd::AsFd as _;
use std::os::unix::net::UnixStream;
use std::sync::mpsc::RecvTimeoutError;
use std::thread;
use std::time::Duration;

use super::check::Sitting;
use super::stock::Stale;
use super::{AtWork, Command, Inbox};
use crate::station::Error;
use crate::ui::stock_view::Shown;

/// What is neither asked nor told for so long is no reason to wake.
const LONG: Duration = Duration::from_mins(10);

impl Command {
    /// Whether the desk answers the window meanwhile.
    pub(super) const fn is_long(&self) -> bool {
        matches!(self, Self::Make(_) | Self::Resume(_) | Self::Renew(_))
    }
}

impl AtWork<'_> {
    /// Performs a command on a thread of its own, and reads meanwhile what the window shows. Every other
    /// command waits for its turn, in order.
    pub(super) fn beside(
        &self,
        command: Command,
        (commands, held): (&Inbox, &mut VecDeque<Command>),
        (shown, mut sitting): (&mut Shown, Option<&mut Sitting>),
    ) -> Result<(), Error> {
        let failed =
            |error: std::io::Error| Error::failed("file", error.to_string()).because(error);
        let (bell, theirs) = UnixStream::pair().map_err(failed)?;
        thread::scope(|scope| {
            let work = move || {
                // Once this end goes, however the work ended, the other one rings.
                let _theirs = theirs;
                self.perform(command)
            };
            let worker = thread::Builder::new().name("ukeys".to_owned());
            let worker = worker.spawn_scoped(scope, work).map_err(failed)?;
            while !worker.is_finished() {
                match commands.next(LONG, Some(bell.as_fd())) {
                    Ok(Command::Show(other)) => {
                        *shown = other;
                        let looked =
                            self.look_at_page((shown, Stale::Page), sitting.as_deref_mut());
                        self.tell(looked);
                    }
                    Ok(other) => held.push_back(other),
                    Err(RecvTimeoutError::Timeout) => {}
                    // The run is told by the view that the window is gone.
                    Err(RecvTimeoutError::Disconnected) => break,
                }
            }
            worker
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })
    }
}
